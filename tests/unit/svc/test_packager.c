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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_differs_is_said_with_any_status),
		cmocka_unit_test(who_failed_saw_nothing),
	};

	return cmocka_run_group_tests_name("what package managers have in common", tests, NULL, NULL);
}
