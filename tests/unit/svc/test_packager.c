/* What package managers have in common. */
#include "svc/packager.h"

#include "../unit.h"

static const char *const quiet[] = { "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", NULL };

static int verify_as(const char *script, struct buf *ret, struct err *e)
{
	const char *argv[] = { "sh", "-c", script, NULL };

	return packager_verify(argv, quiet, ret, e);
}

static void what_differs_is_said_with_any_status(void **state unused_arg)
{
	autobuf struct buf said = BUF_MAX(4096);
	struct err e = ERR_INIT;

	assert_ok(verify_as("echo 'missing     /usr/x'; echo '??5?????? c /etc/x'; exit 1", &said, &e), &e);
	assert_string_equal(buf_str(&said), "missing     /usr/x\n");
	buf_reset(&said);
	assert_ok(verify_as("exit 0", &said, &e), &e);
	assert_string_equal(buf_str(&said), "");
}

/* Silence is no proof that all is as packed. */
static void who_failed_saw_nothing(void **state unused_arg)
{
	autobuf struct buf said = BUF_MAX(4096);
	struct err e = ERR_INIT;

	assert_fails(verify_as("echo 'cannot open the database' >&2; exit 1", &said, &e), &e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "cannot open the database"));
	err_clear(&e);
	assert_fails(verify_as("echo 'missing     /usr/x'; kill -9 $$", &said, &e), &e, ERR_REFUSED);
}

static int ask_as(const char *script, struct err *e)
{
	const char *argv[] = { "sh", "-c", script, NULL };

	return packager_ask(argv, quiet, NULL, ERR_ABSENT, PACKAGER_ASK_WITHIN, e);
}

/* "No such package" would be taken for it, and a file for nobody's. */
static void who_was_killed_did_not_say_no(void **state unused_arg)
{
	struct err e = ERR_INIT;

	assert_fails(ask_as("exit 1", &e), &e, ERR_ABSENT);
	err_clear(&e);
	assert_fails(ask_as("kill -9 $$", &e), &e, ERR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_differs_is_said_with_any_status),
		cmocka_unit_test(who_failed_saw_nothing),
		cmocka_unit_test(who_was_killed_did_not_say_no),
	};

	return cmocka_run_group_tests_name("what package managers have in common", tests, NULL, NULL);
}
