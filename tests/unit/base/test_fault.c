#include "base/fault.h"

#include "../unit.h"

#ifndef CROSSGRADE_FAULT

static void absent_without_the_option(void **state)
{
	assert_int_equal(fault_errno("a"), 0);
	fault_point("b");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(absent_without_the_option) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Passes "a", "b", "a", "b", ... ten times in all; exits with the number of points that failed,
 * plus 100 if their errno was not ENOSPC. */
static _Noreturn void pass_ten(void)
{
	int failed = 0;

	for (int i = 0; i < 10; i++) {
		int sys = fault_errno(i % 2 ? "b" : "a");

		if (sys)
			failed += sys == ENOSPC ? 1 : 100;
	}
	exit(failed);
}

static int status_with(const char *spec, const char *act, void (*child)(void))
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("CROSSGRADE_FAULT", spec, 1);
		if (act)
			setenv("CROSSGRADE_FAULT_ACT", act, 1);
		child();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	if (WIFSTOPPED(status)) {
		kill(pid, SIGCONT);
		waitpid(pid, &status, 0);
		return -WEXITSTATUS(status) - 1000;
	}
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void a_numbered_point_kills(void **state)
{
	assert_int_equal(status_with("10", NULL, pass_ten), -SIGKILL);
	assert_int_equal(status_with("11", NULL, pass_ten), 0);
	assert_int_equal(status_with("1", "kill", pass_ten), -SIGKILL);
}

static void a_named_point_kills(void **state)
{
	assert_int_equal(status_with("b:5", NULL, pass_ten), -SIGKILL);
	assert_int_equal(status_with("b:6", NULL, pass_ten), 0);
	assert_int_equal(status_with("c:1", NULL, pass_ten), 0);
}

static void errors_strike_once_or_from_there(void **state)
{
	assert_int_equal(status_with("3", "err:ENOSPC", pass_ten), 1);
	assert_int_equal(status_with("3", "errs:ENOSPC", pass_ten), 8);
	assert_int_equal(status_with("a:3", "errs:ENOSPC", pass_ten), 3);
	assert_int_equal(status_with("3", "err:EIO", pass_ten), 100);
}

/* A place and a call in turn; exits with the number of the call that failed. */
static _Noreturn void pass_places(void)
{
	int failed = 0;

	for (int i = 1; i <= 5; i++) {
		fault_point("place");
		if (fault_errno("call"))
			failed = 10 * failed + i;
	}
	exit(failed);
}

static void what_cannot_fail_hands_an_error_on(void **state)
{
	char path[] = "/tmp/crossgrade-unit-XXXXXX", text[128] = "";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	setenv("CROSSGRADE_FAULT_TRACE", path, 1);
	assert_int_equal(status_with("3", "err:EIO", pass_places), 2);
	unsetenv("CROSSGRADE_FAULT_TRACE");
	assert_true(read(fd, text, sizeof text - 1) > 0);
	assert_string_equal(text, "place\ncall=\nplace\ncall!\nplace\ncall=\nplace\ncall=\nplace\ncall=\n");
	assert_int_equal(status_with("place:1", "errs:EIO", pass_places), 0);
	close(fd);
	unlink(path);
}

static void a_stop_goes_on(void **state)
{
	assert_int_equal(status_with("3", "stop", pass_ten), -1000);
}

static void nonsense_is_not_ignored(void **state)
{
	assert_int_equal(status_with("many", NULL, pass_ten), 2);
	assert_int_equal(status_with("3", "explode", pass_ten), 2);
	assert_int_equal(status_with("3", "err:ENOSUCH", pass_ten), 2);
}

static void points_are_counted(void **state)
{
	char path[] = "/tmp/crossgrade-unit-XXXXXX", text[16] = "";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	setenv("CROSSGRADE_FAULT_COUNT", path, 1);
	assert_int_equal(status_with("count", NULL, pass_ten), 0);
	unsetenv("CROSSGRADE_FAULT_COUNT");
	assert_true(read(fd, text, sizeof text - 1) > 0);
	assert_string_equal(text, "10\n");
	close(fd);
	unlink(path);
}

static void pass_in_a_child(void)
{
	pid_t pid;
	int status = 0;

	(void)fault_errno("a");
	pid = fork();
	if (pid == 0)
		pass_ten();
	waitpid(pid, &status, 0);
	_exit(WIFSIGNALED(status) ? 99 : WEXITSTATUS(status));
}

static void a_forked_child_is_left_alone(void **state)
{
	assert_int_equal(status_with("2", NULL, pass_in_a_child), 0);
}

static int run_program(const char *const argv[])
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return status;
}

static char place[] = "/tmp/crossgrade-unit-XXXXXX";
static char image[64], mounted[64];

static void write_file(const char *name, int sync)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/%s", mounted, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1 || (sync && fsync(fd) < 0))
		_exit(3);
	close(fd);
}

static void write_and_lose_power(void)
{
	write_file("durable", 1);
	write_file("lost", 0);
	fault_point("cut");
}

static void remove_place(void)
{
	rmdir(mounted);
	unlink(image);
	rmdir(place);
}

static int is_there(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", mounted, name);
	return stat(path, &st) == 0;
}

static void a_power_cut_loses_what_was_not_synced(void **state)
{
	char act[128];
	int fd;

	if (geteuid() != 0) {
		print_message("# skipped: mounting wants root\n");
		skip();
	}
	assert_non_null(mkdtemp(place));
	snprintf(image, sizeof image, "%s/image", place);
	snprintf(mounted, sizeof mounted, "%s/m", place);
	snprintf(act, sizeof act, "cut:%s", mounted);
	fd = open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, 16 << 20), 0);
	close(fd);
	assert_int_equal(mkdir(mounted, 0700), 0);
	if (run_program((const char *[]){ "mkfs.ext4", "-q", image, NULL }) != 0 ||
	    run_program((const char *[]){ "mount", "-o", "loop", image, mounted, NULL }) != 0) {
		remove_place();
		print_message("# skipped: no ext4 on a loop device here\n");
		skip();
	}
	assert_int_equal(status_with("cut:1", act, write_and_lose_power), -SIGKILL);
	assert_int_equal(umount(mounted), 0);
	assert_int_equal(
	    run_program((const char *[]){ "mount", "-o", "loop", image, mounted, NULL }), 0);
	assert_true(is_there("durable"));
	assert_false(is_there("lost"));
	assert_int_equal(umount(mounted), 0);
	remove_place();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_numbered_point_kills),
		cmocka_unit_test(a_named_point_kills),
		cmocka_unit_test(errors_strike_once_or_from_there),
		cmocka_unit_test(what_cannot_fail_hands_an_error_on),
		cmocka_unit_test(a_stop_goes_on),
		cmocka_unit_test(nonsense_is_not_ignored),
		cmocka_unit_test(points_are_counted),
		cmocka_unit_test(a_forked_child_is_left_alone),
		cmocka_unit_test(a_power_cut_loses_what_was_not_synced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
