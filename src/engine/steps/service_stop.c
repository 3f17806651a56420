/* service_stop: stop the server and keep it stopped; one kind, because a stop without a hold is undone by the next restart
 * policy, cron job or colleague. Undo: lift, start the old server, wait until the old version answers.
 * params {"flock":place|null,"kept":false,"within":"10m","start_within":"10m","stall":"60s","expect":{"edition","version"}}; kept: put into
 * a plan by the engine where nothing can keep it stopped (site_can_hold()); start_within and stall: of the start on the way back;
 * undo record {"was":"running|stopped","launch":digest|null,"pid","start_ticks","policy": a container's for restarts|absent}; result the
 * same. */
#include "engine/serve.h"

#include <inttypes.h>
#include <string.h>

#include "engine/event.h"
#include "io/file.h"
#include "io/image.h"
#include "svc/hold.h"

#define STOP_WITHIN  (600 * NS_PER_S)
#define START_WITHIN (600 * NS_PER_S)
#define STALL        (60 * NS_PER_S)
#define LOOK_EVERY   (50 * NS_PER_MS)
#define ASKED_MAX    64

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, json_bool(params, "kept", true) ? "stop the server and keep it stopped" :
	                                                "stop the server; nothing can keep it stopped");
	return buf_check(ret, "the description", e);
}

static int keep_launch(struct ctx *c, struct service *service, json_t *undo, struct err *e)
{
	autobuf struct buf text = BUF_MAX(1u << 20);
	autojson json_t *launch = NULL;
	char digest[DIGEST_TEXT];

	if (!service->ops->record)
		return 0;
	if (service->ops->record(service, &launch, e) < 0)
		return err_wrap(e, "record how the server was started");
	if (!launch)
		return 0;
	json_canonical(launch, &text);
	if (blob_put(&c->blobs, buf_sv(&text), digest, e) < 0)
		return -e->kind;
	json_object_set_new(undo, "launch", json_string(digest));
	return 0;
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autojson json_t *undo = json_object();
	struct svc_state now = { 0 };
	struct service *service;
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0 || site_service(s, &service, e) < 0 ||
	    service->ops->state(service, &now, e) < 0)
		return -e->kind;
	if (now.run == SVC_UNKNOWN) {
		err_set(e, ERR_REFUSED, "whether %s runs cannot be seen: %s", service->name, now.detail);
		return -e->kind;
	}
	if (now.run != SVC_STOPPED && now.run != SVC_FAILED) {
		if (now.restarts && !service->ops->hold) {
			err_set(e, ERR_REFUSED, "%s restarts the server when it ends", now.by);
			return err_hint(e, "use 'service: {kind: command, start: [..], stop: [..], status: [..]}'");
		}
		if (keep_launch(c, service, undo, e) < 0)
			return -e->kind;
		json_object_set_new(undo, "was", json_string("running"));
		json_object_set_new(undo, "pid", json_integer(now.id.pid));
		json_object_set_new(undo, "start_ticks", json_integer((json_int_t)now.id.start_ticks));
	} else {
		json_object_set_new(undo, "was", json_string("stopped"));
	}
	/* Later steps name it: a service that needs no record of its start has none, which is not the same as no answer. */
	if (!json_object_get(undo, "launch"))
		json_object_set_new(undo, "launch", json_null());
	if (now.policy[0])
		json_object_set_new(undo, "policy", json_string(now.policy));
	*ret_undo = take_ptr(undo);
	return 0;
}

/* A kill of this program does not end the server that was asked to: it lives on, its lock or ports free already, and writes. */
static void tell_server(struct service *service, const json_t *undo)
{
	struct process_id was = { .pid = (pid_t)json_int(undo, "pid", 0),
		                  .start_ticks = (uint64_t)json_int(undo, "start_ticks", 0) };

	if (was.pid)
		service_set_known(service, was);
}

static bool is_up(const struct svc_state *now)
{
	return now->run != SVC_STOPPED && now->run != SVC_FAILED;
}

/* ---- who was asked to end ----
 *
 * Of a unit or a container it is known (svc/container_run.c). A plain process, and what the operator's commands run, holds its lock and
 * answers until it ends, as one does that was never asked. So it is kept beside where a hold would be, durably and before the stop. Killed
 * between the two, the way back asks one that nobody had asked, and starts it again: the same old world, for a restart. */

/* Heap, below the state directory; NULL: the service knows by itself. */
static char *asked_file(struct ctx *c, const struct site *s, const struct service *service)
{
	autofree char *hold = ctx_hold_path(c, s);

	return service->ops->hold ? NULL : xasprintf("hold%s.asked", strrchr(hold, '/'));
}

/* A command's server without a lock is nobody in particular: any that runs is the one that was asked. */
static char *who_runs(const struct svc_state *now)
{
	return xasprintf("%d %" PRIu64, (int)now->id.pid, now->id.start_ticks);
}

static int note_asked(struct ctx *c, const struct site *s, struct service *service, struct err *e)
{
	autofree char *file = asked_file(c, s, service), *who = NULL;
	struct svc_state now = { 0 };

	if (!file)
		return 0;
	if (service->ops->state(service, &now, e) < 0)
		return -e->kind;
	who = who_runs(&now);
	if (is_up(&now) && file_replace(&c->state, file, sv_of(who), FILE_PRIVATE, e) < 0)
		return err_wrap(e, "write down who is asked to end");
	return 0;
}

/* Not synced: one that a power cut brings back names a process that ended with it, and at the worst costs a restart. */
static int forget_asked(struct ctx *c, const struct site *s, const struct service *service, struct err *e)
{
	autofree char *file = asked_file(c, s, service);

	return file ? dir_unlink(&c->state, file, e) : 0;
}

/* The service's own word, but of a server that runs and was asked to end. */
static int look(struct ctx *c, const struct site *s, struct service *service, struct svc_state *ret, struct err *e)
{
	autofree char *file = asked_file(c, s, service), *who = NULL;
	autobuf struct buf asked = BUF_MAX(ASKED_MAX);
	struct err why = ERR_INIT;

	if (service->ops->state(service, ret, e) < 0)
		return -e->kind;
	if (!file || ret->run != SVC_RUNNING)
		return 0;
	who = who_runs(ret);
	if (file_read(&c->state, file, &asked, &why) >= 0)
		ret->run = strcmp(buf_str(&asked), who) ? SVC_RUNNING : SVC_STOPPING;
	else if (why.kind != ERR_ABSENT)
		event_emit(c->events, "warning",
		           json_pack("{ss ss}", "text", "whether the old server was asked to end cannot be told: see that it stays up", "why",
		                     why.msg));
	return 0;
}

/* The signal was refused, or the command could not be run: it was not asked. A command that failed may have asked first. */
static bool may_end(const struct err *why)
{
	return why->kind == ERR_TIMEOUT || why->kind == ERR_REFUSED;
}

static int stop(struct ctx *c, struct site *s, struct service *service, int64_t within_ns, struct err *e)
{
	struct err later = ERR_INIT;

	if (note_asked(c, s, service, e) < 0)
		return -e->kind;
	if (serve_stop(c, s, within_ns, e) >= 0)
		return forget_asked(c, s, service, e);
	if (!may_end(e))
		(void)forget_asked(c, s, service, &later);
	return -e->kind;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	const json_t *lock = json_object_get(params, "flock");
	autofree char *hold = NULL;
	struct service *service;
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0 || site_service(s, &service, e) < 0)
		return -e->kind;
	tell_server(service, undo);
	/* The service manager's own hold stands before the stop; the lock can be had only after it. */
	hold = ctx_hold_path(c, s);
	if (service->ops->hold && service->ops->hold(service, hold, e) < 0)
		return err_wrap(e, "hold %s", service->name);
	if (stop(c, s, service, params_span(params, "within", STOP_WITHIN), e) < 0 || serve_lock(c, s, lock, e) < 0)
		return -e->kind;
	*ret_result = json_deep_copy(undo);
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	struct svc_state now = { 0 };
	struct service *service;
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0 || site_service(s, &service, e) < 0)
		return -e->kind;
	tell_server(service, result);
	if (service->ops->state(service, &now, e) < 0)
		return -e->kind;
	*ret = now.run == SVC_STOPPED || now.run == SVC_FAILED ? STEP_IS_DONE :
	       now.run == SVC_UNKNOWN                          ? STEP_UNSURE :
	                                                         STEP_NOT_DONE;
	return 0;
}

/* What a new server gets that is to be given up soon is no measure for the old one, for which nobody stands in. */
static int64_t within_of(const json_t *params)
{
	return MAX_OF(params_span(params, "start_within", START_WITHIN), START_WITHIN);
}

/* Of a container the process is its PID 1, which sleeps while its children start: the deadline alone tells. */
static int64_t stall_of(const struct service *service, const json_t *params)
{
	const char *kind = service->ops->name;

	return !strcmp(kind, "container") || !strcmp(kind, "compose") ? within_of(params) : MAX_OF(params_span(params, "stall", STALL), STALL);
}

static struct expected old_of(const json_t *params)
{
	const json_t *expect = json_object_get(params, "expect");

	return (struct expected){ json_str(expect, "edition", ""), json_str(expect, "version", "") };
}

/* Asked to end it may serve for long, and once it has ended nobody but us starts it again. Waiting costs no client anything: as long again
 * as the stop had. It is asked once more: who asked first may have been killed before he did. */
static int await_end(struct ctx *c, const struct site *s, struct service *service, const json_t *params, struct svc_state *io,
                     struct err *e)
{
	int64_t within = c->force ? 0 : params_span(params, "within", STOP_WITHIN);
	struct deadline until = deadline_in(within);
	int pid = (int)io->id.pid;
	struct err why = ERR_INIT;

	if (!c->force)
		event_emit(c->events, "note", json_pack("{ss}", "text", "the old server serves, but was asked to end: when it has, it is started again"));
	if (service->ops->want(service, SVC_STOPPED, within, io, e) >= 0)
		return 0;
	/* A command that finds its pid file gone asks nobody twice, and the first time was good. */
	while (e->kind == ERR_REFUSED && look(c, s, service, io, &why) >= 0 && io->run == SVC_STOPPING && !deadline_passed(until))
		clock_sleep_ns(LOOK_EVERY);
	err_clear(&why);
	/* Somebody started it again meanwhile: there is nothing left to wait for. */
	if (look(c, s, service, io, &why) >= 0 && io->run != SVC_STOPPING) {
		err_clear(e);
		return 0;
	}
	return pid ? err_wrap(e, "process %d still answers, but %s is being stopped", pid, service->name) :
	             err_wrap(e, "%s still answers, but is being stopped", service->name);
}

/* The old server runs: started by somebody, or asked to end and not gone. 0 it serves, 1 it is to be started: it has ended since, or its
 * stop waits for its turn. The start takes that back, and nobody is killed, not by force either, who was not asked to end. */
static int keep_old(struct ctx *c, struct site *s, struct service *service, const json_t *params, struct err *e)
{
	struct svc_state now = { 0 };
	struct err why = ERR_INIT;
	struct probe seen;
	int r;

	r = serve_wait(c, s, old_of(params), within_of(params), stall_of(service, params), &seen, &why);
	if (look(c, s, service, &now, e) < 0)
		return -e->kind;
	if (r >= 0 && now.run != SVC_STOPPING)
		return is_up(&now) ? 0 : 1;
	if (r >= 0 && (now.waits || await_end(c, s, service, params, &now, &why) >= 0))
		return 1;
	if (is_up(&now) && why.kind == ERR_TIMEOUT)
		return serve_end(c, service, &why, e) < 0 ? -(int)e->kind : 1;
	if (!is_up(&now))
		return 1;
	*e = why;
	return -e->kind;
}

static int start_old(struct ctx *c, struct site *s, const json_t *params, const json_t *undo, struct err *e)
{
	struct svc_state now = { 0 };
	struct err later = ERR_INIT;
	struct service *service;
	struct probe seen;

	if (site_service(s, &service, e) < 0 || service->ops->state(service, &now, e) < 0)
		return -e->kind;
	if (is_up(&now) && keep_old(c, s, service, params, e) <= 0)
		return -(int)e->kind;
	/* Before the start: after a kill behind it the next call would ask the new one to end. Where it fails the end of the undo tells. */
	(void)forget_asked(c, s, service, &later);
	if (serve_start(c, s, json_str(undo, "launch", NULL), NULL, START_WITHIN, &now, e) < 0)
		return -e->kind;
	return serve_wait(c, s, old_of(params), within_of(params), stall_of(service, params), &seen, e);
}

/* The hold keeps the policy in the state directory. Where that was lost, a hold on the way back found none but its own. */
static int keep_policy(struct ctx *c, struct site *s, const json_t *undo, struct err *e)
{
	const char *policy = json_str(undo, "policy", NULL);
	autofree char *hold = ctx_hold_path(c, s);

	return policy ? hold_file_put(hold, sv_of(policy), e) : 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	bool ran = !strcmp(json_str(undo, "was", ""), "running");
	struct service *service;
	struct site *s;

	/* Asked while the hold stands: a server that must not be started stays held, too. */
	if (ran && c->product->may_start && c->product->may_start(c, e) < 0)
		return err_wrap(e, "start the old server");
	if (ctx_site_of(c, params, &s, e) < 0 || site_service(s, &service, e) < 0 || serve_lift(c, s, false, e) < 0)
		return -e->kind;
	tell_server(service, undo);
	if (service->ops->reload && service->ops->reload(service, true, e) < 0)
		return err_wrap(e, "reload %s", service->name);
	if (ran && start_old(c, s, params, undo, e) < 0)
		return err_wrap(e, "start the old server");
	if (keep_policy(c, s, undo, e) < 0)
		return err_wrap(e, "give the container its restart policy back");
	return forget_asked(c, s, service, e) < 0 ? -(int)e->kind : serve_lift(c, s, true, e);
}

const struct step_kind step_service_stop = { "service_stop", 1, LIFE_PROCESS, describe, capture, apply, verify, undo };
