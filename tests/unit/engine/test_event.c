/* Events: numbered, stamped with run and step, to every sink there is. */
#include "engine/event.h"

#include <string.h>

#include "io/json.h"
#include "unit/unit.h"

struct seen {
	int     n;
	json_t *last;
};

static void keep(void *data, const json_t *event)
{
	struct seen *s = data;

	s->n++;
	json_decref(s->last);
	s->last = json_deep_copy(event);
}

static void each_sink_hears_all(void **state)
{
	struct events *ev = events_new();
	struct seen a = { 0 }, b = { 0 };

	events_to(ev, keep, &a);
	events_to(ev, keep, &b);
	event_emit(ev, "note", json_pack("{ss}", "text", "one"));
	events_forget(ev, &a);
	event_emit(ev, "note", NULL);
	assert_int_equal(a.n, 1);
	assert_int_equal(b.n, 2);
	assert_string_equal(json_str(a.last, "text", ""), "one");
	assert_int_equal(json_int(b.last, "seq", 0), 2);
	json_decref(a.last);
	json_decref(b.last);
	events_free(ev);
	events_free(NULL);
}

static void they_carry_run_and_step(void **state)
{
	struct events *ev = events_new();
	struct seen s = { 0 };

	events_to(ev, keep, &s);
	event_emit(ev, "run", NULL);
	assert_true(json_is_null(json_object_get(s.last, "run")));
	events_run(ev, "r1");
	events_step(ev, "stop");
	event_emit(ev, "step", json_pack("{ss}", "state", "begin"));
	assert_string_equal(json_str(s.last, "run", ""), "r1");
	assert_string_equal(json_str(s.last, "step", ""), "stop");
	assert_string_equal(json_str(s.last, "state", ""), "begin");
	assert_true(strlen(json_str(s.last, "time", "")) >= strlen("2026-11-21T12:00:00Z"));
	events_step(ev, NULL);
	event_emit(ev, "window", NULL);
	assert_true(json_is_null(json_object_get(s.last, "step")));
	json_decref(s.last);
	events_free(ev);
}

/* What an event says of itself cannot be overwritten by what it tells. */
static void fields_do_not_overwrite(void **state)
{
	struct events *ev = events_new();
	struct seen s = { 0 };

	events_to(ev, keep, &s);
	event_emit(ev, "note", json_pack("{ss si}", "type", "run", "seq", 99));
	assert_string_equal(json_str(s.last, "type", ""), "note");
	assert_int_equal(json_int(s.last, "seq", 0), 1);
	json_decref(s.last);
	events_free(ev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sink_hears_all),
		cmocka_unit_test(they_carry_run_and_step),
		cmocka_unit_test(fields_do_not_overwrite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
