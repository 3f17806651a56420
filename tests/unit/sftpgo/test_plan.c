/* Plans of whole migrations, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "golden/golden.h"

static void same_plan(void **state)
{
	static const char *const cases[] = { "plan-link",     "plan-entries",    "plan-no-gate", "plan-snapshot",
					     "plan-database", "plan-enterprise", "plan-events",	    "plan-logins",	    "plan-nodes",
					     "plan-nothing",  "plan-container",	 "plan-compose",    "plan-socket",	    "plan-store-apart" };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		golden_plan(cases[i]);
}

static void refuses(void **state)
{
	golden_no_plan("no-plan-unknown-schema", ERR_ABSENT, "provider.schema");
	golden_no_plan("no-plan-container", ERR_ABSENT, "target.image");
	golden_no_plan("no-plan-events", ERR_USAGE, "settings.events_dump");
	golden_no_plan("no-plan-gate", ERR_USAGE, "settings.gate");
	golden_no_plan("no-plan-span", ERR_USAGE, "settings.drain");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same_plan), cmocka_unit_test(refuses) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
