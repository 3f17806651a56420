/* What is read of a prober's file: gaps, what was not measured, lines a kill tore; and that a prober writes such a file. */
#include "engine/prober.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file.h"
#include "toy.h"
#include "unit/unit.h"

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

static json_t *read_file(void)
{
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;
	json_t *doc;

	assert_ok(dir_open(toy_root, &d, &e), &e);
	assert_ok(prober_read(&d, "probes", &doc, &e), &e);
	return doc;
}

/* Lines "mono ms, serving", as the prober would have written them on a host booted at wall time 0. */
struct line {
	int64_t ms;
	int     up;
};

static void add(struct buf *text, int64_t mono_ms, int64_t wall_ms, int up)
{
	buf_addf(text, "%lld %lld %d w\n", (long long)(mono_ms * NS_PER_MS), (long long)(wall_ms * NS_PER_MS), up);
}

static json_t *judged(const struct line *lines, size_t n)
{
	autobuf struct buf text = BUF_MAX(64 << 10);

	for (size_t i = 0; i < n; i++)
		add(&text, lines[i].ms, lines[i].ms, lines[i].up);
	toy_put("probes", buf_str(&text));
	return read_file();
}

static void a_gap_lasts_from_good_to_good(void **state)
{
	static const struct line lines[] = { { 1000, 1 }, { 1100, 1 }, { 1200, 0 }, { 1300, 0 }, { 1400, 1 }, { 1500, 0 },
		                             { 1600, 1 } };
	autojson json_t *doc = judged(lines, ARRAY_LEN(lines));

	assert_int_equal(json_int(doc, "longest_ms", -1), 300);
	assert_int_equal(json_int(doc, "total_ms", -1), 500);
	assert_int_equal(json_int(doc, "probes", -1), 7);
	assert_int_equal(json_int(doc, "unmeasured_ms", -1), 0);
	assert_int_equal(json_array_size(json_object_get(doc, "gaps")), 2);
}

static void a_gap_without_an_end_counts(void **state)
{
	static const struct line lines[] = { { 1000, 1 }, { 1100, 0 }, { 1900, 0 } };
	autojson json_t *doc = judged(lines, ARRAY_LEN(lines));

	assert_int_equal(json_int(doc, "total_ms", -1), 900);
}

static void a_gap_without_a_beginning_counts(void **state)
{
	static const struct line lines[] = { { 1000, 0 }, { 1400, 1 } };
	autojson json_t *doc = judged(lines, ARRAY_LEN(lines));

	assert_int_equal(json_int(doc, "total_ms", -1), 400);
}

static void a_silent_prober_is_told(void **state)
{
	static const struct line lines[] = { { 1000, 1 }, { 6000, 1 }, { 7000, 1 } };
	autojson json_t *doc = judged(lines, ARRAY_LEN(lines));

	assert_int_equal(json_int(doc, "unmeasured_ms", -1), 5000);
	assert_int_equal(json_int(doc, "total_ms", -1), 0);
}

/* apply, hours, rollback: the hours are neither a gap nor unmeasured; a server down when a call ended was down until it is seen
 * again. */
static void the_time_between_calls_is_none(void **state)
{
	autobuf struct buf text = BUF_MAX(64 << 10);
	autojson json_t *doc = NULL;

	add(&text, 1000, 1000, 1);
	buf_addf(&text, "%lld %lld 1 e\n", (long long)(1200 * NS_PER_MS), (long long)(1200 * NS_PER_MS));
	add(&text, 9000000, 9000000, 0);
	add(&text, 9000400, 9000400, 1);
	toy_put("probes", buf_str(&text));
	doc = read_file();
	assert_int_equal(json_int(doc, "unmeasured_ms", -1), 0);
	assert_int_equal(json_int(doc, "total_ms", -1), 400);
	assert_int_equal(json_int(doc, "probes", -1), 3);
}

static void torn(const char *text, int64_t probes, int64_t total_ms)
{
	autojson json_t *doc = NULL;

	toy_put("probes", text);
	doc = read_file();
	if (json_int(doc, "probes", -1) != probes || json_int(doc, "total_ms", -1) != total_ms)
		fail_msg("%s: %lld probes, %lld ms", text, (long long)json_int(doc, "probes", -1),
		         (long long)json_int(doc, "total_ms", -1));
}

static void torn_lines_are_no_answers(void **state)
{
	torn("", 0, 0);
	torn("1000000000 1000000000 1 s\n11000", 1, 0);
	torn("1000000000 1000000000 1 s\n1100000000 ", 1, 0);
	torn("1000000000 1000000000 1 s\n1100000000 1100", 1, 0);
	torn("1000000000 1000000000 1 s\n1100000000 1100000000 ", 1, 0);
	/* The next run of the same run goes on behind the torn line. */
	torn("1000000000 1000000000 1 s\n1100000000 111200000000 1200000000 1 s\n1300000000 1300000000 1 s\n", 2, 0);
}

/* The monotonic clock begins anew with the host; the wall clock says how long it was away. */
static void a_reboot_is_a_time_not_measured(void **state)
{
	autobuf struct buf text = BUF_MAX(4096);
	autojson json_t *doc = NULL;

	add(&text, 900000, 5000000, 1);
	add(&text, 900100, 5000100, 0);
	add(&text, 20000, 5060100, 0);
	add(&text, 20100, 5060200, 1);
	toy_put("probes", buf_str(&text));
	doc = read_file();
	assert_int_equal(json_int(doc, "unmeasured_ms", -1), 60000);
	assert_int_equal(json_int(doc, "total_ms", -1), 60200);
	assert_int_equal(json_int(doc, "longest_ms", -1), 60200);
}

static void no_file_is_no_measurement(void **state)
{
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;
	json_t *doc;

	assert_ok(dir_open(toy_root, &d, &e), &e);
	assert_fails(prober_read(&d, "probes", &doc, &e), &e, ERR_ABSENT);
}

/* ---- a prober at work ---- */

static int probe(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e)
{
	autofree char *up = toy_get("up"), *doors = toy_get("doors");

	*ret = (struct probe){ .serving = *up == '1', .answered = true, .doors = *doors ? (unsigned)(*doors - '0') : 0 };
	return 0;
}

static const struct product probed = { .name = "probed", .probe = probe };

static bool sees(int64_t least)
{
	struct deadline until = deadline_in(60 * NS_PER_S);

	while (!deadline_passed(until)) {
		autojson json_t *doc = read_file();

		if (json_int(doc, "probes", 0) >= least)
			return true;
		clock_sleep_ns(50 * NS_PER_MS);
	}
	return false;
}

/* What a lost terminal, Ctrl-C and who ends the whole group send to it, too. */
static void ask_it_to_end(void)
{
	static const int asks[] = { SIGHUP, SIGINT, SIGTERM };
	autobuf struct buf child = BUF_MAX(64);
	struct err e = ERR_INIT;
	uint64_t pid = 0;
	char path[64];

	snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
	assert_ok(file_read_line(path, &child, &e), &e);
	assert_true(sv_u64(sv_trim(buf_sv(&child)), &pid));
	for (size_t i = 0; i < ARRAY_LEN(asks); i++)
		assert_int_equal(kill((pid_t)pid, asks[i]), 0);
}

static void a_prober_sees_the_gap(void **state)
{
	autodir struct dir d = DIR_NONE;
	autojson json_t *doc = NULL;
	struct prober *p = NULL;
	struct err e = ERR_INIT;

	toy_put("up", "1");
	assert_ok(dir_open(toy_root, &d, &e), &e);
	assert_ok(prober_start(&probed, NULL, &d, "probes", &p, &e), &e);
	prober_window(p, true);
	assert_true(sees(3));
	ask_it_to_end();
	toy_put("up", "0");
	assert_true(sees(8));
	toy_put("up", "1");
	assert_true(sees(11));
	prober_stop(p);
	prober_stop(NULL);
	doc = read_file();
	assert_int_equal(json_array_size(json_object_get(doc, "gaps")), 1);
	assert_true(json_int(doc, "longest_ms", 0) >= 100);
}

/* Clients that come by another one than the first to answer are not served yet; one that never answered has none. */
static void a_door_that_answered_is_missed(void **state)
{
	autodir struct dir d = DIR_NONE;
	autojson json_t *doc = NULL, *before = NULL;
	struct prober *p = NULL;
	struct err e = ERR_INIT;

	toy_put("up", "1");
	toy_put("doors", "1");
	assert_ok(dir_open(toy_root, &d, &e), &e);
	assert_ok(prober_start(&probed, NULL, &d, "probes", &p, &e), &e);
	prober_window(p, true);
	assert_true(sees(3));
	before = read_file();
	assert_int_equal(json_array_size(json_object_get(before, "gaps")), 0);
	toy_put("doors", "3");
	assert_true(sees(6));
	toy_put("doors", "1");
	assert_true(sees(10));
	toy_put("doors", "3");
	assert_true(sees(13));
	prober_stop(p);
	doc = read_file();
	assert_int_equal(json_array_size(json_object_get(doc, "gaps")), 1);
	assert_true(json_int(doc, "longest_ms", 0) >= 100);
}

/* However short before the end of a call they were let in: a later call would find the gap still open, and hours long. */
static void the_last_answer_tells_how_clients_are_left(void **state)
{
	autodir struct dir d = DIR_NONE;
	autofree char *text = NULL;
	struct prober *p = NULL;
	struct err e = ERR_INIT;

	toy_put("up", "0");
	assert_ok(dir_open(toy_root, &d, &e), &e);
	assert_ok(prober_start(&probed, NULL, &d, "probes", &p, &e), &e);
	assert_true(sees(1));
	toy_put("up", "1");
	prober_stop(p);
	text = toy_get("probes");
	if (!strstr(text, " 1 s\n"))
		fail_msg("%s", text);
}

/* The time of each question in order. */
static size_t asked(int64_t *ret_mono_ns, size_t max)
{
	autobuf struct buf text = BUF_MAX(1 << 20);
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;
	struct sv rest;
	size_t n = 0;

	assert_ok(dir_open(toy_root, &d, &e), &e);
	assert_ok(file_read(&d, "probes", &text, &e), &e);
	rest = buf_sv(&text);
	while (rest.n && n < max) {
		struct sv line = sv_line(&rest);

		if (sv_i64(sv_cut(&line, ' '), &ret_mono_ns[n]))
			n++;
	}
	return n;
}

/* A time is noted behind its answer, never before its question: however long the machine stands still, it is not too early. */
static void once_a_second_outside_the_window(void **state)
{
	int64_t began = clock_mono_ns(), at[12] = { 0 };
	autodir struct dir d = DIR_NONE;
	struct prober *p = NULL;
	struct err e = ERR_INIT;

	toy_put("up", "1");
	assert_ok(dir_open(toy_root, &d, &e), &e);
	assert_ok(prober_start(&probed, NULL, &d, "probes", &p, &e), &e);
	assert_true(sees(2));
	prober_window(p, true);
	assert_true(sees(12));
	prober_stop(p);
	assert_int_equal(asked(at, 12), 12);
	assert_true(at[1] - began >= 900 * NS_PER_MS);
	assert_true(at[11] - began >= 1700 * NS_PER_MS);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_gap_lasts_from_good_to_good),   T(a_gap_without_an_end_counts),
		T(a_gap_without_a_beginning_counts), T(a_silent_prober_is_told),
		T(the_time_between_calls_is_none),
		T(torn_lines_are_no_answers),        T(a_reboot_is_a_time_not_measured),
		T(no_file_is_no_measurement),        T(a_prober_sees_the_gap),
		T(a_door_that_answered_is_missed),
		T(once_a_second_outside_the_window), T(the_last_answer_tells_how_clients_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
