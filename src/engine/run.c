/* The calls that touch: apply, resume, rollback. Each decides what a failure of the loop means: turned, stands or stuck. */
#include "engine/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "engine/checks.h"
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
static int ends(struct world *w, struct run_end *ret, int code, const struct err *e, const char *line)
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

static void hook_on_failure(struct world *w)
{
	const json_t *hook = json_object_get(w->goal.hooks, "on_failure");
	const struct step_kind *kind = step_kind_named("hook");
	autojson json_t *params = NULL, *result = NULL;
	struct err e = ERR_INIT;

	if (!hook || !kind)
		return;
	params = json_pack("{ss sO}", "name", "on_failure", "argv",
	                   json_is_object(hook) ? json_object_get(hook, "argv") : hook);
	if (kind->apply(&w->ctx, params, NULL, &result, &e) < 0)
		event_emit(w->o->events, "warning", json_pack("{ss}", "text", e.msg));
}

static int turn(struct world *w, enum run_state to, const char *why, struct err *e)
{
	event_emit(w->o->events, "run", json_pack("{ss ss?}", "state", run_state_name(to), "why", why));
	return journal_turn(w->journal, w->run, to, why, e);
}

/* Before the run is closed: of a closed run nobody would take it away, and it forbids the next one. */
static int drop_marker(struct world *w, struct err *e)
{
	autofree char *home = NULL;
	struct err none = ERR_INIT;

	return world_home(w, &home, &none) < 0 ? 0 : point_marker_drop(home, e);
}

int run_frozen(struct world *w, struct facts *ret, struct err *e)
{
	vec_each(&w->plan.steps, s) {
		autobuf struct buf text = BUF_MAX(16u << 20);
		struct step_rec rec = { 0 };
		autofree char *digest = NULL;

		if (strcmp(s->kind->name, "facts_freeze"))
			continue;
		if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
			return -e->kind;
		digest = xstrdup(json_str(rec.result, "facts", NULL));
		step_rec_done(&rec);
		if (!digest)
			break;
		if (blob_get(&w->ctx.blobs, digest, &text, e) < 0)
			return -e->kind;
		return facts_parse(buf_sv(&text), "the frozen facts", ret, e);
	}
	return err_set(e, ERR_ABSENT, "the run froze no facts");
}

/* Is the old world back? Compared with the facts frozen in the window when there are any; a server that was never stopped
 * only has to serve, as the edition and version it had. */
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
	}
	comparisons_done(&cmp);
	return r;
}

/* The way back to its end. `code` is what a success means to the caller: 5, 130 or 0. */
static int go_back(struct world *w, int code, const struct err *why, struct run_end *ret)
{
	struct err e = ERR_INIT;
	char line[700];

	if (loop_backward(w, &e) < 0 || old_world_back(w, &e) < 0)
		goto stuck;
	if (drop_marker(w, &e) < 0 || turn(w, RUN_CLOSED_OLD, "the old world is back", &e) < 0)
		goto stuck;
	if (why)
		snprintf(line, sizeof line, "turned back, the old world is whole: %s", why->msg);
	else
		snprintf(line, sizeof line, "the old world is back, whole");
	return ends(w, ret, code, why, line);
stuck:
	if (e.kind == ERR_REFUSED && !w->ctx.point_passed)
		err_hint(&e, "nothing of the data has changed; put the named thing right and repeat 'crossgrade rollback'");
	err_hint(&e, "put the named thing right and repeat 'crossgrade rollback'");
	snprintf(line, sizeof line, "stuck on the way back: %s", e.msg);
	{
		struct err own = ERR_INIT;

		if (turn(w, RUN_STUCK, line, &own) < 0)
			log_warn("%s", own.msg);
	}
	return ends(w, ret, EXIT_STUCK, &e, line);
}

static int stands(struct world *w, const struct err *why, struct run_end *ret)
{
	struct err e = ERR_INIT;
	char line[700];

	snprintf(line, sizeof line, "the new world stands: %s", why->msg);
	if (turn(w, RUN_STANDS, line, &e) < 0)
		return ends(w, ret, EXIT_STUCK, &e, e.msg);
	if (!ret->err.hint[0]) {
		struct err told = *why;

		err_hint(&told, "choose: 'crossgrade verify', 'crossgrade rollback --save-new-writes DIR' or "
		                "'crossgrade finalize'");
		return ends(w, ret, EXIT_STANDS, &told, line);
	}
	return ends(w, ret, EXIT_STANDS, why, line);
}

static bool gate_holds(struct world *w)
{
	vec_each(&w->plan.steps, s) {
		enum step_state seen = STEP_UNSURE;
		struct err e = ERR_INIT;

		if (!strcmp(s->kind->name, "gate_close"))
			return s->kind->verify(&w->ctx, s->params, NULL, &seen, &e) >= 0 && seen == STEP_IS_DONE;
	}
	return false;
}

/* Can no client write have been accepted by the new server? The gate alone is not believed: a firewall reload removes it,
 * so what can be counted is counted. */
static int nothing_written(struct world *w, bool *ret, struct err *e)
{
	autofacts struct facts frozen = { 0 };
	struct writes since = { 0 };
	struct err missing = ERR_INIT;
	struct run_rec rec = { 0 };
	bool let_in;

	if (journal_run(w->journal, w->run, &rec, e) < 0)
		return -e->kind;
	let_in = rec.let_in;
	run_rec_done(&rec);
	*ret = !w->ctx.point_passed;
	if (*ret || !w->product->since || run_frozen(w, &frozen, &missing) < 0)
		return 0;
	if (w->product->since(&w->ctx, &frozen, &since, &missing) < 0) {
		*ret = !let_in && gate_holds(w);
	} else {
		*ret = since.transactions == 0 || (since.transactions < 0 && !let_in && gate_holds(w));
		event_emit(w->o->events, "note", json_pack("{ss so}", "text", "writes counted", "writes",
		                                           writes_json(&since)));
	}
	writes_done(&since);
	return 0;
}

/* With the operator's own backup, or none, there is no old world to return to once a target build was started. */
static bool has_return(struct world *w)
{
	const char *kind = json_str(json_object_get(w->plan.doc, "restore_point"), "kind", "tree");

	return strcmp(kind, "external") && strcmp(kind, "none");
}

static bool after_open(struct world *w, const struct step *at)
{
	struct run_rec rec = { 0 };
	struct err e = ERR_INIT;
	bool let_in = journal_run(w->journal, w->run, &rec, &e) >= 0 && rec.let_in;

	run_rec_done(&rec);
	return let_in && at && at->phase >= PHASE_OPEN;
}

/* The loop failed: backward while no client write can have been accepted, else the new world stands. */
static int failed(struct world *w, const struct step *at, const struct err *why, struct run_end *ret)
{
	int code = why->kind == ERR_CANCELED ? EXIT_INTERRUPTED : EXIT_TURNED;
	struct err e = ERR_INIT;
	bool clean = false;

	if (run_point_passed(w, &w->ctx.point_passed, &e) < 0 || nothing_written(w, &clean, &e) < 0)
		return ends(w, ret, EXIT_STUCK, &e, e.msg);
	hook_on_failure(w);
	if (after_open(w, at) || !clean || (w->ctx.point_passed && !has_return(w)))
		return stands(w, why, ret);
	if (turn(w, RUN_TURNED, why->msg, &e) < 0)
		return ends(w, ret, EXIT_STUCK, &e, e.msg);
	return go_back(w, code, why, ret);
}

static bool proof_failed(struct world *w, char *line, size_t n)
{
	vec_each(&w->plan.steps, s) {
		const json_t *result = json_object_get(w->ctx.results, s->id);
		const char *worst = json_str(result, "worst", "same");

		if (strcmp(s->kind->name, "verify_world") || strcmp(worst, "different"))
			continue;
		snprintf(line, n, "%lld differences found by '%s'", (long long)json_int(result, "different", 1), s->id);
		return true;
	}
	return false;
}

static int came_through(struct world *w, struct run_end *ret)
{
	struct err e = ERR_INIT;
	char line[200];

	if (proof_failed(w, line, sizeof line)) {
		err_set(&e, ERR_CHANGED, "%s", line);
		return stands(w, &e, ret);
	}
	if (drop_marker(w, &e) < 0 || turn(w, RUN_CLOSED_NEW, "the new world is live", &e) < 0)
		return ends(w, ret, EXIT_STUCK, &e, e.msg);
	return ends(w, ret, EXIT_DONE, NULL, "the new world is live, whole and verified");
}

static void start_prober(struct world *w)
{
	autofree char *rel = xasprintf("undo/%s/" PROBES, w->run);
	struct err e = ERR_INIT;

	if (!w->product->probe || w->prober)
		return;
	if (prober_start(w->product, &w->ctx.sites[0], &w->ctx.state, rel, &w->prober, &e) < 0)
		event_emit(w->o->events, "warning", json_pack("{ss}", "text", e.msg));
}

/* Forward to the end, or to the hold, or to the failure and what follows from it. */
static int go_on(struct world *w, struct run_end *ret)
{
	const struct step *at = NULL;
	struct err e = ERR_INIT;

	start_prober(w);
	if (run_point_passed(w, &w->ctx.point_passed, &e) < 0)
		return ends(w, ret, EXIT_STUCK, &e, e.msg);
	if (loop_forward(w, &at, &e) < 0)
		return failed(w, at, &e, ret);
	if (w->o->hold && at) {
		if (turn(w, RUN_HELD, "everything that needs no window is done", &e) < 0)
			return ends(w, ret, EXIT_STUCK, &e, e.msg);
		return ends(w, ret, EXIT_HELD, NULL, "held, ready for its window: 'crossgrade resume' goes on");
	}
	return came_through(w, ret);
}

/* Losses the plan names must be agreed to one by one; --yes never does. */
static int losses_agreed(const struct plan *p, const struct run_opts *o, struct err *e)
{
	size_t at;
	json_t *loss;

	json_array_foreach(json_object_get(p->doc, "losses"), at, loss) {
		const char *id = json_str(loss, "id", "");
		bool ok = loss_accepted(o, id) || (!strcmp(id, "no-backup") && o->accept_no_backup) ||
		          (!strcmp(id, "no-return") && o->accept_no_return) || (!strcmp(id, "open") && o->accept_open);

		if (ok)
			continue;
		err_set(e, ERR_REFUSED, "not agreed to: %s", json_str(loss, "text", id));
		return strcmp(id, "no-backup") && strcmp(id, "no-return") && strcmp(id, "open") ?
		               err_hint(e, "'--accept-loss %s' agrees to it", id) :
		               err_hint(e, "'--accept-%s' agrees to it", id);
	}
	return 0;
}

/* Steps 3 and 4 of the walk: inspect again, compare with the plan, check again. Returns an exit code, 0 to go on. */
static int look_again(struct world *w, struct facts *now, struct run_end *ret)
{
	autobuf struct buf moved = BUF_MAX(64 << 10), ids = BUF_MAX(4096);
	struct results found = { 0 };
	const struct sheet *texts;
	struct err e = ERR_INIT;
	size_t stopping;

	if (w->product->inspect(&w->ctx, &w->goal, DEPTH_LIVE, now, &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "nothing changed: %s", e.msg);
	/* What an interrupted look did not see is no drift. */
	if (w->o->cancel && atomic_load(&w->o->cancel->asked)) {
		err_set(&e, ERR_CANCELED, "interrupted");
		return run_says(ret, EXIT_INTERRUPTED, &e, "nothing changed: %s", e.msg);
	}
	if (plan_drift(&w->plan, now, &moved)) {
		err_set(&e, ERR_CHANGED, "the world changed since the plan was made: %.400s", buf_str(&moved));
		err_hint(&e, "look at what changed and make a new plan");
		return run_says(ret, EXIT_DRIFTED, &e, "%s", e.msg);
	}
	if (sheet_of(w->product->name, &texts, &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	checks_run(w->product, now, &w->goal, &found);
	stopping = checks_stopping(&found, texts, w->o->accept, w->o->yes, &ids);
	results_done(&found);
	if (!stopping)
		return 0;
	err_set(&e, ERR_REFUSED, "blocked by %s", buf_str(&ids));
	err_hint(&e, "'crossgrade check' says what to do; '--accept ID' lets an overridable one pass");
	return run_says(ret, EXIT_BLOCKED, &e, "%s", e.msg);
}

static int begin(struct world *w, const struct facts *now, struct err *e)
{
	autobuf struct buf plan = BUF_MAX(16u << 20), goal = BUF_MAX(1u << 20);
	autofree char *home = NULL;
	struct err none = ERR_INIT;

	plan_text(&w->plan, &plan);
	json_canonical(w->goal.doc, &goal);
	if (journal_begin(w->journal, w->goal.product, w->goal.name, w->site_hash, buf_sv(&plan), w->plan.digest,
	                  buf_sv(&goal), &w->run, e) < 0 ||
	    journal_put_doc(w->journal, w->run, "facts", now->doc, e) < 0)
		return -e->kind;
	if (world_home(w, &home, &none) >= 0 &&
	    point_marker_put(home, w->ctx.state.path, w->run, w->plan.digest, e) < 0)
		return -e->kind;
	return world_enter(w, e);
}

/* An open run of this installation, in this journal or by a marker of another state directory. */
static int nothing_open(struct world *w, struct run_end *ret)
{
	autofree char *home = NULL;
	autojson json_t *marker = NULL;
	struct run_rec open = { 0 };
	struct err e = ERR_INIT;
	int found = world_unfinished(w, w->site_hash, &open, &e);

	if (found < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	if (found) {
		snprintf(ret->run, sizeof ret->run, "%s", open.id);
		err_set(&e, ERR_BUSY, "run %s is %s", open.id, run_state_name(open.state));
		err_hint(&e, "'crossgrade resume' or 'crossgrade rollback' ends it");
		run_rec_done(&open);
		return run_says(ret, EXIT_UNFINISHED, &e, "an unfinished run exists: %s", e.msg);
	}
	if (world_home(w, &home, &e) < 0 || point_marker_read(home, &marker, &e) < 0)
		return 0;
	err_set(&e, ERR_BUSY, "run %s of state directory '%s' is open for this installation",
	        json_str(marker, "run", "?"), json_str(marker, "state_dir", "?"));
	err_hint(&e, "use that --state-dir, or 'crossgrade rollback --from %s' when it is lost", home);
	return run_says(ret, EXIT_UNFINISHED, &e, "an unfinished run exists: %s", e.msg);
}

int run_apply(const struct plan *p, const struct goal *g, const struct run_opts *o, struct run_end *ret)
{
	autobuf struct buf text = BUF_MAX(16u << 20);
	autofacts struct facts now = { 0 };
	struct err e = ERR_INIT;
	struct world w;
	int code = EXIT_FAILED;

	*ret = (struct run_end){ 0 };
	plan_text(p, &text);
	if (world_open(&w, o, DB_WRITE, &e) < 0 || plan_parse(buf_sv(&text), "the plan", &w.plan, &e) < 0 ||
	    goal_of_doc(json_deep_copy(g->doc), &w.goal, &e) < 0 ||
	    world_bind(&w, json_object_get(w.plan.doc, "sites"), &e) < 0)
		goto fail;
	w.product = product_named(w.goal.product);
	w.ctx.product = w.product;
	w.ctx.goal = &w.goal;
	if (world_lock(&w, "apply", &e) < 0) {
		code = e.kind == ERR_BUSY ? EXIT_LOCKED : EXIT_FAILED;
		goto fail;
	}
	if (losses_agreed(&w.plan, o, &e) < 0) {
		code = EXIT_LOSS;
		goto fail;
	}
	code = nothing_open(&w, ret);
	if (!code)
		code = look_again(&w, &now, ret);
	if (!code && begin(&w, &now, &e) < 0) {
		code = EXIT_FAILED;
		goto fail;
	}
	if (!code)
		code = go_on(&w, ret);
	world_close(&w);
	return code;
fail:
	run_says(ret, code, &e, "nothing changed: %s", e.msg);
	world_close(&w);
	return code;
}

/* Find and lock the run a verb is about. Returns an exit code, 0 to go on. */
static int take_run(struct world *w, const char *run, const char *verb, struct run_rec *rec, struct run_end *ret)
{
	struct err e = ERR_INIT;

	if (journal_run(w->journal, run, rec, &e) < 0 || world_load(w, run, &e) < 0)
		return run_says(ret, e.kind == ERR_ABSENT ? EXIT_USAGE : EXIT_FAILED, &e, "%s", e.msg);
	snprintf(ret->run, sizeof ret->run, "%s", run);
	if (world_lock(w, verb, &e) < 0)
		return run_says(ret, e.kind == ERR_BUSY ? EXIT_LOCKED : EXIT_FAILED, &e, "%s", e.msg);
	/* Who held the lock may have moved it on. */
	run_rec_done(rec);
	if (journal_run(w->journal, run, rec, &e) < 0 || world_enter(w, &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	return 0;
}

/* A held run, or one killed before its window, looks again before it goes on. */
static int before_window(struct world *w, enum run_state state, struct run_end *ret)
{
	autofacts struct facts now = { 0 };
	struct err e = ERR_INIT;
	bool frozen;

	if (run_reached(w, PHASE_FREEZE, &frozen, &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	if (frozen)
		return 0;
	if (state == RUN_HELD && turn(w, RUN_OPEN, "goes on", &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	return look_again(w, &now, ret);
}

/* The boot service never passes the point: before it the old server is started, after it the new one. */
static int unattended_back(struct world *w, bool *ret_back, struct err *e)
{
	bool passed;

	if (run_point_passed(w, &passed, e) < 0)
		return -e->kind;
	*ret_back = w->o->unattended && !passed;
	return 0;
}

static int resume_open(struct world *w, enum run_state state, struct run_end *ret)
{
	struct err e = ERR_INIT;
	bool back = false, old_runs = false;
	int code;

	if (run_strangers(w, &old_runs, &e) < 0 || unattended_back(w, &back, &e) < 0)
		return ends(w, ret, EXIT_STUCK, &e, e.msg);
	if (back || old_runs) {
		if (back)
			err_set(&e, ERR_CANCELED, "the run was interrupted before the point of no return");
		else
			err_set(&e, ERR_CHANGED, "somebody started the old server in the window");
		if (turn(w, RUN_TURNED, e.msg, &e) < 0)
			return ends(w, ret, EXIT_STUCK, &e, e.msg);
		return go_back(w, EXIT_TURNED, &e, ret);
	}
	code = before_window(w, state, ret);
	if (code) {
		/* What is staged stays; the run is held until somebody decides. */
		if (state == RUN_HELD && turn(w, RUN_HELD, ret->line, &e) < 0)
			return ends(w, ret, EXIT_STUCK, &e, e.msg);
		return code;
	}
	if (state == RUN_STANDS && turn(w, RUN_OPEN, "goes on", &e) < 0)
		return ends(w, ret, EXIT_STUCK, &e, e.msg);
	if (run_refresh(w, &e) < 0)
		return ends(w, ret, EXIT_STUCK, &e, e.msg);
	return go_on(w, ret);
}

static int resume_by_state(struct world *w, const struct run_rec *rec, struct run_end *ret)
{
	struct err e = ERR_INIT;

	switch (rec->state) {
	case RUN_OPEN:
	case RUN_STANDS:
		return resume_open(w, rec->state, ret);
	case RUN_HELD:
		if (w->o->unattended)
			return run_says(ret, EXIT_HELD, NULL, "run %s stays held", rec->id);
		return resume_open(w, rec->state, ret);
	case RUN_TURNED:
		if (w->o->unattended)
			return go_back(w, EXIT_TURNED, NULL, ret);
		fall_through;
	case RUN_STUCK:
	case RUN_CLOSED_OLD:
		err_set(&e, ERR_REFUSED, "run %s is %s, it is on its way back", rec->id, run_state_name(rec->state));
		err_hint(&e, "'crossgrade rollback' finishes it");
		return run_says(ret, EXIT_UNFINISHED, &e, "%s", e.msg);
	default:
		return run_says(ret, EXIT_DONE, NULL, "run %s is finished, the new world is live", rec->id);
	}
}

/* The run a verb is about when none is named: the unfinished one. Heap in *ret, NULL when there is none. */
static int unfinished_id(struct world *w, const char *run, char **ret, struct err *e)
{
	struct run_rec open = { 0 };
	int found;

	*ret = xstrdup(run);
	if (run)
		return 0;
	found = world_unfinished(w, NULL, &open, e);
	if (found > 0)
		*ret = xstrdup(open.id);
	run_rec_done(&open);
	return found < 0 ? found : 0;
}

int run_resume(const char *run, const struct run_opts *o, struct run_end *ret)
{
	autofree char *id = NULL;
	struct run_rec rec = { 0 };
	struct err e = ERR_INIT;
	struct world w;
	int code;

	*ret = (struct run_end){ 0 };
	if (world_open(&w, o, DB_WRITE, &e) < 0 || unfinished_id(&w, run, &id, &e) < 0) {
		code = run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	} else if (!id) {
		code = run_says(ret, EXIT_DONE, NULL, "nothing to do: no run is unfinished");
	} else {
		code = take_run(&w, id, "resume", &rec, ret);
		if (!code)
			code = resume_by_state(&w, &rec, ret);
	}
	run_rec_done(&rec);
	world_close(&w);
	return code;
}

static bool still_serves(struct world *w)
{
	struct probe seen = { 0 };
	struct err e = ERR_INIT;

	return w->product->probe && w->product->probe(&w->ctx.sites[0], false, NS_PER_S, &seen, &e) >= 0 &&
	       seen.answered;
}

/* Prove the restore point before anything is touched: in full while the target still serves; with the server down the run's
 * own proof holds for files that did not move, because every second of reading is a second without service. Exit code, 0
 * to go on. */
static int prove_first(struct world *w, struct run_end *ret)
{
	struct pass_opts opts = { .cancel = w->o->cancel };
	manifest_diffs diffs = { 0 };
	struct point p = { .dir = DIR_NONE };
	autofree char *home = NULL;
	struct err e = ERR_INIT;
	int code = 0, r;

	if (!w->ctx.point_passed || world_home(w, &home, &e) < 0)
		return 0;
	if (point_open(home, w->run, &p, &e) < 0)
		return run_says(ret, EXIT_DIGEST, &e, "%s", e.msg);
	if (p.state == POINT_SPENT) {
		point_done(&p);
		return 0;               /* this rollback is being repeated */
	}
	r = point_prove(&p, w->o->prove_all || still_serves(w), &opts, &diffs, &e);
	if (r > 0)
		err_set(&e, ERR_CHANGED, "restore point '%s' does not match its manifest: %s: %s", p.id,
		        diffs.v[0].rel, diffs.v[0].what);
	if (r)
		code = run_says(ret, EXIT_DIGEST, &e, "%s", e.msg);
	manifest_diffs_done(&diffs);
	point_done(&p);
	return code;
}

static int point_has_return(struct world *w, struct run_end *ret)
{
	struct err e = ERR_INIT;

	if (!w->ctx.point_passed || has_return(w))
		return 0;
	err_set(&e, ERR_REFUSED, "the new server was started and the run has no restore point of its own");
	err_hint(&e, "restore your own backup, then 'crossgrade finalize'");
	return run_says(ret, EXIT_LOSS, &e, "%s", e.msg);
}

static int rollback_loaded(struct world *w, const struct run_rec *rec, struct run_end *ret)
{
	struct err e = ERR_INIT;
	bool old_runs;
	int code;

	if (rec->finalized) {
		err_set(&e, ERR_REFUSED, "run %s was finalized: its way back was given up", rec->id);
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	}
	if (rec->state == RUN_CLOSED_OLD)
		return run_says(ret, EXIT_DONE, NULL, "nothing to do: the old world of run %s is live", rec->id);
	if (run_strangers(w, &old_runs, &e) < 0 || run_point_passed(w, &w->ctx.point_passed, &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	code = point_has_return(w, ret);
	if (!code && rec->state != RUN_TURNED)
		code = prove_first(w, ret);
	if (!code && rec->state != RUN_TURNED && rec->state != RUN_STUCK)
		code = run_account_for_writes(w, ret);
	if (code)
		return code;
	if (rec->state != RUN_TURNED && turn(w, RUN_TURNED, "rollback asked", &e) < 0)
		return ends(w, ret, EXIT_STUCK, &e, e.msg);
	start_prober(w);
	return go_back(w, EXIT_DONE, NULL, ret);
}

/* The newest run that is not finalized; rolling back an older one is refused with the newer named. */
static int newest_id(struct world *w, const char *run, char **ret, struct run_end *end)
{
	struct run_list all = { 0 };
	struct run_rec about = { 0 };
	struct err e = ERR_INIT;
	int code = 0;

	if (run && journal_run(w->journal, run, &about, &e) < 0)
		return run_says(end, EXIT_USAGE, &e, "%s", e.msg);
	if (journal_runs(w->journal, about.site_hash, &all, &e) < 0)
		code = run_says(end, EXIT_FAILED, &e, "%s", e.msg);
	vec_each(&all, it) {
		if (*ret || it->finalized || (it->state == RUN_CLOSED_OLD && !(run && !strcmp(run, it->id))))
			continue;
		*ret = xstrdup(it->id);
	}
	if (!code && run && *ret && strcmp(run, *ret) && !about.finalized) {
		err_set(&e, ERR_REFUSED, "run %s is newer and not finalized", *ret);
		err_hint(&e, "roll back or finalize that one first");
		code = run_says(end, EXIT_UNFINISHED, &e, "%s", e.msg);
	}
	if (!code && run && !*ret)
		*ret = xstrdup(run);
	run_list_done(&all);
	run_rec_done(&about);
	return code;
}

int run_rollback(const char *run, const struct run_opts *o, struct run_end *ret)
{
	autofree char *id = NULL;
	struct run_rec rec = { 0 };
	struct err e = ERR_INIT;
	struct world w;
	int code;

	*ret = (struct run_end){ 0 };
	if (world_open(&w, o, DB_WRITE, &e) < 0) {
		code = run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	} else {
		code = newest_id(&w, run, &id, ret);
		if (!code && !id)
			code = run_says(ret, EXIT_DONE, NULL, "nothing to do: no run to roll back");
		else if (!code)
			code = take_run(&w, id, "rollback", &rec, ret);
		if (!code && id)
			code = rollback_loaded(&w, &rec, ret);
	}
	run_rec_done(&rec);
	world_close(&w);
	return code;
}
