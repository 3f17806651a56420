/* How long a server that does not come is waited for, and what is said of it. Docker is a stand-in. */
#include <string.h>

#include "engine/event.h"
#include "engine/step.h"
#include "laws/kinds/seatable_bench.h"
#include "products/seatable/running.h"
#include "svc/container.h"
#include "unit.h"

static struct bench b;

static int setup(void **state)
{
	autofree char *data = NULL;

	bench_make(&b);
	sea_bench_docker(&b);
	data = bench_path(&b, "world/root");
	json_object_set_new(json_object_get(b.ctx.sites[0].doc, "roots"), "data", json_string(data));
	bench_put(&b, "world/root/seatable/logs/init.log", "of the last start\n");
	bench_put(&b, "world/root/seatable/logs/dtable_web.log", "[ERROR] of yesterday\n");
	return 0;
}

static int teardown(void **state)
{
	bench_close(&b);
	return 0;
}

/* A server that never opens all its doors, and writes there whenever it is asked. */
static void never_ready(const char *grows)
{
	autofree char *path = bench_path(&b, grows);
	autofree char *server = xasprintf("{\"edition\": \"enterprise\", \"version\": \"6.1.8\", \"closed\": [\":5000/\"], \"grows\": \"%s\"}", path);

	bench_put(&b, "docker/server.json", server);
}

static void stops(int with, const char *within, const char *stall, const char *words)
{
	autojson json_t *params = json_pack("{ss ss ss}", "container", "seatable-server", "within", within, "stall", stall), *result = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(step_kind_named("seatable_wait")->apply(&b.ctx, params, NULL, &result, &e), with);
	assert_string_equal(e.msg, words);
}

static void given_up(const char *within, const char *stall, const char *words)
{
	stops(-ERR_TIMEOUT, within, stall, words);
}

static void a_start_that_upgrades_is_alive(void **state)
{
	never_ready("world/root/seatable/logs/init.log");
	given_up("3s", "1ms", "the server is not ready: 'dtable-server': it answers with status 502");
}

static void what_grows_by_being_asked_is_no_sign_of_life(void **state)
{
	never_ready("world/root/seatable/logs/dtable_web.log");
	given_up("5m", "1ms", "the server says nothing new and is not ready: 'dtable-server': it answers with status 502");
}

/* What other programs of the container stumble over is none of its words. */
static void only_its_licence_ends_a_start(void **state)
{
	never_ready("world/root/seatable/logs/dtable_web.log");
	bench_put(&b, "docker/log", "cat: /opt/seatable/of-my-own: Is a directory\n");
	given_up("5m", "1ms", "the server says nothing new and is not ready: 'dtable-server': it answers with status 502");
	bench_put(&b, "docker/log", "grep: /shared/seatable/seatable-license.txt: Is a directory\n");
	stops(-ERR_REFUSED, "5m", "1ms",
	      "the server will not start: its licence is a directory ('grep: /shared/seatable/seatable-license.txt: Is a directory')");
}

static void keep(void *data, const json_t *event)
{
	json_array_append_new(data, json_string(json_str(event, "text", "")));
}

/* Its start script, run with 'set -x'. */
static void nothing_secret_is_told(void **state)
{
	autojson json_t *told = json_array();

	never_ready("world/root/seatable/logs/dtable_web.log");
	bench_put(&b, "docker/log", "+ DB=mysql://root:of@nother/s@mariadb/dtable_db\n+ export SEATABLE_MYSQL_DB_PASSWORD=s3cret\n"
				    "s3cret: seatable-license.txt: Is a directory\n");
	events_to(b.events, keep, told);
	stops(-ERR_REFUSED, "5m", "1ms", "the server will not start: its licence is a directory ('******: seatable-license.txt: Is a directory')");
	events_forget(b.events, told);
	assert_string_equal(json_string_value(json_array_get(told, 0)), "the container says: + DB=mysql://root:***********@mariadb/dtable_db");
	assert_string_equal(json_string_value(json_array_get(told, 1)), "the container says: + export SEATABLE_MYSQL_DB_PASSWORD=******");
}

/* Whole: what is told of it ends in the middle of a password. */
static void nothing_secret_is_kept_of_its_log(void **state)
{
	autojson json_t *seen = NULL, *said = NULL;
	autofree char *line = xasprintf("ERROR %0190d s3cret\n", 0);
	struct err e = ERR_INIT;

	bench_put(&b, "docker/log", line);
	assert_ok(container_inspect("seatable-server", &seen, &e), &e);
	assert_ok(sea_running_log(seen, &said, &e), &e);
	assert_string_equal(json_str(said, "last", "") + strlen("ERROR ") + 190, " ***");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_start_that_upgrades_is_alive, setup, teardown),
		cmocka_unit_test_setup_teardown(only_its_licence_ends_a_start, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_secret_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_secret_is_kept_of_its_log, setup, teardown),
		cmocka_unit_test_setup_teardown(what_grows_by_being_asked_is_no_sign_of_life, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
