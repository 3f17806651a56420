#include "base/pool.h"

#include "base/clock.h"

#include "../unit.h"

#define JOBS 1000

static atomic_int ran;

static int count(void *arg, struct err *e)
{
	atomic_fetch_add(&ran, 1);
	return 0;
}

static void every_job_runs_once(void **state)
{
	struct pool *p = pool_new(4, 8, NULL);
	struct err e = ERR_INIT;

	atomic_store(&ran, 0);
	assert_int_equal(pool_workers(p), 4);
	for (int i = 0; i < JOBS; i++)
		pool_add(p, count, NULL);
	assert_ok(pool_wait(p, &e), &e);
	assert_int_equal(atomic_load(&ran), JOBS);
	pool_free(p);
}

/* Number 3 fails late, number 7 at once: the one reported is 3. */
static int fail_from_three(void *arg, struct err *e)
{
	int number = *(int *)arg;

	atomic_fetch_add(&ran, 1);
	if (number == 3) {
		clock_sleep_ns(50 * NS_PER_MS);
		return err_set(e, ERR_SPACE, "job 3");
	}
	return number == 7 ? err_set(e, ERR_IO, "job 7") : 0;
}

static void the_first_error_by_number_is_reported(void **state)
{
	struct pool *p = pool_new(4, 2000, NULL);
	static int numbers[JOBS];
	struct err e = ERR_INIT;

	for (int round = 0; round < 5; round++) {
		atomic_store(&ran, 0);
		for (int i = 0; i < JOBS; i++) {
			numbers[i] = i;
			pool_add(p, fail_from_three, &numbers[i]);
		}
		assert_fails(pool_wait(p, &e), &e, ERR_SPACE);
		assert_string_equal(e.msg, "job 3");
		assert_true(atomic_load(&ran) >= 8);
	}
	atomic_store(&ran, 0);
	pool_add(p, count, NULL);               /* and it is of use again */
	assert_ok(pool_wait(p, &e), &e);
	assert_int_equal(atomic_load(&ran), 1);
	pool_free(p);
}

static int fail_slowly(void *arg, struct err *e)
{
	clock_sleep_ns(20 * NS_PER_MS);
	return err_set(e, ERR_IO, "no");
}

static void jobs_after_a_failure_are_skipped(void **state)
{
	struct pool *p = pool_new(1, 2000, NULL);
	struct err e = ERR_INIT;

	atomic_store(&ran, 0);
	pool_add(p, fail_slowly, NULL);
	for (int i = 0; i < JOBS; i++)
		pool_add(p, count, NULL);
	assert_fails(pool_wait(p, &e), &e, ERR_IO);
	assert_int_equal(atomic_load(&ran), 0);
	pool_free(p);
}

static int cancel_all(void *arg, struct err *e)
{
	struct cancel *cancel = arg;

	clock_sleep_ns(20 * NS_PER_MS);
	atomic_store(&cancel->asked, true);
	return 0;
}

static void a_cancel_skips_what_has_not_begun(void **state)
{
	struct cancel cancel = { 0 };
	struct pool *p = pool_new(1, 2000, &cancel);
	struct err e = ERR_INIT;

	atomic_store(&ran, 0);
	pool_add(p, cancel_all, &cancel);
	for (int i = 0; i < JOBS; i++)
		pool_add(p, count, NULL);
	assert_fails(pool_wait(p, &e), &e, ERR_CANCELED);
	assert_int_equal(atomic_load(&ran), 0);
	pool_free(p);
}

struct branch {
	struct pool *pool;
	int          depth;
};

static int branch_out(void *arg, struct err *e)
{
	struct branch *b = arg;

	atomic_fetch_add(&ran, 1);
	for (int i = 0; b->depth > 0 && i < 4; i++) {
		struct branch *child = malloc(sizeof *child);

		assert_non_null(child);
		*child = (struct branch){ b->pool, b->depth - 1 };
		pool_add(b->pool, branch_out, child);
	}
	free(b);
	return 0;
}

/* More jobs from jobs than the queue takes: nobody waits for ever. */
static void jobs_add_jobs(void **state)
{
	struct pool *p = pool_new(2, 1, NULL);
	struct branch *root = malloc(sizeof *root);
	struct err e = ERR_INIT;

	assert_non_null(root);
	*root = (struct branch){ p, 6 };
	atomic_store(&ran, 0);
	pool_add(p, branch_out, root);
	assert_ok(pool_wait(p, &e), &e);
	assert_int_equal(atomic_load(&ran), 5461);      /* (4^7 - 1) / 3 */
	pool_free(p);
}

static void defaults_are_sane(void **state)
{
	struct pool *p = pool_new(0, 0, NULL);
	struct err e = ERR_INIT;

	assert_in_range(pool_workers(p), 1, 16);
	assert_ok(pool_wait(p, &e), &e);
	pool_free(p);
	pool_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_job_runs_once),
		cmocka_unit_test(the_first_error_by_number_is_reported),
		cmocka_unit_test(jobs_after_a_failure_are_skipped),
		cmocka_unit_test(a_cancel_skips_what_has_not_begun),
		cmocka_unit_test(jobs_add_jobs),
		cmocka_unit_test(defaults_are_sane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
