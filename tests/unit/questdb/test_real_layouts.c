/* Layouts that a server may have, on a real one: logins, volumes, links, a database elsewhere. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/file.h"
#include "products/questdb/questdb.h"
#include "products/questdb/sql.h"
#include "real.h"
#include "unit.h"

static struct real server;
static bool have;

static char *below(const char *rel) { return xasprintf("%s/%s", server.home, rel); }

static void write_text(const char *path, const char *text, mode_t mode)
{
	autofree char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;

	assert_ok(dir_make_path(dir, 0755, &d, &e), &e);
	assert_ok(file_replace(
		      &d, strrchr(path, '/') + 1, sv_of(text),
		      (struct file_attr){ .mode = mode, .uid = (uid_t)-1, .gid = (gid_t)-1 }, &e),
		  &e);
}

/* A context whose goal logs in with the given password; NULL: not at all. */
static void bind_with(const char *password)
{
	autofree char *file = below("pw");
	struct err e = ERR_INIT;

	real_bind(&server);
	if (!password)
		return;
	write_text(file, password, 0600);
	json_object_set_new(server.goal.source, "login",
			    json_pack("{ss ss}", "user", "ann", "password_file", file));
	site_done(&server.site);
	assert_ok(questdb_site(&server.goal, &server.site, &e), &e);
}

static void look(const char *password, struct facts *ret)
{
	struct err e = ERR_INIT;

	bind_with(password);
	assert_ok(questdb_inspect(&server.ctx, NULL, DEPTH_LIVE, ret, &e), &e);
}

static void test_login(void **state)
{
	autofacts struct facts none = { 0 }, wrong = { 0 }, right = { 0 };
	autofree char *text = NULL;

	if (!have)
		skip();
	look(NULL, &none);
	assert_string_equal(facts_str(&none, QF_LOGIN, ""), "not given");
	assert_string_equal(facts_str(&none, QF_VERSION, ""), server.version);
	assert_non_null(strstr(facts_why_missing(&none, QF_WAL_SUSPENDED), "login"));
	assert_non_null(facts_get(&none, QF_TABLES));
	look("wrong", &wrong);
	assert_string_equal(facts_str(&wrong, QF_LOGIN, ""), "refused");
	look("secret-of-ann", &right);
	assert_string_equal(facts_str(&right, QF_LOGIN, ""), "accepted");
	assert_int_equal(facts_int(&right, QF_HEALTH_STATUS, 0), 401);
	assert_string_equal(json_str(facts_get(&right, QF_AUTH), "http", ""), "user");
	assert_string_equal(json_str(facts_get(&right, QF_AUTH_USERS), "http", ""), "ann");
	/* Neither the password of the file nor the one of the environment is anywhere. */
	text = json_dumps(right.doc, 0);
	assert_null(strstr(text, "secret-of-ann"));
	assert_null(strstr(text, "secret-of-pg"));
}

static void test_volume(void **state)
{
	autofree char *volume = below("volume");
	autofacts struct facts f = { 0 };
	const json_t *links, *table;

	if (!have)
		skip();
	look("secret-of-ann", &f);
	assert_string_equal(json_str(json_object_get(facts_get(&f, QF_VOLUMES), "far"), "path", ""),
			    volume);
	assert_string_equal(json_str(facts_get(&f, QF_SCOPE), "volume-far", ""), volume);
	assert_string_equal(site_root_path(&server.site, "volume-far"), volume);
	table = json_object_get(facts_get(&f, QF_TABLES), "in_volume");
	assert_non_null(table);
	assert_non_null(json_str(table, "link", NULL));
	links = facts_get(&f, QF_LINKS);
	assert_int_equal(json_array_size(links), 1);
	assert_string_equal(json_str(json_array_get(links, 0), "kind", ""), "table");
	assert_non_null(json_object_get(facts_get(&f, QF_SIZES), "volume-far"));
}

/* Everything but ROOT/conf lies elsewhere when cairo.root is absolute. */
static void test_database_elsewhere(void **state)
{
	autofree char *db = below("else/db");
	autofacts struct facts f = { 0 };

	if (!have)
		skip();
	look("secret-of-ann", &f);
	assert_string_equal(facts_str(&f, QF_DB, ""), db);
	assert_null(facts_get(&f, QF_DB_REL));
	assert_string_equal(site_root_path(&server.site, "db"), db);
	assert_true(facts_bool(&f, QF_RUNNING, false));
	assert_string_equal(json_str(facts_get(&f, QF_SCOPE), "db", ""), db);
}

static void run_sql(const char *statement)
{
	autosql struct sql db = { 0 };
	autorows struct sql_rows r = { 0 };
	struct err e = ERR_INIT;

	bind_with("secret-of-ann");
	assert_ok(sql_open(&server.site, &db, &e), &e);
	assert_ok(sql_ask(&db, statement, 0, &r, &e), &e);
}

static int setup(void **state)
{
	autofree char *conf = NULL, *volume = NULL, *text = NULL, *inside = NULL;

	real_home(&server, "9.0.3");
	conf = xasprintf("%s/conf/server.conf", server.root);
	volume = below("volume");
	text = xasprintf("config.validation.strict=true\ncairo.root=%s/else/db\ncairo.volumes=far "
			 "-> %s\nhttp.user=ann\n"
			 "http.password=secret-of-ann\npg.password = secret-of-pg\n",
			 server.home, volume);
	inside = xasprintf("%s/.keep", volume);
	write_text(inside, "", 0644);
	write_text(conf, text, 0600);
	have = real_try(&server);
	if (have) {
		run_sql("create table in_volume (a int, ts timestamp) timestamp(ts) partition by "
			"day wal in volume 'far'");
		run_sql("insert into in_volume values (1, '2026-01-01')");
	}
	return 0;
}

static int teardown(void **state)
{
	real_done(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_volume),
		cmocka_unit_test(test_database_elsewhere),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
