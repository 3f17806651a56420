/* The programs that dump a database: found by their own word, and what MariaDB's wrote read back. Stand-ins. */
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "products/sftpgo/dump.h"

#include "../io/place.h"

static void says(const char *said, const char *want)
{
	char version[48] = "";

	assert_int_equal(dump_tool_said(said, version), *want != '\0');
	assert_string_equal(version, want);
}

static void versions(void **state unused_arg)
{
	says("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", "15.18");
	says("pg_dump (PostgreSQL) 17beta2\n", "17");
	says("mariadb-dump  Ver 10.19 Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)\n", "10.11.6");
	says("mariadb-dump from 11.4.2-MariaDB, client 10.19 for Linux (x86_64)\n", "11.4.2");
	says("mysqldump  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)\n", "8.0.36");
	says("bash: no such program\n", "");
	assert_true(dump_version("10.11.6") < dump_version("11.4.2"));
	assert_int_equal(dump_release("postgresql", "15.18"), dump_release("postgresql", "15.2"));
	assert_int_not_equal(dump_release("mysql", "10.6.1"), dump_release("mysql", "10.11.6"));
	assert_int_equal(dump_version("unknown"), 0);
}

static void program(const struct place *p, const char *name, const char *said)
{
	autofree char *text = xasprintf("#!/bin/sh\necho '%s'\n", said);
	struct file_attr attr = { .mode = 0755, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	struct err e = ERR_INIT;

	assert_ok(file_replace(&p->dir, name, sv_of(text), attr, &e), &e);
}

static void only_what_fits_is_taken(void **state)
{
	const struct place *p = *state;
	autodumptool struct dump_tool t = { 0 };
	struct err e = ERR_INIT;

	assert_fails(dump_tool_find("postgresql", "15.20", p->dir.path, &t, &e), &e, ERR_ABSENT);
	program(p, "pg_dump", "pg_dump (PostgreSQL) 14.9");
	program(p, "psql", "");
	err_clear(&e);
	assert_fails(dump_tool_find("postgresql", "15.20", p->dir.path, &t, &e), &e, ERR_ABSENT);
	program(p, "pg_restore", "");
	err_clear(&e);
	assert_fails(dump_tool_find("postgresql", "15.20", p->dir.path, &t, &e), &e, ERR_REFUSED);
	assert_string_equal(e.msg, "pg_dump 14.9 is older than the server, 15.20");
	assert_non_null(strstr(e.hint, "postgresql-client-15"));
	program(p, "pg_dump", "pg_dump (PostgreSQL) 16.1");
	err_clear(&e);
	assert_ok(dump_tool_find("postgresql", "15.20", p->dir.path, &t, &e), &e);
	assert_string_equal(t.version, "16.1");
	assert_string_equal(t.name, "pg_dump");
}

/* ---- what is read back ---- */

#define DEFINE(name) "DROP TABLE IF EXISTS `" name "`;\nCREATE TABLE `" name "` (\n  `id` int\n);\n"
#define END	     "\n-- Dump completed on 2026-11-23\n"

/* "sql" of the place, taken for what the program wrote. 0, or what is wrong with it. */
static int take_dump(const struct place *p, struct err *e)
{
	autojson json_t *tables = json_pack("[ss]", "users", "shares");
	struct provider_at at = { .driver = "mysql", .user = "u", .database = "d" };
	struct dump_tool tool = { .dump = (char *)below(p, "mariadb-dump"), .name = "mariadb-dump" };
	struct dump_job job = { .at = &at, .tool = &tool, .dir = &p->dir, .within_ns = 60 * NS_PER_S };

	return dump_take(&job, tables, "dump", e);
}

static void a_dump_that_lacks_a_table_is_none(void **state)
{
	static const struct {
		const char *sql, *wrong;
	} cases[] = {
		{ "-- MariaDB dump\n" DEFINE("users") DEFINE("shares") END, NULL },
		{ "-- MariaDB dump\n" DEFINE("users") END, "does not hold table 'shares'" },
		{ "-- MariaDB dump\n" DEFINE("users") "INSERT INTO `users` VALUES ('\\nCREATE TABLE `shares` (');\n" END,
		  "does not hold table 'shares'" },
		{ "-- MariaDB dump\n" DEFINE("users") DEFINE("shares"), "has no end" },
		{ "", "has no end" },
	};
	struct file_attr runs = { .mode = 0755, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	const struct place *p = *state;
	struct err e = ERR_INIT;

	assert_ok(file_replace(&p->dir, "mariadb-dump",
			       sv_of("#!/bin/sh\nfor w in \"$@\"; do case $w in --result-file=*) cp sql \"${w#*=}\";; esac; done\n"), runs, &e),
		  &e);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		err_clear(&e);
		put_file(p, "sql", cases[i].sql);
		assert_int_equal(take_dump(p, &e), cases[i].wrong ? -ERR_FORMAT : 0);
		if (cases[i].wrong)
			assert_non_null(strstr(e.msg, cases[i].wrong));
		assert_int_equal(has(p, "dump"), !cases[i].wrong);
	}
	/* Wherever a part of the file ends. */
	for (size_t n = (64u << 10) - 64; n < (64u << 10) + 8; n++) {
		autofree char *much = xasprintf("%0*d\n" DEFINE("users") DEFINE("shares") END, (int)n, 1);

		err_clear(&e);
		put_file(p, "sql", much);
		assert_ok(take_dump(p, &e), &e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test_setup_teardown(only_what_fits_is_taken, place_make, place_remove),
		cmocka_unit_test_setup_teardown(a_dump_that_lacks_a_table_is_none, place_make, place_remove),
	};

	return cmocka_run_group_tests_name("programs that dump", tests, NULL, NULL);
}
