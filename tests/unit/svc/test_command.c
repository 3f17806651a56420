#include "svc/service.h"

#include "locking.h"

#include "io/json.h"

#define SHELL(text) json_pack("[s,s,s]", "/bin/sh", "-c", text)

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

static struct service *open_command(json_t *config, const char *lock)
{
	struct service *s = NULL;
	struct err e = ERR_INIT;

	if (service_open(config, lock, &s, &e) < 0)
		fail_msg("%s", e.msg);
	json_decref(config);
	return s;
}

/* Starts a locker in the background, which keeps the streams of the command, as "nohup server &"
 * does. */
static struct service *open_locker(const char *lock, bool with_status)
{
	autofree char *stop_text =
	    xasprintf("kill $(cat %s.pid) && rm %s.pid", lock_path, lock_path);
	autofree char *status_text =
	    xasprintf("test -e %s.pid || { echo down >&2; exit 3; }", lock_path);
	json_t *config = json_pack("{s:s,s:[s,s,s],s:o}", "kind", "command", "start", LOCKER,
				   lock_path, "daemon", "stop", SHELL(stop_text));

	if (with_status)
		json_object_set_new(config, "status", SHELL(status_text));
	return open_command(config, lock);
}

static void check_round(struct service *s, bool with_id)
{
	struct svc_state st;
	struct err e = ERR_INIT;
	int64_t before = clock_mono_ns();

	assert_int_equal(s->ops->state(s, &st, &e), 0);
	assert_int_equal(st.run, SVC_STOPPED);
	if (s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, &st, &e) < 0)
		fail_msg("%s", e.msg);
	/* The command ended; that its child keeps the streams is no reason to wait. */
	assert_true(clock_mono_ns() - before < 30 * NS_PER_S);
	wait_for_locker();
	assert_int_equal(s->ops->state(s, &st, &e), 0);
	assert_int_equal(st.run, SVC_RUNNING);
	assert_int_equal(st.id.pid, with_id ? wait_for_locker() : 0);
	if (s->ops->want(s, SVC_STOPPED, 60 * NS_PER_S, &st, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(st.run, SVC_STOPPED);
	service_close(s);
}

static void start_and_stop_by_status(void **state)
{
	check_round(open_locker(NULL, true), false);
}

static void start_and_stop_by_lock(void **state)
{
	check_round(open_locker(lock_path, false), true);
}

static void start_and_stop_by_both(void **state)
{
	check_round(open_locker(lock_path, true), true);
}

static struct service *open_texts(const char *start_text, const char *stop_text,
				  const char *status_text)
{
	return open_command(json_pack("{s:s,s:o,s:o,s:o}", "kind", "command", "start",
				      SHELL(start_text), "stop", SHELL(stop_text), "status",
				      SHELL(status_text)),
			    NULL);
}

/* As after a kill right behind the start: its lock is taken later, and who looks sees nothing. */
static void one_that_is_not_seen_yet_is_stopped(void **state)
{
	struct cmd c = { .argv = (const char *const[]){ LOCKER, lock_path, "daemon", "delay", "500", NULL } };
	struct cmd_result r = { 0 };
	struct service *s = open_locker(lock_path, false);
	struct svc_state st;
	struct err e = ERR_INIT;

	assert_int_equal(cmd_run(&c, &r, &e), 0);
	cmd_result_done(&r);
	assert_int_equal(s->ops->state(s, &st, &e), 0);
	assert_int_equal(st.run, SVC_STOPPED);
	if (s->ops->stop_unseen(s, 60 * NS_PER_S, &e) < 0)
		fail_msg("%s", e.msg);
	clock_sleep_ns(NS_PER_S);
	assert_int_equal(s->ops->state(s, &st, &e), 0);
	assert_int_equal(st.run, SVC_STOPPED);
	/* Nothing runs any more, and the stop command says no. */
	if (s->ops->stop_unseen(s, 60 * NS_PER_S, &e) < 0)
		fail_msg("%s", e.msg);
	service_close(s);
}

static void a_status_that_says_nothing_is_unknown(void **state)
{
	struct service *s = open_texts("true", "true", "echo what >&2; exit 1");
	struct svc_state st;
	struct err e = ERR_INIT;

	assert_int_equal(s->ops->state(s, &st, &e), 0);
	assert_int_equal(st.run, SVC_UNKNOWN);
	assert_string_equal(st.detail, "status 1: what");
	service_close(s);
}

static void a_command_that_fails_is_a_no(void **state)
{
	struct service *s = open_texts("echo 'no room' >&2; exit 4", "exit 5", "exit 3");
	struct svc_state st;
	struct err e = ERR_INIT;

	assert_int_equal(s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, &st, &e), -ERR_REFUSED);
	assert_string_equal(e.msg, "the start command of the service ended with status 4: no room");
	service_close(s);
}

static void one_that_does_nothing_meets_the_deadline(void **state)
{
	struct service *s = open_texts("true", "true", "exit 0");
	struct svc_state st;
	struct err e = ERR_INIT;

	assert_int_equal(s->ops->want(s, SVC_STOPPED, 300 * NS_PER_MS, &st, &e), -ERR_TIMEOUT);
	service_close(s);
}

static void refused(json_t *config, const char *words)
{
	struct service *s = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(service_open(config, NULL, &s, &e), -ERR_USAGE);
	if (!strstr(e.msg, words) && !strstr(e.hint, words))
		fail_msg("'%s' / '%s' has no '%s'", e.msg, e.hint, words);
	json_decref(config);
}

static void configs_that_are_none(void **state)
{
	refused(json_pack("{}"), "kind");
	refused(json_pack("{s:s}", "kind", "sytemd"), "systemd");
	refused(json_pack("{s:s,s:s}", "kind", "process", "pid_file", "x"), "pid_file");
	refused(json_pack("{s:s,s:s}", "kind", "systemd", "unit", "a/../b.service"),
		"a/../b.service");
	refused(json_pack("{s:s}", "kind", "systemd"), "unit");
	refused(json_pack("{s:s,s:[s],s:[s]}", "kind", "command", "start", "a", "stop", "b"),
		"status");
	refused(json_pack("{s:s,s:s,s:[s]}", "kind", "command", "start", "a b", "stop", "b"),
		"start");
	refused(json_pack("{s:s,s:[s],s:[i]}", "kind", "command", "start", "a", "stop", 1), "stop");
	refused(json_pack("{s:s,s:s}", "kind", "container", "name", "--all"), "name");
	refused(json_pack("{s:s,s:s}", "kind", "compose", "project", "a"), "service");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_and_stop_by_status),
		cmocka_unit_test(start_and_stop_by_lock),
		cmocka_unit_test(start_and_stop_by_both),
		cmocka_unit_test(one_that_is_not_seen_yet_is_stopped),
		cmocka_unit_test(a_status_that_says_nothing_is_unknown),
		cmocka_unit_test(a_command_that_fails_is_a_no),
		cmocka_unit_test(one_that_does_nothing_meets_the_deadline),
		cmocka_unit_test(configs_that_are_none),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
