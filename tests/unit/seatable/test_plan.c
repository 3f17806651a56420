/* Plans of whole switches, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "golden/golden.h"
#include "products/seatable/seatable.h"

static void same_plan(void **state)
{
	static const char *const cases[] = { "plan-to-enterprise", "plan-to-developer", "plan-to-developer-all", "plan-to-developer-conf", "plan-archives-unread", "plan-dump-stopped",
					     "plan-license-folder", "plan-folders-snapshot", "plan-big-data", "plan-default-image", "plan-default-duplicates",
					     "plan-nothing", "plan-no-proxy",
					     "plan-proxy-down", "plan-patch", "plan-patch-license", "plan-env-file", "plan-external", "plan-operation-log" };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		golden_plan(cases[i]);
}

static void no_plan(void **state)
{
	golden_no_plan("no-plan-dump", ERR_USAGE, "settings.dump");
	golden_no_plan("no-plan-folders", ERR_USAGE, "settings.folders");
	golden_no_plan("no-plan-gate", ERR_USAGE, "is down");
	golden_no_plan("no-plan-snapshot", ERR_USAGE, "btrfs");
	golden_no_plan("no-plan-big-data", ERR_USAGE, "settings.big_data");
	golden_no_plan("no-plan-snapshot-store", ERR_USAGE, "on the file system, and mount, of");
	golden_no_plan("no-plan-snapshot-mount", ERR_USAGE, "on the file system, and mount, of");
	golden_no_plan("no-plan-probe", ERR_USAGE, "settings.probe.base");
	golden_no_plan("no-plan-probe-key", ERR_USAGE, "token");
	golden_no_plan("no-plan-point", ERR_USAGE, "snapshot");
	golden_no_plan("no-plan-database", ERR_ABSENT, "db.server");
}

/* Whether folders are copied by default is what the check says of the room. */
static void copies_what_fits(void **state)
{
	static const struct {
		const char *dir;
		bool copied;
	} cases[] = { { "room-quiet", true },  { "room-folders", false }, { "room-inodes", false }, { "room-apart", false },
		      { "room-small-root", true }, { "room-reserve", false }, { "room-both", false },   { "room-others", true },
		      { "room-odd", false } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autofacts struct facts now = { 0 };
		autogoal struct goal to = { 0 };
		struct scope scope = { 0 };
		struct err e = ERR_INIT;

		golden_case(cases[i].dir, &now, &to);
		assert_int_equal(seatable_scope(&now, &to, &scope, &e), 0);
		if ((scope.n == 2) != cases[i].copied)
			fail_msg("'%s': folders are %scopied", cases[i].dir, cases[i].copied ? "not " : "");
		scope_done(&scope);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same_plan), cmocka_unit_test(no_plan), cmocka_unit_test(copies_what_fits) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
