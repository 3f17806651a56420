/* Plans of whole migrations, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/run.h"
#include "golden/golden.h"
#include "products/sftpgo/sftpgo.h"

static void plan_of(const char *dir, struct buf *text)
{
	autofacts struct facts now = { 0 };
	autogoal struct goal to = { 0 };
	autoplan struct plan plan = { 0 };
	struct err e = ERR_INIT;

	golden_case(dir, &now, &to);
	if (world_plan(&to, &now, &plan, &e) < 0)
		fail_msg("plan of '%s': %s (%s)", dir, e.msg, e.hint);
	/* The pinned facts stand in facts.json already. */
	json_object_set_new(plan.doc, "pinned", json_object());
	plan_text(&plan, text);
}

static void same_plan(void **state)
{
	static const char *const cases[] = { "plan-link",     "plan-entries",    "plan-no-gate", "plan-snapshot",
					     "plan-database", "plan-enterprise", "plan-nothing" };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autobuf struct buf text = BUF_MAX(4 << 20), again = BUF_MAX(4 << 20);

		plan_of(cases[i], &text);
		plan_of(cases[i], &again);
		assert_string_equal(buf_str(&text), buf_str(&again));
		golden_same(cases[i], "plan.json", buf_str(&text));
	}
}

static void refused(const char *dir, int kind, const char *words)
{
	autofacts struct facts now = { 0 };
	autogoal struct goal to = { 0 };
	autoplan struct plan plan = { 0 };
	struct err e = ERR_INIT;

	golden_case(dir, &now, &to);
	assert_int_equal(world_plan(&to, &now, &plan, &e), -kind);
	if (!strstr(e.msg, words))
		fail_msg("'%s' is refused with: %s", dir, e.msg);
}

static void refuses(void **state)
{
	refused("no-plan-unknown-schema", ERR_ABSENT, "provider.schema");
	refused("no-plan-gate", ERR_USAGE, "settings.gate");
	refused("no-plan-span", ERR_USAGE, "settings.drain");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same_plan), cmocka_unit_test(refuses) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
