/* The line that stands while a run is at work: what is at work, how far, how fast, how long it takes, and since when nobody is served. */
#include "cli/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

static const struct style plain = { .width = 200 };

static void tell(struct progress *p, json_t *event)
{
	progress_event(p, event);
	json_decref(event);
}

static void begins(struct progress *p, const char *step)
{
	tell(p, json_pack("{ss ss ss}", "type", "step", "step", step, "state", "begin"));
}

static void comes_to(struct progress *p, json_int_t done, json_int_t total, const char *what)
{
	tell(p, json_pack("{ss sI sI ss ss*}", "type", "progress", "done", done, "total", total, "unit", "bytes", "what", what));
}

static void shows(struct progress *p, const char *const *parts)
{
	autobuf struct buf line = BUF_MAX(4096);

	progress_line(p, &line);
	for (; *parts; parts++)
		if (!strstr(buf_str(&line), *parts))
			fail_msg("'%s' is not in: %s", *parts, buf_str(&line));
}

#define SHOWS(p, ...) shows(p, (const char *const[]){ __VA_ARGS__, NULL })

static json_t *a_plan(void)
{
	return json_pack("{s[{ss ss si}{ss ss si}]}", "steps", "id", "backup-live", "text", "copy the data", "weight", 3, "id", "stop",
			 "text", "stop the server", "weight", 1);
}

static void amount_rate_and_rest(void **state)
{
	struct progress *p = progress_start(&plain);
	json_t *plan = a_plan();

	progress_plan(p, plan);
	begins(p, "backup-live");
	SHOWS(p, "[  0 %] copy the data");
	clock_sleep_ns(600 * NS_PER_MS);
	comes_to(p, 512 << 20, 1 << 30, NULL);
	SHOWS(p, "[ 37 %]", "512.0 MiB of 1.0 GiB", "/s, ", " left");
	/* Nobody knows how much it is: how much it was, and how fast. */
	comes_to(p, 512 << 20, 0, NULL);
	SHOWS(p, "copy the data  512.0 MiB, ", "/s");
	json_decref(plan);
	progress_stop(p);
}

static void since_when_nobody_is_served(void **state)
{
	struct progress *p = progress_start(&plain);

	begins(p, "stop");
	tell(p, json_pack("{ss ss}", "type", "window", "state", "open"));
	clock_sleep_ns(110 * NS_PER_MS);
	SHOWS(p, "server down since ", "ms  stop");
	progress_stop(p);
}

/* Between two steps, and before the first. */
static void work_outside_of_steps_has_its_own_words(void **state)
{
	struct progress *p = progress_start(&plain);

	comes_to(p, 5, 10, "prove the restore point");
	SHOWS(p, "prove the restore point  5 B of 10 B");
	begins(p, "open");
	comes_to(p, 7, 10, NULL);
	SHOWS(p, "open  7 B of 10 B");
	comes_to(p, 1, 10, "read the restore point back");
	SHOWS(p, "read the restore point back  1 B of 10 B");
	progress_stop(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amount_rate_and_rest),
		cmocka_unit_test(since_when_nobody_is_served),
		cmocka_unit_test(work_outside_of_steps_has_its_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
