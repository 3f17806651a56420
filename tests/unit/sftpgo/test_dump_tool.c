/* Finding the programs that dump a database: by their own word, among stand-ins. */
#include <string.h>
#include <sys/stat.h>

#include "products/sftpgo/dump_tool.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test_setup_teardown(only_what_fits_is_taken, place_make, place_remove),
	};

	return cmocka_run_group_tests_name("programs that dump", tests, NULL, NULL);
}
