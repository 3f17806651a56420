/* clock, log and secret. */
#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"

#include "../unit.h"

static void deadlines_pass(void **state)
{
	struct deadline d = deadline_in(30 * NS_PER_MS), later = deadline_in(600 * NS_PER_S), never = deadline_in(INT64_MAX);

	assert_false(deadline_passed(later));
	assert_in_range(deadline_left_ms(later), 1, 600000);
	assert_int_equal(deadline_left_ms(never), INT_MAX);
	clock_sleep_ns(40 * NS_PER_MS);
	assert_true(deadline_passed(d));
	assert_int_equal(deadline_left_ms(d), 0);
	assert_true(deadline_left_ns(d) == 0);
}

static void what_is_left_is_rounded_up(void **state)
{
	struct deadline d = deadline_in(NS_PER_MS * 5 / 2);
	int ms = deadline_left_ms(d);

	/* 2.5 ms and less are 3, 2 or 1, but 0 only when passed: else poll() would spin. */
	assert_true(ms >= 1 || deadline_passed(d));
	assert_true(ms <= 3);
}

static void times_are_written_for_people(void **state)
{
	char out[64];

	assert_string_equal(clock_rfc3339(1795262400 * NS_PER_S + 123 * NS_PER_MS, out, sizeof out),
	                    "2026-11-21T12:00:00.123Z");
	assert_string_equal(clock_rfc3339(-1, out, sizeof out), "1969-12-31T23:59:59.999Z");
	assert_string_equal(clock_span(250 * NS_PER_MS, out, sizeof out), "250 ms");
	assert_string_equal(clock_span(3250 * NS_PER_MS, out, sizeof out), "3.2 s");
	assert_string_equal(clock_span(64 * NS_PER_S, out, sizeof out), "1 min 4 s");
	assert_string_equal(clock_span(7260 * NS_PER_S, out, sizeof out), "2 h 1 min");
}

static void spans_are_read(void **state)
{
	int64_t ns = 0;

	assert_true(clock_parse_span("1500ms", &ns) && ns == 1500 * NS_PER_MS);
	assert_true(clock_parse_span("10m", &ns) && ns == 600 * NS_PER_S);
	assert_true(clock_parse_span("2h", &ns) && ns == 7200 * NS_PER_S);
	assert_false(clock_parse_span("30", &ns));
	assert_false(clock_parse_span("s", &ns));
	assert_false(clock_parse_span("-1s", &ns));
	assert_false(clock_parse_span("1 s", &ns));
	assert_false(clock_parse_span("9223372036854775807h", &ns));
	assert_true(ns == 7200 * NS_PER_S);
}

static void clocks_go_forward(void **state)
{
	int64_t mono = clock_mono_ns(), boot = clock_boot_ns();

	assert_true(mono > 0 && clock_mono_ns() >= mono && clock_boot_ns() >= boot);
	assert_true(clock_wall_ns() > 1700000000 * NS_PER_S);
}

static void keep_line(enum log_level level, const char *line, void *data)
{
	snprintf(data, 100, "%d %s", (int)level, line);
}

static void messages_reach_the_sink_as_one_line(void **state)
{
	char line[100] = "";

	log_to(keep_line, line);
	log_info("quiet");
	assert_string_equal(line, "");
	log_error("a\nb\033[0m %d", 7);
	assert_string_equal(line, "3 a b [0m 7");
	log_min(LOG_SILENT);
	log_error("quiet too");
	assert_string_equal(line, "3 a b [0m 7");
	log_min(LOG_WARN);
	log_to(NULL, NULL);
}

static void secrets_are_kept_compared_and_not_shown(void **state)
{
	autosecret struct secret a = { 0 }, b = { 0 }, none = { 0 };
	static const char much[(64 << 10) + 1];
	struct err e = ERR_INIT;

	assert_ok(secret_set(&a, "pa\0ss", 5, &e), &e);
	assert_ok(secret_set(&b, "pa\0ss", 5, &e), &e);
	assert_int_equal(a.len, 5);
	assert_memory_equal(a.bytes, "pa\0ss", 6);
	assert_true(secret_eq(&a, &b));
	assert_ok(secret_set(&b, "pa\0sz", 5, &e), &e);
	assert_false(secret_eq(&a, &b));
	assert_ok(secret_set(&b, "pa", 2, &e), &e);
	assert_false(secret_eq(&a, &b));
	assert_string_equal(secret_show(&a), "***");
	assert_string_equal(secret_show(&none), "(none)");
	assert_fails(secret_set(&a, much, sizeof much, &e), &e, ERR_SPACE);
	assert_int_equal(a.len, 5);
	assert_ok(secret_set(&a, much, sizeof much - 1, &e), &e);
}

/* The kernel says so itself: "dd" among the flags of the mapping. */
static void secrets_stay_out_of_core_dumps(void **state)
{
	autosecret struct secret s = { 0 };
	struct err e = ERR_INIT;
	FILE *maps = fopen("/proc/self/smaps", "re");
	char line[512], start[32];
	bool here = false, found = false;

	assert_non_null(maps);
	assert_ok(secret_set(&s, "x", 1, &e), &e);
	snprintf(start, sizeof start, "%lx-", (unsigned long)s.bytes);
	while (fgets(line, sizeof line, maps)) {
		if (strncmp(line, start, strlen(start)) == 0)
			here = true;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			break;
	}
	found = here && strstr(line, " dd");
	fclose(maps);
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deadlines_pass),
		cmocka_unit_test(what_is_left_is_rounded_up),
		cmocka_unit_test(times_are_written_for_people),
		cmocka_unit_test(spans_are_read),
		cmocka_unit_test(clocks_go_forward),
		cmocka_unit_test(messages_reach_the_sink_as_one_line),
		cmocka_unit_test(secrets_are_kept_compared_and_not_shown),
		cmocka_unit_test(secrets_stay_out_of_core_dumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
