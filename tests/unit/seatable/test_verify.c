/* Two worlds compared: what is a difference, what is explained, and what is not proved. Nothing is looked at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/dir.h"
#include "products/seatable/baseline.h"
#include "products/seatable/baseline_files.h"
#include "products/seatable/content.h"
#include "products/seatable/log_files.h"
#include "products/seatable/outside.h"
#include "products/seatable/running.h"
#include "products/seatable/verify.h"
#include "unit.h"

static struct facts frozen, now;
static struct comparisons cmp;
static struct ctx ctx;
static const struct goal goal;
static bool still;

static int setup(void **state)
{
	facts_init(&frozen, "seatable", "main");
	facts_init(&now, "seatable", "main");
	ctx = (struct ctx){ .results = json_object() };
	still = false;
	return 0;
}

static int teardown(void **state)
{
	facts_done(&frozen);
	facts_done(&now);
	comparisons_done(&cmp);
	cmp = (struct comparisons){ 0 };
	json_decref(ctx.results);
	return 0;
}

static void put(struct facts *f, const char *key, const char *text)
{
	struct err e = ERR_INIT;
	json_t *value = NULL;

	assert_ok(json_parse(sv_of(text), key, &value, &e), &e);
	facts_put(f, FACT_OBSERVED, key, value, "test");
}

static struct sea_proof proof(enum depth d, bool forward)
{
	comparisons_done(&cmp);
	cmp = (struct comparisons){ 0 };
	return (struct sea_proof){ .c = &ctx, .frozen = &frozen, .now = &now, .to = forward ? &goal : NULL, .depth = d, .ret = &cmp,
				   .edition = "enterprise", .still = still };
}

/* The worst that is said of a subject; CMP_SAME: nothing is. */
static enum outcome said(const char *subject, const char *what)
{
	enum outcome worst = CMP_SAME;

	vec_each (&cmp, it)
		if (!strcmp(it->subject, subject) && !strcmp(it->what, what) && it->outcome > worst)
			worst = it->outcome;
	return worst;
}

static const char *why(const char *subject, const char *what)
{
	vec_each (&cmp, it)
		if (!strcmp(it->subject, subject) && !strcmp(it->what, what))
			return it->why;
	return "";
}

/* ---- rows that are gone ---- */

static enum outcome rows(enum depth d, bool forward)
{
	struct sea_proof p = proof(d, forward);

	sea_compare_databases(&p);
	return said("table dtable_db.shares", "rows");
}

static void rows_that_users_took(void **state)
{
	put(&frozen, BASE_TABLES, "{\"dtable_db.shares\": 3}");
	put(&now, BASE_TABLES, "{\"dtable_db.shares\": 2}");
	assert_int_equal(rows(DEPTH_GATE, true), CMP_UNPROVED);
	assert_int_equal(rows(DEPTH_DEEP, true), CMP_UNPROVED);
	still = true;
	assert_int_equal(rows(DEPTH_GATE, true), CMP_DIFFERENT);
	assert_int_equal(rows(DEPTH_DEEP, true), CMP_UNPROVED);
	assert_int_equal(rows(DEPTH_GATE, false), CMP_UNPROVED);
}

static void rows_that_are_all_gone(void **state)
{
	put(&frozen, BASE_TABLES, "{\"dtable_db.shares\": 30}");
	put(&now, BASE_TABLES, "{\"dtable_db.shares\": 0}");
	assert_int_equal(rows(DEPTH_GATE, true), CMP_DIFFERENT);
	assert_int_equal(rows(DEPTH_GATE, false), CMP_UNPROVED);
	put(&now, BASE_TABLES, "{}");
	assert_int_equal(rows(DEPTH_GATE, true), CMP_DIFFERENT);
	put(&now, BASE_TABLES, "{\"dtable_db.shares\": 40}");
	assert_int_equal(rows(DEPTH_GATE, true), CMP_EXPLAINED);
	put(&frozen, BASE_TABLES, "{\"dtable_db.shares\": 2}");
	put(&now, BASE_TABLES, "{\"dtable_db.shares\": 0}");
	assert_int_equal(rows(DEPTH_GATE, true), CMP_UNPROVED);
}

static void edits_that_are_gone(void **state)
{
	struct sea_proof p;

	put(&frozen, BASE_EDITS, "{\"a\": {\"edits\": 2, \"newest\": 7}, \"b\": {\"edits\": 1, \"newest\": 8}}");
	put(&now, BASE_EDITS, "{\"a\": {\"edits\": 2, \"newest\": 7}}");
	p = proof(DEPTH_GATE, true);
	sea_compare_databases(&p);
	assert_int_equal(said("base a", "newest edit"), CMP_SAME);
	assert_int_equal(said("base b", "newest edit"), CMP_UNPROVED);
	put(&now, BASE_EDITS, "{}");
	p = proof(DEPTH_GATE, true);
	sea_compare_databases(&p);
	assert_int_equal(said("base b", "newest edit"), CMP_DIFFERENT);
}

/* That no user can have taken, whoever writes meanwhile. */
static void a_base_that_vanished(void **state)
{
	struct sea_proof p = proof(DEPTH_GATE, true);

	put(&frozen, BASE_BASES, "{\"bases\": {\"a\": {\"in\": \"1\", \"deleted\": false}, \"b\": {\"in\": \"1\", \"deleted\": true}, "
				 "\"c\": {\"in\": \"2\", \"deleted\": false}, \"d\": {\"in\": \"1\", \"deleted\": false}}, \"workspaces\": {\"1\": true, \"2\": true}}");
	sea_compare_databases(&p);
	assert_int_equal(cmp.n, 0);
	put(&now, BASE_BASES, "{\"bases\": {\"d\": {\"in\": \"1\", \"deleted\": true}}, \"workspaces\": {\"1\": true}}");
	p = proof(DEPTH_GATE, true);
	sea_compare_databases(&p);
	assert_int_equal(said("base a", "is there"), CMP_DIFFERENT);
	assert_int_equal(cmp.n, 1);
	p = proof(DEPTH_DEEP, true);
	sea_compare_databases(&p);
	assert_int_equal(said("base a", "is there"), CMP_UNPROVED);
}

static void what_the_baseline_could_not_read(void **state)
{
	struct sea_proof p = proof(DEPTH_DEEP, true);

	put(&frozen, BASE_TABLES, "{\"dtable_db.shares\": 3, \"dtable_db.wide\": 9, \"dtable_db.session_log\": 9}");
	put(&now, BASE_TABLES, "{\"dtable_db.shares\": 3, \"dtable_db.wide\": 9, \"dtable_db.session_log\": 9, \"dtable_db.huge\": 9}");
	put(&frozen, BASE_UNCOUNTED, "{\"dtable_db.huge\": \"it took too long\"}");
	put(&frozen, BASE_SUMS, "{\"dtable_db.shares\": 1}");
	put(&now, BASE_SUMS, "{\"dtable_db.shares\": 1}");
	sea_compare_databases(&p);
	assert_int_equal(said("table dtable_db.huge", "rows"), CMP_UNPROVED);
	assert_int_equal(said("table dtable_db.wide", "content"), CMP_UNPROVED);
	assert_int_equal(cmp.n, 2);
	put(&now, BASE_SUMS, "{}");
	put(&now, BASE_UNSUMMED, "{\"dtable_db.shares\": \"max_statement_time exceeded\"}");
	p = proof(DEPTH_DEEP, true);
	sea_compare_databases(&p);
	assert_int_equal(said("table dtable_db.shares", "content"), CMP_UNPROVED);
	facts_miss(&now, BASE_SUMS, "a table is corrupt");
	p = proof(DEPTH_DEEP, true);
	sea_compare_databases(&p);
	assert_int_equal(said("tables", "content"), CMP_UNPROVED);
	put(&frozen, BASE_FOLDERS, "{\"storage-data\": {\"files\": 3}}");
	put(&frozen, BASE_UNWALKED, "{\"seafile-data\": \"it is a link\"}");
	put(&now, BASE_FOLDERS, "{}");
	put(&now, BASE_UNWALKED, "{\"storage-data\": \"Input/output error\"}");
	p = proof(DEPTH_DEEP, true);
	sea_compare_files(&p);
	assert_int_equal(said("folder seafile-data", "files"), CMP_UNPROVED);
	assert_string_equal(vec_last(&cmp)->why, "Input/output error");
	facts_miss(&now, BASE_FOLDERS, "no data folder");
	p = proof(DEPTH_DEEP, true);
	sea_compare_files(&p);
	assert_int_equal(said("data folders", "files"), CMP_UNPROVED);
}

/* ---- the certificate ---- */

#define SHOWN(sha, names, fits, end) \
	"{\"certificate\": {\"name\": \"site.test\", \"sha256\": \"" sha "\", \"names\": \"" names "\", \"fits\": " fits ", \"not_after\": " end \
	"}, \"missing\": {}}"

static enum outcome certificate(const char *is, enum depth d, bool forward, const char *what)
{
	struct sea_proof p = proof(d, forward);

	put(&now, BASE_OUTSIDE, is);
	sea_compare_outside(&p);
	return said("site site.test", what);
}

static void certificates(void **state)
{
	static const char other[] = SHOWN("bb", "other.test", "false", "9"), another[] = SHOWN("bb", "site.test", "true", "5");

	put(&frozen, BASE_OUTSIDE, SHOWN("aa", "site.test", "true", "5"));
	assert_int_equal(certificate(SHOWN("aa", "site.test", "true", "5"), DEPTH_GATE, true, "certificate"), CMP_SAME);
	assert_int_equal(cmp.same, 1);
	assert_int_equal(certificate(SHOWN("bb", "site.test", "true", "6"), DEPTH_GATE, true, "certificate"), CMP_EXPLAINED);
	assert_int_equal(certificate(another, DEPTH_GATE, true, "certificate"), CMP_DIFFERENT);
	assert_int_equal(certificate(another, DEPTH_DEEP, true, "certificate"), CMP_UNPROVED);
	assert_int_equal(certificate(other, DEPTH_GATE, true, "names of the certificate"), CMP_DIFFERENT);
	assert_int_equal(certificate(other, DEPTH_LIVE, true, "names of the certificate"), CMP_DIFFERENT);
	assert_int_equal(certificate(other, DEPTH_GATE, false, "names of the certificate"), CMP_UNPROVED);
}

static void no_certificate(void **state)
{
	struct sea_proof p;

	put(&frozen, BASE_OUTSIDE, SHOWN("aa", "site.test", "true", "5"));
	put(&now, BASE_OUTSIDE, "{\"missing\": {\"certificate\": \"nobody listens\"}}");
	p = proof(DEPTH_GATE, true);    /* who shows it may be held */
	sea_compare_outside(&p);
	assert_int_equal(cmp.n, 0);
	p = proof(DEPTH_DEEP, true);
	sea_compare_outside(&p);
	assert_int_equal(said("site", "certificate"), CMP_UNPROVED);
	put(&frozen, BASE_OUTSIDE, "{\"missing\": {}}");        /* plain http */
	put(&now, BASE_OUTSIDE, "{\"missing\": {}}");
	p = proof(DEPTH_GATE, true);
	sea_compare_outside(&p);
	assert_int_equal(cmp.n, 0);
}

/* ---- the client ---- */

#define OPENED(more) \
	"{\"client\": {\"login\": true, \"base\": {\"uuid\": \"u\", \"tables\": {\"T\": 3}}, \"rows\": {\"T\": [\"r1\", \"r2\"]}, \"failed\": {}" more "}}"
#define TWO(a, b, in_a, in_b) \
	"{\"client\": {\"login\": true, \"base\": {\"uuid\": \"u\", \"tables\": {\"" a "\": 3, \"" b "\": 2}}, \"rows\": {\"" a "\": [\"" in_a "\"], \"" b \
	"\": [\"" in_b "\"]}, \"failed\": {}}}"
#define FETCHED(sha) ", \"file\": {\"path\": \"files/a\", \"bytes\": 1, \"sha256\": \"" sha "\"}"

static void client(const char *was, const char *is, enum depth d, bool forward)
{
	struct sea_proof p = proof(d, forward);

	put(&frozen, BASE_OUTSIDE, was);
	put(&now, BASE_OUTSIDE, is);
	sea_compare_outside(&p);
}

static void the_client_finds_all_again(void **state)
{
	client(OPENED(FETCHED("aa")), OPENED(FETCHED("aa")), DEPTH_GATE, true);
	assert_int_equal(cmp.n, 0);
	assert_int_equal(cmp.same, 1 + 1 + 2 + 1);
}

static void another_attachment(void **state)
{
	client(OPENED(FETCHED("aa")), OPENED(FETCHED("bb")), DEPTH_GATE, true);
	assert_int_equal(said("attachment files/a", "content"), CMP_DIFFERENT);
	client(OPENED(FETCHED("aa")), OPENED(FETCHED("bb")), DEPTH_DEEP, true);
	assert_int_equal(said("attachment files/a", "content"), CMP_DIFFERENT);
	client(OPENED(FETCHED("aa")), OPENED(FETCHED("bb")), DEPTH_GATE, false);
	assert_int_equal(said("attachment files/a", "content"), CMP_UNPROVED);
}

static void a_base_that_is_gone(void **state)
{
	static const char gone[] = "{\"client\": {\"login\": true, \"failed\": {\"base\": {\"status\": 404, \"why\": \"no\"}}}}",
			  broken[] = "{\"client\": {\"login\": true, \"failed\": {\"base\": {\"status\": 500, \"why\": \"no\"}}}}",
			  silent[] = "{\"client\": {\"login\": true, \"failed\": {\"base\": {\"status\": 0, \"why\": \"no answer\"}}}}";

	client(OPENED(FETCHED("aa")), gone, DEPTH_GATE, true);
	assert_int_equal(said("client", "a base opened"), CMP_UNPROVED);
	assert_int_equal(said("client", "rows read"), CMP_UNPROVED);
	client(OPENED(FETCHED("aa")), broken, DEPTH_GATE, true);
	assert_int_equal(said("client", "a base opened"), CMP_DIFFERENT);
	client(OPENED(FETCHED("aa")), broken, DEPTH_LIVE, true);
	assert_int_equal(said("client", "a base opened"), CMP_UNPROVED);
	client(OPENED(FETCHED("aa")), silent, DEPTH_GATE, true);
	assert_int_equal(said("client", "a base opened"), CMP_UNPROVED);
	/* The old server was asked before its stop. */
	still = true;
	client(OPENED(FETCHED("aa")), gone, DEPTH_GATE, true);
	assert_int_equal(said("client", "a base opened"), CMP_UNPROVED);
}

static void a_token_that_is_taken_no_more(void **state)
{
	static const char refused[] = "{\"client\": {\"failed\": {\"login\": {\"status\": 401, \"why\": \"no\"}}}}",
			  silent[] = "{\"client\": {\"failed\": {\"login\": {\"status\": 0, \"why\": \"no answer\"}}}}";

	client(OPENED(""), refused, DEPTH_GATE, true);
	assert_int_equal(said("client", "login"), CMP_DIFFERENT);
	assert_int_equal(said("client", "a base opened"), CMP_UNPROVED);
	client(OPENED(""), refused, DEPTH_DEEP, true);
	assert_int_equal(said("client", "login"), CMP_UNPROVED);
	client(OPENED(""), silent, DEPTH_GATE, true);
	assert_int_equal(said("client", "login"), CMP_UNPROVED);
}

static void what_the_client_could_not_before(void **state)
{
	client(OPENED(""), OPENED(FETCHED("aa")), DEPTH_GATE, true);
	assert_int_equal(said("client", "an attachment downloaded"), CMP_UNPROVED);
	assert_int_equal(said("client", "a base opened"), CMP_SAME);
}

static void rows_and_columns_of_the_client(void **state)
{
	static const char fewer[] = "{\"client\": {\"login\": true, \"base\": {\"uuid\": \"u\", \"tables\": {\"T\": 2}}, \"rows\": {\"T\": [\"r2\"]}, "
				    "\"failed\": {}}}",
			  none[] = "{\"client\": {\"login\": true, \"base\": {\"uuid\": \"v\", \"tables\": {}}, \"rows\": {\"T\": [\"r3\"]}, "
				   "\"failed\": {}}}",
			  emptied[] = "{\"client\": {\"login\": true, \"base\": {\"uuid\": \"u\", \"tables\": {\"T\": 3}}, \"rows\": {\"T\": []}, "
				      "\"failed\": {}}}";

	client(OPENED(""), fewer, DEPTH_GATE, true);
	assert_int_equal(said("client", "rows of table T"), CMP_UNPROVED);
	assert_int_equal(said("client", "columns of table T"), CMP_UNPROVED);
	client(OPENED(""), none, DEPTH_GATE, true);
	assert_int_equal(said("client", "rows of table T"), CMP_UNPROVED);
	assert_int_equal(said("client", "columns of table T"), CMP_UNPROVED);
	assert_int_equal(said("client", "uuid of the base"), CMP_UNPROVED);
	client(OPENED(""), emptied, DEPTH_GATE, true);
	assert_int_equal(said("client", "rows of table T"), CMP_UNPROVED);
	client(TWO("T", "S", "r1", "s1"), TWO("T", "S", "r9", "s1"), DEPTH_GATE, true);
	assert_int_equal(said("client", "rows of table T"), CMP_UNPROVED);
	client(TWO("T", "S", "r1", "s1"), TWO("T", "S", "r9", "s9"), DEPTH_GATE, true);
	assert_int_equal(said("client", "rows of table T"), CMP_DIFFERENT);
	client(TWO("T", "S", "r1", "s1"), TWO("T", "new", "r1", "s1"), DEPTH_GATE, true);
	assert_int_equal(said("client", "columns of table S"), CMP_UNPROVED);
	client(TWO("T", "S", "r1", "s1"), TWO("A", "B", "r1", "s1"), DEPTH_GATE, true);
	assert_int_equal(said("client", "columns of table S"), CMP_DIFFERENT);
}

static void no_client_is_told_once(void **state)
{
	client("{\"missing\": {\"client\": \"no setting\"}}", "{\"missing\": {\"client\": \"no setting\"}}", DEPTH_GATE, true);
	assert_int_equal(cmp.n, 0);
	client("{\"missing\": {\"client\": \"no setting\"}}", "{\"missing\": {\"client\": \"no setting\"}}", DEPTH_DEEP, true);
	assert_int_equal(cmp.n, 1);
	assert_string_equal(cmp.v[0].why, "no setting");
	assert_int_equal(cmp.v[0].outcome, CMP_UNPROVED);
}

/* ---- the programs beside the server ---- */

static void programs_beside_the_server(void **state)
{
	autojson json_t *variables = json_pack("[s s s s]", "ENABLE_PYTHON_SCRIPT=true", "PYTHON_SCHEDULER_URL=http://py:8/",
					       "ENABLE_SEATABLE_AI=TRUE", "SEATABLE_AI_SERVER_URL=http://user:word@ai/"),
			*none = json_pack("[s s]", "ENABLE_PYTHON_SCRIPT=false", "PYTHON_SCHEDULER_URL=http://py:8/"),
			*found = sea_helpers_of(variables), *off = sea_helpers_of(none);

	assert_string_equal(json_str(found, "python", ""), "http://py:8/ping/");
	assert_int_equal(json_object_size(found), 1);
	assert_int_equal(json_object_size(off), 0);
	client("{\"helpers\": {\"python\": \"\", \"ai\": \"it does not answer\"}}", "{\"helpers\": {\"python\": \"it does not answer\", \"ai\": \"\"}}",
	       DEPTH_GATE, true);
	assert_int_equal(said("program python", "answer"), CMP_UNPROVED);
	assert_int_equal(said("program ai", "answer"), CMP_UNPROVED);
	client("{\"helpers\": {\"python\": \"\"}}", "{\"helpers\": {}}", DEPTH_GATE, true);
	assert_int_equal(said("program python", "use"), CMP_DIFFERENT);
	client("{\"helpers\": {\"python\": \"\"}}", "{\"helpers\": {\"python\": \"\"}}", DEPTH_GATE, true);
	assert_int_equal(cmp.n, 0);
}

/* ---- restarts and log ---- */

#define RUNS(started, restarts) "{\"id\": \"c\", \"started\": \"" started "\", \"restarts\": " restarts "}"

static enum outcome running(const char *first, const char *last, enum depth d, const char *what)
{
	struct sea_proof p = proof(d, true);
	autojson json_t *end = NULL;
	struct err e = ERR_INIT;

	assert_ok(json_parse(sv_of(last), "last", &end, &e), &e);
	p.last = end;
	put(&now, BASE_RUNNING, first);
	put(&now, BASE_LOG, "{\"lines\": 9, \"errors\": 0, \"killed\": 0, \"license\": false}");
	put(&frozen, BASE_LOG_FILES, "{}");
	put(&now, BASE_LOG_FILES, "{}");
	sea_compare_running(&p);
	return said("server", what);
}

static void a_server_that_starts_again(void **state)
{
	assert_int_equal(running(RUNS("t1", "0"), RUNS("t1", "0"), DEPTH_GATE, "start"), CMP_SAME);
	assert_int_equal(cmp.n, 0);
	assert_int_equal(running(RUNS("t1", "0"), RUNS("t2", "1"), DEPTH_GATE, "start"), CMP_DIFFERENT);
	assert_int_equal(running(RUNS("t1", "0"), RUNS("t2", "1"), DEPTH_LIVE, "start"), CMP_DIFFERENT);
	assert_int_equal(running(RUNS("t1", "2"), RUNS("t1", "2"), DEPTH_GATE, "restarts by docker"), CMP_DIFFERENT);
	assert_int_equal(running(RUNS("t1", "2"), RUNS("t1", "2"), DEPTH_LIVE, "restarts by docker"), CMP_UNPROVED);
	json_object_set_new(ctx.results, "ready", json_pack("{ss}", "started", "t0"));
	assert_int_equal(running(RUNS("t1", "0"), RUNS("t1", "0"), DEPTH_GATE, "start"), CMP_DIFFERENT);
	assert_int_equal(running(RUNS("t0", "0"), RUNS("t0", "0"), DEPTH_GATE, "start"), CMP_SAME);
}

static void what_docker_calls_it(void **state)
{
	facts_put_str(&now, FACT_OBSERVED, BASE_HEALTH, "unhealthy", "test");
	assert_int_equal(running(RUNS("t1", "0"), RUNS("t1", "0"), DEPTH_GATE, "docker's health check"), CMP_SAME);
	assert_int_equal(running(RUNS("t1", "0"), RUNS("t1", "0"), DEPTH_DEEP, "docker's health check"), CMP_UNPROVED);
	facts_put_str(&frozen, FACT_OBSERVED, BASE_HEALTH, "unhealthy", "test");
	assert_int_equal(running(RUNS("t1", "0"), RUNS("t1", "0"), DEPTH_DEEP, "docker's health check"), CMP_SAME);
	facts_put_str(&now, FACT_OBSERVED, BASE_HEALTH, "healthy", "test");
	assert_int_equal(running(RUNS("t1", "0"), RUNS("t1", "0"), DEPTH_DEEP, "docker's health check"), CMP_SAME);
}

static enum outcome log_says(const char *then, const char *text)
{
	struct sea_proof p = proof(DEPTH_GATE, true);
	autojson json_t *end = NULL, *seen = sea_log_judge(sv_of(text));
	struct err e = ERR_INIT;

	assert_ok(json_parse(SV(RUNS("t1", "0")), "last", &end, &e), &e);
	p.last = end;
	put(&now, BASE_RUNNING, RUNS("t1", "0"));
	put(&frozen, BASE_LOG, then);
	facts_put(&now, FACT_OBSERVED, BASE_LOG, json_incref(seen), "test");
	sea_compare_running(&p);
	return said("server", "log");
}

static void the_log_since_the_start(void **state)
{
	static const char quiet[] = "{\"lines\": 100, \"errors\": 0}", loud[] = "{\"lines\": 100, \"errors\": 50}";

	assert_int_equal(log_says(quiet, "Start server\nSeaTable started\n"), CMP_SAME);
	assert_int_equal(log_says(quiet, "Start server\n[ERROR] dtable-web: no\nTraceback (most recent call last):\n  at\nValueError: no\nGET /\n"), CMP_UNPROVED);
	assert_non_null(strstr(why("server", "log"), "; the last: ValueError: no"));
	assert_int_equal(log_says(loud, "Start server\n[ERROR] dtable-web: no\n"), CMP_SAME);
	assert_int_equal(log_says("{\"lines\": 0, \"errors\": 0}", "Start server\n[ERROR] dtable-web: no\n"), CMP_UNPROVED);
	assert_int_equal(log_says(loud, "[WARNING] Ping error, kill dtable-server\n"), CMP_UNPROVED);
	assert_int_equal(log_says(quiet, "SeaTable License Expired!\n"), CMP_DIFFERENT);
}

/* ---- log files in the data folder ---- */

static char data[64];
static struct site site;

static void files_begin(void)
{
	autojson json_t *doc = NULL;
	struct err e = ERR_INIT;

	snprintf(data, sizeof data, "/tmp/crossgrade-test.XXXXXX");
	assert_non_null(mkdtemp(data));
	doc = json_pack("{s{ss}}", "roots", "data", data);
	assert_ok(site_bind("main", doc, &site, &e), &e);
}

static void files_end(void)
{
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;

	assert_ok(dir_open(data, &d, &e), &e);
	assert_ok(dir_remove_tree(&d, "seatable", &e), &e);
	assert_int_equal(rmdir(data), 0);
	site_done(&site);
}

static void write_log(const char *name, const char *how, const char *text)
{
	autofree char *path = xasprintf("%s/seatable/logs/%s", data, name);
	FILE *f = fopen(path, how);

	assert_non_null(f);
	assert_int_equal(fputs(text, f) < 0, 0);
	assert_int_equal(fclose(f), 0);
}

/* The server's container. */
static json_t *container_of(const char *env)
{
	return json_pack("{s{s[s]}}", "Config", "Env", env);
}

static void look_at_files(struct facts *ret, const struct facts *before)
{
	autojson json_t *container = container_of("MARIADB_PASSWORD=s3cret");
	struct err e = ERR_INIT;
	json_t *seen = sea_log_files(&site, container, before ? facts_get(before, BASE_LOG_FILES) : NULL, &e);

	assert_non_null(seen);
	facts_put(ret, FACT_OBSERVED, BASE_LOG_FILES, seen, "test");
}

static enum outcome files_say(const char *name)
{
	struct sea_proof p = proof(DEPTH_GATE, true);
	autofree char *what = xasprintf("log file %s", name);
	autojson json_t *end = NULL;
	struct err e = ERR_INIT;

	look_at_files(&now, &frozen);
	assert_ok(json_parse(SV(RUNS("t1", "0")), "last", &end, &e), &e);
	p.last = end;
	put(&now, BASE_RUNNING, RUNS("t1", "0"));
	put(&now, BASE_LOG, "{\"lines\": 9, \"errors\": 0, \"killed\": 0, \"license\": false}");
	sea_compare_running(&p);
	return said("server", what);
}

static void what_programs_write_into_files(void **state)
{
	autofree char *logs = NULL;
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;

	files_begin();
	look_at_files(&frozen, NULL);
	assert_int_equal(json_object_size(facts_get(&frozen, BASE_LOG_FILES)), 0);
	logs = xasprintf("%s/seatable/logs", data);
	assert_ok(dir_make_path(logs, 0755, &d, &e), &e);
	write_log("dtable_web.log", "w", "[ERROR] of old\n[INFO] this\n[INFO] that\n[INFO] other\n");
	write_log("monitor.log", "w", "started\n");
	write_log("monitor.log.1", "w", "[WARNING] Ping error, kill dtable-db\n");
	look_at_files(&frozen, NULL);
	assert_int_equal(json_object_size(facts_get(&frozen, BASE_LOG_FILES)), 2);
	assert_int_equal(files_say("dtable_web.log"), CMP_SAME);
	/* As often as before is no news, more often is. */
	write_log("dtable_web.log", "a", "[INFO] a\n[INFO] b\n[INFO] c\n[ERROR] d\n");
	assert_int_equal(files_say("dtable_web.log"), CMP_SAME);
	write_log("dtable_web.log", "a", "[ERROR] e: s3cret\n");
	assert_int_equal(files_say("dtable_web.log"), CMP_UNPROVED);
	assert_non_null(strstr(why("server", "log file dtable_web.log"), "; the last: [ERROR] e: ******"));
	write_log("monitor.log", "a", "[WARNING] Ping error, kill dtable-server\n");
	assert_int_equal(files_say("monitor.log"), CMP_UNPROVED);
	/* Begun anew, and one that there was not. */
	write_log("monitor.log", "w", "all\n");
	assert_int_equal(files_say("monitor.log"), CMP_SAME);
	write_log("dtable-db.log", "w", "Traceback (most recent call last):\n");
	assert_int_equal(files_say("dtable-db.log"), CMP_UNPROVED);
	files_end();
}

static void complains(const json_t *before, const char *words)
{
	autojson json_t *container = container_of("MARIADB_PASSWORD=s3cret");
	autofree char *said = sea_log_last_error(&site, container, before);

	if (words)
		assert_string_equal(said ? said : "", words);
	else
		assert_null(said);
}

static void the_last_error_of_a_start(void **state)
{
	autofree char *logs = NULL;
	autodir struct dir d = DIR_NONE;
	autojson json_t *none = NULL, *before = NULL, *after = NULL;
	struct err e = ERR_INIT;

	files_begin();
	none = sea_log_marks(&site);
	assert_int_equal(json_object_size(none), 0);
	complains(none, NULL);
	logs = xasprintf("%s/seatable/logs", data);
	assert_ok(dir_make_path(logs, 0755, &d, &e), &e);
	write_log("init.log", "w", "[ERROR] of old\n");
	before = sea_log_marks(&site);
	complains(before, NULL);
	write_log("init.log", "a", "upgrade\n  File refused.py\nTraceback (most recent call last):\n  File \"a.py\"\nOperationalError: gone\nhelp\n");
	after = sea_log_marks(&site);
	assert_false(json_equal(before, after));
	complains(before, "init.log: OperationalError: gone");
	complains(after, NULL);
	complains(none, "init.log: OperationalError: gone");
	write_log("init.log", "a", "ERROR: no login with s3cret, by 'mysql://root:an@other@mariadb/ccnet_db'\n");
	complains(after, "init.log: ERROR: no login with ******, by 'mysql://root:********@mariadb/ccnet_db'");
	assert_null(sea_log_last_error(&site, NULL, after));
	files_end();
}

/* ---- seats ---- */

static void seats_of_the_licence(void **state)
{
	struct sea_proof p = proof(DEPTH_GATE, true);

	put(&frozen, BASE_SEATS, "{\"active\": 3}");
	put(&now, BASE_SEATS, "{\"active\": 3, \"licensed\": 3}");
	put(&now, BASE_OUTSIDE, "{\"client\": {\"seats\": {\"active\": 3, \"max\": 3}}}");
	sea_compare_seats(&p);
	assert_int_equal(cmp.n, 0);
	put(&now, BASE_SEATS, "{\"active\": 4, \"licensed\": 3}");
	p = proof(DEPTH_GATE, true);
	sea_compare_seats(&p);
	assert_int_equal(said("licence", "seats"), CMP_DIFFERENT);
	assert_int_equal(said("users", "active"), CMP_EXPLAINED);
	put(&frozen, BASE_SEATS, "{\"active\": 4, \"licensed\": 3}");
	p = proof(DEPTH_GATE, true);
	sea_compare_seats(&p);
	assert_int_equal(said("licence", "seats"), CMP_EXPLAINED);
	put(&frozen, BASE_SEATS, "{\"active\": 4}");  /* of Developer Edition */
	p = proof(DEPTH_GATE, true);
	sea_compare_seats(&p);
	assert_int_equal(said("licence", "seats"), CMP_EXPLAINED);
	put(&frozen, BASE_SEATS, "{\"active\": 3}");
	put(&now, BASE_SEATS, "{\"active\": 2, \"licensed\": 25}");
	p = proof(DEPTH_GATE, true);
	sea_compare_seats(&p);
	assert_int_equal(said("users", "active"), CMP_UNPROVED);
	assert_int_equal(said("licence", "seats, by the server's own word"), CMP_DIFFERENT);
	p.edition = "developer";
	comparisons_done(&cmp);
	cmp = (struct comparisons){ 0 };
	sea_compare_seats(&p);
	assert_int_equal(cmp.n, 1);
}

/* ---- configuration ---- */

static enum outcome settings(const char *was, const char *is)
{
	struct sea_proof p = proof(DEPTH_GATE, true);

	put(&frozen, BASE_CONF, "{\"dtable_web_settings.py\": \"aa\"}");
	put(&now, BASE_CONF, "{\"dtable_web_settings.py\": \"bb\"}");
	facts_put_str(&frozen, FACT_OBSERVED, BASE_SETTINGS, was, "test");
	facts_put_str(&now, FACT_OBSERVED, BASE_SETTINGS, is, "test");
	sea_compare_files(&p);
	return said("configuration dtable_web_settings.py", "content");
}

static void what_a_start_appends_to_the_settings(void **state)
{
	assert_int_equal(settings("cc", "cc"), CMP_EXPLAINED);
	assert_int_equal(settings("cc", "dd"), CMP_DIFFERENT);
}

static const char *settings_digest(const char *text)
{
	static struct facts seen;
	autofree char *path = xasprintf("%s/seatable/conf/dtable_web_settings.py", data);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) < 0, 0);
	assert_int_equal(fclose(f), 0);
	facts_done(&seen);
	facts_init(&seen, "seatable", "main");
	sea_baseline_files(&ctx, &site, true, NULL, &seen);
	return facts_str(&seen, BASE_SETTINGS, "");
}

static void what_counts_of_the_settings(void **state)
{
	autofree char *conf = NULL, *was = NULL;
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;

	files_begin();
	conf = xasprintf("%s/seatable/conf", data);
	assert_ok(dir_make_path(conf, 0755, &d, &e), &e);
	was = xstrdup(settings_digest("SECRET_KEY = 'a'\nDEBUG = False\n"));
	assert_int_equal(strlen(was), 64);
	assert_string_equal(settings_digest("SECRET_KEY = 'a'\nDEBUG = False\n\nPLUGINS_REPO_ID='f00'\n"), was);
	assert_string_not_equal(settings_digest("SECRET_KEY = 'b'\nDEBUG = False\n"), was);
	assert_string_not_equal(settings_digest("SECRET_KEY = 'a'\nDEBUG = False # PLUGINS_REPO_ID\n"), was);
	files_end();
}

/* ---- what files hold ---- */

static enum outcome folder(const char *was, const char *is, const char *what)
{
	struct sea_proof p = proof(DEPTH_DEEP, true);

	put(&frozen, BASE_FOLDERS, was);
	put(&now, BASE_FOLDERS, is);
	sea_compare_files(&p);
	return said("folder storage-data", what);
}

static void folders_that_shrink(void **state)
{
	static const char was[] = "{\"storage-data\": {\"files\": 100, \"bytes\": 3000, \"digest\": \"d\"}}",
			  less[] = "{\"storage-data\": {\"files\": 110, \"bytes\": 2000, \"digest\": \"e\"}}",
			  flushed[] = "{\"storage-data\": {\"files\": 100, \"bytes\": 2990, \"digest\": \"e\"}}",
			  fewer[] = "{\"storage-data\": {\"files\": 99, \"bytes\": 3000, \"digest\": \"e\"}}";

	assert_int_equal(folder(was, less, "bytes"), CMP_UNPROVED);
	assert_int_equal(folder(was, flushed, "bytes"), CMP_SAME);
	assert_int_equal(folder(was, flushed, "files"), CMP_EXPLAINED);
	assert_int_equal(folder(was, fewer, "files"), CMP_UNPROVED);
}

static enum outcome sample(const char *name, const char *was, const char *is)
{
	struct sea_proof p = proof(DEPTH_DEEP, true);
	autofree char *then = xasprintf("{\"%s\": {\"whole\": true, \"files\": {%s}}}", name, was);
	autofree char *later = xasprintf("{\"%s\": {\"whole\": true, \"files\": {%s}}}", name, is);
	autofree char *subject = xasprintf("folder %s", name);

	put(&frozen, BASE_FOLDERS, "{}");
	put(&now, BASE_FOLDERS, "{}");
	put(&frozen, BASE_CONTENT, then);
	put(&now, BASE_CONTENT, later);
	sea_compare_files(&p);
	return said(subject, "files read before");
}

static void files_that_are_lost(void **state)
{
	struct sea_proof p;

	/* Gone, and only uploads that were broken off go by themselves. */
	assert_int_equal(sample("storage-data", "\"a\": \"1 2.3 aa\", \"b\": \"1 2.3 bb\"", "\"a\": \"1 2.3 aa\""), CMP_UNPROVED);
	assert_non_null(strstr(why("folder storage-data", "files read before"), "1 of the 2 "));
	assert_non_null(strstr(why("folder storage-data", "files read before"), "the first: b"));
	assert_int_equal(sample("seafile-data", "\"storage/fs/a\": \"1 2.3 aa\"", ""), CMP_UNPROVED);
	assert_int_equal(sample("seafile-data", "\"httptemp/a\": \"1 2.3 aa\"", ""), CMP_SAME);
	/* Written anew: what is named by its content never is. */
	assert_int_equal(sample("storage-data", "\"a\": \"1 2.3 aa\"", "\"a\": \"2 9.9 bb\""), CMP_SAME);
	assert_int_equal(sample("seahub-data", "\"a\": \"1 2.3 aa\"", "\"a\": \"2 9.9 bb\""), CMP_SAME);
	assert_int_equal(sample("seafile-data", "\"storage/blocks/a\": \"1 2.3 aa\"", "\"storage/blocks/a\": \"1 9.9 aa\""), CMP_SAME);
	assert_int_equal(sample("seafile-data", "\"storage/blocks/a\": \"1 2.3 aa\"", "\"storage/blocks/a\": \"1 9.9 bb\""), CMP_UNPROVED);
	put(&now, BASE_CONTENT, "{}");  /* the folder is told as such */
	p = proof(DEPTH_DEEP, true);
	sea_compare_files(&p);
	assert_int_equal(said("folder seafile-data", "files read before"), CMP_SAME);
	/* Emptied. */
	assert_int_equal(sample("storage-data", "\"a\": \"1 2.3 aa\"", "\"a\": \"0 9.9 ee\""), CMP_UNPROVED);
	assert_int_equal(sample("storage-data", "\"a\": \"0 2.3 ee\"", "\"a\": \"0 9.9 ee\""), CMP_SAME);
}

static void files_that_rot(void **state)
{
	struct sea_proof p = proof(DEPTH_DEEP, true);

	put(&frozen, BASE_FOLDERS, "{\"seafile-data\": {\"files\": 900, \"bytes\": 9, \"digest\": \"d\"}}");
	put(&now, BASE_FOLDERS, "{\"seafile-data\": {\"files\": 900, \"bytes\": 9, \"digest\": \"d\"}}");
	put(&frozen, BASE_CONTENT, "{\"seafile-data\": {\"whole\": false, \"files\": {\"a\": \"1 2.3 aa\", \"b\": \"1 2.3 bb\", \"c\": \"1 2.3 cc\", \"d\": \"1 2.3 dd\"}}}");
	put(&now, BASE_CONTENT, "{\"seafile-data\": {\"whole\": false, \"files\": {\"a\": \"1 2.3 aa\", \"b\": \"1 2.3 xx\", \"c\": \"1 9.9 xx\"}}}");
	sea_compare_files(&p);
	assert_int_equal(said("file seafile-data/a", "content"), CMP_SAME);
	assert_int_equal(said("file seafile-data/b", "content"), CMP_DIFFERENT);
	assert_int_equal(said("file seafile-data/c", "content"), CMP_SAME);
	assert_int_equal(said("file seafile-data/d", "content"), CMP_SAME);
	assert_int_equal(said("folder seafile-data", "content"), CMP_UNPROVED);
	put(&frozen, BASE_CONTENT, "{\"seafile-data\": {\"whole\": true, \"files\": {\"a\": \"1 2.3 aa\"}}}");
	p = proof(DEPTH_DEEP, true);
	sea_compare_files(&p);
	assert_int_equal(said("folder seafile-data", "content"), CMP_SAME);
	p = proof(DEPTH_GATE, true);
	sea_compare_files(&p);
	assert_int_equal(said("file seafile-data/b", "content"), CMP_SAME);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rows_that_users_took),
		TEST(rows_that_are_all_gone),
		TEST(edits_that_are_gone),
		TEST(a_base_that_vanished),
		TEST(what_the_baseline_could_not_read),
		TEST(certificates),
		TEST(no_certificate),
		TEST(the_client_finds_all_again),
		TEST(another_attachment),
		TEST(a_base_that_is_gone),
		TEST(a_token_that_is_taken_no_more),
		TEST(what_the_client_could_not_before),
		TEST(rows_and_columns_of_the_client),
		TEST(no_client_is_told_once),
		TEST(programs_beside_the_server),
		TEST(a_server_that_starts_again),
		TEST(what_docker_calls_it),
		TEST(the_log_since_the_start),
		TEST(what_programs_write_into_files),
		TEST(the_last_error_of_a_start),
		TEST(seats_of_the_licence),
		TEST(what_a_start_appends_to_the_settings),
		TEST(what_counts_of_the_settings),
		TEST(folders_that_shrink),
		TEST(files_that_are_lost),
		TEST(files_that_rot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
