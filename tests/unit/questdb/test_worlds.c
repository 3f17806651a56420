/* Comparing two worlds and counting writes, over stand-in servers: what must be found is made to
 * happen. */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/plan.h"
#include "io/file.h"
#include "products/questdb/questdb.h"
#include "stand_in.h"
#include "unit.h"

#define DAY_US INT64_C(86400000000)
#define NEXT_US INT64_C(1767484800000000) /* 2026-01-04, after the last row there is */

struct world {
	struct stand_in server;
	struct facts frozen;
	struct comparisons cmp;
	struct writes writes;
};

static int set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof *w);

	stand_in_make(&w->server, 5, "9.0.3");
	stand_in_frozen(&w->server, &w->frozen);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	stand_in_done(&w->server);
	facts_done(&w->frozen);
	comparisons_done(&w->cmp);
	writes_done(&w->writes);
	free(w);
	return 0;
}

/* The target as a plan would name it. */
static void expect(struct world *w, const char *edition, const char *version)
{
	json_object_set_new(w->server.goal.target, "edition", json_string(edition));
	json_object_set_new(w->server.goal.target, "version", json_string(version));
}

static void verify(struct world *w, enum depth d)
{
	struct err e = ERR_INIT;

	comparisons_done(&w->cmp);
	w->cmp = (struct comparisons){ 0 };
	assert_ok(questdb_verify(&w->server.ctx, &w->frozen, &w->server.goal, d, &w->cmp, &e), &e);
}

static void since(struct world *w)
{
	struct err e = ERR_INIT;

	writes_done(&w->writes);
	w->writes = (struct writes){ 0 };
	assert_ok(questdb_since(&w->server.ctx, &w->frozen, &w->writes, &e), &e);
}

static const struct comparison *found(const struct world *w, const char *subject, const char *what)
{
	vec_each (&w->cmp, c) {
		if (!strcmp(c->subject, subject) && !strncmp(c->what, what, strlen(what)))
			return c;
	}
	return NULL;
}

static void assert_found(const struct world *w, const char *subject, const char *what,
			 enum outcome o, const char *rule)
{
	const struct comparison *c = found(w, subject, what);

	if (!c)
		vec_each (&w->cmp, it)
			print_message("# %d %s: %s was %s is %s %s %s\n", it->outcome, it->subject,
				      it->what, it->was ? it->was : "-", it->is ? it->is : "-",
				      it->rule ? it->rule : "", it->why ? it->why : "");
	assert_non_null(c);
	assert_int_equal(c->outcome, o);
	if (rule)
		assert_string_equal(c->rule, rule);
}

static void upgraded_and_untouched(void **state)
{
	struct world *w = *state;

	expect(w, "open-source", "9.3.4");
	stand_in_start(&w->server, "OSS", "9.3.4", NULL);
	verify(w, DEPTH_GATE);
	assert_int_equal(cmp_worst(&w->cmp), CMP_EXPLAINED);
	assert_found(w, "database", "data id", CMP_EXPLAINED, "questdb.data-id-created");
	assert_true(w->cmp.same > 40);
	verify(w, DEPTH_DEEP);
	assert_int_equal(cmp_worst(&w->cmp), CMP_EXPLAINED);
	since(w);
	assert_int_equal(w->writes.transactions, 0);
	assert_int_equal(w->writes.n, 0);
}

static void wrong_build(void **state)
{
	static const char *const controls[] = { "DOUBLE_EDITION=OSS", NULL };
	struct world *w = *state;

	expect(w, "enterprise", "3.2.4");
	stand_in_start(&w->server, "EE", "3.2.4", controls);
	json_object_set_new(w->server.goal.target, "version", json_string("3.3.0"));
	verify(w, DEPTH_GATE);
	assert_found(w, "server", "edition", CMP_DIFFERENT, NULL);
	assert_found(w, "server", "version", CMP_DIFFERENT, NULL);
	assert_found(w, "server", "tables open", CMP_UNPROVED,
		     NULL); /* and it wants a login nobody gave */
}

static void losses(void **state)
{
	static const char *const controls[] = { "DOUBLE_LOSE_TABLE=t0", "DOUBLE_LOSE_ROWS=t2",
						"DOUBLE_SUSPEND=t3", NULL };
	struct world *w = *state;

	expect(w, "open-source", "9.3.4");
	stand_in_start(&w->server, "OSS", "9.3.4", controls);
	verify(w, DEPTH_GATE);
	assert_found(w, "table t0", "known to the server", CMP_DIFFERENT, NULL);
	assert_found(w, "table t0", "opens", CMP_DIFFERENT, NULL);
	assert_found(w, "partition t2/2026-01-03", "rows", CMP_DIFFERENT, NULL);
	assert_found(w, "table t3", "applies", CMP_DIFFERENT, NULL);
	assert_null(found(w, "table t1", ""));
}

/* A server that just started does not list all of its tables yet, and on a loaded host there is more than a second between two of them. */
static void tables_known_late(void **state)
{
	static const char *const controls[] = { "DOUBLE_LATE_TABLES=25", NULL };
	struct world *w = *state;

	expect(w, "open-source", "9.3.4");
	stand_in_start(&w->server, "OSS", "9.3.4", controls);
	verify(w, DEPTH_GATE);
	assert_int_equal(cmp_worst(&w->cmp), CMP_EXPLAINED);
}

static void fewer_transactions(void **state)
{
	struct world *w = *state;
	json_t *t0 = json_object_get(facts_get(&w->frozen, QF_FROZEN), "t0");
	json_t *t1 = json_object_get(facts_get(&w->frozen, QF_FROZEN), "t1");

	json_object_set_new(t0, "log_txn", json_integer(9));
	json_object_set_new(t1, "txn", json_integer(9));
	expect(w, "open-source", "9.0.3");
	stand_in_start(&w->server, "OSS", "9.0.3", NULL);
	verify(w, DEPTH_GATE);
	assert_found(w, "table t0", "transactions in the log", CMP_DIFFERENT, NULL);
	assert_found(w, "table t0", "rows", CMP_UNPROVED, NULL);
	assert_found(w, "table t1", "transactions", CMP_DIFFERENT, NULL);
	since(w);
	assert_int_equal(w->writes.transactions, -1);
	assert_true(w->writes.why[0]);
}

/* Dropped and made anew with as many transactions: what is gone and what came are counted. */
static void made_anew(void **state)
{
	struct world *w = *state;
	json_t *t0 = json_object_get(facts_get(&w->frozen, QF_TABLES), "t0");

	json_object_set_new(t0, "dir", json_string("t0~999"));
	stand_in_start(&w->server, "OSS", "9.0.3", NULL);
	since(w);
	assert_int_equal(w->writes.n, 2);
	assert_true(w->writes.transactions > 2);
	assert_string_equal(w->writes.v[0].subject, "table t0");
	assert_true(w->writes.v[0].rows_before > 0);
	assert_int_equal(w->writes.v[0].rows_now, 0);
	assert_string_equal(w->writes.v[1].subject, "table t0");
	assert_int_equal(w->writes.v[1].rows_before, 0);
	assert_true(w->writes.v[1].rows_now > 0);
	assert_non_null(w->writes.v[1].partitions);
}

static void schema_moved(void **state)
{
	struct world *w = *state;
	json_t *t0 = json_object_get(facts_get(&w->frozen, QF_TABLES), "t0");

	json_array_set_new(json_object_get(t0, "columns"), 3, json_string("v LONG"));
	json_object_set_new(t0, "schema", json_string("another"));
	expect(w, "open-source", "9.0.3");
	stand_in_start(&w->server, "OSS", "9.0.3", NULL);
	verify(w, DEPTH_GATE);
	assert_found(w, "table t0", "column 4", CMP_DIFFERENT, NULL);
}

static void applied_from_the_log(void **state)
{
	static const char *const hold[] = { "DOUBLE_HOLD_WAL=1", NULL };
	struct world *w = *state;

	stand_in_start(&w->server, "OSS", "9.0.3", hold);
	stand_in_write(&w->server, "t0", 1, NEXT_US);
	stand_in_stop(&w->server);
	facts_done(&w->frozen);
	stand_in_frozen(&w->server, &w->frozen);
	expect(w, "open-source", "9.3.4");
	stand_in_start(&w->server, "OSS", "9.3.4", NULL);
	verify(w, DEPTH_GATE);
	assert_int_equal(cmp_worst(&w->cmp), CMP_EXPLAINED);
	assert_found(w, "partition t0/2026-01-04", "rows", CMP_EXPLAINED, "questdb.wal-applied");
	since(w);
	assert_int_equal(w->writes.transactions, 0);
}

static void written_since(void **state)
{
	struct world *w = *state;
	autofree char *to_path = xasprintf("%s/saved", w->server.home);
	autofree char *csv_path = xasprintf("%s/t0.2026-01-04.csv", to_path);
	autobuf struct buf csv = BUF_MAX(4096);
	autodir struct dir to = DIR_NONE;
	struct err e = ERR_INIT;

	expect(w, "open-source", "9.3.4");
	stand_in_start(&w->server, "OSS", "9.3.4", NULL);
	stand_in_write(&w->server, "t0", 7, NEXT_US);
	stand_in_write(&w->server, "t0", 8, NEXT_US + 1);
	stand_in_write(&w->server, "t1", 9, NEXT_US);
	stand_in_write(&w->server, "made_since", 1, NEXT_US);
	stand_in_settle(&w->server);
	since(w);
	assert_int_equal(w->writes.n, 3);
	assert_int_equal(w->writes.transactions, 2 + 1 + 2);
	assert_string_equal(w->writes.v[0].subject, "table t0");
	assert_string_equal(w->writes.v[0].partitions, "2026-01-04");
	assert_int_equal(w->writes.v[0].rows_before, 0);
	assert_int_equal(w->writes.v[0].rows_now, 2);
	verify(w, DEPTH_GATE);
	assert_int_equal(cmp_worst(&w->cmp), CMP_EXPLAINED);
	assert_found(w, "partition t1/2026-01-04", "rows", CMP_EXPLAINED, "questdb.written-since");
	assert_ok(dir_make_path(to_path, 0700, &to, &e), &e);
	assert_ok(questdb_save_since(&w->server.ctx, &w->writes, &to, &e), &e);
	assert_ok(file_read_path(csv_path, &csv, &e), &e);
	assert_string_equal(buf_str(&csv), "\"ts\",\"writer\",\"seq\",\"v\"\r\n"
					   "\"2026-01-04T00:00:00.000000Z\",1,7,0.5\r\n"
					   "\"2026-01-04T00:00:00.000001Z\",1,8,0.5\r\n");
	stand_in_stop(&w->server);
	since(w); /* the same with the server down */
	assert_int_equal(w->writes.transactions, 2 + 1 + 2);
}

/* Values by SQL before the stop: equal, changed, moved. */
static void values(void **state)
{
	static const char *const controls[] = { "DOUBLE_CHANGE_VALUE=t0", NULL };
	struct world *w = *state;
	autofacts struct facts deep = { 0 };
	struct err e = ERR_INIT;

	stand_in_start(&w->server, "OSS", "9.0.3", NULL);
	assert_ok(questdb_inspect(&w->server.ctx, NULL, DEPTH_DEEP, &deep, &e), &e);
	assert_non_null(facts_get(&deep, QF_FINGERPRINTS));
	stand_in_write(&w->server, "t2", 1, NEXT_US - DAY_US / 2);
	stand_in_settle(&w->server);
	stand_in_stop(&w->server);
	facts_done(&w->frozen);
	stand_in_frozen(&w->server, &w->frozen);
	facts_put(&w->frozen, FACT_OBSERVED, QF_FINGERPRINTS,
		  json_deep_copy(facts_get(&deep, QF_FINGERPRINTS)), "test");
	expect(w, "open-source", "9.3.4");
	stand_in_start(&w->server, "OSS", "9.3.4", controls);
	verify(w, DEPTH_GATE);
	assert_int_equal(cmp_worst(&w->cmp), CMP_EXPLAINED);
	verify(w, DEPTH_DEEP);
	assert_found(w, "partition t0/2026-01-01", "column v DOUBLE", CMP_DIFFERENT, NULL);
	assert_found(w, "partition t0/2026-01-01", "content", CMP_DIFFERENT, NULL);
	assert_null(found(w, "partition t0/2026-01-02", ""));
	assert_found(w, "partition t2/2026-01-03", "values", CMP_UNPROVED, NULL);
	assert_null(found(w, "partition t2/2026-01-01", ""));
	assert_null(found(w, "partition t1/2026-01-01", ""));
	assert_string_equal(
	    w->cmp.level, "F0+F1 of 5 tables, files of 5, F2 of 5, F3 of 4"); /* t3 holds nothing */
}

static char *file_of(const struct world *w, const char *table, const char *rel)
{
	const json_t *t = json_object_get(facts_get(&w->frozen, QF_TABLES), table);

	return xasprintf("%s/db/%s/%s", w->server.root, json_str(t, "dir", table), rel);
}

/* The server says nothing of a file that it does not open; the metadata know it. */
static void files_short_and_gone(void **state)
{
	struct world *w = *state;
	autofree char *cut = file_of(w, "t0", "2026-01-01/v.d"),
		      *gone = file_of(w, "t1", "2026-01-02/seq.d");

	expect(w, "open-source", "9.3.4");
	stand_in_start(&w->server, "OSS", "9.3.4", NULL);
	verify(w, DEPTH_DEEP);
	assert_int_equal(cmp_worst(&w->cmp), CMP_EXPLAINED);
	assert_string_equal(w->cmp.level, "F0+F1 of 5 tables, files of 5");
	assert_int_equal(truncate(cut, 3), 0);
	assert_int_equal(unlink(gone), 0);
	verify(w, DEPTH_DEEP);
	assert_found(w, "table t0", "file 2026-01-01/v.d", CMP_DIFFERENT, NULL);
	assert_string_equal(found(w, "table t0", "file")->is, "3 bytes");
	assert_found(w, "table t1", "file 2026-01-02/seq.d", CMP_DIFFERENT, NULL);
	assert_null(found(w, "table t1", "file")->is);
}

/* server.conf, by keys: what the plan edits is explained, what nobody planned is not. */
static void settings_moved(void **state)
{
	struct world *w = *state;
	autofree char *conf = xasprintf("%s/conf/server.conf", w->server.root);
	autojson json_t *plan_doc = NULL;
	struct plan plan = { 0 };
	struct step edit = { .id = (char *)"server-conf",
			     .params = json_pack("{s[{ss}]}", "edits", "key", "acl.enabled") };
	FILE *out;

	expect(w, "open-source", "9.3.4");
	stand_in_start(&w->server, "OSS", "9.3.4", NULL);
	verify(w, DEPTH_DEEP);
	assert_null(found(w, "server.conf", ""));
	out = fopen(conf, "a");
	assert_non_null(out);
	assert_true(fputs("acl.enabled=false\nquery.timeout=7m\n", out) >= 0);
	fclose(out);
	plan_doc = json_object();
	plan.doc = plan_doc;
	*vec_push(&plan.steps) = edit;
	w->server.ctx.plan = &plan;
	verify(w, DEPTH_DEEP);
	w->server.ctx.plan = NULL;
	assert_found(w, "server.conf", "acl.enabled", CMP_EXPLAINED, "questdb.config-planned");
	assert_found(w, "server.conf", "query.timeout", CMP_DIFFERENT, NULL);
	verify(w, DEPTH_GATE);
	assert_null(found(w, "server.conf", ""));
	vec_done(&plan.steps);
	json_decref(edit.params);
}

/* What a start does to a database by itself. */
static void bookkeeping(void **state)
{
	struct world *w = *state;

	facts_put_str(&w->frozen, FACT_OBSERVED, QF_DB_REGISTRY, "tables.d.7", "test");
	facts_put_int(&w->frozen, FACT_OBSERVED, QF_DB_LAST_ID, 1, "test");
	expect(w, "open-source", "9.3.4");
	stand_in_start(&w->server, "OSS", "9.3.4", NULL);
	verify(w, DEPTH_GATE);
	assert_found(w, "database", "registry of tables", CMP_EXPLAINED,
		     "questdb.registry-compacted");
	assert_found(w, "database", "counter of table ids", CMP_EXPLAINED, "questdb.table-counter");
	facts_put_int(&w->frozen, FACT_OBSERVED, QF_DB_LAST_ID, 1000000, "test");
	verify(w, DEPTH_GATE);
	assert_found(w, "database", "counter of table ids", CMP_DIFFERENT, NULL);
}

/* ---- reading ahead ---- */

static json_t *warm(struct world *w, json_t *params)
{
	const struct step_kind *kind = step_kind_named("warm");
	autojson json_t *given = params;
	struct err e = ERR_INIT;
	json_t *result = NULL;

	assert_ok(kind->apply(&w->server.ctx, given, NULL, &result, &e), &e);
	return result;
}

static json_t *tree(const char *path, int depth, int head)
{
	return json_pack("{s[{so si s[s] si}]}", "trees", "place", place_of("root", path), "depth",
			 depth, "into", "txn_seq", "head", head);
}

/* Of each table the files directly in its directory and its sequencer, a head of each; no
 * partition; never more than its bounds. */
static void metadata_are_read_ahead(void **state)
{
	struct world *w = *state;
	autojson json_t *all = NULL, *heads = NULL, *flat = NULL, *late = NULL, *few = NULL,
			*absent = NULL;
	json_t *params;

	all = warm(w, json_pack("{s[o]}", "places", place_of("root", "db")));
	assert_true(json_bool(all, "whole", false));
	heads = warm(w, tree("db", 2, 65536));
	flat = warm(w, tree("db", 1, 16));
	assert_in_range(json_int(heads, "files", 0), 5 * 4, json_int(all, "files", 0) - 5 * 4);
	assert_true(json_int(flat, "files", 0) < json_int(heads, "files", 0));
	assert_true(json_int(flat, "bytes", 0) <= 16 * json_int(flat, "files", 0));
	params = tree("db", 2, 65536);
	json_object_set_new(params, "max_bytes", json_integer(1));
	few = warm(w, params);
	assert_int_equal(json_int(few, "files", 0), 1);
	assert_false(json_bool(few, "whole", true));
	params = tree("db", 2, 65536);
	json_object_set_new(params, "within", json_string("0s"));
	late = warm(w, params);
	assert_int_equal(json_int(late, "files", -1), 0);
	assert_false(json_bool(late, "whole", true));
	absent = warm(w, tree("nowhere", 2, 65536));
	assert_false(json_bool(absent, "whole", true));
}

static void ask_for(struct world *w, const char *level)
{
	json_object_set_new(w->server.goal.settings, "proof", json_pack("{ss}", "level", level));
}

static json_t *read_at(struct world *w, const char *level, struct facts *ret)
{
	struct err e = ERR_INIT;

	ask_for(w, level);
	assert_ok(questdb_inspect(&w->server.ctx, NULL, DEPTH_DEEP, ret, &e), &e);
	return (json_t *)facts_get(ret, QF_FINGERPRINTS);
}

/* How much is read is the operator's choice; what was not read is said. */
static void levels(void **state)
{
	struct world *w = *state;
	autofacts struct facts f1 = { 0 }, f2 = { 0 }, f3 = { 0 }, late = { 0 };
	struct err e = ERR_INIT;
	json_t *part;

	stand_in_start(&w->server, "OSS", "9.0.3", NULL);
	assert_null(read_at(w, "F1", &f1));
	assert_non_null(strstr(facts_why_missing(&f1, QF_FINGERPRINTS), "F1"));
	part = json_object_get(read_at(w, "F2", &f2), "t0");
	part = json_object_get(json_object_get(part, "aggregates"), "2026-01-01");
	assert_non_null(json_object_get(part, "cells"));
	assert_null(json_object_get(part, "content"));
	part = json_object_get(read_at(w, "F3", &f3), "t0");
	part = json_object_get(json_object_get(part, "aggregates"), "2026-01-01");
	assert_int_equal(json_string_length(json_object_get(part, "content")), 64);
	json_object_set_new(w->server.goal.settings, "proof", json_pack("{ss}", "within", "1ms"));
	assert_ok(questdb_inspect(&w->server.ctx, NULL, DEPTH_DEEP, &late, &e), &e);
	assert_true(json_object_size(facts_get(&late, QF_UNREAD)) > 0);
	facts_done(&late);
	json_object_set_new(w->server.goal.settings, "proof", json_pack("{ss}", "within", "soon"));
	assert_fails(questdb_inspect(&w->server.ctx, NULL, DEPTH_DEEP, &late, &e), &e, ERR_USAGE);
	json_object_set_new(w->server.goal.settings, "proof", json_pack("{ss}", "level", "F4"));
	assert_fails(questdb_inspect(&w->server.ctx, NULL, DEPTH_DEEP, &late, &e), &e, ERR_USAGE);
}

/* A server with few files left is not asked to open more. */
static void spares_open_files(void **state)
{
	struct world *w = *state;
	autofacts struct facts deep = { 0 };
	autofree char *fds = NULL;
	struct dir_names open = { 0 };
	autodir struct dir d = DIR_NONE;
	struct rlimit limit;
	struct err e = ERR_INIT;
	const char *why;

	stand_in_start(&w->server, "OSS", "9.0.3", NULL);
	fds = xasprintf("/proc/%d/fd", (int)w->server.pid);
	assert_ok(dir_open(fds, &d, &e), &e);
	assert_ok(dir_list(&d, "", 10000, &open, &e), &e);
	limit = (struct rlimit){ open.n + 8, open.n + 8 };
	dir_names_done(&open);
	assert_int_equal(prlimit(w->server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
	assert_int_equal(json_object_size(read_at(w, "F2", &deep)), 0);
	assert_int_equal(json_object_size(facts_get(&deep, QF_UNREAD)), 5);
	why = json_str(facts_get(&deep, QF_UNREAD), "t0", "");
	assert_non_null(strstr(why, "open files"));
}

/* Values that were read, content that was asked for and was not: listed, and not called equal. */
static void content_not_read(void **state)
{
	struct world *w = *state;
	autofacts struct facts deep = { 0 };

	stand_in_start(&w->server, "OSS", "9.0.3", NULL);
	facts_put(&w->frozen, FACT_DEEP, QF_FINGERPRINTS, json_incref(read_at(w, "F2", &deep)),
		  "test");
	stand_in_stop(&w->server);
	ask_for(w, "F3");
	expect(w, "open-source", "9.3.4");
	stand_in_start(&w->server, "OSS", "9.3.4", NULL);
	verify(w, DEPTH_DEEP);
	assert_int_equal(cmp_worst(&w->cmp), CMP_UNPROVED);
	assert_found(w, "partition t0/2026-01-01", "content", CMP_UNPROVED, NULL);
	ask_for(w, "auto");
	verify(w, DEPTH_DEEP);
	assert_int_equal(cmp_worst(&w->cmp), CMP_EXPLAINED);
}

/* The old world, expected back by a rollback. */
static void old_world(void **state)
{
	struct world *w = *state;
	struct err e = ERR_INIT;

	facts_put_str(&w->frozen, FACT_PINNED, QF_EDITION, "open-source", "test");
	facts_put_str(&w->frozen, FACT_PINNED, QF_VERSION, "9.0.3", "test");
	stand_in_start(&w->server, "OSS", "9.0.3", NULL);
	assert_ok(questdb_verify(&w->server.ctx, &w->frozen, NULL, DEPTH_GATE, &w->cmp, &e), &e);
	assert_int_equal(cmp_worst(&w->cmp), CMP_SAME);
	stand_in_stop(&w->server);
	comparisons_done(&w->cmp);
	w->cmp = (struct comparisons){ 0 };
	assert_ok(questdb_verify(&w->server.ctx, &w->frozen, NULL, DEPTH_GATE, &w->cmp, &e), &e);
	assert_int_equal(cmp_worst(&w->cmp),
			 CMP_UNPROVED); /* a stopped server does not say who it is */
	assert_fails(
	    questdb_verify(&w->server.ctx, &w->frozen, &w->server.goal, DEPTH_GATE, &w->cmp, &e),
	    &e, ERR_REFUSED);
}

/* Of an edition of which no build was ever had. */
static void enterprise_is_unconfirmed(void **state)
{
	struct world *w = *state;
	const char *const keys[] = { QF_EDITION, QF_VERSION, QF_TABLES };
	autofacts struct facts now = { 0 };
	struct err e = ERR_INIT;
	json_t *all;

	stand_in_start(&w->server, "EE", "3.2.4", NULL);
	assert_ok(questdb_inspect(&w->server.ctx, NULL, DEPTH_LIVE, &now, &e), &e);
	all = json_object_get(now.doc, "facts");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_true(json_bool(json_object_get(all, keys[i]), "unconfirmed", false));
	assert_false(json_bool(json_object_get(all, QF_HOST_GLIBC), "unconfirmed", false));
	stand_in_stop(&w->server);
}

/* The run makes it: no resume sees another than the plan did. */
static void a_store_that_is_not_there_yet_is_known(void **state)
{
	struct world *w = *state;
	autofree char *path = xasprintf("%s/backup/of/it", w->server.home);
	autofacts struct facts then = { 0 }, now = { 0 };
	autodir struct dir made = DIR_NONE;
	struct err e = ERR_INIT;

	json_object_set_new(w->server.goal.restore_point, "store", json_sprintf("file://%s", path));
	assert_ok(questdb_inspect(&w->server.ctx, &w->server.goal, DEPTH_LIVE, &then, &e), &e);
	assert_true(json_int(json_object_get(facts_get(&then, QF_FS_ROOM), "store"), "free", 0) > 0);
	assert_string_equal(json_str(json_object_get(facts_get(&then, QF_FS), "store"), "path", ""), path);
	assert_string_equal(json_str(facts_get(&then, QF_TARGET_STORE), "path", ""), path);
	assert_ok(dir_make_path(path, 0700, &made, &e), &e);
	assert_ok(questdb_inspect(&w->server.ctx, &w->server.goal, DEPTH_LIVE, &now, &e), &e);
	assert_true(json_equal(facts_get(&then, QF_FS), facts_get(&now, QF_FS)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(upgraded_and_untouched, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_build, set_up, tear_down),
		cmocka_unit_test_setup_teardown(losses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tables_known_late, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fewer_transactions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(made_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(schema_moved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(applied_from_the_log, set_up, tear_down),
		cmocka_unit_test_setup_teardown(written_since, set_up, tear_down),
		cmocka_unit_test_setup_teardown(values, set_up, tear_down),
		cmocka_unit_test_setup_teardown(files_short_and_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(settings_moved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bookkeeping, set_up, tear_down),
		cmocka_unit_test_setup_teardown(metadata_are_read_ahead, set_up, tear_down),
		cmocka_unit_test_setup_teardown(levels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(spares_open_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(content_not_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_world, set_up, tear_down),
		cmocka_unit_test_setup_teardown(enterprise_is_unconfirmed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_store_that_is_not_there_yet_is_known, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("questdb worlds (stand-in server)", tests, NULL, NULL);
}
