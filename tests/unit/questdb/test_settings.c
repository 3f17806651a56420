/* What a server is set to, how it is started, and what it answers: texts only. */
#include <string.h>

#include "products/questdb/conf.h"
#include "products/questdb/layout.h"
#include "products/questdb/sql.h"
#include "unit.h"

#define MAX_WORDS 32

/* What a process has: writable words. */
static char **words(const char *const *list)
{
	char **copy = xcalloc(MAX_WORDS, sizeof *copy);

	for (size_t i = 0; list[i]; i++)
		copy[i] = xstrdup(list[i]);
	return copy;
}

static void words_drop(char ***w) { words_free(*w); }
#define autowords cleanup_with(words_drop)
#define WORDS(...) words((const char *const[]){ __VA_ARGS__, NULL })

static void read_conf(const char *text, char **env, struct conf *ret)
{
	struct err e = ERR_INIT;

	assert_ok(conf_read(sv_of(text), env, ret, &e), &e);
}

static const char *origin(const struct conf *c, const char *key)
{
	return json_str(json_object_get(c->keys, key), "from", "");
}

static void test_environment_wins(void **state)
{
	autowords char **env = WORDS("QDB_PG_NET_BIND_TO=127.0.0.1:1", "QDB_ROOT=/r", "PATH=/bin",
				     "QDB_HTTP_KEEP_ALIVE_MAX=7");
	autoconf struct conf c = { 0 };

	read_conf("pg.net.bind.to=0.0.0.0:8812\nhttp.keep-alive.max=5\ncairo.root=data\n", env, &c);
	assert_string_equal(conf_str(&c, "pg.net.bind.to", ""), "127.0.0.1:1");
	assert_string_equal(origin(&c, "pg.net.bind.to"), "env");
	assert_true(json_bool(json_object_get(c.keys, "pg.net.bind.to"), "overrides", false));
	assert_string_equal(conf_str(&c, "http.keep-alive.max", ""), "7");
	assert_string_equal(origin(&c, "cairo.root"), "conf");
	assert_false(conf_has(&c, "root"));
	assert_int_equal(json_object_size(c.keys), 3);
}

/* The old name is the new one's fallback, wherever both stand (seen on 9.x). */
static void test_aliases(void **state)
{
	autowords char **old = WORDS("QDB_HTTP_BIND_TO=127.0.0.1:1");
	autoconf struct conf a = { 0 }, b = { 0 };
	char host[64];
	uint16_t port;

	read_conf("", old, &a);
	conf_bind(&a, "http.net.bind.to", 9000, host, sizeof host, &port);
	assert_int_equal(port, 1);
	assert_string_equal(host, "127.0.0.1");
	assert_string_equal(json_str(a.aliases, "http.bind.to", ""), "http.net.bind.to");
	read_conf("http.net.bind.to=2\n", old, &b);
	conf_bind(&b, "http.net.bind.to", 9000, host, sizeof host, &port);
	assert_int_equal(port, 2);
	assert_string_equal(host, "0.0.0.0");
}

static void test_secrets_have_no_value(void **state)
{
	autowords char **env =
	    WORDS("QDB_HTTP_PASSWORD=hidden1", "QDB_PG_READONLY_PASSWORD_FILE=/run/pw");
	autoconf struct conf c = { 0 };
	autofree char *dump = NULL;

	read_conf("pg.password=hidden2\nreplication.object.store=s3::secret=hidden3;\npg.password."
		  "file=/etc/pw\n",
		  env, &c);
	dump = json_dumps(c.keys, 0);
	assert_null(strstr(dump, "hidden"));
	assert_true(json_bool(json_object_get(c.keys, "http.password"), "secret", false));
	/* A file beats the value. */
	assert_string_equal(origin(&c, "pg.password"), "file");
	assert_string_equal(json_str(json_object_get(c.keys, "pg.password"), "file", ""),
			    "/etc/pw");
	assert_string_equal(origin(&c, "pg.readonly.password"), "file");
	assert_false(conf_is_secret("tls.private.key.path"));
	assert_false(conf_is_secret("acl.password.hash.iteration.count"));
	assert_true(conf_is_secret("QDB_ACL_ADMIN_PASSWORD"));
}

static void test_duplicates(void **state)
{
	autoconf struct conf c = { 0 };

	read_conf("a.b=1\na.b=2\nc=3\n", NULL, &c);
	assert_string_equal(conf_str(&c, "a.b", ""), "2");
	assert_int_equal(json_int(c.duplicates, "a.b", 0), 1);
	assert_int_equal(json_object_size(c.duplicates), 1);
}

static void test_bind_defaults(void **state)
{
	autoconf struct conf c = { 0 };
	char host[64];
	uint16_t port;

	read_conf("pg.net.bind.to=nonsense\n", NULL, &c);
	conf_bind(&c, "http.net.bind.to", 9000, host, sizeof host, &port);
	assert_int_equal(port, 9000);
	assert_string_equal(host, "0.0.0.0");
	conf_bind(&c, "pg.net.bind.to", 8812, host, sizeof host, &port);
	assert_int_equal(port, 8812);
}

/* ---- command lines ---- */

static void test_java_line(void **state)
{
	autowords char **argv = WORDS(
	    "/opt/questdb/bin/java", "-ea", "--add-opens=java.base/java.nio=io.questdb,com.questdb",
	    "--enable-native-access", "io.questdb", "-p", "/opt/q/questdb.jar", "-m",
	    "com.questdb/com.questdb.EntServerMain", "-d", "/var/lib/questdb", "-n");
	struct launch_line l = { 0 };

	assert_true(launch_line_parse(argv, &l));
	assert_string_equal(l.main_class, "com.questdb/com.questdb.EntServerMain");
	assert_string_equal(edition_of_main(l.main_class), "enterprise");
	assert_string_equal(l.root, "/var/lib/questdb");
	assert_string_equal(l.jar, "/opt/q/questdb.jar");
	assert_string_equal(l.java, "/opt/questdb/bin/java");
	assert_int_equal(json_array_size(l.modules), 2);
	assert_string_equal(json_string_value(json_array_get(l.modules, 0)), "com.questdb");
	launch_line_done(&l);
}

static void test_other_lines(void **state)
{
	autowords char **script =
	    WORDS("/bin/bash", "/opt/questdb/bin/questdb.sh", "start", "-d", "/data");
	autowords char **other = WORDS("/usr/bin/java", "-jar", "x.jar", "-d", "/data");
	autowords char **cut = WORDS("java", "io.questdb.ServerMain", "-d");
	struct launch_line l = { 0 };

	assert_true(launch_line_parse(script, &l));
	assert_string_equal(l.script, "/opt/questdb/bin/questdb.sh");
	assert_string_equal(l.root, "/data");
	assert_null(l.main_class);
	launch_line_done(&l);
	assert_false(launch_line_parse(other, &l));
	assert_true(launch_line_parse(cut, &l));
	assert_null(l.root);
	assert_string_equal(edition_of_main(l.main_class), "open-source");
	launch_line_done(&l);
}

/* ---- answers ---- */

static void parse(const char *body, struct sql_rows *ret)
{
	struct err e = ERR_INIT;

	assert_ok(sql_parse(200, sv_of(body), ret, &e), &e);
}

static void test_rows_by_name(void **state)
{
	autorows struct sql_rows r = { 0 };

	parse("{\"query\":\"q\",\"columns\":[{\"name\":\"b\",\"type\":\"LONG\"},{\"name\":\"a\","
	      "\"type\":\"BOOLEAN\"}],"
	      "\"timestamp\":-1,\"dataset\":[[\"9223372036854775807\",true],[null,false]],"
	      "\"count\":2}",
	      &r);
	assert_int_equal(r.n, 2);
	assert_true(sql_int(&r, 0, "b", 0) == INT64_MAX);
	assert_true(sql_bool(&r, 0, "a", false));
	assert_int_equal(sql_int(&r, 1, "b", -5), -5);
	assert_null(sql_text(&r, 1, "b"));
	assert_null(sql_text(&r, 0, "c"));
	assert_false(sql_has(&r, "c"));
}

static void test_answers_without_rows(void **state)
{
	autorows struct sql_rows a = { 0 }, b = { 0 };

	parse("{\"ddl\":\"OK\"}", &a);
	parse("{\"dml\":\"OK\",\"updated\":3}", &b);
	assert_int_equal(a.n + b.n, 0);
}

static void refused(long status, const char *body, enum err_kind kind, const char *words)
{
	struct sql_rows r = { 0 };
	struct err e = ERR_INIT;

	assert_fails(sql_parse(status, sv_of(body), &r, &e), &e, kind);
	assert_non_null(strstr(e.msg, words));
}

static void test_refusals(void **state)
{
	refused(400,
		"{\"query\":\"x\",\"error\":\"table does not exist [table=x]\",\"position\":0}",
		ERR_REFUSED, "table does not exist");
	refused(401, "Unauthorized\r\n", ERR_DENIED, "login");
	refused(403, "Forbidden", ERR_DENIED, "may not");
	refused(500, "", ERR_REFUSED, "500");
	/* An error after streaming began breaks the document. */
	refused(200, "{\"query\":\"x\",\"columns\":[{\"name\":\"a\"}],\"dataset\":[[1],",
		ERR_FORMAT, "");
	refused(200, "{\"columns\":[{\"name\":\"a\"}],\"dataset\":[[1,2]]}", ERR_FORMAT, "wide");
	refused(200, "{\"columns\":[{}],\"dataset\":[]}", ERR_FORMAT, "name");
	refused(200, "{\"columns\":[]}", ERR_FORMAT, "rows");
	refused(200, "[]", ERR_FORMAT, "");
	refused(200, "{}", ERR_FORMAT, "OK");
}

static void test_settings(void **state)
{
	struct sql_settings s = { 0 };
	struct err e = ERR_INIT;

	assert_ok(sql_settings_parse(SV("{\"release.type\":\"OSS\",\"release.version\":\"8.2.0\"}"),
				     &s, &e),
		  &e);
	assert_string_equal(s.edition, "open-source");
	assert_string_equal(s.version, "8.2.0");
	assert_int_equal(s.accepts_writes, -1);
	assert_ok(sql_settings_parse(
		      SV("{\"config\":{\"release.type\":\"EE\",\"release.version\":\"3.3.2\","
			 "\"accepting.writes\":[\"http\"]},\"preferences\":{}}"),
		      &s, &e),
		  &e);
	assert_string_equal(s.edition, "enterprise");
	assert_int_equal(s.accepts_writes, 1);
	assert_ok(sql_settings_parse(SV("{}"), &s, &e), &e);
	assert_string_equal(s.edition, "");
	assert_fails(sql_settings_parse(SV("[1]"), &s, &e), &e, ERR_FORMAT);
	err_clear(&e);
	assert_fails(sql_settings_parse(SV("<html>"), &s, &e), &e, ERR_FORMAT);
}

static void test_quote(void **state)
{
	autofree char *quoted = sql_quote("it's ''");

	assert_string_equal(quoted, "'it''s '''''");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_environment_wins),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_secrets_have_no_value),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_bind_defaults),
		cmocka_unit_test(test_java_line),
		cmocka_unit_test(test_other_lines),
		cmocka_unit_test(test_rows_by_name),
		cmocka_unit_test(test_answers_without_rows),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
