#include "svc/service.h"

#include "locking.h"

#include <grp.h>
#include <sys/file.h>
#include <sys/resource.h>

#include "io/json.h"
#include "svc/launch.h"
#include "../btrfs.h"

static int start(void **state)
{
	make_folder();
	return 0;
}

static int stop(void **state)
{
	remove_folder();
	return 0;
}

static struct svc_state look(struct service *s)
{
	struct svc_state st;
	struct err e = ERR_INIT;

	if (s->ops->state(s, &st, &e) < 0)
		fail_msg("%s", e.msg);
	return st;
}

static pid_t start_locker(const char *how)
{
	const char *argv[] = { LOCKER, lock_path, how, NULL };
	pid_t pid = run_child(argv);

	assert_int_equal(wait_for_locker(), pid);
	return pid;
}

static void nobody_holds_the_lock(void **state)
{
	struct service *s = open_process();
	FILE *f;

	assert_int_equal(look(s).run, SVC_STOPPED);
	f = fopen(lock_path, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(look(s).run, SVC_STOPPED);
	assert_int_equal(look(s).id.pid, 0);
	service_close(s);
}

static void the_holder_is_the_server(void **state)
{
	struct service *s = open_process();
	pid_t pid = start_locker(NULL);
	struct svc_state st = look(s);
	uint64_t ticks = 0;
	struct err e = ERR_INIT;

	assert_int_equal(st.run, SVC_RUNNING);
	assert_int_equal(st.id.pid, pid);
	assert_int_equal(process_start_ticks(pid, &ticks, &e), 0);
	assert_int_equal(st.id.start_ticks, ticks);
	assert_false(st.restarts);
	assert_string_equal(st.by, "");
	end_child(pid);
	assert_int_equal(look(s).run, SVC_STOPPED);
	service_close(s);
}

/* Its taker is gone from /proc, and the kernel lists the lock for a moment longer. */
static void a_lock_that_is_being_let_go(void **state)
{
	struct service *s = open_process();
	pid_t taker = fork();
	int free_again;

	if (taker == 0) {
		int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		if (fd < 0 || flock(fd, LOCK_EX) < 0)
			_exit(1);
		if (fork() == 0)
			usleep(200000);
		_exit(0);
	}
	assert_int_equal(waitpid(taker, NULL, 0), taker);
	assert_int_equal(look(s).run, SVC_STOPPED);
	service_close(s);
	/* The next test takes it. */
	free_again = open(lock_path, O_RDWR | O_CLOEXEC);
	assert_true(free_again >= 0 && flock(free_again, LOCK_EX) == 0);
	close(free_again);
}

/* Started by a run that was killed since, and without its lock yet: its command line tells. */
static void a_server_of_a_killed_run_is_starting(void **state)
{
	const char *argv[] = { "/usr/bin/sleep", "1234.5678", NULL };
	autojson json_t *record = json_pack("{s[ss]}", "argv", argv[0], argv[1]);
	struct service *s = open_process();
	pid_t pid = run_child(argv);
	struct svc_state st;

	for (int i = 0; i < 12000; i++) {
		service_set_launch(s, record);
		st = look(s);
		if (st.run == SVC_STARTING)
			break;
		clock_sleep_ns(5 * NS_PER_MS); /* not yet executed */
	}
	assert_int_equal(st.run, SVC_STARTING);
	assert_int_equal(st.id.pid, pid);
	end_child(pid);
	assert_int_equal(look(s).run, SVC_STOPPED);
	service_close(s);
}

/* What was started is on its way to its lock, for longer than the test takes. */
static void who_gets_in_between_is_a_stranger(void **state)
{
	autojson json_t *record =
	    json_pack("{s[ssss] s[] ss si si s[]}", "argv", LOCKER, lock_path, "delay", "20000", "env", "cwd", "/",
		      "uid", 0, "gid", 0, "groups");
	struct service *s = open_process();
	struct svc_state st;
	struct err e = ERR_INIT;
	pid_t pid, started;

	service_set_launch(s, record);
	assert_int_equal(s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, &st, &e), 0);
	assert_int_equal(st.run, SVC_STARTING);
	assert_false(st.stranger);
	started = st.id.pid;
	pid = start_locker(NULL);
	st = look(s);
	assert_int_equal(st.id.pid, pid);
	assert_true(st.stranger);
	service_close(s);

	/* Before anything was started: told by its command line. */
	s = open_process();
	service_set_launch(s, record);
	assert_int_equal(s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, &st, &e), 0);
	assert_int_equal(st.id.pid, pid);
	assert_true(st.stranger);
	assert_int_equal(kill(started, SIGKILL), 0);
	end_child(pid);
	service_close(s);
}

static void what_was_started_is_no_stranger(void **state)
{
	autojson json_t *record = json_pack("{s[ss] s[] ss si si s[]}", "argv", LOCKER, lock_path, "env", "cwd", "/",
					    "uid", 0, "gid", 0, "groups");
	struct service *s = open_process();
	struct svc_state st;
	struct err e = ERR_INIT;

	service_set_launch(s, record);
	assert_int_equal(s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, &st, &e), 0);
	assert_int_equal(wait_for_locker(), st.id.pid);
	assert_false(look(s).stranger);
	assert_int_equal(s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, &st, &e), 0);
	assert_false(st.stranger);
	assert_int_equal(s->ops->want(s, SVC_STOPPED, 60 * NS_PER_S, &st, &e), 0);
	forget_locker();
	service_close(s);
}

static void our_own_lock_is_no_server(void **state)
{
	struct service *s = open_process();
	int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(look(s).run, SVC_STOPPED);
	close(fd);
	service_close(s);
}

static void stopping_is_one_polite_request(void **state)
{
	struct service *s = open_process();
	pid_t pid = start_locker(NULL);
	struct svc_state st;
	struct err e = ERR_INIT;
	int status = 0;

	assert_int_equal(s->ops->want(s, SVC_STOPPED, 60 * NS_PER_S, &st, &e), 0);
	assert_int_equal(st.run, SVC_STOPPED);
	assert_int_equal(st.id.pid, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* Again is fine. */
	assert_int_equal(s->ops->want(s, SVC_STOPPED, 60 * NS_PER_S, &st, &e), 0);
	forget_locker();
	service_close(s);
}

static void a_deaf_server_is_left_alone(void **state)
{
	struct service *s = open_process();
	pid_t pid = start_locker("stubborn");
	struct svc_state st;
	struct err e = ERR_INIT;

	assert_int_equal(s->ops->want(s, SVC_STOPPED, 300 * NS_PER_MS, &st, &e), -ERR_TIMEOUT);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_int_equal(look(s).id.pid, pid);
	end_child(pid);
	service_close(s);
}

/* With limits, groups, mask and environment unlike our own. */
static pid_t start_unlike_us(const char *log_path)
{
	const char *argv[] = { "locker-by-another-name", lock_path, NULL };
	const char *env[] = { "SECRET=a b=c", "EMPTY=", NULL };
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit files = { .rlim_cur = 321, .rlim_max = 654 };
		gid_t groups[] = { 7, 4242 };
		int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0640);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (fd < 0 || fchown(fd, 1234, 1234) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 ||
		    close(fd) < 0 || setrlimit(RLIMIT_NOFILE, &files) < 0 ||
		    setgroups(2, groups) < 0 || setgid(1234) < 0 || setuid(1234) < 0 ||
		    chdir(folder) < 0)
			_exit(126);
		umask(027);
		execve(LOCKER, (char *const *)argv, (char *const *)env);
		_exit(127);
	}
	return pid;
}

static void check_record(const json_t *record, const char *log_path)
{
	const json_t *argv = json_object_get(record, "argv"),
		     *groups = json_object_get(record, "groups");
	const json_t *files = json_object_get(json_object_get(record, "limits"), "nofile");

	assert_string_equal(json_string_value(json_array_get(argv, 0)), LOCKER);
	assert_string_equal(json_string_value(json_array_get(argv, 1)), lock_path);
	assert_string_equal(json_string_value(json_array_get(json_object_get(record, "env"), 0)),
			    "SECRET=a b=c");
	assert_string_equal(json_str(record, "cwd", ""), folder);
	assert_string_equal(json_str(record, "stdout", ""), log_path);
	assert_int_equal(json_int(record, "uid", 0), 1234);
	assert_int_equal(json_int(record, "gid", 0), 1234);
	assert_int_equal(json_int(record, "umask", 0), 027);
	assert_int_equal(json_array_size(groups), 2);
	assert_int_equal(json_integer_value(json_array_get(groups, 1)), 4242);
	assert_int_equal(json_integer_value(json_array_get(files, 0)), 321);
	assert_int_equal(json_integer_value(json_array_get(files, 1)), 654);
}

static void a_record_starts_the_same_again(void **state)
{
	autofree char *log_path = xasprintf("%s/log", folder);
	autojson json_t *before = NULL, *after = NULL;
	struct service *s = open_process();
	struct svc_state st;
	struct err e = ERR_INIT;
	pid_t pid, second;

	if (geteuid() != 0)
		skip();
	unlink(lock_path);
	pid = start_unlike_us(log_path);
	assert_int_equal(wait_for_locker(), pid);
	assert_int_equal(s->ops->record(s, &before, &e), 0);
	check_record(before, log_path);
	assert_int_equal(s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, &st, &e), 0);
	assert_int_equal(st.id.pid, pid);
	assert_int_equal(s->ops->want(s, SVC_STOPPED, 60 * NS_PER_S, &st, &e), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	forget_locker();

	assert_int_equal(s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, &st, &e), -ERR_REFUSED);
	err_clear(&e);
	service_set_launch(s, before);
	if (s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, &st, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(st.detail, "");
	second = wait_for_locker();
	assert_int_equal(st.id.pid, second);
	assert_int_equal(look(s).run, SVC_RUNNING);
	assert_int_equal(s->ops->record(s, &after, &e), 0);
	assert_true(json_equal(before, after));
	assert_int_equal(s->ops->want(s, SVC_STOPPED, 60 * NS_PER_S, &st, &e), 0);
	forget_locker();
	unlink(lock_path);
	service_close(s);
}

static void a_server_on_its_way_is_starting(void **state)
{
	autojson json_t *record = NULL;
	struct service *s = open_process();
	struct svc_state st;
	struct err e = ERR_INIT;
	pid_t pid = start_locker(NULL);

	assert_int_equal(s->ops->record(s, &record, &e), 0);
	end_child(pid);
	json_array_append_new(json_object_get(record, "argv"), json_string("delay"));
	json_array_append_new(json_object_get(record, "argv"), json_string("1500"));
	service_set_launch(s, record);
	assert_int_equal(s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, &st, &e), 0);
	assert_int_equal(look(s).run, SVC_STARTING);
	assert_int_equal(look(s).id.pid, st.id.pid);
	assert_int_equal(wait_for_locker(), st.id.pid);
	assert_int_equal(look(s).run, SVC_RUNNING);
	assert_int_equal(s->ops->want(s, SVC_STOPPED, 60 * NS_PER_S, &st, &e), 0);
	forget_locker();
	service_close(s);
}

static void a_record_is_of_one_process_only(void **state)
{
	struct process_id id = { .pid = start_locker(NULL) };
	json_t *record = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(process_start_ticks(id.pid, &id.start_ticks, &e), 0);
	id.start_ticks++;
	assert_int_equal(launch_record(id, &record, &e), -ERR_ABSENT);
	end_child(id.pid);
}

/* Where stat() and /proc/locks name different devices. */
static void a_lock_on_btrfs(void **state)
{
	autofree char *image = xasprintf("%s/image", folder), *at = xasprintf("%s/mnt", folder);
	autofree char *lock = xasprintf("%s/lock", at);
	const char *detach[] = { "umount", at, NULL };
	autojson json_t *config = json_pack("{s:s}", "kind", "process");
	const char *argv[] = { LOCKER, lock, NULL };
	struct service *s = NULL;
	struct err e = ERR_INIT;
	pid_t pid;

	btrfs_mount(image, at);
	assert_int_equal(service_open(config, lock, &s, &e), 0);
	assert_int_equal(look(s).run, SVC_STOPPED);
	pid = run_child(argv);
	for (int i = 0; i < 6000 && look(s).run != SVC_RUNNING; i++)
		usleep(10000);
	assert_int_equal(look(s).id.pid, pid);
	end_child(pid);
	service_close(s);
	assert_true(run_program(detach));
}

static void without_a_lock_nothing_is_known(void **state)
{
	autojson json_t *config = json_pack("{s:s}", "kind", "process");
	struct service *s = NULL;
	struct svc_state st;
	struct err e = ERR_INIT;

	assert_int_equal(service_open(config, NULL, &s, &e), 0);
	assert_int_equal(look(s).run, SVC_UNKNOWN);
	assert_int_equal(s->ops->want(s, SVC_STOPPED, 60 * NS_PER_S, &st, &e), -ERR_REFUSED);
	service_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_holds_the_lock),
		cmocka_unit_test(the_holder_is_the_server),
		cmocka_unit_test(a_lock_that_is_being_let_go),
		cmocka_unit_test(a_server_of_a_killed_run_is_starting),
		cmocka_unit_test(who_gets_in_between_is_a_stranger),
		cmocka_unit_test(what_was_started_is_no_stranger),
		cmocka_unit_test(our_own_lock_is_no_server),
		cmocka_unit_test(stopping_is_one_polite_request),
		cmocka_unit_test(a_deaf_server_is_left_alone),
		cmocka_unit_test(a_record_starts_the_same_again),
		cmocka_unit_test(a_server_on_its_way_is_starting),
		cmocka_unit_test(a_record_is_of_one_process_only),
		cmocka_unit_test(a_lock_on_btrfs),
		cmocka_unit_test(without_a_lock_nothing_is_known),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
