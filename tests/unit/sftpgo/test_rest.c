/* The REST API as a server answers that a test speaks for: logins refused and expired, and transfers that end, or do not. */
#include "net/double.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/event.h"
#include "engine/step.h"
#include "products/sftpgo/account.h"
#include "products/sftpgo/event_rest.h"
#include "products/sftpgo/quotas.h"
#include "products/sftpgo/rest.h"
#include "products/sftpgo/transfers.h"
#include "products/sftpgo/verify.h"

extern const struct step_kind step_quota_scan, step_transfers_drain;

#define ADMIN "Authorization: Basic YWRtaW46c2VjcmV0" /* admin:secret */
#define TRANSFERS                                                                                                   \
	"{\"username\":\"u\",\"protocol\":\"SFTP\",\"active_transfers\":[{\"operation_type\":\"upload\",\"path\":"  \
	"\"/in/a.bin\",\"size\":7},{\"operation_type\":\"download\",\"path\":\"/b\",\"size\":1}]}"

#define MUCH (5u << 20)

static int *tokens; /* shared with the child */
static int asked, ends_after, fails, late, copies = 1; /* in the child */
static const char *status_told = "{}", *license_told, *token_told, *status_answer;

static void answer(int fd, const char *status, const char *body)
{
	autofree char *text = xasprintf("HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status, strlen(body),
					body);

	double_say(fd, text, strlen(text));
}

static bool let_in(const char *request)
{
	autofree char *newest = xasprintf("Authorization: Bearer token-%d\r\n", *tokens);

	return strstr(request, "X-SFTPGO-API-KEY: id.key\r\n") || strstr(request, newest);
}

/* So many connections with what is under way. */
static void answer_transfers(int fd)
{
	autobuf struct buf text = BUF_MAX(1u << 20);

	buf_adds(&text, "[");
	for (int i = 0; i < copies; i++)
		buf_addf(&text, "%s%s", i ? "," : "", TRANSFERS);
	buf_adds(&text, "]");
	answer(fd, "200 OK", buf_str(&text));
}

static void answer_much(int fd)
{
	autofree char *name = xcalloc(1, MUCH + 1), *text = NULL;

	memset(name, 'x', MUCH);
	text = xasprintf("{\"event_actions\":[{\"name\":\"%s\"}]}", name);
	answer(fd, "200 OK", text);
}

/* Every second token has expired at once. */
static void talk(int fd)
{
	char request[8192];
	ssize_t n = read(fd, request, sizeof request - 1);
	autofree char *token = NULL;

	request[n > 0 ? n : 0] = '\0';
	if (strstr(request, " /healthz ")) {
		answer(fd, "200 OK", "ok");
	} else if (strstr(request, " /api/v2/token ") && token_told) {
		answer(fd, token_told, "{}");
	} else if (strstr(request, " /api/v2/token ")) {
		token = xasprintf("{\"access_token\":\"token-%d\"}", ++*tokens);
		answer(fd, strstr(request, ADMIN) ? "200 OK" : "401 Unauthorized", strstr(request, ADMIN) ? token : "{}");
	} else if (!let_in(request) || strstr(request, " /never ") || (strstr(request, " /once ") && *tokens == 1)) {
		answer(fd, "401 Unauthorized", "{\"message\":\"Unauthorized\"}");
	} else if (strstr(request, " /forbidden ")) {
		answer(fd, "403 Forbidden", "{\"error\":\"\",\"message\":\"Forbidden\"}");
	} else if (strstr(request, " /broken ")) {
		answer(fd, "500 Internal Server Error", "{\"error\":\"no such table\"}");
	} else if (strstr(request, " /api/v2/connections ")) {
		if (asked++ < fails)
			answer(fd, "500 Internal Server Error", "{\"error\":\"too busy\"}");
		else if (ends_after && asked > ends_after)
			answer(fd, "200 OK", "[]");
		else
			answer_transfers(fd);
	} else if (strstr(request, " /api/v2/status ")) {
		answer(fd, status_answer ? status_answer : "200 OK", status_told);
	} else if (strstr(request, " /api/v2/license ") && license_told) {
		answer(fd, "200 OK", license_told);
	} else if (strstr(request, "DELETE /api/v2/users/crossgrade-probe-late ")) {
		answer(fd, asked++ < late ? "404 Not Found" : "200 OK", "{}");
	} else if (strstr(request, " /dropped ")) {
		answer(fd, asked > late ? "200 OK" : "404 Not Found", "{}");
	} else if (strstr(request, " /api/v2/users/u ")) {
		answer(fd, "200 OK", "{\"home_dir\":\"/srv/u\"}");
	} else if (strstr(request, " /api/v2/dumpdata?output-data=1&scopes=actions%2Crules ")) {
		answer_much(fd);
	} else if (strstr(request, " /api/v2/version ")) {
		answer(fd, "200 OK", "{\"version\":\"2.7.5\"}");
	} else if (strstr(request, " /once ")) {
		answer(fd, "200 OK", "{\"fine\":true}");
	} else {
		answer(fd, "404 Not Found", "{\"message\":\"Not Found\"}");
	}
}

struct fixture {
	struct double_server server;
	struct site site;
	char file[128];
};

static void begin(struct fixture *f, const char *kind, const char *secret)
{
	autojson json_t *doc = NULL;
	struct err e = ERR_INIT;
	FILE *file;
	int fd;

	snprintf(f->file, sizeof f->file, "%s/crossgrade-rest.XXXXXX", getenv("TEST_SCRATCH") ? getenv("TEST_SCRATCH") : "/tmp");
	fd = mkstemp(f->file);
	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	fputs(secret, file);
	fclose(file);
	*tokens = 0;
	f->server = double_start(talk);
	doc = json_pack("{s{ss} s{ss si} s{ss ss}}", "roots", "root", "/nowhere", "probe", "host", "127.0.0.1", "http",
			(int)f->server.port, "login", "user", "admin", kind, f->file);
	assert_int_equal(site_bind("main", doc, &f->site, &e), 0);
}

static void end(struct fixture *f)
{
	double_stop(&f->server);
	site_done(&f->site);
	unlink(f->file);
}

static int get(struct fixture *f, const char *path, struct err *e)
{
	autorest struct rest api = { 0 };
	autojson json_t *doc = NULL;

	return rest_login(&f->site, &api, e) < 0 ? -(int)e->kind : rest_get(&api, path, &doc, e);
}

static void takes_an_expired_token_anew(void **state)
{
	struct err e = ERR_INIT;
	struct fixture f;

	begin(&f, "password_file", "secret\n");
	assert_int_equal(get(&f, "/once", &e), 0);
	end(&f);
}

static void tells_refusals_apart(void **state)
{
	static const struct {
		const char *path;
		enum err_kind kind;
		const char *says;
	} cases[] = {
		{ "/never", ERR_DENIED, "does not take the login of 'admin'" },
		{ "/forbidden", ERR_DENIED, "may not ask '/forbidden'" },
		{ "/absent", ERR_ABSENT, "'/absent'" },
		{ "/broken", ERR_REFUSED, "no such table" },
	};
	struct fixture f;

	begin(&f, "password_file", "secret\n");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(get(&f, cases[i].path, &e), -(int)cases[i].kind);
		assert_non_null(strstr(e.msg, cases[i].says));
	}
	end(&f);
}

static void refuses_a_wrong_or_open_password(void **state)
{
	struct err e = ERR_INIT;
	struct fixture f;

	begin(&f, "password_file", "wrong\n");
	assert_int_equal(get(&f, "/once", &e), -ERR_DENIED);
	assert_non_null(strstr(e.hint, "second factor"));
	err_clear(&e);
	assert_int_equal(chmod(f.file, 0644), 0);
	assert_int_equal(get(&f, "/once", &e), -ERR_REFUSED);
	end(&f);
}

static void sends_an_api_key_and_a_token(void **state)
{
	struct err e = ERR_INIT;
	struct fixture f;

	begin(&f, "api_key_file", "id.key\n");
	assert_int_equal(get(&f, "/broken", &e), -ERR_REFUSED);
	end(&f);
	err_clear(&e);
	begin(&f, "token_file", "an old one\n");
	assert_int_equal(get(&f, "/once", &e), -ERR_DENIED);
	assert_non_null(strstr(e.hint, "20 minutes"));
	end(&f);
}

/* A server that hides its version: "wrong" is a login that is refused, and its words name whose it was. */
static void knows_whose_login_it_is(void **state)
{
	static const struct {
		const char *first, *version, *refused; /* password of the first login, version of the second */
	} cases[] = {
		{ "secret\n", "2.6.4", NULL },
		{ "secret\n", "2.7.5", "'of the new one'" },
		{ "wrong\n", "2.7.5", "'of the new one'" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = ERR_INIT;
		struct fixture f;

		begin(&f, "password_file", cases[i].first);
		json_object_set_new(f.site.doc, "target_login", json_pack("{ss ss ss}", "version", cases[i].version, "user",
									  "of the new one", "password_file", f.file));
		assert_int_equal(get(&f, "/once", &e), cases[i].refused ? -ERR_DENIED : 0);
		if (cases[i].refused)
			assert_non_null(strstr(e.msg, cases[i].refused));
		end(&f);
	}
}

static int warned;

static void count_warnings(void *data, const json_t *event)
{
	warned += !strcmp(json_str(event, "type", ""), "warning");
}

static json_t *drain(struct fixture *f, const char *within, const struct cancel *cancel, int want)
{
	struct ctx c = { .sites = &f->site, .n_sites = 1, .events = events_new(), .cancel = cancel };
	autojson json_t *params = json_pack("{ss}", "within", within);
	json_t *result = NULL;
	struct err e = ERR_INIT;

	warned = 0;
	events_to(c.events, count_warnings, NULL);
	assert_int_equal(step_transfers_drain.apply(&c, params, NULL, &result, &e), want);
	events_free(c.events);
	return result;
}

static void waits_for_transfers(void **state)
{
	autojson json_t *result = NULL;
	struct fixture f;

	ends_after = 1;
	begin(&f, "password_file", "secret\n");
	ends_after = 0;
	result = drain(&f, "30s", NULL, 0);
	end(&f);
	assert_true(json_bool(result, "asked", false));
	assert_int_equal(json_array_size(json_object_get(result, "cut")), 0);
	assert_true(json_int(result, "waited_ms", 0) >= 500);
}

static void names_what_is_cut(void **state)
{
	autojson json_t *result = NULL;
	const json_t *first;
	struct fixture f;

	begin(&f, "password_file", "secret\n");
	result = drain(&f, "0s", NULL, 0);
	end(&f);
	assert_int_equal(json_array_size(json_object_get(result, "cut")), 2);
	assert_int_equal(json_int(result, "total", 0), 2);
	assert_int_equal(json_array_size(json_object_get(result, "notes")), 0);
	assert_int_equal(warned, 0);
	first = json_array_get(json_object_get(result, "cut"), 0);
	assert_string_equal(json_str(first, "path", ""), "/in/a.bin");
	assert_string_equal(json_str(first, "dir", ""), "/srv/u/in");
}

static void tells_how_many_more_are_cut(void **state)
{
	autojson json_t *result = NULL;
	struct fixture f;

	copies = 75;
	begin(&f, "password_file", "secret\n");
	copies = 1;
	result = drain(&f, "0s", NULL, 0);
	end(&f);
	assert_int_equal(json_array_size(json_object_get(result, "cut")), 100);
	assert_int_equal(json_int(result, "total", 0), 150);
	assert_non_null(strstr(json_string_value(json_array_get(json_object_get(result, "notes"), 0)), "150"));
}

/* Two answers that are none, then a transfer, then none any more. */
static void asks_again_until_the_time_is_up(void **state)
{
	autojson json_t *result = NULL;
	struct fixture f;

	fails = 2;
	ends_after = 3;
	begin(&f, "password_file", "secret\n");
	fails = ends_after = 0;
	result = drain(&f, "30s", NULL, 0);
	end(&f);
	assert_true(json_bool(result, "asked", false));
	assert_true(json_int(result, "waited_ms", 0) >= 1500);
	assert_int_equal(warned, 1);
	assert_int_equal(json_array_size(json_object_get(result, "notes")), 0);
}

static void bears_a_refused_login_and_stops_when_asked(void **state)
{
	struct cancel cancel = { .asked = true };
	autojson json_t *result = NULL;
	struct fixture f;

	begin(&f, "password_file", "wrong\n");
	result = drain(&f, "5s", NULL, 0);
	end(&f);
	assert_false(json_bool(result, "asked", true));
	assert_non_null(json_str(result, "why", NULL));
	assert_true(json_int(result, "waited_ms", 0) >= 5000);
	assert_int_equal(warned, 2);
	assert_int_equal(*tokens, 2); /* its first try, and the last */
	assert_non_null(strstr(json_string_value(json_array_get(json_object_get(result, "notes"), 0)), "is not named"));
	begin(&f, "password_file", "secret\n");
	assert_null(drain(&f, "30s", &cancel, -ERR_CANCELED));
	end(&f);
}

/* A thousand mails with a page each, in every rule that sends them. */
static void takes_a_long_list_of_actions(void **state)
{
	autorest struct rest api = { 0 };
	autojson json_t *dump = NULL;
	struct err e = ERR_INIT;
	struct fixture f;

	begin(&f, "password_file", "secret\n");
	assert_int_equal(rest_login(&f.site, &api, &e), 0);
	assert_int_equal(events_dump_get(&api, &dump, &e), 0);
	end(&f);
	assert_int_equal(strlen(json_str(json_array_get(json_object_get(dump, "event_actions"), 0), "name", "")), MUCH);
}

/* ---- what the new server tells of itself ---- */

static const struct {
	const char *status;
	enum outcome worst;
	const char *what; /* of the first that is not the same, NULL: all are */
} services[] = {
	{ "{\"data_provider\":{\"is_active\":true,\"driver\":\"sqlite\"},\"ssh\":{\"is_active\":true}}", CMP_SAME, NULL },
	{ "{\"data_provider\":{\"is_active\":false,\"driver\":\"sqlite\"},\"ssh\":{\"is_active\":true}}", CMP_DIFFERENT, "data provider" },
	{ "{\"data_provider\":{\"is_active\":true,\"driver\":\"memory\"},\"ssh\":{\"is_active\":true}}", CMP_DIFFERENT,
	  "driver of the data provider" },
	{ "{\"data_provider\":{\"is_active\":true,\"driver\":\"sqlite\"},\"ssh\":{\"is_active\":false}}", CMP_DIFFERENT, "SSH service" },
	{ "{\"data_provider\":{\"is_active\":true,\"driver\":\"sqlite\"}}", CMP_UNPROVED, "SSH service" },
	{ "{}", CMP_UNPROVED, "data provider" },
};

static void holds_services_against_what_was(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		struct comparisons found = { 0 };
		struct facts then = { 0 };
		struct fixture f;

		status_told = services[i].status;
		begin(&f, "password_file", "secret\n");
		facts_init(&then, "sftpgo", "sftpgo");
		facts_put_str(&then, FACT_PINNED, SF_DRIVER, "sqlite", "test");
		facts_put(&then, FACT_PINNED, SF_DOORS, json_pack("{s[{ss si}]}", "sftp", "host", "127.0.0.1", "port", 22), "test");
		compare_rest(&(struct proof){ .c = &(struct ctx){ .sites = &f.site, .n_sites = 1 }, .frozen = &then, .version = "2.7.5",
					      .to = &(struct goal){ 0 }, .ret = &found });
		end(&f);
		assert_int_equal(cmp_worst(&found), services[i].worst);
		if (services[i].what)
			assert_string_equal(found.v[0].what, services[i].what);
		comparisons_done(&found);
		facts_done(&then);
	}
}

/* An administrator whom the old server let in. */
static const struct {
	const char *kind, *secret, *token; /* what it answers to who asks for a token, NULL: it gives one */
	const char *status;                /* and to who asks how it is */
	bool lasts, later, gone; /* the file */
	enum outcome worst;
} admins[] = {
	{ "password_file", "secret\n", NULL, NULL, true, false, false, CMP_SAME },
	{ "password_file", "wrong\n", NULL, NULL, true, false, false, CMP_DIFFERENT },
	{ "password_file", "secret\n", NULL, "403 Forbidden", true, false, false, CMP_UNPROVED },
	{ "password_file", "secret\n", NULL, "401 Unauthorized", true, false, false, CMP_UNPROVED },
	{ "password_file", "secret\n", NULL, "404 Not Found", true, false, false, CMP_UNPROVED },
	{ "password_file", "secret\n", "404 Not Found", NULL, true, false, false, CMP_DIFFERENT },
	{ "password_file", "secret\n", "500 Internal Server Error", NULL, true, false, false, CMP_UNPROVED },
	{ "api_key_file", "id.other\n", NULL, NULL, true, false, false, CMP_DIFFERENT },
	{ "password_file", "wrong\n", NULL, NULL, false, false, false, CMP_UNPROVED },
	{ "password_file", "wrong\n", NULL, NULL, true, true, false, CMP_UNPROVED },
	{ "password_file", "secret\n", NULL, NULL, true, false, true, CMP_UNPROVED },
};

static void wants_the_administrator_let_in_as_before(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(admins); i++) {
		cleanup_with(comparisons_done) struct comparisons found = { 0 };
		struct facts then = { 0 };
		struct fixture f;

		status_told = services[0].status;
		token_told = admins[i].token;
		status_answer = admins[i].status;
		begin(&f, admins[i].kind, admins[i].secret);
		token_told = NULL;
		if (admins[i].lasts)
			json_object_set_new(f.site.doc, "login_lasts", json_true());
		if (admins[i].gone)
			unlink(f.file);
		facts_init(&then, "sftpgo", "sftpgo");
		facts_put_str(&then, FACT_PINNED, SF_DRIVER, "sqlite", "test");
		compare_rest(&(struct proof){ .c = &(struct ctx){ .sites = &f.site, .n_sites = 1, .afterwards = admins[i].later },
					      .frozen = &then, .version = "2.7.5", .to = &(struct goal){ 0 }, .ret = &found });
		end(&f);
		status_answer = NULL;
		facts_done(&then);
		assert_int_equal(cmp_worst(&found), admins[i].worst);
		if (admins[i].worst == CMP_DIFFERENT) {
			assert_string_equal(found.v[found.n - 1].what, "login of its administrator");
			assert_non_null(strstr(found.v[found.n - 1].why, "put the new one into its file"));
		}
	}
}

/* It is told in milliseconds; what it grants is kept for those who know what is in use. */
static void keeps_what_a_licence_grants(void **state)
{
	struct comparisons found = { 0 };
	struct facts then = { 0 };
	struct fixture f;
	struct proof p = { .c = &(struct ctx){ .sites = &f.site, .n_sites = 1 }, .frozen = &then, .edition = SFTPGO_ENTERPRISE,
			   .to = &(struct goal){ 0 }, .ret = &found };

	license_told = "{\"valid_to\": 95617584000000, \"features\": {\"fs_providers\": [1]}}";
	begin(&f, "password_file", "secret\n");
	facts_init(&then, "sftpgo", "sftpgo");
	compare_rest(&p);
	end(&f);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(p.features, "fs_providers"), 0)), 1);
	json_decref(p.features);
	comparisons_done(&found);
	facts_done(&then);
}

static void note_quotas(json_t *moved, enum object_kind kind, int n)
{
	static const char *const fields[] = { "used_quota_files", "used_quota_size", "email" };

	for (int i = 0; i < n; i++) {
		autofree char *name = xasprintf("name-%05d", i);

		for (size_t k = 0; k < ARRAY_LEN(fields); k++)
			quotas_note(moved, &(struct object_difference){ .kind = kind, .key = name, .field = fields[k] });
	}
}

static size_t told(const struct comparisons *c, const char *subject, const char *why)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += !!(strstr(c->v[i].subject, subject) && strstr(c->v[i].why, why));
	return n;
}

/* The first hundred by name, where the others are, and how many there are of whom there was no room to write down. */
static void tells_every_quota_that_is_left(void **state)
{
	char dir[] = "/tmp/crossgrade-quotas.XXXXXX";
	cleanup_with(comparisons_done) struct comparisons found = { 0 };
	autojson json_t *moved = quotas_new(), *params = json_object();
	struct ctx c = { .n_sites = 1, .point_passed = true, .events = events_new() };
	struct err e = ERR_INIT;
	struct fixture f;

	note_quotas(moved, OBJ_USERS, 150);
	note_quotas(moved, OBJ_FOLDERS, QUOTAS_MAX + 3);
	assert_int_equal(quotas_beyond(moved), 3);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(dir_open(dir, &c.blobs, &e), 0);
	assert_int_equal(quotas_put(&c, moved, &e), 0);
	begin(&f, "password_file", "wrong\n");
	c.sites = &f.site;
	assert_int_equal(step_quota_scan.undo(&c, params, NULL, &e), 0);
	end(&f);
	quotas_left_tell(&c, &found);
	assert_int_equal(told(&found, "users name-", "does not take the login"), 100);
	assert_int_equal(told(&found, "users (50 more)", "/quotas.left"), 1);
	assert_int_equal(told(&found, "folders (9900 more)", "/quotas.left"), 1);
	assert_int_equal(told(&found, "folders (3 beyond those)", "only counted"), 1);
	assert_int_equal(found.n, 203);
	events_free(c.events);
	unlinkat(c.blobs.fd, "quotas.left", 0);
	unlinkat(c.blobs.fd, "quotas.moved", 0);
	dir_close(&c.blobs);
	rmdir(dir);
}

/* A killed run's request to make it is still under way. `without_server`: the point brings a database back that never had it. */
static void an_account_that_comes_late_is_removed(void **state)
{
	static const struct {
		bool without_server, dropped;
	} cases[] = { { false, true }, { true, false } };

	late = 3;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char below[] = "/tmp/account.XXXXXX";
		struct err e = ERR_INIT;
		struct fixture f;

		assert_non_null(mkdtemp(below));
		begin(&f, "password_file", "secret\n");
		autojson json_t *place = json_pack("{ss si si}", "below", below, "uid", 0, "gid", 0);
		struct account a = { "late", place };
		autofree char *home = account_home(&a);

		assert_int_equal(mkdir(home, 0700), 0);
		assert_int_equal(account_drop(&f.site, &a, cases[i].without_server, &e), 0);
		assert_int_equal(get(&f, "/dropped", &e) >= 0, cases[i].dropped);
		assert_true(access(home, F_OK));
		end(&f);
		assert_int_equal(rmdir(below), 0);
	}
	late = 0;
}

static void knows_where_an_upload_lies(void **state)
{
	static const struct {
		const char *path, *dir;
	} cases[] = { { "/a", "/srv/u" },	   { "/in/deep/a", "/srv/u/in/deep" }, { "/shared/x/a", "/srv/far/x" },
		      { "/sharedness/a", "/srv/u/sharedness" }, { "/bucket/a", NULL },	       { "/../a", NULL } };
	autojson json_t *user = json_pack("{ss s[{ss ss} {ss ss s{si}}]}", "home_dir", "/srv/u", "virtual_folders", "virtual_path",
					  "/shared", "mapped_path", "/srv/far", "virtual_path", "/bucket", "mapped_path", "/srv/b",
					  "filesystem", "provider", 1);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autofree char *dir = transfer_dir(user, cases[i].path);

		if (!cases[i].dir)
			assert_null(dir);
		else
			assert_string_equal(dir, cases[i].dir);
	}
	assert_true(transfer_left(".sftpgo-upload.0123456789abcdefghij.a.bin", "a.bin"));
	assert_false(transfer_left(".sftpgo-upload.0123456789abcdefghij.a.bin", "bin"));
	assert_false(transfer_left(".sftpgo-upload.short.a.bin", "a.bin"));
	assert_false(transfer_left("a.bin", "a.bin"));
}

static void encodes_names(void **state)
{
	autofree char *path = rest_path("/api/v2/users/", "a b/ä");

	assert_string_equal(path, "/api/v2/users/a%20b%2F%C3%A4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_an_expired_token_anew),
		cmocka_unit_test(tells_refusals_apart),
		cmocka_unit_test(refuses_a_wrong_or_open_password),
		cmocka_unit_test(sends_an_api_key_and_a_token),
		cmocka_unit_test(knows_whose_login_it_is),
		cmocka_unit_test(waits_for_transfers),
		cmocka_unit_test(names_what_is_cut),
		cmocka_unit_test(tells_how_many_more_are_cut),
		cmocka_unit_test(asks_again_until_the_time_is_up),
		cmocka_unit_test(bears_a_refused_login_and_stops_when_asked),
		cmocka_unit_test(takes_a_long_list_of_actions),
		cmocka_unit_test(holds_services_against_what_was),
		cmocka_unit_test(wants_the_administrator_let_in_as_before),
		cmocka_unit_test(keeps_what_a_licence_grants),
		cmocka_unit_test(tells_every_quota_that_is_left),
		cmocka_unit_test(an_account_that_comes_late_is_removed),
		cmocka_unit_test(knows_where_an_upload_lies),
		cmocka_unit_test(encodes_names),
	};

	tokens = mmap(NULL, sizeof *tokens, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tokens == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests_name("sftpgo rest", tests, NULL, NULL);
}
