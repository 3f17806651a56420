#include "io/lock.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "io/cmd.h"
#include "io/proc.h"

#include "place.h"

static void one_holder_at_a_time(void **state)
{
	struct place *p = *state;
	struct lock a = LOCK_NONE, b = LOCK_NONE;
	struct err e = ERR_INIT;
	char want[64];

	snprintf(want, sizeof want, "pid %d, apply plan-7", (int)getpid());
	assert_ok(lock_take(below(p, "lock"), "x", "apply plan-7", &a, &e), &e);
	assert_fails(lock_take(below(p, "lock"), "x", "rollback", &b, &e), &e, ERR_BUSY);
	assert_non_null(strstr(e.msg, want));
	assert_ok(lock_take(below(p, "lock"), "y", "apply", &b, &e), &e);
	lock_release(&b);
	lock_release(&a);
	lock_release(&a);
	assert_ok(lock_take(below(p, "lock"), "x", "rollback", &a, &e), &e);
	lock_release(&a);
}

static void a_killed_holder_frees_it(void **state)
{
	struct place *p = *state;
	struct lock l = LOCK_NONE;
	struct err e = ERR_INIT;
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (lock_take(p->path, "x", "apply", &l, &e) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_fails(lock_take(p->path, "x", "rollback", &l, &e), &e, ERR_BUSY);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_ok(lock_take(p->path, "x", "rollback", &l, &e), &e);
	lock_release(&l);
	close(ready[0]);
	close(ready[1]);
}

/* A prober that was not told yet, as after a kill. */
static void what_a_killed_holder_left_behind_goes(void **state)
{
	struct place *p = *state;
	struct lock l = LOCK_NONE;
	struct err e = ERR_INIT;
	pid_t pid = fork();

	if (pid == 0) {
		if (lock_take(p->path, "x", "apply", &l, &e) < 0)
			_exit(1);
		if (fork() == 0)
			clock_sleep_ns(200 * NS_PER_MS);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_ok(lock_take(p->path, "x", "rollback", &l, &e), &e);
	lock_release(&l);
}

/* What goes on without the one that was killed is told by name, and what it leaves running holds nothing. */
static void what_outlives_its_starter_holds_the_lock(void **state)
{
	static const char *const argv[] = { "/bin/sh", "-c", "sleep 10 & sleep 4", NULL };
	struct cmd c = { .argv = argv, .outlives_us = true };
	struct place *p = *state;
	struct lock l = LOCK_NONE;
	struct deadline until = deadline_in(60 * NS_PER_S);
	struct err e = ERR_INIT;
	pid_t pid = fork();

	if (pid == 0) {
		struct cmd_result r = { 0 };

		if (lock_take(p->path, "x", "apply", &l, &e) < 0 || cmd_run(&c, &r, &e) < 0)
			_exit(1);
		_exit(0);
	}
	clock_sleep_ns(NS_PER_S);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_fails(lock_take(p->path, "x", "rollback", &l, &e), &e, ERR_TIMEOUT);
	assert_non_null(strstr(e.msg, "still at work: '/bin/sh'"));
	err_clear(&e);
	while (lock_take(p->path, "x", "rollback", &l, &e) == -ERR_TIMEOUT && !deadline_passed(until))
		err_clear(&e);
	assert_ok(-(int)e.kind, &e);
	lock_release(&l);
}

/* Who stands by sees a program's end later than who ran it. */
static void stop_who_stands_by(const char *path, pid_t but)
{
	pid_list pids = { 0 };
	struct err e = ERR_INIT;

	clock_sleep_ns(200 * NS_PER_MS);
	if (proc_file_writers(path, &pids, &e) < 0)
		_exit(1);
	vec_each (&pids, it)
		if (*it != but)
			kill(*it, SIGSTOP);
	clock_sleep_ns(NS_PER_S);
	vec_each (&pids, it)
		if (*it != but)
			kill(*it, SIGCONT);
	_exit(0);
}

static void who_stands_by_a_moment_longer_is_no_holder(void **state)
{
	static const char *const argv[] = { "sleep", "0.5", NULL };
	struct cmd c = { .argv = argv, .outlives_us = true };
	struct cmd_result r = { 0 };
	struct place *p = *state;
	autofree char *path = xstrdup(below(p, "x"));
	pid_t pid, parent = getpid();
	struct lock l = LOCK_NONE;
	struct err e = ERR_INIT;
	int status;

	assert_ok(lock_take(p->path, "x", "apply", &l, &e), &e);
	pid = fork();
	if (pid == 0) {
		close(l.fd);
		stop_who_stands_by(path, parent);
	}
	assert_ok(cmd_run(&c, &r, &e), &e);
	cmd_result_done(&r);
	lock_release(&l);
	assert_ok(lock_take(p->path, "x", "rollback", &l, &e), &e);
	lock_release(&l);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_lock_is_a_private_file_of_its_own(void **state)
{
	struct place *p = *state;
	struct lock l = LOCK_NONE;
	struct err e = ERR_INIT;
	struct stat st;

	assert_ok(lock_take(below(p, "a/b"), "x", "two\nlines", &l, &e), &e);
	assert_ok(dir_stat(&p->dir, "a/b", &st, &e), &e);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_ok(dir_stat(&p->dir, "a/b/x", &st, &e), &e);
	assert_int_equal(st.st_mode & 07777, 0600);
	lock_release(&l);
	assert_int_equal(symlinkat("/etc/passwd", p->dir.fd, "x"), 0);
	assert_fails(lock_take(p->path, "x", "apply", &l, &e), &e, ERR_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(one_holder_at_a_time),
		in_place(a_killed_holder_frees_it),
		in_place(what_a_killed_holder_left_behind_goes),
		in_place(what_outlives_its_starter_holds_the_lock),
		in_place(who_stands_by_a_moment_longer_is_no_holder),
		in_place(a_lock_is_a_private_file_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
