/* A container that is asked to end, and what docker, its hold and who comes later know of it. */
#include "svc/service.h"

#include "base/mem.h"
#include "io/file.h"
#include "contained.h"
#include "../unit.h"

#define WITHIN  (60 * NS_PER_S)
#define SHORTLY (200 * NS_PER_MS)

static struct service *server;
static struct process_id runs;          /* what is to be ended, however a test ends */
static char hold[256], asked[300];

static struct service *open_server(void)
{
	autojson json_t *config = json_pack("{ss ss}", "kind", "container", "name", "server");
	struct service *s = NULL;
	struct err e = ERR_INIT;

	assert_ok(service_open(config, NULL, &s, &e), &e);
	return s;
}

static struct svc_state look(struct service *s)
{
	struct svc_state st = { 0 };
	struct err e = ERR_INIT;

	assert_ok(s->ops->state(s, &st, &e), &e);
	return st;
}

static void start(void)
{
	struct svc_state st = { 0 };
	struct err e = ERR_INIT;

	assert_ok(server->ops->want(server, SVC_RUNNING, WITHIN, &st, &e), &e);
	assert_int_equal(st.run, SVC_RUNNING);
	runs = st.id;
	assert_int_equal(wait_for_locker(), runs.pid);
}

/* A container that runs the locker with these words, and is held. */
static void begin(const char *words, json_t *more)
{
	struct err e = ERR_INIT;

	contain(words, more);
	server = open_server();
	start();
	assert_ok(server->ops->hold(server, hold, &e), &e);
	assert_string_equal(look(server).policy, "no");
}

static int setup(void **state)
{
	make_folder();
	snprintf(hold, sizeof hold, "%s/hold", folder);
	snprintf(asked, sizeof asked, "%s.asked", hold);
	runs = (struct process_id){ 0 };
	return 0;
}

static int teardown(void **state)
{
	if (runs.pid)
		end_contained(runs);
	service_close(take_ptr(server));
	remove_folder();
	snprintf(folder, sizeof folder, "/tmp/crossgrade-svc-XXXXXX");
	return 0;
}

static void stop_fails(enum err_kind kind, const char *words)
{
	struct svc_state st;
	struct err e = ERR_INIT;

	assert_fails(server->ops->want(server, SVC_STOPPED, SHORTLY, &st, &e), &e, kind);
	assert_non_null(strstr(e.msg, words));
}

static void lift(struct service *s, bool for_good)
{
	struct err e = ERR_INIT;

	assert_ok(s->ops->lift(s, hold, for_good, &e), &e);
}

/* In another call, too, which knows no more than where the hold is; and no more of the one that is started once it has ended. */
static void who_was_asked_is_being_stopped(void **state)
{
	struct service *later;
	struct svc_state st;

	begin("[\"deaf\"]", json_object());
	stop_fails(ERR_TIMEOUT, "has not yet");
	assert_int_equal(look(server).run, SVC_STOPPING);
	later = open_server();
	assert_int_equal(look(later).run, SVC_RUNNING);
	lift(later, false);
	st = look(later);
	assert_int_equal(st.run, SVC_STOPPING);
	assert_int_equal(st.id.pid, runs.pid);
	end_contained(runs);
	assert_int_equal(look(later).run, SVC_STOPPED);
	forget_locker();
	start();
	assert_int_equal(look(later).run, SVC_RUNNING);
	lift(later, true);
	assert_string_equal(look(later).policy, "unless-stopped");
	assert_int_equal(access(asked, F_OK), -1);
	assert_int_equal(access(hold, F_OK), -1);
	service_close(later);
}

static void who_ends_is_not_remembered(void **state)
{
	struct svc_state st;
	struct err e = ERR_INIT;

	begin("[]", json_object());
	assert_ok(server->ops->want(server, SVC_STOPPED, WITHIN, &st, &e), &e);
	assert_int_equal(st.run, SVC_STOPPED);
	forget_locker();
	start();
	assert_int_equal(look(server).run, SVC_RUNNING);
}

/* It serves, and is not about to end: whoever turns back keeps it. */
static void assert_nobody_was_asked(void)
{
	struct err e = ERR_INIT;

	assert_int_equal(process_alive(runs, &e), 1);
	assert_int_equal(look(server).run, SVC_RUNNING);
	assert_int_equal(access(asked, F_OK), -1);
}

static void a_signal_that_docker_refuses_asks_nobody(void **state)
{
	begin("[]", json_pack("{ss}", "StopSignal", "SIGNONE"));
	stop_fails(ERR_REFUSED, "docker: ");
	assert_nobody_was_asked();
}

static void docker_will(const char *misbehave)
{
	autofree char *path = xasprintf("%s/misbehave", folder);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(misbehave, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void a_signal_that_is_denied_asks_nobody(void **state)
{
	begin("[\"deaf\"]", json_object());
	docker_will("kill is denied");
	stop_fails(ERR_REFUSED, "permission denied");
	assert_nobody_was_asked();
}

/* It may be under way, and here it is: whoever keeps the server as one that serves has none soon. */
static void a_signal_that_docker_gives_up_may_arrive(void **state)
{
	begin("[\"deaf\"]", json_object());
	docker_will("kill is late");
	stop_fails(ERR_TIMEOUT, "deadline exceeded: the container was asked to stop and has not yet");
	assert_int_equal(look(server).run, SVC_STOPPING);
}

static void who_ends_by_it_is_stopped(void **state)
{
	struct svc_state st;
	struct err e = ERR_INIT;

	begin("[]", json_object());
	docker_will("kill is late");
	assert_ok(server->ops->want(server, SVC_STOPPED, WITHIN, &st, &e), &e);
	assert_int_equal(st.run, SVC_STOPPED);
}

/* The second signal is denied; the first one was not. */
static void who_was_asked_once_stays_so(void **state)
{
	begin("[\"deaf\"]", json_object());
	stop_fails(ERR_TIMEOUT, "has not yet");
	docker_will("kill is denied");
	stop_fails(ERR_TIMEOUT, "permission denied: the container was asked to stop and has not yet");
	assert_int_equal(look(server).run, SVC_STOPPING);
}

static void a_signal_that_does_not_arrive_asks_nobody(void **state)
{
	static const char *const ways[] = { "", "term" };

	begin("[\"stubborn\"]", json_object());
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		autofree char *path = xasprintf("%s/state.json", folder);
		autojson json_t *docker = json_load_file(path, 0, NULL);

		json_object_set_new(json_object_get(json_array_get(json_object_get(docker, "containers"), 0), "Config"), "StopSignal",
		                    json_string(ways[i]));
		put_docker(docker);
		stop_fails(ERR_TIMEOUT, "does not reach");
		assert_nobody_was_asked();
	}
}

/* A signal sent at once would be dropped, and waited for in vain. */
static void one_without_a_handler_yet_is_waited_for(void **state)
{
	struct svc_state st;
	struct err e = ERR_INIT;

	begin("[\"settle\", \"1000\"]", json_object());
	assert_ok(server->ops->want(server, SVC_STOPPED, WITHIN, &st, &e), &e);
	assert_int_equal(st.run, SVC_STOPPED);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(who_was_asked_is_being_stopped),
		T(who_ends_is_not_remembered),
		T(a_signal_that_docker_refuses_asks_nobody),
		T(a_signal_that_is_denied_asks_nobody),
		T(a_signal_that_docker_gives_up_may_arrive),
		T(who_ends_by_it_is_stopped),
		T(who_was_asked_once_stays_so),
		T(a_signal_that_does_not_arrive_asks_nobody),
		T(one_without_a_handler_yet_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
