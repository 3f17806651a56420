/* When a file came to stand where its name leads. */
#include "svc/arrival.h"

#include "locking.h"

#include "base/mem.h"

static int outside = -1;
static bool entered;

/* The folder is all that there is: others come and go in /tmp, which is on the way of each file in it. */
static bool enter(void)
{
	make_folder();
	outside = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(outside >= 0);
	entered = chroot(folder) == 0 && chdir("/") == 0;
	return entered;
}

/* A unit behind a link, in a directory behind a link. */
static int start(void **state)
{
	FILE *f;

	if (!enter())
		return 0;
	assert_int_equal(mkdir("/links", 0755) | mkdir("/old", 0755) | mkdir("/new", 0755), 0);
	f = fopen("/old/unit", "w");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(link("/old/unit", "/new/unit"), 0);
	assert_int_equal(symlink("../old", "/links/app"), 0);
	assert_int_equal(symlink("/links/app/unit", "/unit"), 0);
	return 0;
}

static int stop(void **state)
{
	assert_int_equal(fchdir(outside) | chroot(".") | close(outside), 0);
	remove_folder();
	snprintf(folder, sizeof folder, "/tmp/crossgrade-svc-XXXXXX");
	return 0;
}

static uint64_t from_now(void)
{
	struct timespec now;

	pass_tick();
	now = pass_tick();
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void a_file_that_stood_there(void **state)
{
	if (!entered)
		skip();
	uint64_t before = from_now() - 3600u * 1000000;

	assert_true(arrived_before("/unit", from_now()));
	assert_false(arrived_before("/unit", before));
	assert_false(arrived_before("/nowhere", from_now()));
}

/* Neither end of the way has it in its own path: a link in the middle was set to a directory of old. */
static void a_link_on_the_way_that_was_set_since(void **state)
{
	if (!entered)
		skip();
	uint64_t then = from_now();

	assert_true(arrived_before("/unit", then));
	assert_int_equal(symlink("../new", "/links/other"), 0);
	assert_int_equal(rename("/links/other", "/links/app"), 0);
	assert_false(arrived_before("/unit", then));
	assert_true(arrived_before("/unit", from_now()));
}

static void a_directory_that_was_exchanged_since(void **state)
{
	if (!entered)
		skip();
	uint64_t then = from_now();

	assert_int_equal(rename("/old", "/aside"), 0);
	assert_int_equal(rename("/new", "/old"), 0);
	assert_false(arrived_before("/unit", then));
}

static void links_in_a_ring_end(void **state)
{
	if (!entered)
		skip();
	assert_int_equal(symlink("ring", "/ring"), 0);
	assert_false(arrived_before("/ring", from_now()));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_that_stood_there, start, stop),
		cmocka_unit_test_setup_teardown(a_link_on_the_way_that_was_set_since, start, stop),
		cmocka_unit_test_setup_teardown(a_directory_that_was_exchanged_since, start, stop),
		cmocka_unit_test_setup_teardown(links_in_a_ring_end, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
