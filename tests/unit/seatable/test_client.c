/* A client of ours at a server of SeaTable's calls, which is a double here, and can misbehave. */
#include "net/double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/file.h"
#include "products/seatable/client.h"
#include "unit.h"

#define UUID  "6c1d3f0a-2b44-4b0e-9d8e-0f3a5f1c2d3e"
#define TOKEN "account0token0account0token0account0toke"
#define BYTES "what the attachment holds\n"

/* What the double does wrong; set before it is started. */
static struct {
	bool no_base, other_bytes, no_gateway, no_file, warm_up, slow_file, busy;
} wrong;
static char dir[64], token_file[96];
static struct double_server server;
static bool warm; /* what warms up has been asked for */

/* ---- the server's side ---- */

static void answer(int fd, int status, const char *body)
{
	autofree char *text = xasprintf("HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status, strlen(body), body);

	double_say(fd, text, strlen(text));
}

static const char rows[] = "{\"rows\": [{\"_id\": \"row1\", \"0000\": \"a name\", \"0001\": [{\"name\": \"a b.bin\", \"size\": 26, \"url\": "
			   "\"https://tables.example.org/workspace/12/asset/" UUID "/files/2026-11/a%20b.bin\"}]}, {\"_id\": \"row2\"}]}";

static const struct {
	const char *request, *token, *body;
} known[] = {
	{ "GET /api2/auth/ping/ ", TOKEN, "\"pong\"" },
	{ "GET /api/v2.1/workspace/12/dtable/My%20Base/temp-api-token/ ", TOKEN, "{\"api_token\": \"of-the-base\"}" },
	{ "GET /api/v2.1/dtable/app-access-token/ ", "of-the-base",
	  "{\"access_token\": \"to-enter\", \"dtable_uuid\": \"" UUID "\", \"dtable_server\": \"https://elsewhere.example.org/api-gateway/\", "
	  "\"use_api_gateway\": true}" },
	{ "GET /api-gateway/api/v2/dtables/" UUID "/metadata/ ", "to-enter",
	  "{\"metadata\": {\"tables\": [{\"name\": \"Table 1\", \"columns\": [{}, {}]}]}}" },
	{ "GET /api-gateway/api/v2/dtables/" UUID "/rows/?table_name=Table%201&start=0&limit=100 ", "to-enter", rows },
	{ "GET /dtable-server/api/v1/dtables/" UUID "/metadata/ ", "to-enter",
	  "{\"metadata\": {\"tables\": [{\"name\": \"Table 1\", \"columns\": [{}, {}]}]}}" },
	{ "GET /dtable-server/api/v1/dtables/" UUID "/rows/?table_name=Table%201&start=0&limit=100 ", "to-enter", rows },
	{ "GET /api/v2.1/dtable/app-download-link/?path=%2Ffiles%2F2026-11%2Fa%20b.bin ", "of-the-base",
	  "{\"download_link\": \"https://elsewhere.example.org/seafhttp/files/1234/a%20b.bin\"}" },
	{ "GET /seafhttp/files/1234/a%20b.bin ", NULL, BYTES },
	{ "GET /api/v2.1/admin/sysinfo/ ", TOKEN, "{\"active_users_count\": 3, \"license_maxusers\": 25}" },
};

static bool is_authorized(const char *in, const char *token)
{
	autofree char *header = xasprintf("\r\nAuthorization: Token %s\r\n", token ? token : "");

	return token ? strstr(in, header) != NULL : !strstr(in, "Authorization:");
}

static const char *body_of(const char *in, size_t i)
{
	if (wrong.no_file && strstr(in, "/rows/"))
		return "{\"rows\": [{\"_id\": \"row1\"}]}";
	if (wrong.no_gateway && strstr(in, "app-access-token"))
		return "{\"access_token\": \"to-enter\", \"dtable_uuid\": \"" UUID "\", \"dtable_server\": "
		       "\"https://elsewhere.example.org/dtable-server/\", \"use_api_gateway\": false}";
	return wrong.other_bytes && strstr(in, "/seafhttp/") ? "what somebody made of it\n" : known[i].body;
}

static void talk(int fd)
{
	char in[8192] = "";
	size_t n = 0;
	ssize_t got;

	while (n < sizeof in - 1 && !strstr(in, "\r\n\r\n") && (got = recv(fd, in + n, sizeof in - 1 - n, 0)) > 0)
		in[n += (size_t)got] = '\0';
	if (wrong.no_base && strstr(in, "temp-api-token")) {
		answer(fd, 404, "{\"error_msg\": \"base not found.\"}");
		return;
	}
	if (((wrong.warm_up && strstr(in, "/metadata/")) || (wrong.slow_file && strstr(in, "/seafhttp/"))) && !warm) {
		warm = true;
		answer(fd, 502, "Bad Gateway");
		return;
	}
	if (wrong.busy && strstr(in, "/metadata/")) {
		answer(fd, 503, "Service Unavailable");
		return;
	}
	if (strstr(in, wrong.no_gateway ? "GET /api-gateway/" : "GET /dtable-server/")) {
		answer(fd, 404, "Not found.");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (!strncmp(in, known[i].request, strlen(known[i].request)) && strstr(in, "\r\nHost: tables.example.org\r\n")) {
			answer(fd, is_authorized(in, known[i].token) ? 200 : 401, body_of(in, i));
			return;
		}
	answer(fd, 404, "Not found.");
}

/* ---- our side ---- */

static void put_token(const char *token)
{
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;

	assert_ok(dir_open(dir, &d, &e), &e);
	assert_ok(file_replace(&d, "token", sv_of(token), FILE_PRIVATE, &e), &e);
}

static int setup(void **state)
{
	memset(&wrong, 0, sizeof wrong);
	warm = false;
	snprintf(dir, sizeof dir, "/tmp/crossgrade-client-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(token_file, sizeof token_file, "%s/token", dir);
	put_token(TOKEN "\n");
	return 0;
}

static int teardown(void **state)
{
	return unlink(token_file) || rmdir(dir);
}

static json_t *look(const char *base, const json_t *before)
{
	autojson json_t *settings = json_pack("{s{ss ss*}}", "probe", "token_file", token_file, "base", base), *doc = NULL;
	struct goal g = { .settings = settings };
	struct site s = { 0 };
	json_t *seen;

	server = double_start(talk);
	doc = json_pack("{s{ss si ss}}", "probe", "host", "127.0.0.1", "http", server.port, "name", "tables.example.org");
	s.doc = doc;
	seen = sea_client_look(&s, &g, before, deadline_in(wrong.warm_up || wrong.slow_file ? 60 * NS_PER_S : 0));
	double_stop(&server);
	return seen;
}

static const char *why(const json_t *seen, const char *part)
{
	return json_str(json_object_get(json_object_get(seen, "failed"), part), "why", "");
}

static int64_t status(const json_t *seen, const char *part)
{
	return json_int(json_object_get(json_object_get(seen, "failed"), part), "status", -1);
}

static const char *digest(const json_t *seen)
{
	return json_str(json_object_get(seen, "file"), "sha256", "");
}

static void opened(const json_t *seen)
{
	const json_t *base = json_object_get(seen, "base"), *ids = json_object_get(json_object_get(seen, "rows"), "Table 1");

	assert_int_equal(json_object_size(json_object_get(seen, "failed")), 0);
	assert_true(json_bool(seen, "login", false));
	assert_string_equal(json_str(base, "uuid", ""), UUID);
	assert_int_equal(json_int(json_object_get(base, "tables"), "Table 1", 0), 2);
	assert_true(json_lists(ids, "row1") && json_lists(ids, "row2"));
}

static void a_base_is_opened_and_a_file_fetched(void **state)
{
	autojson json_t *seen = look("12/My Base", NULL), *again = NULL;
	autofree char *text = json_dumps(seen, 0);
	char want[DIGEST_TEXT];

	digest_text(SV(BYTES), want);
	opened(seen);
	assert_string_equal(json_str(json_object_get(seen, "file"), "path", ""), "files/2026-11/a b.bin");
	assert_string_equal(digest(seen), want);
	assert_int_equal(json_int(json_object_get(seen, "seats"), "max", 0), 25);
	assert_null(strstr(text, TOKEN));
	assert_null(strstr(text, "of-the-base"));
	assert_null(strstr(text, "to-enter"));
	wrong.other_bytes = true;
	again = look("12/My Base", seen);
	assert_string_not_equal(digest(again), want);
}

/* The token of one base: no account is asked. */
static void a_token_of_a_base(void **state)
{
	autojson json_t *seen = NULL;

	put_token("of-the-base");
	seen = look(NULL, NULL);
	opened(seen);
	assert_null(json_object_get(seen, "seats"));
}

static void a_file_seen_before_is_fetched_again(void **state)
{
	autojson json_t *before = json_pack("{s{ss}}", "file", "path", "files/2026-11/a b.bin"), *seen = NULL;

	wrong.no_file = true;
	seen = look("12/My Base", before);
	assert_int_equal(json_int(json_object_get(seen, "file"), "bytes", 0), (int64_t)strlen(BYTES));
}

static void what_fails_is_told(void **state)
{
	autojson json_t *none = NULL, *base = NULL, *bad = NULL;

	wrong.no_file = true;
	none = look("12/My Base", NULL);
	assert_string_equal(why(none, "file"), "no row that was read names a file");
	wrong.no_base = true;
	base = look("12/My Base", NULL);
	assert_int_equal(status(base, "base"), 404);
	assert_null(json_object_get(base, "rows"));
	put_token("nobodys");
	bad = look("12/My Base", NULL);
	assert_int_equal(status(bad, "login"), 401);
	assert_null(json_object_get(bad, "base"));
	assert_null(strstr(why(bad, "login"), "nobodys"));
}

/* A release without api-gateway is asked as the server says. */
static void the_way_is_the_servers_word(void **state)
{
	autojson json_t *seen = NULL;

	wrong.no_gateway = true;
	seen = look("12/My Base", NULL);
	opened(seen);
}

static void a_gateway_that_warms_up_is_waited_for(void **state)
{
	autojson json_t *seen = NULL;

	wrong.warm_up = true;
	seen = look("12/My Base", NULL);
	opened(seen);
}

/* Nothing of the answer before is in its bytes. */
static void a_file_server_that_warms_up_is_waited_for(void **state)
{
	autojson json_t *seen = NULL;
	char want[DIGEST_TEXT];

	digest_text(SV(BYTES), want);
	wrong.slow_file = true;
	seen = look("12/My Base", NULL);
	opened(seen);
	assert_string_equal(digest(seen), want);
	assert_int_equal(json_int(json_object_get(seen, "file"), "bytes", 0), (int64_t)strlen(BYTES));
}

static void a_busy_program_has_said_nothing(void **state)
{
	autojson json_t *seen = NULL;

	wrong.busy = true;
	seen = look("12/My Base", NULL);
	assert_int_equal(status(seen, "base"), 0);
	assert_non_null(strstr(why(seen, "base"), "503"));
}

static void a_bad_file_of_a_token(void **state)
{
	static const char *const bad[] = { "", "\n", "two words", "a\r\nHeader: b" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autojson json_t *seen = NULL;

		put_token(bad[i]);
		seen = look("12/My Base", NULL);
		assert_int_equal(status(seen, "login"), 0);
		assert_null(json_object_get(seen, "login"));
	}
}

static void settings(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "{}", true },
		{ "{\"probe\": {\"token_file\": \"/t\", \"base\": \"12/Projects\"}}", true },
		{ "{\"probe\": {\"token_file\": \"/t\"}}", true },
		{ "{\"probe\": \"/t\"}", false },
		{ "{\"probe\": {\"base\": \"12/Projects\"}}", false },
		{ "{\"probe\": {\"token_file\": \"t\"}}", false },
		{ "{\"probe\": {\"token_file\": \"/t\", \"base\": \"Projects\"}}", false },
		{ "{\"probe\": {\"token_file\": \"/t\", \"base\": \"12/\"}}", false },
		{ "{\"probe\": {\"token_file\": \"/t\", \"base\": \"12/a/b\"}}", false },
		{ "{\"probe\": {\"token_file\": \"/t\", \"base\": 12}}", false },
		{ "{\"probe\": {\"token_file\": \"/t\", \"token\": \"x\"}}", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autojson json_t *doc = NULL;
		struct err e = ERR_INIT;
		struct goal g = { 0 };

		assert_ok(json_parse(sv_of(cases[i].text), "settings", &doc, &e), &e);
		g.settings = doc;
		if (cases[i].good)
			assert_ok(sea_client_settings(&g, &e), &e);
		else
			assert_fails(sea_client_settings(&g, &e), &e, ERR_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_base_is_opened_and_a_file_fetched, setup, teardown),
		cmocka_unit_test_setup_teardown(a_token_of_a_base, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_seen_before_is_fetched_again, setup, teardown),
		cmocka_unit_test_setup_teardown(what_fails_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(the_way_is_the_servers_word, setup, teardown),
		cmocka_unit_test_setup_teardown(a_gateway_that_warms_up_is_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_server_that_warms_up_is_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(a_busy_program_has_said_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bad_file_of_a_token, setup, teardown),
		cmocka_unit_test(settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
