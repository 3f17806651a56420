/* What the server reaches beside itself, asked in its container. Docker is a stand-in. */
#include "base/clock.h"
#include "laws/kinds/seatable_bench.h"
#include "products/seatable/outside.h"
#include "unit.h"

static struct bench b;

static int setup(void **state)
{
	bench_make(&b);
	sea_bench_docker(&b);
	return 0;
}

static int teardown(void **state)
{
	bench_close(&b);
	return 0;
}

static json_t *look(int64_t patience_ns)
{
	autojson json_t *doc = json_pack("{ss s{}}", "container", "seatable-server", "roots"),
			*all = json_pack("[{ss s{s[s s]}}]", "Name", "/seatable-server", "Config", "Env", "ENABLE_PYTHON_SCRIPT=true",
					 "PYTHON_SCHEDULER_URL=http://python-scheduler");
	struct site s = { .doc = doc };

	return sea_outside_look(&b.ctx, &s, all, NULL, patience_ns);
}

static const char *python(const json_t *seen)
{
	return json_str(json_object_get(seen, "helpers"), "python", "?");
}

static void a_slow_program_is_asked_again(void **state)
{
	autojson json_t *once = NULL, *waited = NULL;

	bench_put(&b, "docker/server.json", "{\"edition\": \"enterprise\", \"version\": \"6.1.8\", \"late\": {\"python-scheduler\": 2}}");
	once = look(0);
	assert_string_equal(python(once), "it answers with status 502");
	waited = look(60 * NS_PER_S);
	assert_string_equal(python(waited), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_slow_program_is_asked_again, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
