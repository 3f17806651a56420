/* Against a real systemd that tests/systemd/boot.sh boots. The test executes itself inside of it,
 * so that /etc/systemd/system and process numbers are those of that system. */
#include "svc/service.h"

#include <systemd/sd-bus.h>

#include "locking.h"

#include "io/file.h"
#include "io/json.h"
#include "svc/server_log.h"

#define UNIT    "locker.service"
#define UNITS   "/etc/systemd/system/"
#define DROP_IN UNITS UNIT ".d/50-crossgrade-hold.conf"

static char hold_path[160];
static char program[160]; /* the locker, where daemon reaches it: a build may lie below /root */

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void write_unit(const char *more)
{
	autofree char *text = xasprintf(
	    "[Unit]\nDescription=locker\n[Service]\nType=exec\nRestart=always\nRestartSec=0\n"
	    "User=daemon\nEnvironment=A=b\nExecStart=%s %s\n%s"
	    "[Install]\nWantedBy=multi-user.target\n",
	    program, lock_path, more);

	write_file(UNITS UNIT, text);
}

static struct service *open_unit(const char *unit)
{
	autojson json_t *config = json_pack("{s:s,s:s}", "kind", "systemd", "unit", unit);
	struct service *s = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(service_open(config, lock_path, &s, &e), 0);
	return s;
}

static void good(int r, const struct err *e)
{
	if (r < 0)
		fail_msg("%s", e->msg);
}

static struct svc_state look(struct service *s)
{
	struct svc_state st;
	struct err e = ERR_INIT;

	good(s->ops->state(s, &st, &e), &e);
	return st;
}

static struct svc_state want(struct service *s, enum svc_run to)
{
	struct svc_state st;
	struct err e = ERR_INIT;

	good(s->ops->want(s, to, 60 * NS_PER_S, &st, &e), &e);
	return st;
}

static int stop_unit(void **state)
{
	struct service *s = open_unit(UNIT);

	want(s, SVC_STOPPED);
	forget_locker();
	service_close(s);
	return 0;
}

static int run_script(const char *const *argv, char *ret_line, size_t n)
{
	struct cmd c = { .argv = argv, .within_ns = 300 * NS_PER_S };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;
	struct sv rest;

	if (cmd_run(&c, &r, &e) < 0) {
		snprintf(ret_line, n, "%s", e.msg);
		return -1;
	}
	rest = buf_sv(r.status ? &r.err : &r.out);
	snprintf(ret_line, n, SV_FMT, SV_ARG(sv_trim(rest)));
	cmd_result_done(&r);
	return r.status;
}

static int start(void **state)
{
	const char *copy[] = { "cp", LOCKER, program, NULL };
	char said[512];
	struct service *s;
	struct err e = ERR_INIT;

	make_folder();
	snprintf(program, sizeof program, "%s/locker", folder);
	if (run_script(copy, said, sizeof said) != 0)
		fail_msg("%s", said);
	snprintf(hold_path, sizeof hold_path, "%s/holds/100%% held", folder);
	write_unit("");
	s = open_unit(UNIT);
	good(s->ops->reload(s, false, &e), &e);
	service_close(s);
	return 0;
}

static int stop(void **state)
{
	struct service *s = open_unit(UNIT);
	struct err e = ERR_INIT;

	want(s, SVC_STOPPED);
	good(s->ops->lift(s, hold_path, true, &e), &e);
	service_close(s);
	remove_folder();
	return 0;
}

static void a_unit_is_started_and_stopped(void **state)
{
	struct service *s = open_unit("locker");
	struct svc_state st = look(s);
	uint64_t ticks = 0;
	struct err e = ERR_INIT;

	assert_int_equal(st.run, SVC_STOPPED);
	assert_false(st.enabled);
	st = want(s, SVC_RUNNING);
	assert_int_equal(st.run, SVC_RUNNING);
	assert_int_equal(st.id.pid, wait_for_locker());
	assert_int_equal(process_start_ticks(st.id.pid, &ticks, &e), 0);
	assert_int_equal(st.id.start_ticks, ticks);
	assert_true(st.restarts);
	assert_string_equal(st.by, "systemd: " UNIT);
	/* Again is fine, and is the same process. */
	assert_int_equal(want(s, SVC_RUNNING).id.pid, st.id.pid);
	st = want(s, SVC_STOPPED);
	assert_int_equal(st.run, SVC_STOPPED);
	assert_int_equal(st.id.pid, 0);
	forget_locker();
	service_close(s);
}

static void a_unit_is_known_by_its_process(void **state)
{
	struct service *s = open_unit(UNIT), *p = open_process();
	autojson json_t *config = NULL;
	struct svc_state st = want(s, SVC_RUNNING), of;
	struct err e = ERR_INIT;

	wait_for_locker();
	good(service_of_process(st.id.pid, &config, &of, &e), &e);
	assert_string_equal(json_str(config, "kind", ""), "systemd");
	assert_string_equal(json_str(config, "unit", ""), UNIT);
	assert_int_equal(of.id.pid, st.id.pid);
	/* Called a plain process, it is one that somebody restarts. */
	st = look(p);
	assert_true(st.restarts);
	assert_string_equal(st.by, "systemd: " UNIT);
	want(s, SVC_STOPPED);
	forget_locker();
	service_close(s);
	service_close(p);
}

static void what_a_unit_is_made_of_is_recorded(void **state)
{
	struct service *s = open_unit(UNIT);
	autojson json_t *record = NULL;
	struct err e = ERR_INIT;

	good(s->ops->record(s, &record, &e), &e);
	assert_string_equal(json_str(record, "fragment", ""), UNITS UNIT);
	assert_string_equal(json_str(record, "restart", ""), "always");
	assert_string_equal(json_str(record, "user", ""), "daemon");
	assert_string_equal(json_string_value(json_array_get(json_object_get(record, "env"), 0)),
			    "A=b");
	assert_string_equal(json_string_value(json_array_get(json_object_get(record, "argv"), 0)),
			    program);
	assert_string_equal(json_string_value(json_array_get(json_object_get(record, "argv"), 1)),
			    lock_path);
	service_close(s);
}

static void a_held_unit_does_not_start(void **state)
{
	struct service *s = open_unit(UNIT);
	struct svc_state st;
	struct err e = ERR_INIT;

	for (int i = 0; i < 2; i++)
		good(s->ops->hold(s, hold_path, &e), &e);
	assert_int_equal(access(DROP_IN, F_OK), 0);
	assert_int_equal(access(hold_path, F_OK), 0);
	assert_int_equal(s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, &st, &e), -ERR_REFUSED);
	assert_non_null(strstr(e.msg, "conditions"));
	assert_int_equal(look(s).run, SVC_STOPPED);

	/* For the moment: it starts, and the drop-in stays. */
	err_clear(&e);
	for (int i = 0; i < 2; i++)
		good(s->ops->lift(s, hold_path, false, &e), &e);
	assert_int_equal(access(DROP_IN, F_OK), 0);
	assert_int_equal(want(s, SVC_RUNNING).run, SVC_RUNNING);
	/* A hold of a running server does not end it. */
	good(s->ops->hold(s, hold_path, &e), &e);
	assert_int_equal(look(s).run, SVC_RUNNING);
	want(s, SVC_STOPPED);

	for (int i = 0; i < 2; i++)
		good(s->ops->lift(s, hold_path, true, &e), &e);
	assert_int_equal(access(UNITS UNIT ".d", F_OK), -1);
	assert_int_equal(want(s, SVC_RUNNING).run, SVC_RUNNING);
	want(s, SVC_STOPPED);
	forget_locker();
	service_close(s);
}

static void a_folder_of_somebody_elses_stays(void **state)
{
	struct service *s = open_unit(UNIT);
	struct err e = ERR_INIT;

	assert_int_equal(mkdir(UNITS UNIT ".d", 0755), 0);
	good(s->ops->hold(s, hold_path, &e), &e);
	good(s->ops->lift(s, hold_path, true, &e), &e);
	assert_int_equal(access(DROP_IN, F_OK), -1);
	assert_int_equal(rmdir(UNITS UNIT ".d"), 0);

	/* Ours, but used by another since. */
	good(s->ops->hold(s, hold_path, &e), &e);
	write_file(UNITS UNIT ".d/other.conf", "[Service]\nNice=1\n");
	good(s->ops->lift(s, hold_path, true, &e), &e);
	assert_int_equal(access(DROP_IN, F_OK), -1);
	assert_int_equal(unlink(UNITS UNIT ".d/other.conf"), 0);
	assert_int_equal(rmdir(UNITS UNIT ".d"), 0);

	/* Ours, with what a kill left of a drop-in that was being written again. */
	good(s->ops->hold(s, hold_path, &e), &e);
	write_file(UNITS UNIT ".d/.crossgrade-0123456789abcdef.tmp", "[Un");
	good(s->ops->lift(s, hold_path, true, &e), &e);
	assert_int_equal(access(UNITS UNIT ".d", F_OK), -1);
	service_close(s);
}

static void a_hold_that_does_not_hold_is_said(void **state)
{
	struct service *s = open_unit(UNIT);
	struct err e = ERR_INIT;

	assert_int_equal(mkdir(UNITS UNIT ".d", 0755), 0);
	write_file(UNITS UNIT ".d/99-reset.conf", "[Unit]\nConditionPathExists=\n");
	assert_int_equal(s->ops->hold(s, hold_path, &e), -ERR_CHANGED);
	err_clear(&e);
	good(s->ops->lift(s, hold_path, true, &e), &e);
	assert_int_equal(unlink(UNITS UNIT ".d/99-reset.conf"), 0);
	assert_int_equal(rmdir(UNITS UNIT ".d"), 0);
	service_close(s);
}

static void the_hold_is_of_the_unit_not_its_alias(void **state)
{
	struct service *s;
	struct err e = ERR_INIT;

	assert_int_equal(symlink(UNITS UNIT, UNITS "other-name.service"), 0);
	s = open_unit("other-name");
	good(s->ops->reload(s, false, &e), &e);
	good(s->ops->hold(s, hold_path, &e), &e);
	assert_int_equal(access(DROP_IN, F_OK), 0);
	good(s->ops->lift(s, hold_path, true, &e), &e);
	assert_int_equal(unlink(UNITS "other-name.service"), 0);
	service_close(s);
}

static void a_deaf_unit_is_left_to_systemd(void **state)
{
	autofree char *deaf = xasprintf(
	    "ExecStart=\nExecStart=%s /tmp/deaf-lock stubborn\nTimeoutStopSec=5\n", program);
	struct service *s = open_unit(UNIT);
	struct svc_state st;
	struct err e = ERR_INIT;
	pid_t pid;

	write_unit(deaf);
	good(s->ops->reload(s, false, &e), &e);
	pid = want(s, SVC_RUNNING).id.pid;
	for (int i = 0; i < 6000 && access("/tmp/deaf-lock.pid", F_OK) < 0; i++)
		usleep(10000); /* not deaf yet */
	assert_int_equal(s->ops->want(s, SVC_STOPPED, 300 * NS_PER_MS, &st, &e), -ERR_TIMEOUT);
	assert_int_equal(kill(pid, 0), 0);
	st = look(s);
	assert_int_equal(st.run, SVC_STOPPING);
	assert_false(st.waits);
	/* Whose own patience ends at some time. */
	err_clear(&e);
	assert_int_equal(want(s, SVC_STOPPED).run, SVC_STOPPED);
	write_unit("");
	good(s->ops->reload(s, false, &e), &e);
	service_close(s);
}

static void systemctl(const char *verb, const char *unit)
{
	const char *argv[] = { "/usr/bin/systemctl", "--no-block", verb, unit, NULL };
	char said[512];

	if (run_script(argv, said, sizeof said) != 0)
		fail_msg("%s %s: %s", verb, unit, said);
}

/* A unit beside ours, of commands that end when we say so. */
static void write_other(struct service *s, const char *text)
{
	struct err e = ERR_INIT;

	(void)unlink("/run/may-go-on");
	write_file(UNITS "other.service", text);
	good(s->ops->reload(s, false, &e), &e);
}

#define WHEN_TOLD "/bin/sh -c 'until [ -e /run/may-go-on ]; do sleep 0.05; done'\n"

static int drop_other(void **state)
{
	struct service *s = open_unit(UNIT);
	struct err e = ERR_INIT;

	write_file("/run/may-go-on", "");
	systemctl("stop", "other.service");
	(void)unlink(UNITS "other.service");
	good(s->ops->reload(s, false, &e), &e);
	service_close(s);
	return stop_unit(state);
}

/* A unit that requires ours is stopped first, and takes its time. */
static void a_queued_stop_is_one(void **state)
{
	static const char *const verbs[] = { "stop", "restart" };
	struct service *s = open_unit(UNIT), *other = open_unit("other");
	struct svc_state st;
	struct err e = ERR_INIT;
	pid_t pid;

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		write_other(s, "[Unit]\nRequires=" UNIT "\nAfter=" UNIT "\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
			       "ExecStart=/bin/true\nExecStop=" WHEN_TOLD);
		pid = want(s, SVC_RUNNING).id.pid;
		want(other, SVC_RUNNING);
		assert_int_equal(look(s).run, SVC_RUNNING);
		systemctl(verbs[i], UNIT);
		st = look(s);
		assert_int_equal(st.run, SVC_STOPPING);
		assert_int_equal(st.id.pid, pid);
		assert_true(st.waits);
		assert_non_null(strstr(st.detail, "active (running), its stop is queued"));
		/* Ours, and the one that was queued, are one. */
		assert_int_equal(s->ops->want(s, SVC_STOPPED, 300 * NS_PER_MS, &st, &e), -ERR_TIMEOUT);
		err_clear(&e);
		assert_int_equal(kill(pid, 0), 0);
		assert_int_equal(look(s).run, SVC_STOPPING);
		write_file("/run/may-go-on", "");
		assert_int_equal(want(s, SVC_STOPPED).run, SVC_STOPPED);
	}
	forget_locker();
	service_close(s);
	service_close(other);
}

/* Who wants it running has it running, and does not find it stopped a moment later. */
static void a_queued_stop_gives_way_to_a_start(void **state)
{
	struct service *s = open_unit(UNIT), *other = open_unit("other");
	struct svc_state st;
	pid_t pid;

	write_other(s, "[Unit]\nRequires=" UNIT "\nAfter=" UNIT "\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
		       "ExecStart=/bin/true\nExecStop=/bin/sleep 1\n");
	pid = want(s, SVC_RUNNING).id.pid;
	want(other, SVC_RUNNING);
	systemctl("stop", UNIT);
	assert_int_equal(want(s, SVC_RUNNING).id.pid, pid);
	while ((st = look(other)).run == SVC_STOPPING)
		usleep(10000);
	assert_int_equal(st.run, SVC_STOPPED);
	want(other, SVC_STOPPED);
	st = look(s);
	assert_int_equal(st.run, SVC_RUNNING);
	assert_int_equal(st.id.pid, pid);
	service_close(s);
	service_close(other);
}

/* As at boot, where the start of a held unit waits for the boot service, which is us. */
static void a_queued_start_is_none_yet(void **state)
{
	struct service *s = open_unit(UNIT);
	struct svc_state st;
	struct err e = ERR_INIT;

	write_other(s, "[Unit]\nBefore=" UNIT "\n[Service]\nType=oneshot\nExecStart=" WHEN_TOLD);
	systemctl("start", "other.service");
	systemctl("start", UNIT);
	assert_int_equal(look(s).run, SVC_STOPPED);
	assert_int_equal(s->ops->want(s, SVC_RUNNING, 300 * NS_PER_MS, &st, &e), -ERR_TIMEOUT);
	/* The boot service's own does not wait. */
	assert_int_equal(setenv("CROSSGRADE_BOOT", "1", 1), 0);
	assert_int_equal(want(s, SVC_RUNNING).run, SVC_RUNNING);
	assert_int_equal(unsetenv("CROSSGRADE_BOOT"), 0);
	service_close(s);
}

/* Between the question for the job and the one for its type. */
static void a_job_may_end_while_it_is_looked_at(void **state)
{
	const char *restart[] = { "/usr/bin/systemctl", "--no-block", "restart", "other.service", NULL };
	struct service *s = open_unit(UNIT), *other = open_unit("other");
	char said[512];
	pid_t helper;
	int status;

	write_other(s, "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n");
	helper = fork();
	if (helper == 0) {
		status = 0;
		for (int i = 0; i < 40 && !status; i++)
			status = run_script(restart, said, sizeof said);
		_exit(status != 0);
	}
	while (waitpid(helper, &status, WNOHANG) == 0)
		look(other);
	assert_int_equal(status, 0);
	service_close(s);
	service_close(other);
}

/* When systemd read its units the last time. */
static uint64_t read_at(void)
{
	sd_bus *bus = NULL;
	uint64_t at = 0;

	assert_true(sd_bus_open_system(&bus) >= 0);
	assert_true(sd_bus_get_property_trivial(bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
						"org.freedesktop.systemd1.Manager", "UnitsLoadTimestamp", NULL, 't', &at) >= 0);
	sd_bus_flush_close_unref(bus);
	return at;
}

/* Its files may bear times of old, as a package's do and one that was put back. */
static void a_unit_is_read_again_when_it_came_since(void **state)
{
	struct service *s = open_unit(UNIT);
	struct timespec old[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	struct err e = ERR_INIT;
	uint64_t at;

	good(s->ops->reload(s, false, &e), &e);
	pass_tick();
	write_unit("Environment=C=d\n");
	assert_int_equal(utimensat(AT_FDCWD, UNITS UNIT, old, 0), 0);
	at = read_at();
	good(s->ops->reload(s, false, &e), &e);
	assert_true(read_at() > at);
	at = read_at();
	good(s->ops->reload(s, false, &e), &e);
	assert_true(read_at() == at);
	write_unit("");
	good(s->ops->reload(s, false, &e), &e);
	service_close(s);
}

static void put_linked(const char *dir, const char *description)
{
	autofree char *path = xasprintf("%s/%s/linked.service", folder, dir);
	autofree char *text = xasprintf("[Unit]\nDescription=%s\n[Service]\nExecStart=/bin/true\n", description);

	write_file(path, text);
}

/* Its directory is exchanged with another: the file that comes so is as old as it was there. */
static void a_unit_in_an_exchanged_directory_is_read_again(void **state)
{
	autofree char *a = xasprintf("%s/a", folder), *b = xasprintf("%s/b", folder), *file = xasprintf("%s/linked.service", a);
	struct service *s = open_unit("linked.service");
	struct err e = ERR_INIT;
	uint64_t at;

	assert_int_equal(mkdir(a, 0755), 0);
	assert_int_equal(mkdir(b, 0755), 0);
	put_linked("a", "old");
	put_linked("b", "new");
	assert_int_equal(symlink(file, UNITS "linked.service"), 0);
	good(s->ops->reload(s, true, &e), &e);
	pass_tick();
	at = read_at();
	good(s->ops->reload(s, false, &e), &e);
	assert_true(read_at() == at);
	assert_int_equal(renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE), 0);
	good(s->ops->reload(s, false, &e), &e);
	assert_true(read_at() > at);
	at = read_at();
	good(s->ops->reload(s, true, &e), &e);
	assert_true(read_at() > at);
	assert_int_equal(unlink(UNITS "linked.service"), 0);
	service_close(s);
}

static void units_that_are_none(void **state)
{
	struct service *s = open_unit("no-such-thing.service");
	struct svc_state st;
	struct err e = ERR_INIT;

	assert_int_equal(s->ops->state(s, &st, &e), -ERR_ABSENT);
	service_close(s);
	write_unit("ExecStart=\nExecStart=/no/such/program\nRestart=no\n");
	s = open_unit(UNIT);
	err_clear(&e);
	good(s->ops->reload(s, false, &e), &e);
	assert_int_equal(s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, &st, &e), -ERR_REFUSED);
	write_unit("");
	err_clear(&e);
	good(s->ops->reload(s, false, &e), &e);
	service_close(s);
}

static pid_t journald(void)
{
	const char *argv[] = { "/usr/bin/systemctl", "show", "-P", "MainPID", "systemd-journald.service", NULL };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;
	long pid;

	good(cmd_run(&(struct cmd){ .argv = argv }, &r, &e), &e);
	pid = strtol(buf_str(&r.out), NULL, 10);
	cmd_result_done(&r);
	assert_true(pid > 1);
	return (pid_t)pid;
}

static bool any_line(struct sv line) { return line.n > 0; }

/* The journal is behind: nothing stands in it of what was written. */
static void a_journal_that_is_behind_is_waited_for(void **state)
{
	autofree char *says = xasprintf("ExecStart=\nExecStart=/bin/sh -c 'echo its first line; exec %s %s'\n", program, lock_path);
	autoserverlog struct server_log *log = NULL;
	struct server_log_of of = { .first = "its first line", .begins = any_line, .all = true };
	struct service *s = open_unit(UNIT);
	pid_t writes = journald(), helper;
	struct err e = ERR_INIT;

	write_unit(says);
	good(s->ops->reload(s, false, &e), &e);
	assert_int_equal(kill(writes, SIGSTOP), 0);
	of.id = want(s, SVC_RUNNING).id;
	assert_int_equal(wait_for_locker(), of.id.pid);
	helper = fork();
	if (helper == 0) {
		usleep(500000);
		_exit(kill(writes, SIGCONT));
	}
	good(server_log_open(&of, &log, &e), &e);
	assert_int_equal(waitpid(helper, NULL, 0), helper);
	assert_true(server_log_is_whole(log));
	write_unit("");
	good(s->ops->reload(s, false, &e), &e);
	service_close(s);
}

static int run_inside(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_unit_is_started_and_stopped, stop_unit),
		cmocka_unit_test_teardown(a_unit_is_known_by_its_process, stop_unit),
		cmocka_unit_test_teardown(what_a_unit_is_made_of_is_recorded, stop_unit),
		cmocka_unit_test_teardown(a_held_unit_does_not_start, stop_unit),
		cmocka_unit_test_teardown(a_folder_of_somebody_elses_stays, stop_unit),
		cmocka_unit_test_teardown(a_hold_that_does_not_hold_is_said, stop_unit),
		cmocka_unit_test_teardown(the_hold_is_of_the_unit_not_its_alias, stop_unit),
		cmocka_unit_test_teardown(a_deaf_unit_is_left_to_systemd, stop_unit),
		cmocka_unit_test_teardown(a_queued_stop_is_one, drop_other),
		cmocka_unit_test_teardown(a_queued_stop_gives_way_to_a_start, drop_other),
		cmocka_unit_test_teardown(a_queued_start_is_none_yet, drop_other),
		cmocka_unit_test_teardown(a_job_may_end_while_it_is_looked_at, drop_other),
		cmocka_unit_test_teardown(a_unit_is_read_again_when_it_came_since, stop_unit),
		cmocka_unit_test_teardown(a_unit_in_an_exchanged_directory_is_read_again, stop_unit),
		cmocka_unit_test_teardown(units_that_are_none, stop_unit),
		cmocka_unit_test_teardown(a_journal_that_is_behind_is_waited_for, stop_unit),
	};

	return cmocka_run_group_tests(tests, start, stop);
}

/* ---- outside ---- */

static int skip_all(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	return 0;
}

static int run_again_inside(const char *pid, const char *libexec)
{
	autofree char *exec = xasprintf("CROSSGRADE_LIBEXEC=%s", libexec);
	const char *argv[] = {
		"/usr/bin/nsenter",          "-t", pid,      "-a", "-r", "-w", "/usr/bin/env", exec,
		"CMOCKA_MESSAGE_OUTPUT=TAP", SELF, "inside", NULL
	};
	pid_t child = run_child(argv);
	int status = -1;

	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	const char *root_sh[] = { BOOT "/root.sh", NULL };
	const char *boot_sh[] = { BOOT "/boot.sh", NULL, BUILD, NULL };
	const char *stop_sh[] = { BOOT "/stop.sh", NULL, NULL };
	const char *libexec = getenv("CROSSGRADE_LIBEXEC");
	char root[512], booted[512], rest[512];
	int status;

	if (argc > 1)
		return run_inside();
	if (run_script(root_sh, root, sizeof root) != 0)
		return skip_all(root);
	boot_sh[1] = root;
	if (run_script(boot_sh, booted, sizeof booted) != 0)
		return skip_all(booted);
	booted[strcspn(booted, " ")] = '\0';
	status = run_again_inside(booted, libexec ? libexec : "");
	stop_sh[1] = booted;
	return run_script(stop_sh, rest, sizeof rest) ? 1 : status;
}
