/* Plans of whole migrations, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/run.h"
#include "golden/golden.h"
#include "products/questdb/change.h"
#include "products/questdb/questdb.h"

static void same_plan(void **state)
{
	static const char *const cases[] = { "plan-process-jar",   "plan-unit-archive",
					     "plan-unit-link",     "plan-script-archive",
					     "plan-to-enterprise", "plan-to-open-source",
					     "plan-no-gate",       "plan-snapshot",
					     "plan-nothing",       "plan-container",
					     "plan-compose",       "plan-store-apart" };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		golden_plan(cases[i]);
}

static void set_in(struct facts *f, const char *key, const char *member, json_t *value)
{
	json_object_set_new((json_t *)facts_get(f, key), member, value);
}

static bool nothing(const struct facts *now, const struct goal *to)
{
	struct change c;

	change_of(now, to, &c);
	return c.nothing;
}

/* The release that is asked for is installed, of the same commit and with as much of Java, in its
 * place, and runs. */
static void nothing_to_do(void **state)
{
	autofacts struct facts now = { 0 };
	autogoal struct goal to = { 0 };

	golden_case("", &now, &to);
	assert_false(nothing(&now, &to));
	set_in(&now, QF_INSTALL_ARTIFACT, "version", json_string("9.3.4"));
	assert_false(nothing(&now, &to)); /* 9.0.3 runs still */
	facts_put_str(&now, FACT_PINNED, QF_VERSION, "9.3.4", "test");
	assert_true(nothing(&now, &to));
	set_in(&now, QF_INSTALL_ARTIFACT, "build", json_string("9ea33219e5e3"));
	assert_true(nothing(&now, &to));
	set_in(&now, QF_ARTIFACT, "build", json_string("9ea33219e5e4"));
	assert_false(nothing(&now, &to));
	set_in(&now, QF_ARTIFACT, "build", json_string("9ea33219e5e3"));
	assert_true(nothing(&now, &to));
	set_in(&now, QF_ARTIFACT, "has_java", json_false());
	assert_false(nothing(&now, &to));
	set_in(&now, QF_ARTIFACT, "has_java", json_true());
	json_object_set_new(to.target, "directory", json_string("/opt/questdb"));
	assert_true(nothing(&now, &to));
	json_object_set_new(to.target, "directory", json_string("/srv/questdb"));
	assert_false(nothing(&now, &to));
}

static void refuses(void **state)
{
	golden_no_plan("no-plan-unknown-install", ERR_ABSENT, "install.path");
	golden_no_plan("no-plan-secret-argv", ERR_REFUSED, "secret");
	golden_no_plan("no-plan-class-path", ERR_REFUSED, "");
	golden_no_plan("no-plan-mount", ERR_REFUSED, "");
	golden_no_plan("no-plan-container", ERR_REFUSED, "first generation");
	golden_no_plan("no-plan-gate", ERR_USAGE, "settings.gate");
	golden_no_plan("no-plan-span", ERR_USAGE, "settings.");
}

/* What moves by itself must not change a plan: facts are pinned for that. */
static void observed_facts_stand_outside(void **state)
{
	autofacts struct facts now = { 0 };
	autogoal struct goal to = { 0 };
	autoplan struct plan a = { 0 }, b = { 0 };
	struct err e = ERR_INIT;

	golden_case("plan-unit-archive", &now, &to);
	assert_int_equal(world_plan(&to, &now, &a, &e), 0);
	facts_put_int(&now, FACT_OBSERVED, QF_WAL_PENDING_SUM, 99, "test");
	facts_put_int(&now, FACT_OBSERVED, QF_ROWS, 5, "test");
	facts_put(&now, FACT_OBSERVED, QF_SIZES, json_pack("{s{si}}", "root", "files", 1), "test");
	assert_int_equal(world_plan(&to, &now, &b, &e), 0);
	assert_string_equal(a.digest, b.digest);
}

static void scope_holds_volumes(void **state)
{
	autofacts struct facts now = { 0 };
	autogoal struct goal to = { 0 };
	struct scope s = { 0 };
	struct err e = ERR_INIT;

	golden_case("", &now, &to);
	facts_put(&now, FACT_PINNED, QF_SCOPE, json_pack("{ss ss}", "a-first", "/a", "root", "/r"),
		  "test");
	assert_int_equal(questdb_scope(&now, &to, &s, &e), 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.v[0].name, "root");
	assert_string_equal(s.v[1].path, "/a");
	scope_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_plan),
		cmocka_unit_test(nothing_to_do),
		cmocka_unit_test(refuses),
		cmocka_unit_test(observed_facts_stand_outside),
		cmocka_unit_test(scope_holds_volumes),
	};

	return cmocka_run_group_tests_name("questdb plan", tests, NULL, NULL);
}
