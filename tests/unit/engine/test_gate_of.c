/* The proxy of a project as the gate: it is down when that is said, and comes up again, however slowly it ends. */
#include "engine/gate_of.h"

#include "unit/svc/contained.h"

#include "engine/event.h"
#include "engine/product.h"
#include "svc/docker.h"
#include "unit/unit.h"

extern const struct step_kind step_gate_close, step_gate_open;

static const struct product toy = { .name = "toy", .title = "Toy" };
static struct site site;
static struct ctx ctx;
static json_t *params, *said;           /* said: texts of warnings */
static struct process_id inside;        /* to be ended however a test ends */

static void hear(void *data unused_arg, const json_t *event)
{
	if (!strcmp(json_str(event, "type", ""), "warning"))
		json_array_append(said, json_object_get(event, "text"));
}

static int setup(void **state)
{
	autojson json_t *doc = NULL;
	struct err e = ERR_INIT;

	make_folder();
	doc = json_pack("{s{ss} s{ss ss}}", "roots", "root", folder, "service", "kind", "container", "name", "other");
	assert_ok(site_bind("main", doc, &site, &e), &e);
	ctx = (struct ctx){ .product = &toy, .sites = &site, .n_sites = 1, .state = DIR_NONE, .events = events_new() };
	assert_ok(dir_make_path(folder, 0700, &ctx.state, &e), &e);
	assert_ok(dir_make(&ctx.state, "hold", 0700, &e), &e);
	params = json_pack("{s{ss ss}}", "proxy", "kind", "container", "name", "server");
	said = json_array();
	events_to(ctx.events, hear, NULL);
	inside = (struct process_id){ 0 };
	return 0;
}

static int teardown(void **state)
{
	if (inside.pid)
		end_contained(inside);
	dir_close(&ctx.state);
	events_free(ctx.events);
	site_done(&site);
	json_decref(params);
	json_decref(said);
	remove_folder();
	snprintf(folder, sizeof folder, "/tmp/crossgrade-svc-XXXXXX");
	return 0;
}

static struct svc_state look(void)
{
	struct service *s = NULL;
	struct svc_state now = { 0 };
	struct err e = ERR_INIT;

	assert_ok(service_open(json_object_get(params, "proxy"), NULL, &s, &e), &e);
	assert_ok(s->ops->state(s, &now, &e), &e);
	service_close(s);
	return now;
}

static void assert_runs(const char *policy)
{
	struct svc_state now = look();

	assert_int_equal(now.run, SVC_RUNNING);
	assert_string_equal(now.policy, policy);
	inside = now.id;
	assert_int_equal(wait_for_locker(), inside.pid);
}

/* A proxy that runs the locker with these words. */
static void begin(const char *words)
{
	struct service *s = NULL;
	struct svc_state now = { 0 };
	struct err e = ERR_INIT;

	contain(words, json_object());
	assert_ok(service_open(json_object_get(params, "proxy"), NULL, &s, &e), &e);
	assert_ok(s->ops->want(s, SVC_RUNNING, 60 * NS_PER_S, &now, &e), &e);
	service_close(s);
	assert_runs("unless-stopped");
}

static json_t *capture(const struct step_kind *k)
{
	json_t *undo = NULL;
	struct err e = ERR_INIT;

	assert_ok(k->capture(&ctx, params, &undo, &e), &e);
	return undo;
}

static json_t *apply(const struct step_kind *k, const json_t *undo)
{
	json_t *result = NULL;
	struct err e = ERR_INIT;

	assert_ok(k->apply(&ctx, params, undo, &result, &e), &e);
	return result;
}

static void go_back(const json_t *undo)
{
	struct err e = ERR_INIT;

	forget_locker();
	assert_ok(step_gate_close.undo(&ctx, params, undo, &e), &e);
}

static bool nothing_held(void)
{
	autofree char *hold = ctx_hold_path(&ctx, &site), *proxys = xasprintf("%s.proxy", hold), *asked = xasprintf("%s.asked", proxys);

	return access(proxys, F_OK) && access(asked, F_OK);
}

static void one_that_does_not_end_is_killed(void **state)
{
	autojson json_t *undo = NULL, *result = NULL;
	struct process_id first;

	begin("[\"stubborn\"]");
	first = inside;
	undo = capture(&step_gate_close);
	result = apply(&step_gate_close, undo);
	assert_int_equal(look().run, SVC_STOPPED);
	assert_string_equal(look().policy, "no");
	assert_int_equal(json_array_size(said), 1);
	assert_non_null(strstr(json_string_value(json_array_get(said, 0)), "is killed"));
	go_back(undo);
	assert_runs("unless-stopped");
	assert_int_not_equal(inside.pid, first.pid);
	assert_true(nothing_held());
}

/* Once it was asked to end: ends it, and starts it again. Sooner, and the signal could end the new one before it can take it. */
static pid_t somebody(void)
{
	autofree char *asked = xasprintf("%s.asked", lock_path);
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (access(asked, F_OK) < 0)
		clock_sleep_ns(10 * NS_PER_MS);
	_exit(!restart_contained());
}

static void one_that_is_started_again_meanwhile_is_down_in_the_end(void **state)
{
	autojson json_t *undo = NULL, *result = NULL;
	int status;
	pid_t pid;

	begin("[\"deaf\"]");
	undo = capture(&step_gate_close);
	pid = somebody();
	result = apply(&step_gate_close, undo);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(look().run, SVC_STOPPED);
	assert_int_equal(json_array_size(said), 1);
	go_back(undo);
	assert_runs("unless-stopped");
}

/* A call that is no more asked it, and it takes its time. */
static void one_that_was_asked_to_end_is_no_open_gate(void **state)
{
	autofree char *hold = ctx_hold_path(&ctx, &site), *proxys = xasprintf("%s.proxy", hold);
	autojson json_t *undo = NULL;
	struct service *s = NULL;
	struct svc_state now = { 0 };
	struct process_id first;
	struct err e = ERR_INIT;

	begin("[\"linger\", \"8000\"]");
	first = inside;
	undo = capture(&step_gate_close);
	assert_ok(service_open(json_object_get(params, "proxy"), NULL, &s, &e), &e);
	assert_ok(s->ops->hold(s, proxys, &e), &e);
	assert_fails(s->ops->want(s, SVC_STOPPED, 0, &now, &e), &e, ERR_TIMEOUT);
	service_close(s);
	go_back(undo);
	assert_int_equal(process_wait(first, deadline_in(60 * NS_PER_S), &e), 0);
	assert_runs("unless-stopped");
	assert_true(nothing_held());
}

/* Its hold went with the state directory; the record of the step is kept beside the restore point. */
static void its_policy_outlives_the_state_directory(void **state)
{
	autojson json_t *undo = NULL, *result = NULL;
	autofree char *hold = ctx_hold_path(&ctx, &site), *proxys = xasprintf("%s.proxy", hold);

	begin("[]");
	undo = capture(&step_gate_close);
	result = apply(&step_gate_close, undo);
	assert_int_equal(json_array_size(said), 0);
	assert_int_equal(unlink(proxys), 0);
	go_back(undo);
	assert_runs("unless-stopped");
}

/* Weeks after the switch it is not that of the switch which a rollback gives back. */
static void a_policy_of_today_stays(void **state)
{
	autojson json_t *closed = NULL, *opened = NULL, *down = NULL, *up = NULL;
	const char *argv[] = { "docker", "container", "update", "--restart=always", "server", NULL };
	autobuf struct buf words = BUF_MAX(4096);
	struct err e = ERR_INIT;

	begin("[]");
	closed = capture(&step_gate_close);
	down = apply(&step_gate_close, closed);
	opened = capture(&step_gate_open);
	forget_locker();
	up = apply(&step_gate_open, opened);
	assert_runs("unless-stopped");
	assert_ok(docker_run(argv, 10 * NS_PER_S, &words, &e), &e);
	assert_ok(step_gate_open.undo(&ctx, params, opened, &e), &e);
	assert_int_equal(look().run, SVC_STOPPED);
	go_back(closed);
	assert_runs("always");
}

static void who_let_clients_in_before_the_checks_is_told(void **state)
{
	autojson json_t *undo = NULL, *result = NULL, *closed = NULL, *again = NULL, *late = NULL;

	begin("[]");
	closed = apply(&step_gate_close, NULL);
	undo = capture(&step_gate_open);
	assert_false(json_bool(undo, "was_open", false));
	forget_locker();
	result = apply(&step_gate_open, undo);
	assert_false(json_bool(result, "was_open", false));
	assert_int_equal(json_array_size(said), 0);
	assert_runs("unless-stopped");
	again = capture(&step_gate_open);
	late = apply(&step_gate_open, again);
	assert_true(json_bool(late, "was_open", false));
	assert_int_equal(json_array_size(said), 1);
}

int main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(one_that_does_not_end_is_killed),
		T(one_that_is_started_again_meanwhile_is_down_in_the_end),
		T(one_that_was_asked_to_end_is_no_open_gate),
		T(its_policy_outlives_the_state_directory),
		T(a_policy_of_today_stays),
		T(who_let_clients_in_before_the_checks_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
