/* Stopping and awaiting a server that is known by its ports: a kill of who asked it to end leaves it without ports and at work,
 * and one that answers need not serve yet. */
#include "engine/serve.h"

#include <sys/prctl.h>

#include "unit/network.h"
#include "unit/svc/contained.h"

#include "engine/event.h"
#include "svc/container.h"
#include "svc/hold.h"
#include "tools/port.h"
#include "unit/unit.h"

extern const struct step_kind step_service_stop, step_wait_ready;

static struct site site;
static struct ctx ctx;
static uint16_t port;
static const char *edition = "only";    /* it says of itself */
static int not_yet;             /* so many times it answers, and does not serve */
static bool data_open;

static int probe(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*ret = (struct probe){ .answered = connect(fd, (struct sockaddr *)&at, sizeof at) == 0 };
	ret->serving = ret->answered && not_yet-- <= 0;
	ret->data_open = data_open;
	snprintf(ret->version, sizeof ret->version, "1");
	snprintf(ret->edition, sizeof ret->edition, "%s", edition);
	snprintf(ret->detail, sizeof ret->detail, "it opens its other ports");
	close(fd);
	return 0;
}

static bool forbidden;

static int may_start(struct ctx *c, struct err *e)
{
	assert_true(c->backward);
	return forbidden ? err_set(e, ERR_CHANGED, "its data is of another release") : 0;
}

static int looks, lively;       /* at the signs: so many, and so many of them see something new */

static void signs(struct ctx *c unused_arg, const struct process_id *of, struct signs *io)
{
	if (!of) {
		free(take_ptr(io->own));
		return;
	}
	if (!io->own)
		io->own = xstrdup("kept");
	io->moves += looks++ < lively;
	snprintf(io->last, sizeof io->last, "it was at step %d", looks);
}

static const struct product toy = {
	.name = "toy", .title = "Toy", .probe = probe, .may_start = may_start, .signs = signs,
};

/* As the next call sees it: nothing is known of the server. */
static void look_anew(void)
{
	autojson json_t *doc = json_pack("{s{ss} s{ss s[i]}}", "roots", "root", folder, "service", "kind", "process", "ports", port);
	struct err e = ERR_INIT;

	site_done(&site);
	assert_ok(site_bind("main", doc, &site, &e), &e);
}

static int setup(void **state)
{
	struct err e = ERR_INIT;

	make_folder();
	not_yet = 0;
	edition = "only";
	data_open = forbidden = false;
	port = port_take();
	look_anew();
	ctx = (struct ctx){ .product = &toy, .sites = &site, .n_sites = 1, .state = DIR_NONE, .blobs = DIR_NONE };
	ctx.events = events_new();
	assert_ok(dir_make_path(folder, 0700, &ctx.state, &e), &e);
	assert_ok(dir_make(&ctx.state, "undo", 0700, &e), &e);
	assert_ok(dir_make(&ctx.state, "hold", 0700, &e), &e);
	assert_ok(dir_open_at(&ctx.state, "undo", &ctx.blobs, &e), &e);
	return 0;
}

static struct process_id inside;       /* a container, to be ended however a test ends */

static int teardown(void **state)
{
	if (inside.pid)
		end_contained(inside);
	inside = (struct process_id){ 0 };
	ctx_drop_fds(&ctx);
	dir_close(&ctx.state);
	dir_close(&ctx.blobs);
	events_free(ctx.events);
	site_done(&site);
	remove_folder();
	snprintf(folder, sizeof folder, "/tmp/crossgrade-svc-XXXXXX");
	return 0;
}

/* Runs, was captured, and was asked to end by a run that is no more. */
static struct process_id asked_to_end(const json_t *params, json_t **ret_undo)
{
	autofree char *number = xasprintf("%u", port);
	const char *argv[] = { LOCKER, lock_path, "port", number, "linger", "4000", NULL };
	struct process_id id = { .pid = run_child(argv) };
	struct probe seen;
	struct err e = ERR_INIT;

	assert_int_equal(wait_for_locker(), id.pid);
	assert_ok(process_start_ticks(id.pid, &id.start_ticks, &e), &e);
	assert_ok(step_service_stop.capture(&ctx, params, ret_undo, &e), &e);
	assert_string_equal(json_str(*ret_undo, "was", ""), "running");
	forget_locker();
	assert_ok(process_signal(id, SIGTERM, &e), &e);
	for (int i = 0; i < 30000 && probe(&site, false, 0, &seen, &e) == 0 && seen.serving; i++)
		usleep(2000);
	assert_false(seen.serving);
	assert_int_equal(process_alive(id, &e), 1);
	look_anew();
	return id;
}

static bool is_noted(void)
{
	autofree char *hold = ctx_hold_path(&ctx, &site), *asked = xasprintf("%s.asked", hold);

	return access(asked, F_OK) == 0;
}

static enum step_state verified(const json_t *params, const json_t *result)
{
	enum step_state now = STEP_UNSURE;
	struct err e = ERR_INIT;

	assert_ok(step_service_stop.verify(&ctx, params, result, &now, &e), &e);
	return now;
}

static void what_lives_on_is_not_stopped(void **state)
{
	autojson json_t *params = json_pack("{ss}", "within", "60s"), *undo = NULL, *result = NULL;
	struct process_id id = asked_to_end(params, &undo);
	struct err e = ERR_INIT;

	assert_int_equal(verified(params, undo), STEP_NOT_DONE);
	look_anew();
	assert_ok(step_service_stop.apply(&ctx, params, undo, &result, &e), &e);
	assert_int_equal(process_alive(id, &e), 0);
	assert_false(is_noted());
	assert_int_equal(verified(params, result), STEP_IS_DONE);
}

static void the_old_one_is_started_when_it_is_gone(void **state)
{
	autojson json_t *params = json_pack("{ss s{ss}}", "within", "60s", "expect", "version", "1"), *undo = NULL;
	struct process_id id = asked_to_end(params, &undo);
	struct svc_state now = { 0 };
	struct service *service;
	struct probe seen;
	struct err e = ERR_INIT;

	ctx.backward = true;
	assert_ok(step_service_stop.undo(&ctx, params, undo, &e), &e);
	assert_int_equal(process_alive(id, &e), 0);
	assert_ok(probe(&site, false, 0, &seen, &e), &e);
	assert_true(seen.serving);
	assert_ok(site_service(&site, &service, &e), &e);
	assert_ok(service->ops->want(service, SVC_STOPPED, 60 * NS_PER_S, &now, &e), &e);
	assert_int_equal(now.run, SVC_STOPPED);
}

static void the_old_one_stays_down_where_it_must_not_start(void **state)
{
	autojson json_t *params = json_pack("{ss s{ss}}", "within", "60s", "expect", "version", "1"), *undo = NULL;
	struct process_id id = asked_to_end(params, &undo);
	struct probe seen;
	struct err e = ERR_INIT;

	forbidden = ctx.backward = true;
	assert_fails(step_service_stop.undo(&ctx, params, undo, &e), &e, ERR_CHANGED);
	err_clear(&e);
	assert_ok(process_wait(id, deadline_in(60 * NS_PER_S), &e), &e);
	assert_ok(probe(&site, false, 0, &seen, &e), &e);
	assert_false(seen.serving);
}

/* ---- answering until the end ---- */

/* A server that holds and answers all for four seconds more once it was asked to end, which its command does once. A status tells no
 * process; a lock does. */
static void bind_to_command(const char *shell, bool with_lock)
{
	autofree char *number = xasprintf("%u", port), *kill = xasprintf("mkdir %s.told && kill $(cat %s.pid)", lock_path, lock_path);
	autofree char *status = xasprintf("grep -q '^State:[^a-zA-Z]*[^Z]' /proc/$(cat %s.pid)/status || exit 3", lock_path);
	autojson json_t *doc = json_pack("{s{ss} s{ss s[sssssss] s[sss] s[sss]}}", "roots", "root", folder, "service", "kind", "command",
	                                 "start", LOCKER, lock_path, "port", number, "late", "4000", "daemon", "stop", shell, "-c",
	                                 kill, "status", "/bin/sh", "-c", status);
	struct err e = ERR_INIT;

	if (with_lock)
		json_object_set_new(doc, "lock", place_of("root", "lock"));
	site_done(&site);
	assert_ok(site_bind("main", doc, &site, &e), &e);
}

static struct process_id another_than(struct process_id old)
{
	struct process_id id = { .pid = wait_for_locker() };
	struct err e = ERR_INIT;

	for (int i = 0; i < 3000 && id.pid == old.pid; i++) {
		usleep(10000);
		id.pid = wait_for_locker();
	}
	assert_int_not_equal(id.pid, old.pid);
	assert_ok(process_start_ticks(id.pid, &id.start_ticks, &e), &e);
	return id;
}

/* As a plain process; how it ends, "late" or "deaf". */
static struct process_id run_plain(const char *how, struct process_id old)
{
	autofree char *number = xasprintf("%u", port);
	const char *argv[] = { LOCKER, lock_path, "port", number, how, "4000", NULL };

	run_child(argv);
	return another_than(old);
}

static struct process_id run_command(void)
{
	struct svc_state now = { 0 };
	struct service *service;
	struct err e = ERR_INIT;

	assert_ok(site_service(&site, &service, &e), &e);
	assert_ok(service->ops->want(service, SVC_RUNNING, 60 * NS_PER_S, &now, &e), &e);
	return another_than((struct process_id){ 0 });
}

static bool serves(struct process_id id)
{
	struct probe seen = { 0 };
	struct err e = ERR_INIT;

	return process_alive(id, &e) == 1 && probe(&site, false, 0, &seen, &e) == 0 && seen.serving;
}

/* Captured, asked to end by a run that is killed then, and it answers still. */
static json_t *ask_and_die(const json_t *params, struct process_id id)
{
	autofree char *asked = xasprintf("%s.asked", lock_path);
	json_t *undo = NULL, *result = NULL;
	struct err e = ERR_INIT;
	pid_t run;

	assert_ok(step_service_stop.capture(&ctx, params, &undo, &e), &e);
	run = fork();
	if (!run) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(step_service_stop.apply(&ctx, params, undo, &result, &e) < 0);
	}
	for (int i = 0; i < 6000 && access(asked, F_OK) < 0; i++)
		usleep(5000);
	kill(run, SIGKILL);
	assert_int_equal(waitpid(run, NULL, 0), run);
	assert_true(serves(id));
	return undo;
}

static void go_back(const json_t *params, const json_t *undo)
{
	struct err e = ERR_INIT;

	ctx.backward = true;
	assert_ok(step_service_stop.undo(&ctx, params, undo, &e), &e);
	assert_false(is_noted());
}

static json_t *patience(const char *within)
{
	return json_pack("{ss s{ss}}", "within", within, "expect", "version", "1");
}

/* There and back: who was asked has ended, and one that nobody asked serves. */
static void assert_started_again(struct process_id old)
{
	autojson json_t *params = patience("60s"), *undo = ask_and_die(params, old);
	struct err e = ERR_INIT;

	go_back(params, undo);
	assert_int_equal(process_alive(old, &e), 0);
	inside = another_than(old);
	assert_true(serves(inside));
}

static void a_process_that_was_asked_to_end_is_not_kept(void **state)
{
	assert_started_again(run_plain("late", (struct process_id){ 0 }));
}

static void what_a_command_was_to_end_is_not_kept(void **state)
{
	bind_to_command("/bin/sh", false);
	assert_started_again(run_command());
}

static void what_a_command_was_to_end_is_known_by_its_lock(void **state)
{
	bind_to_command("/bin/sh", true);
	assert_started_again(run_command());
}

/* Who was asked has ended meanwhile: nobody ends the new one. */
static void one_that_somebody_started_since_is_kept(void **state)
{
	struct process_id old = run_plain("late", (struct process_id){ 0 }), new;
	autojson json_t *params = patience("60s"), *undo = ask_and_die(params, old);

	end_contained(old);
	new = run_plain("late", old);
	assert_true(is_noted());
	go_back(params, undo);
	assert_true(serves(new));
	end_child(new.pid);
}

/* By a way back that came no further: the next one does not ask it to end. */
static void one_that_was_started_again_is_kept(void **state)
{
	autojson json_t *params = patience("60s"), *undo = NULL, *other = json_pack("{s{ss}}", "expect", "version", "2");
	struct process_id old;
	struct err e = ERR_INIT;

	bind_to_command("/bin/sh", false);
	old = run_command();
	undo = ask_and_die(params, old);
	end_contained(old);
	ctx.backward = true;
	assert_fails(step_service_stop.undo(&ctx, other, undo, &e), &e, ERR_CHANGED);
	inside = another_than(old);
	go_back(params, undo);
	assert_true(serves(inside));
}

/* Not in time, and nothing tells how long it takes. */
static void a_process_that_does_not_end_is_named(void **state)
{
	struct process_id id = run_plain("deaf", (struct process_id){ 0 });
	autojson json_t *params = patience("200ms"), *undo = NULL, *result = NULL;
	struct err e = ERR_INIT;

	assert_ok(step_service_stop.capture(&ctx, params, &undo, &e), &e);
	assert_fails(step_service_stop.apply(&ctx, params, undo, &result, &e), &e, ERR_TIMEOUT);
	err_clear(&e);
	ctx.backward = true;
	assert_fails(step_service_stop.undo(&ctx, params, undo, &e), &e, ERR_TIMEOUT);
	assert_non_null(strstr(e.msg, "is being stopped"));
	assert_true(serves(id));
	ctx.force = true;
	go_back(params, undo);
	inside = another_than(id);
	assert_true(serves(inside));
}

static void one_that_could_not_be_asked_is_kept(void **state)
{
	autojson json_t *params = patience("60s"), *undo = NULL, *result = NULL;
	struct err e = ERR_INIT;

	bind_to_command("/bin/sh", false);
	inside = run_command();
	bind_to_command("/nowhere/sh", false);
	assert_ok(step_service_stop.capture(&ctx, params, &undo, &e), &e);
	assert_true(step_service_stop.apply(&ctx, params, undo, &result, &e) < 0);
	go_back(params, undo);
	assert_true(serves(inside));
}

static int warnings;

static void count_warnings(void *data unused_arg, const json_t *event)
{
	warnings += !strcmp(json_str(event, "type", ""), "warning");
}

/* As before there was a note: kept, and it is said. */
static void a_note_that_cannot_be_read_stops_no_way_back(void **state)
{
	autojson json_t *params = patience("60s"), *undo = NULL;
	struct process_id id = run_plain("late", (struct process_id){ 0 });
	autofree char *hold = ctx_hold_path(&ctx, &site), *asked = xasprintf("%s.asked", hold);
	struct err e = ERR_INIT;

	assert_ok(step_service_stop.capture(&ctx, params, &undo, &e), &e);
	assert_int_equal(mkdir(asked, 0700), 0);
	events_to(ctx.events, count_warnings, NULL);
	go_back(params, undo);
	assert_int_equal(warnings, 1);
	assert_true(serves(id));
	end_child(id.pid);
}

/* ---- in a container ---- */

static struct svc_state contained_now(void)
{
	struct svc_state now = { 0 };
	struct service *service;
	struct err e = ERR_INIT;

	assert_ok(site_service(&site, &service, &e), &e);
	assert_ok(service->ops->state(service, &now, &e), &e);
	return now;
}

/* A server that runs in one, and was captured; further words of its command. */
static struct process_id contained(const char *more, const json_t *params, json_t **ret_undo)
{
	autojson json_t *doc = json_pack("{s{ss} s{ss ss}}", "roots", "root", folder, "service", "kind", "container", "name", "server");
	autofree char *words = xasprintf("[\"port\", \"%u\"%s]", port, more);
	struct svc_state now = { 0 };
	struct service *service;
	struct err e = ERR_INIT;

	contain(words, json_object());
	site_done(&site);
	assert_ok(site_bind("main", doc, &site, &e), &e);
	assert_ok(site_service(&site, &service, &e), &e);
	assert_ok(service->ops->want(service, SVC_RUNNING, 60 * NS_PER_S, &now, &e), &e);
	inside = now.id;
	assert_int_equal(wait_for_locker(), now.id.pid);
	assert_ok(step_service_stop.capture(&ctx, params, ret_undo, &e), &e);
	forget_locker();
	return inside;
}

static json_t *stop_params(const char *within)
{
	return json_pack("{ss ss s{ss}}", "within", within, "start_within", "60s", "expect", "version", "1");
}

static int stop(const json_t *params, const json_t *undo, struct err *e)
{
	autojson json_t *result = NULL;

	return step_service_stop.apply(&ctx, params, undo, &result, e);
}

/* Back, and the old world is as it was. */
static void assert_back(const json_t *params, const json_t *undo)
{
	struct svc_state now;
	struct probe seen;
	struct err e = ERR_INIT;

	ctx.backward = true;
	assert_ok(step_service_stop.undo(&ctx, params, undo, &e), &e);
	assert_ok(probe(&site, false, 0, &seen, &e), &e);
	assert_true(seen.serving);
	now = contained_now();
	inside = now.id;
	assert_int_equal(now.run, SVC_RUNNING);
	assert_string_equal(now.policy, "unless-stopped");
}

static pid_t ender;

/* A while after it is known that it is waited for. */
static void end_it(void *data, const json_t *event)
{
	const struct process_id *id = data;

	if (!strstr(json_str(event, "text", ""), "was asked to end"))
		return;
	ender = fork();
	if (!ender) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		clock_sleep_ns(500 * NS_PER_MS);
		_exit(kill(id->pid, SIGKILL) < 0);
	}
}

static void one_that_is_slow_to_end_is_started_again(void **state)
{
	autojson json_t *shortly = stop_params("200ms"), *patient = stop_params("60s"), *undo = NULL;
	struct process_id id = contained(", \"deaf\"", shortly, &undo);
	struct err e = ERR_INIT;

	assert_fails(stop(shortly, undo, &e), &e, ERR_TIMEOUT);
	events_to(ctx.events, end_it, &id);
	assert_back(patient, undo);
	err_clear(&e);
	assert_int_equal(process_alive(id, &e), 0);
	assert_int_equal(waitpid(ender, NULL, 0), ender);
}

/* Ends it and starts it. */
static void start_it_again(void *data unused_arg, const json_t *event)
{
	if (!strstr(json_str(event, "text", ""), "was asked to end"))
		return;
	ender = fork();
	if (ender)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	clock_sleep_ns(500 * NS_PER_MS);
	_exit(!restart_contained());
}

/* There is nothing left to wait for: it serves, and is not asked again. */
static void one_that_somebody_started_again_is_not_waited_for(void **state)
{
	autojson json_t *shortly = stop_params("200ms"), *patient = stop_params("2m"), *undo = NULL;
	struct process_id id = contained(", \"deaf\"", shortly, &undo);
	int64_t began = clock_mono_ns();
	struct err e = ERR_INIT;
	int status;

	assert_fails(stop(shortly, undo, &e), &e, ERR_TIMEOUT);
	events_to(ctx.events, start_it_again, NULL);
	assert_back(patient, undo);
	assert_true(clock_mono_ns() - began < 100 * NS_PER_S);
	assert_int_equal(waitpid(ender, &status, 0), ender);
	assert_int_equal(status, 0);
	err_clear(&e);
	assert_int_equal(process_alive(id, &e), 0);
	assert_int_equal(wait_for_locker(), inside.pid);
}

static void one_that_does_not_end_is_killed_by_nobody_unasked(void **state)
{
	autojson json_t *params = stop_params("200ms"), *undo = NULL;
	struct process_id id = contained(", \"deaf\"", params, &undo);
	struct err e = ERR_INIT;

	assert_fails(stop(params, undo, &e), &e, ERR_TIMEOUT);
	err_clear(&e);
	ctx.backward = true;
	assert_fails(step_service_stop.undo(&ctx, params, undo, &e), &e, ERR_TIMEOUT);
	assert_non_null(strstr(e.msg, "is being stopped"));
	err_clear(&e);
	assert_int_equal(process_alive(id, &e), 1);
	ctx.force = true;
	assert_back(params, undo);
	assert_int_equal(process_alive(id, &e), 0);
}

/* Killed between the note and the signal: nobody asked it. */
static void one_that_got_no_signal_is_started_again(void **state)
{
	autojson json_t *params = stop_params("60s"), *undo = NULL, *seen = NULL;
	struct process_id id = contained("", params, &undo);
	autofree char *hold = ctx_hold_path(&ctx, &site), *asked = xasprintf("%s.asked", hold), *start = NULL;
	struct service *service;
	struct err e = ERR_INIT;

	assert_ok(site_service(&site, &service, &e), &e);
	assert_ok(service->ops->hold(service, hold, &e), &e);
	assert_ok(container_of(service->config, &seen, &e), &e);
	start = xasprintf("%s %s", json_str(seen, "Id", ""), json_str(json_object_get(seen, "State"), "StartedAt", ""));
	assert_ok(hold_file_put(asked, sv_of(start), &e), &e);
	assert_int_equal(contained_now().run, SVC_STOPPING);
	assert_back(params, undo);
	assert_int_equal(process_alive(id, &e), 0);
}

/* In a later call, before that holds anything. Stopped it is not, whoever knows that. */
static void who_was_asked_is_known_to_who_comes_later(void **state)
{
	autojson json_t *params = stop_params("200ms"), *undo = NULL, *doc = NULL;
	struct err e = ERR_INIT;

	contained(", \"deaf\"", params, &undo);
	assert_fails(stop(params, undo, &e), &e, ERR_TIMEOUT);
	err_clear(&e);
	doc = json_incref(site.doc);
	site_done(&site);
	assert_ok(site_bind("main", doc, &site, &e), &e);
	assert_int_equal(contained_now().run, SVC_RUNNING);
	assert_int_equal(verified(params, undo), STEP_NOT_DONE);
	site.hold = ctx_hold_path(&ctx, &site);
	assert_int_equal(contained_now().run, SVC_STOPPING);
	assert_int_equal(verified(params, undo), STEP_NOT_DONE);
	end_contained(inside);
	inside = (struct process_id){ 0 };
	assert_int_equal(verified(params, undo), STEP_IS_DONE);
}

static void one_that_gets_no_signal_goes_on(void **state)
{
	autojson json_t *params = stop_params("200ms"), *undo = NULL;
	struct process_id id = contained(", \"stubborn\"", params, &undo);
	struct err e = ERR_INIT;

	assert_fails(stop(params, undo, &e), &e, ERR_TIMEOUT);
	assert_non_null(strstr(e.msg, "does not reach"));
	err_clear(&e);
	assert_int_equal(process_alive(id, &e), 1);
	assert_int_equal(contained_now().id.pid, id.pid);
	assert_back(params, undo);
}

/* The hold had it in the state directory, which is another one now. */
static void a_restart_policy_comes_back_without_the_hold(void **state)
{
	autojson json_t *params = stop_params("60s"), *undo = NULL;
	autofree char *hold = NULL;
	struct service *service;
	struct err e = ERR_INIT;

	contained("", params, &undo);
	assert_ok(stop(params, undo, &e), &e);
	hold = ctx_hold_path(&ctx, &site);
	assert_int_equal(unlink(hold), 0);
	assert_ok(site_service(&site, &service, &e), &e);
	assert_ok(service->ops->hold(service, hold, &e), &e);
	assert_string_equal(contained_now().policy, "no");
	assert_back(params, undo);
}

/* ---- waiting ---- */

static int wait_for(const char *wanted, const char *within, struct err *e)
{
	autojson json_t *params = json_pack("{ss ss ss}", "edition", wanted, "version", "1", "within", within);
	autojson json_t *undo = NULL, *result = NULL;

	if (step_wait_ready.capture(&ctx, params, &undo, e) < 0 || step_wait_ready.apply(&ctx, params, undo, &result, e) < 0)
		return -(int)e->kind;
	assert_string_equal(json_str(result, "edition", ""), "only");
	return 0;
}

/* Any edition is welcome where none is named. */
static void answering_is_not_serving(void **state)
{
	autofree char *number = xasprintf("%u", port);
	const char *argv[] = { LOCKER, lock_path, "port", number, NULL };
	pid_t pid = run_child(argv);
	struct err e = ERR_INIT;

	assert_int_equal(wait_for_locker(), pid);
	not_yet = 5;
	assert_ok(wait_for("", "60s", &e), &e);
	assert_int_equal(not_yet, -1);
	assert_fails(wait_for("another", "60s", &e), &e, ERR_CHANGED);
	err_clear(&e);
	not_yet = 100000;
	assert_fails(wait_for("only", "300ms", &e), &e, ERR_TIMEOUT);
	assert_non_null(strstr(e.msg, "its other ports"));
	end_child(pid);
}

/* Going forward what was asked for must be there; the old server is welcome back with a name that nobody can read. */
static void an_edition_without_a_name_is_taken_back(void **state)
{
	autofree char *number = xasprintf("%u", port);
	const char *argv[] = { LOCKER, lock_path, "port", number, NULL };
	struct expected who = { .edition = "only", .version = "1" };
	pid_t pid = run_child(argv);
	struct probe seen;
	struct err e = ERR_INIT;

	assert_int_equal(wait_for_locker(), pid);
	edition = "";
	assert_fails(serve_wait(&ctx, &site, who, 60 * NS_PER_S, 60 * NS_PER_S, &seen, &e), &e, ERR_CHANGED);
	err_clear(&e);
	ctx.backward = true;
	assert_ok(serve_wait(&ctx, &site, who, 60 * NS_PER_S, 60 * NS_PER_S, &seen, &e), &e);
	edition = "another";
	assert_fails(serve_wait(&ctx, &site, who, 60 * NS_PER_S, 60 * NS_PER_S, &seen, &e), &e, ERR_CHANGED);
	end_child(pid);
}

/* A server whose process does nothing for longer than the stall clock lets it, and goes on all the same, as its product sees. */
static void signs_are_life(void **state)
{
	autojson json_t *params = json_pack("{ss ss}", "within", "2m", "stall", "1500ms"), *undo = NULL, *result = NULL;
	autofree char *number = xasprintf("%u", port);
	const char *argv[] = { LOCKER, lock_path, "port", number, NULL };
	pid_t pid = run_child(argv);
	int64_t began = clock_mono_ns();
	struct err e = ERR_INIT;

	assert_int_equal(wait_for_locker(), pid);
	not_yet = 100000;
	looks = 0;
	lively = 2;
	assert_fails(step_wait_ready.apply(&ctx, params, undo, &result, &e), &e, ERR_TIMEOUT);
	assert_non_null(strstr(e.msg, "has done nothing for"));
	assert_non_null(strstr(e.msg, "it was at step"));
	/* The second sign was seen after two seconds, and without signs it would have ended before. */
	assert_true(clock_mono_ns() - began > 3400 * NS_PER_MS);
	end_child(pid);
}

/* However short the stall clock is: what was seen since the last look is seen before the verdict. */
static void nobody_is_given_up_unseen(void **state)
{
	autojson json_t *params = json_pack("{ss ss}", "within", "2m", "stall", "400ms"), *undo = NULL, *result = NULL;
	autofree char *number = xasprintf("%u", port);
	const char *argv[] = { LOCKER, lock_path, "port", number, NULL };
	pid_t pid = run_child(argv);
	struct err e = ERR_INIT;

	assert_int_equal(wait_for_locker(), pid);
	not_yet = 100000;
	looks = 0;
	lively = 2;
	assert_fails(step_wait_ready.apply(&ctx, params, undo, &result, &e), &e, ERR_TIMEOUT);
	assert_true(looks >= 3);
	assert_non_null(strstr(e.msg, "it was at step"));
	end_child(pid);
}

/* Its log grows by our own questions, and its other door stays closed. */
static void what_only_does_not_serve_is_given_up(void **state)
{
	autojson json_t *params = json_pack("{ss ss}", "within", "2m", "stall", "1500ms"), *undo = NULL, *result = NULL;
	autofree char *number = xasprintf("%u", port);
	const char *argv[] = { LOCKER, lock_path, "port", number, NULL };
	pid_t pid = run_child(argv);
	int64_t began = clock_mono_ns();
	struct err e = ERR_INIT;

	assert_int_equal(wait_for_locker(), pid);
	not_yet = 100000;
	looks = 0;
	lively = 100000;
	data_open = true;
	assert_fails(step_wait_ready.apply(&ctx, params, undo, &result, &e), &e, ERR_TIMEOUT);
	assert_non_null(strstr(e.msg, "it opens its other ports"));
	assert_true(clock_mono_ns() - began < 60 * NS_PER_S);
	end_child(pid);
}

/* What init starts beside the server, and works for ever. */
static void work(void)
{
	prctl(PR_SET_NAME, "beside");
	for (int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);;)
		if (write(fd, "x", 1) < 0)
			_exit(1);
}

static void rest(void)
{
	for (;;)
		pause();
}

/* Does nothing, and has two children: a server that does nothing, either, and once that has its name one that works. */
static void be_an_init(void)
{
	int named[2];
	char byte;

	/* Who is killed with the test leaves nobody behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pipe(named) < 0)
		_exit(1);
	if (!fork()) {
		prctl(PR_SET_NAME, "server");
		if (write(named[1], "x", 1) == 1)
			rest();
		_exit(1);
	}
	if (read(named[0], &byte, 1) == 1 && !fork())
		work();
	rest();
}

/* In a container of its own, which ends with it; -1: none can be had. In there it is the first process. */
static pid_t run_init(void)
{
	int ours = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	pid_t pid = -1;

	if (unshare(CLONE_NEWPID) == 0) {
		pid = fork();
		if (!pid)
			be_an_init();
		assert_int_equal(setns(ours, CLONE_NEWPID), 0);
	}
	close(ours);
	return pid;
}

static bool children_are_told(void)
{
	autofree char *path = xasprintf("/proc/self/task/%d/children", (int)getpid());

	return access(path, R_OK) == 0;
}

static void await_work(pid_t pid, const char *server)
{
	struct deadline until = deadline_in(60 * NS_PER_S);
	uint64_t work = serve_work(pid, server);

	while (serve_work(pid, server) <= work + 1000 && !deadline_passed(until))
		clock_sleep_ns(10 * NS_PER_MS);
	assert_true(serve_work(pid, server) > work + 1000);
}

/* Not the work of what runs beside the server, but as long as there is none. */
static void what_an_init_started_is_at_work(void **state)
{
	pid_t pid = children_are_told() ? run_init() : -1;
	uint64_t work;

	if (pid < 0)
		skip();
	await_work(pid, NULL);
	await_work(pid, "nobody");
	work = serve_work(pid, "server");
	await_work(pid, NULL);
	/* It may be on its way to its rest still. */
	assert_true(serve_work(pid, "server") < work + 100);
	end_child(pid);
}

/* Nobody can hold ports: the step does not say it did. */
static void nothing_is_pretended(void **state)
{
	autojson json_t *params = json_pack("{sb}", "kept", 0), *held = json_object();
	autobuf struct buf text = BUF_MAX(256), other = BUF_MAX(256);
	struct err e = ERR_INIT;

	assert_false(site_can_hold(site.doc));
	json_object_set_new(held, "service", json_pack("{ss ss}", "kind", "systemd", "unit", "n.service"));
	assert_true(site_can_hold(held));
	assert_ok(step_service_stop.describe(params, &text, &e), &e);
	assert_ok(step_service_stop.describe(held, &other, &e), &e);
	assert_non_null(strstr(buf_str(&text), "nothing can keep"));
	assert_null(strstr(buf_str(&other), "nothing can keep"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_lives_on_is_not_stopped, setup, teardown),
		cmocka_unit_test_setup_teardown(the_old_one_is_started_when_it_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(the_old_one_stays_down_where_it_must_not_start, setup, teardown),
		cmocka_unit_test_setup_teardown(a_process_that_was_asked_to_end_is_not_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_command_was_to_end_is_not_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_command_was_to_end_is_known_by_its_lock, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_somebody_started_since_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_was_started_again_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(a_process_that_does_not_end_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_could_not_be_asked_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(a_note_that_cannot_be_read_stops_no_way_back, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_is_slow_to_end_is_started_again, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_somebody_started_again_is_not_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_does_not_end_is_killed_by_nobody_unasked, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_got_no_signal_is_started_again, setup, teardown),
		cmocka_unit_test_setup_teardown(who_was_asked_is_known_to_who_comes_later, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_gets_no_signal_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(a_restart_policy_comes_back_without_the_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(answering_is_not_serving, setup, teardown),
		cmocka_unit_test_setup_teardown(an_edition_without_a_name_is_taken_back, setup, teardown),
		cmocka_unit_test_setup_teardown(signs_are_life, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_is_given_up_unseen, setup, teardown),
		cmocka_unit_test_setup_teardown(what_only_does_not_serve_is_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_pretended, setup, teardown),
		cmocka_unit_test(what_an_init_started_is_at_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
