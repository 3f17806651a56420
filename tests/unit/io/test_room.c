/* What killed calls left below /var/tmp goes, and nothing else: in a /var/tmp of this test's own. */
#include "io/room.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../unit.h"
#include "base/mem.h"

static bool is_own;

static int own_tmp(void **state)
{
	is_own = unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		 mount("none", ROOM_ABOVE, "tmpfs", 0, "mode=1777") == 0;
	return 0;
}

static void need_own_tmp(void)
{
	if (!is_own) {
		print_message("# skip: no " ROOM_ABOVE " of its own\n");
		skip();
	}
}

static void put(const char *name, mode_t mode, time_t seconds_ago)
{
	autofree char *path = xasprintf(ROOM_ABOVE "/%s", name);
	struct timespec at[2] = { { .tv_sec = time(NULL) - seconds_ago }, { .tv_sec = time(NULL) - seconds_ago } };

	assert_int_equal(mkdir(path, mode), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, at, 0), 0);
}

static bool is_there(const char *name)
{
	autofree char *path = xasprintf(ROOM_ABOVE "/%s", name);

	return access(path, F_OK) == 0;
}

static void what_nobody_holds_goes(void **state)
{
	need_own_tmp();
	put("crossgrade-build-aB3xY9", 0700, 1000);
	put("crossgrade-apt-aB3xY9", 0700, 1000);
	put("crossgrade-build-notes", 0755, 1000);
	put("crossgrade-build-of-mine", 0700, 1000);
	put("crossgrade-e2e.aB3xY9", 0700, 1000);
	put("crossgrade-dnf-young1", 0700, 0);
	room_sweep();
	assert_false(is_there("crossgrade-build-aB3xY9"));
	assert_false(is_there("crossgrade-apt-aB3xY9"));
	assert_true(is_there("crossgrade-build-notes"));
	assert_true(is_there("crossgrade-build-of-mine"));
	assert_true(is_there("crossgrade-e2e.aB3xY9"));
	assert_true(is_there("crossgrade-dnf-young1"));
}

static void what_somebody_holds_stays(void **state)
{
	struct timespec old[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	struct dir held = DIR_NONE;
	autofree char *path = NULL;
	struct err e = ERR_INIT;

	need_own_tmp();
	assert_ok(room_make("build", &held, &e), &e);
	path = xstrdup(held.path);
	assert_int_equal(futimens(held.fd, old), 0);
	room_sweep();
	assert_int_equal(access(path, F_OK), 0);
	dir_close(&held);
	room_sweep();
	assert_int_equal(access(path, F_OK), -1);
}

/* The machine started this many seconds ago, for the children of this process. */
static bool start_machine(int64_t seconds_ago)
{
	autofree char *offset = NULL;
	struct timespec up;
	int fd, n;

	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &up), 0);
	if (unshare(CLONE_NEWTIME) < 0)
		return false;
	offset = xasprintf("boottime %lld 0\n", (long long)(seconds_ago - up.tv_sec));
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	n = fd >= 0 ? (int)write(fd, offset, strlen(offset)) : -1;
	close(fd);
	return n > 0;
}

static void what_is_of_another_boot_goes(void **state)
{
	int status = -1;
	pid_t pid;

	need_own_tmp();
	if (!start_machine(10)) {
		print_message("# skip: no time namespace\n");
		skip();
	}
	put("crossgrade-build-before", 0700, 60);
	put("crossgrade-build-after1", 0700, 0);
	pid = fork();
	if (pid == 0) {
		room_sweep();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_false(is_there("crossgrade-build-before"));
	assert_true(is_there("crossgrade-build-after1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nobody_holds_goes),
		cmocka_unit_test(what_somebody_holds_stays),
		cmocka_unit_test(what_is_of_another_boot_goes),
	};

	return cmocka_run_group_tests(tests, own_tmp, NULL);
}
