/* A run as a document: times of what went forward only, and no number that was not measured. */
#include "toy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/report.h"

static int setup(void **state)
{
	toy_setup();
	return 0;
}

static int teardown(void **state)
{
	toy_done();
	return 0;
}

static void apply(struct run_end *end)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	autogoal struct goal g = { 0 };
	autoplan struct plan p = { 0 };

	toy_goal(&g);
	toy_plan(&g, &p);
	run_apply(&p, &g, &o, end);
	events_free(ev);
}

static json_t *report(const char *run)
{
	struct run_opts o = toy_opts(NULL);
	autodir struct dir dir = DIR_NONE;
	struct err e = ERR_INIT;
	struct journal *j = NULL;
	json_t *doc = NULL;

	assert_int_equal(dir_open(o.state_dir, &dir, &e), 0);
	assert_int_equal(journal_open(&dir, DB_READ, &j, &e), 0);
	if (report_make(j, &dir, run, &doc, &e) < 0)
		fail_msg("%s", e.msg);
	journal_close(j);
	return doc;
}

static const json_t *step_of(const json_t *doc, const char *id)
{
	size_t at;
	json_t *step;

	json_array_foreach(json_object_get(doc, "steps"), at, step)
	{
		if (!strcmp(json_str(step, "id", ""), id))
			return step;
	}
	fail_msg("no step '%s'", id);
	return NULL;
}

static void a_run_that_came_through(void **state)
{
	autojson json_t *doc = NULL;
	struct run_end end;

	apply(&end);
	assert_int_equal(end.exit, EXIT_DONE);
	doc = report(end.run);
	assert_string_equal(json_str(doc, "state", ""), "closed-new");
	assert_string_equal(json_str(doc, "meaning", ""), exit_meaning(EXIT_DONE));
	assert_string_equal(json_str(step_of(doc, "switch"), "state", ""), "done");
	assert_true(json_int(step_of(doc, "switch"), "took_ms", -1) >= 0);
	assert_true(json_bool(json_object_get(step_of(doc, "switch"), "settled"), "toy", false));
	/* The toy makes no restore point. */
	assert_non_null(strstr(json_str(doc, "way_back", ""), "none of crossgrade's own"));
}

static void a_run_that_turned_back(void **state)
{
	autojson json_t *doc = NULL;
	struct run_end end;

	toy_put("fail-switch", "yes");
	apply(&end);
	assert_int_equal(end.exit, EXIT_TURNED);
	doc = report(end.run);
	assert_string_equal(json_str(doc, "state", ""), "closed-old");
	assert_string_equal(json_str(step_of(doc, "stop"), "state", ""), "undone");
	assert_true(json_int(step_of(doc, "stop"), "took_ms", -1) >= 0);
	/* It failed: it took no time that was measured. The one after it was never begun. */
	assert_null(json_object_get(step_of(doc, "switch"), "took_ms"));
	assert_true(json_is_null(json_object_get(step_of(doc, "start"), "began")));
	assert_null(json_object_get(json_object_get(doc, "downtime"), "own_stop_and_start_ms"));
	assert_string_equal(json_str(doc, "way_back", ""), "none needed: the old world is live");
}

static void a_run_there_is_not(void **state)
{
	struct run_opts o = toy_opts(NULL);
	autodir struct dir dir = DIR_NONE;
	struct err e = ERR_INIT;
	struct journal *j = NULL;
	struct run_end end;
	json_t *doc = NULL;

	apply(&end);
	assert_int_equal(dir_open(o.state_dir, &dir, &e), 0);
	assert_int_equal(journal_open(&dir, DB_READ, &j, &e), 0);
	assert_int_equal(report_make(j, &dir, "20200101-000000-0000", &doc, &e), -ERR_ABSENT);
	journal_close(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_that_came_through, setup, teardown),
		cmocka_unit_test_setup_teardown(a_run_that_turned_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_run_there_is_not, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
