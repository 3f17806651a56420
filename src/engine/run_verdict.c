/* What the end of the loop means: the new world is live, the run turned back, stands or is stuck. Clients decide: back by itself
 * only while no write of theirs can have been accepted. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "engine/restore_point.h"
#include "engine/run_world.h"
#include "io/image.h"

#define PROBES "probes"

const char *exit_meaning(int code)
{
	switch (code) {
	case EXIT_DONE: return "done, or nothing to do";
	case EXIT_FAILED: return "failed, nothing changed";
	case EXIT_USAGE: return "usage, bad migration file, bad plan file";
	case EXIT_BLOCKED: return "blocked by a check";
	case EXIT_DRIFTED: return "the world changed since the plan was made";
	case EXIT_TURNED: return "failed and turned back, old world verified";
	case EXIT_UNFINISHED: return "an unfinished run exists";
	case EXIT_STUCK: return "stuck: neither way could be completed; needs a person";
	case EXIT_STANDS: return "the new world stands but differs, or could not be proved as asked";
	case EXIT_LOSS: return "would lose something not agreed to";
	case EXIT_PENDING: return "changes pending";
	case EXIT_LOCKED: return "locked by a living run";
	case EXIT_DIGEST: return "the restore point or an artifact does not match its digest";
	case EXIT_HELD: return "held, ready for its window";
	case EXIT_INTERRUPTED: return "interrupted after a safe stop, turned back if need be";
	default: return NULL;
	}
}

int run_says(struct run_end *ret, int code, const struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ret->line, sizeof ret->line, fmt, ap);
	va_end(ap);
	ret->exit = code;
	if (e)
		ret->err = *e;
	return code;
}

/* A call ends: what it ended with is durable before anybody is told. */
int run_ends(struct world *w, struct run_end *ret, int code, const struct err *e, const char *line)
{
	struct err own = ERR_INIT;

	if (w->run) {
		snprintf(ret->run, sizeof ret->run, "%s", w->run);
		if (journal_ended(w->journal, w->run, code, line, &own) < 0)
			log_warn("end not kept: %s", own.msg);
		event_emit(w->o->events, "run", json_pack("{ss si ss}", "state", "ended", "exit", code, "line", line));
	}
	return run_says(ret, code, e, "%s", line);
}

void run_on_failure(struct world *w)
{
	const json_t *hook = json_object_get(w->goal.hooks, "on_failure");
	const struct step_kind *kind = step_kind_named("hook");
	autojson json_t *params = NULL, *result = NULL;
	struct err e = ERR_INIT;

	if (!hook || !kind)
		return;
	params = json_is_object(hook) ? json_copy((json_t *)hook) : json_pack("{sO}", "argv", hook);
	json_object_set_new(params, "name", json_string("on_failure"));
	if (kind->apply(&w->ctx, params, NULL, &result, &e) < 0)
		event_emit(w->o->events, "warning", json_pack("{ss}", "text", e.msg));
}

int run_turn(struct world *w, enum run_state to, const char *why, struct err *e)
{
	event_emit(w->o->events, "run", json_pack("{ss ss?}", "state", run_state_name(to), "why", why));
	return journal_turn(w->journal, w->run, to, why, e);
}

int run_frozen(struct world *w, struct facts *ret, struct err *e)
{
	vec_each(&w->plan.steps, s) {
		autojson json_t *kept = NULL;
		struct step_rec rec = { 0 };

		if (strcmp(s->kind->name, "facts_freeze"))
			continue;
		if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
			return -e->kind;
		kept = json_incref(json_object_get(rec.result, "facts"));
		step_rec_done(&rec);
		if (!kept)
			break;
		return facts_kept(kept, &w->ctx.blobs, "the frozen facts", ret, e);
	}
	return err_set(e, ERR_ABSENT, "the run froze no facts");
}

bool run_server_is_down(struct world *w)
{
	struct svc_state now = { 0 };
	struct service *service;
	struct err none = ERR_INIT;

	return site_service(&w->ctx.sites[0], &service, &none) >= 0 && service->ops->state(service, &now, &none) >= 0 &&
	       (now.run == SVC_STOPPED || now.run == SVC_FAILED);
}

/* A run that never stopped the server has frozen nothing, and left it alone: when it is down, somebody else did that, or a boot
 * before the run had written down how to start it. */
static void say_when_down(struct world *w, char *line, size_t n)
{
	struct err none = ERR_INIT;
	const char *expect = "";
	size_t used = strlen(line);
	bool reached;

	vec_each(&w->plan.steps, s)
		if (!strcmp(s->kind->name, "service_stop"))
			expect = json_str(json_object_get(s->params, "expect"), "version", "");
	if (*expect && run_reached(w, PHASE_CHANGE, &reached, &none) >= 0 && !reached && run_server_is_down(w))
		snprintf(line + used, n - used, "; its server is down, and not by this run: start it");
}

/* What of the old world could not be proved: the report tells it. On a full disk it goes untold. */
static void keep_comparison(struct world *w, const struct comparisons *cmp)
{
	autojson json_t *found = comparisons_json(cmp);
	struct err e = ERR_INIT;

	if (journal_put_doc(w->journal, w->run, "way-back", found, &e) < 0)
		event_emit(w->o->events, "warning", json_pack("{ss}", "text", e.msg));
}

/* Is the old world back? Compared with the facts frozen in the window when there are any. */
static int old_world_back(struct world *w, struct err *e)
{
	autofacts struct facts then = { 0 };
	struct err absent = ERR_INIT;
	struct comparisons cmp = { 0 };
	int r = 0;

	if (run_frozen(w, &then, &absent) < 0)
		return 0;
	if (w->product->verify(&w->ctx, &then, NULL, DEPTH_GATE, &cmp, e) < 0) {
		r = err_wrap(e, "verify the old world");
	} else if (cmp_worst(&cmp) == CMP_DIFFERENT) {
		vec_each(&cmp, it)
			if (it->outcome == CMP_DIFFERENT && !r)
				r = err_set(e, ERR_CHANGED, "%s: %s was '%s', is '%s'", it->subject, it->what,
				            it->was ? it->was : "absent", it->is ? it->is : "absent");
	} else {
		keep_comparison(w, &cmp);
	}
	comparisons_done(&cmp);
	return r;
}

/* What was live, with what clients wrote and what an operator edited since the switch, is somewhere: say where. */
static void say_set_aside(struct world *w, char *line, size_t n)
{
	autofree char *trash = world_trash(w);
	struct stat st;
	size_t used = strlen(line);

	if (trash && stat(trash, &st) == 0)
		snprintf(line + used, n - used, "; what was live is set aside in '%s'", trash);
}

void run_let_in_to_old(struct world *w)
{
	struct svc_state now = { 0 };
	struct err ignored = ERR_INIT;
	struct service *service;
	bool passed;

	if (run_point_passed(w, &passed, &ignored) < 0 || passed || site_service(&w->ctx.sites[0], &service, &ignored) < 0 ||
	    service->ops->state(service, &now, &ignored) < 0 || now.run == SVC_STOPPED || now.run == SVC_FAILED)
		return;
	vec_each(&w->plan.steps, s) {
		struct step_rec rec = { 0 };

		if (strcmp(s->kind->name, "gate_close") || journal_step(w->journal, w->run, s->id, &rec, &ignored) < 0)
			continue;
		if (rec.state == REC_INTENDED || rec.state == REC_DONE)
			(void)s->kind->undo(&w->ctx, s->params, rec.undo, &ignored);
		step_rec_done(&rec);
	}
}

/* The way back to its end. `code` is what a success means to the caller: 5, 130 or 0. */
int run_go_back(struct world *w, int code, const struct err *why, struct run_end *ret)
{
	struct err e = ERR_INIT;
	char line[700];

	/* Ctrl-C is being obeyed; the way back is not to be interrupted by it again. */
	w->ctx.cancel = NULL;
	run_let_in_to_old(w);
	if (loop_backward(w, &e) < 0 || old_world_back(w, &e) < 0)
		goto stuck;
	if (run_unmark(w, &e) < 0 || run_turn(w, RUN_CLOSED_OLD, "the old world is back", &e) < 0)
		goto stuck;
	if (why)
		snprintf(line, sizeof line, "turned back, the old world is whole: %s", why->msg);
	else
		snprintf(line, sizeof line, "the old world is back, whole");
	say_set_aside(w, line, sizeof line);
	say_when_down(w, line, sizeof line);
	return run_ends(w, ret, code, why, line);
stuck:
	if (e.kind == ERR_REFUSED && !w->ctx.point_passed)
		err_hint(&e, "nothing of the data has changed; put the named thing right and repeat 'crossgrade rollback'");
	err_hint(&e, "put the named thing right and repeat 'crossgrade rollback'");
	snprintf(line, sizeof line, "stuck on the way back: %s", e.msg);
	{
		struct err own = ERR_INIT;

		if (run_turn(w, RUN_STUCK, line, &own) < 0)
			log_warn("%s", own.msg);
	}
	return run_ends(w, ret, EXIT_STUCK, &e, line);
}

static int stands(struct world *w, const struct err *why, struct run_end *ret)
{
	struct err e = ERR_INIT;
	char line[700];

	snprintf(line, sizeof line, "the new world stands: %.540s%s%s", why->msg,
	         step_of_kind(w, "gate_close") && ctx_gate_holds(&w->ctx) ? "; clients are kept out by the gate" : "",
	         run_server_is_down(w) ? "; its server is down: nobody is served" : "");
	if (run_turn(w, RUN_STANDS, line, &e) < 0)
		return run_ends(w, ret, EXIT_STUCK, &e, e.msg);
	if (!ret->err.hint[0]) {
		struct err told = *why;

		if (plan_has_return(w->plan.doc))
			err_hint(&told, "choose: 'crossgrade verify', 'crossgrade rollback --save-new-writes DIR' or "
			                "'crossgrade finalize'");
		else
			err_hint(&told, "there is no restore point of our own to go back to; choose: 'crossgrade resume', "
			                "'crossgrade verify', or your own backup and 'crossgrade finalize'");
		return run_ends(w, ret, EXIT_STANDS, &told, line);
	}
	return run_ends(w, ret, EXIT_STANDS, why, line);
}

/* What clients wrote; -1: not to be known. What left no trace behind a gate that still holds is the new server's own doing. */
static int64_t written_by_clients(const struct writes *since, bool gated)
{
	int64_t sum = since->transactions;

	for (size_t i = 0; gated && sum > 0 && i < since->n; i++)
		if (since->v[i].traceless)
			sum -= since->v[i].transactions;
	return sum;
}

bool run_own_doing(struct world *w, const struct writes *since)
{
	struct run_rec rec = { 0 };
	struct err none = ERR_INIT;
	bool gated = journal_run(w->journal, w->run, &rec, &none) >= 0 && !rec.let_in && ctx_gate_holds(&w->ctx);

	run_rec_done(&rec);
	return gated && written_by_clients(since, true) <= 0;
}

/* Can no client write have been accepted by the new server, or is none lost by a way back? The gate alone is not believed: a firewall reload removes it,
 * so what can be counted is counted. */
static int nothing_written(struct world *w, bool *ret, struct err *e)
{
	autofacts struct facts frozen = { 0 };
	struct writes since = { 0 };
	struct err missing = ERR_INIT;
	struct run_rec rec = { 0 };
	bool gated, let_in;

	w->ctx.cancel = NULL;   /* Ctrl-C is why we are here, perhaps */
	if (journal_run(w->journal, w->run, &rec, e) < 0)
		return -e->kind;
	let_in = rec.let_in;
	gated = !let_in && ctx_gate_holds(&w->ctx);
	run_rec_done(&rec);
	if (run_puts_back(&w->plan)) {
		if (run_restored_served(w, ret, e) < 0)
			return -e->kind;
		*ret = !*ret;
		return 0;
	}
	*ret = !w->ctx.point_passed || ctx_keeps_data(&w->ctx);
	if (*ret || !w->product->since || run_frozen(w, &frozen, &missing) < 0)
		return 0;
	/* One that somebody opened is closed again: nothing is to be written behind the count. */
	w->counted = gated;
	if (!gated && !let_in) {
		int shut = run_shut_out(w, e);

		if (shut < 0)
			return shut;
		w->counted = shut;
	}
	if (w->product->since(&w->ctx, &frozen, &since, &missing) < 0) {
		*ret = gated;
	} else {
		int64_t written = written_by_clients(&since, gated);

		*ret = written == 0 || (written < 0 && gated);
		event_emit(w->o->events, "note", json_pack("{ss so}", "text", "writes counted", "writes",
		                                           writes_json(&since)));
	}
	writes_done(&since);
	return 0;
}

static bool after_open(struct world *w, const struct step *at)
{
	struct run_rec rec = { 0 };
	struct err e = ERR_INIT;
	bool let_in = journal_run(w->journal, w->run, &rec, &e) >= 0 && rec.let_in;

	run_rec_done(&rec);
	return let_in && at && at->phase >= PHASE_OPEN;
}

/* Data that is kept is not always fit for the old server, and a copy from afar not always has room. Found out in the middle of the way
 * back, that would leave no server at all. Where the data comes back nothing else is asked: the look may refuse what the way back itself
 * would do, and the new server may be dead. */
static bool would_stick(struct world *w, const struct err *why, struct err *ret)
{
	struct err e = ERR_INIT;

	if (!w->ctx.point_passed || (!ctx_keeps_data(&w->ctx) && w->ctx.accept_in_place))
		return false;
	if (ctx_keeps_data(&w->ctx))
		world_await_docker(w, 2 * RUN_AWAITS_DOCKER);
	if ((ctx_keeps_data(&w->ctx) ? loop_look_back(w, &e) : loop_look_at_room(w, &e)) >= 0)
		return false;
	err_set(ret, why->kind, "%.240s; it does not go back by itself: %.230s", why->msg, e.msg);
	if (e.hint[0])
		err_hint(ret, "%s", e.hint);
	return true;
}

static int back_or_stands(struct world *w, const struct step *at, const struct err *why, struct run_end *ret)
{
	int code = why->kind == ERR_CANCELED ? EXIT_INTERRUPTED : EXIT_TURNED;
	struct err e = ERR_INIT;
	bool clean = false;

	if (run_strangers_now(w, &e) < 0 || run_point_passed(w, &w->ctx.point_passed, &e) < 0 || nothing_written(w, &clean, &e) < 0)
		return run_ends(w, ret, EXIT_STUCK, &e, e.msg);
	if (after_open(w, at) || !clean || (w->ctx.point_passed && !plan_has_return(w->plan.doc)))
		return stands(w, why, ret);
	if (would_stick(w, why, &e))
		return stands(w, &e, ret);
	if (run_turn(w, RUN_TURNED, why->msg, &e) < 0)
		return run_ends(w, ret, EXIT_STUCK, &e, e.msg);
	return run_go_back(w, code, why, ret);
}

/* The loop failed: backward while no client write can have been accepted, else the new world stands. The operator's hook comes
 * last: however long it takes, a server is up by then, or never will be. */
static int failed(struct world *w, const struct step *at, const struct err *why, struct run_end *ret)
{
	int code = back_or_stands(w, at, why, ret);

	run_on_failure(w);
	return code;
}

/* What the comparisons of the run came to. */
struct proof {
	int64_t     different, unproved;
	const char *step;               /* that found differences, or could not ask the new world; NULL none */
};

static struct proof proof_of(const struct world *w)
{
	struct proof all = { 0 };

	vec_each(&w->plan.steps, s) {
		const json_t *result = json_object_get(w->ctx.results, s->id);

		if (strcmp(s->kind->name, "verify_world"))
			continue;
		all.different += json_int(result, "different", 0);
		all.unproved += json_int(result, "unproved", 0);
		if (json_int(result, "different", 0) || (s->phase == PHASE_AFTER && !json_bool(result, "compared", true)))
			all.step = s->id;
	}
	return all;
}

static int came_through(struct world *w, struct run_end *ret)
{
	const char *early = ctx_was_opened(&w->ctx) ? "; somebody let clients in before it was checked" : "";
	struct proof proof = proof_of(w);
	struct err e = ERR_INIT;
	char line[200];

	if (proof.step) {
		if (proof.different)
			err_set(&e, ERR_CHANGED, "%lld differences found by '%s'%s", (long long)proof.different, proof.step, early);
		else
			err_set(&e, ERR_CHANGED, "'%s' could not ask the new world%s", proof.step, early);
		return stands(w, &e, ret);
	}
	if (run_unmark(w, &e) < 0 || run_turn(w, RUN_CLOSED_NEW, "the new world is live", &e) < 0)
		return run_ends(w, ret, EXIT_STUCK, &e, e.msg);
	if (run_puts_back(&w->plan))
		return run_ends(w, ret, EXIT_DONE, NULL, "the restore point is live; what was live is set aside whole");
	if (proof.unproved)
		snprintf(line, sizeof line, "the new world is live; nothing differs, not proved: %lld, listed by 'crossgrade report'%s",
		         (long long)proof.unproved, early);
	else
		snprintf(line, sizeof line, "the new world is live, whole and verified%s", early);
	return run_ends(w, ret, EXIT_DONE, NULL, line);
}

void run_start_prober(struct world *w)
{
	autofree char *rel = xasprintf("undo/%s/" PROBES, w->run);
	struct err e = ERR_INIT;

	if (!w->product->probe || w->prober)
		return;
	if (prober_start(w->product, &w->ctx.sites[0], &w->ctx.state, rel, &w->prober, &e) < 0)
		event_emit(w->o->events, "warning", json_pack("{ss}", "text", e.msg));
}

/* Nothing was stopped, and what is staged is good: somebody decides, or looks again. What nobody could foresee he must hear of. */
static int held_by_look(struct world *w, const struct err *why, struct run_end *ret)
{
	struct err e = ERR_INIT;
	char line[700];
	int code;

	snprintf(line, sizeof line, "held, nothing was stopped: %s", why->msg);
	if (run_turn(w, RUN_HELD, line, &e) < 0)
		return run_ends(w, ret, EXIT_STUCK, &e, e.msg);
	code = run_ends(w, ret, w->held, why, line);
	if (w->held == EXIT_FAILED)
		run_on_failure(w);
	return code;
}

/* Forward to the end, or to the hold, or to the failure and what follows from it. */
int run_go_on(struct world *w, struct run_end *ret)
{
	const struct step *at = NULL;
	struct err e = ERR_INIT;

	run_start_prober(w);
	if (run_point_passed(w, &w->ctx.point_passed, &e) < 0)
		return run_ends(w, ret, EXIT_STUCK, &e, e.msg);
	if (loop_forward(w, &at, &e) < 0)
		return w->held ? held_by_look(w, &e, ret) : failed(w, at, &e, ret);
	if (w->o->hold && at) {
		if (run_turn(w, RUN_HELD, "everything that needs no window is done", &e) < 0)
			return run_ends(w, ret, EXIT_STUCK, &e, e.msg);
		return run_ends(w, ret, EXIT_HELD, NULL, "held, ready for its window: 'crossgrade resume' goes on");
	}
	return came_through(w, ret);
}
