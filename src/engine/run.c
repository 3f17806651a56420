/* The calls that go forward: apply and resume. What stands in their way is said before anything is touched. */
#include "engine/run.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "engine/checks.h"
#include "engine/procedure.h"
#include "engine/restore_point.h"
#include "engine/run_world.h"
#include "io/room.h"

#define STATE_OF_BOOT "/var/lib/crossgrade"      /* crossgrade-resume.service */

/* There is no target to judge, and nothing was frozen to count from. */
bool run_puts_back(const struct plan *p)
{
	vec_each(&p->steps, s)
		if (!strcmp(s->kind->name, "tree_restore"))
			return true;
	return false;
}

/* What is set back with the data cannot be the record of it: a rollback would put the journal back as it was before the stop. */
static int state_apart(const struct plan *p, const char *state_dir, struct err *e)
{
	const json_t *about = json_object_get(p->doc, "restore_point");

	if (point_apart(json_object_get(about, "scope"), state_dir, e) < 0) {
		err_wrap(e, "the state directory");
		return err_hint(e, "name one outside it with --state-dir");
	}
	return 0;
}

/* Before the marker, which goes there, too. */
static int store_apart(const struct plan *p, struct err *e)
{
	const json_t *about = json_object_get(p->doc, "restore_point");
	const char *home = json_str(about, "home", NULL);

	return home ? point_home_apart(home, json_object_get(about, "scope"), e) : 0;
}

int run_restored_served(struct world *w, bool *ret, struct err *e)
{
	struct run_rec rec = { 0 };

	if (journal_run(w->journal, w->run, &rec, e) < 0)
		return -e->kind;
	*ret = run_puts_back(&w->plan) && rec.let_in;
	run_rec_done(&rec);
	return 0;
}

/* Steps 3 and 4 of the walk: inspect again, compare with the plan, check again, with the plan's own deep facts, and count again what
 * is lost. Returns an exit code, 0 to go on. */
static int look_again(struct world *w, struct facts *now, struct run_end *ret)
{
	autobuf struct buf moved = BUF_MAX(64 << 10), ids = BUF_MAX(4096);
	struct results found = { 0 };
	const struct sheet *texts;
	struct err e = ERR_INIT;
	size_t stopping;

	w->ctx.known = plan_pinned(&w->plan);
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
	facts_carry(now, plan_deep(&w->plan));
	if (run_puts_back(&w->plan))
		checks_run_restore(w->product, now, &w->goal, &found);
	else
		checks_run(w->product, now, &w->goal, &found);
	stopping = checks_stopping(&found, texts, w->o->accept, w->o->yes, &ids);
	results_done(&found);
	if (!stopping)
		return run_losses_since(w, now, &e) < 0 ? run_says(ret, EXIT_LOSS, &e, "nothing changed: %s", e.msg) : 0;
	err_set(&e, ERR_REFUSED, "blocked by %s", buf_str(&ids));
	err_hint(&e, "'crossgrade check' says what to do; '--yes' covers a warning, '--accept ID' lets an overridable one pass");
	return run_says(ret, EXIT_BLOCKED, &e, "%s", e.msg);
}

/* Nothing was touched: the run that could not begin is none. Its marker may be there all the same, when what failed was to make it
 * durable. */
static void unbegin(struct world *w)
{
	struct err e = ERR_INIT;

	if (w->run && (run_turn(w, RUN_TURNED, "could not begin", &e) < 0 || run_unmark(w, &e) < 0 ||
	               run_turn(w, RUN_CLOSED_OLD, "could not begin", &e) < 0))
		log_warn("run %s stays open: %s", w->run, e.msg);
}

static int begin(struct world *w, const struct facts *now, struct err *e)
{
	autobuf struct buf plan = BUF_MAX(16u << 20), goal = BUF_MAX(1u << 20);

	plan_text(&w->plan, &plan);
	json_canonical(w->goal.doc, &goal);
	if (journal_begin(w->journal, w->goal.product, w->goal.name, w->site_hash, buf_sv(&plan), w->plan.digest,
	                  buf_sv(&goal), &w->run, e) < 0 ||
	    world_enter(w, e) < 0 || run_keep_in_place(w, e) < 0 || run_note_roots(w, e) < 0 || run_note_server(w, e) < 0 ||
	    journal_put_doc(w->journal, w->run, "facts", now->doc, e) < 0)
		return -e->kind;
	if (strcmp(w->ctx.state.path, STATE_OF_BOOT))
		event_emit(w->o->events, "note",
		           json_pack("{ss}", "text", "the boot service looks into " STATE_OF_BOOT " only: after a power cut call "
		                                     "'crossgrade resume' with this --state-dir yourself"));
	return run_mark(w, e);
}

/* The newest run, of one installation or of the host (NULL), that a killed call left shut. Heap, NULL: none. */
static char *shut_id(struct world *w, const char *site_hash)
{
	struct run_list all = { 0 };
	struct err none = ERR_INIT;
	char *ret = NULL;

	if (journal_runs(w->journal, site_hash, &all, &none) < 0)
		return NULL;
	vec_each(&all, it)
		if (!ret && run_is_shut(w, it))
			ret = xstrdup(it->id);
	run_list_done(&all);
	return ret;
}

int run_none_in_journal(struct world *w, struct run_end *ret)
{
	struct run_rec open = { 0 };
	struct err e = ERR_INIT;
	int found = world_unfinished(w, w->site_hash, &open, &e);

	autofree char *shut = NULL;

	if (found < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	if (!found)
		shut = shut_id(w, w->site_hash);
	if (shut) {
		err_set(&e, ERR_BUSY, "a rollback of run %s was killed while it kept clients out", shut);
		err_hint(&e, "'crossgrade resume %s' lets them in again, and takes away the mark it left", shut);
		return run_says(ret, EXIT_UNFINISHED, &e, "%s", e.msg);
	}
	if (!found)
		return 0;
	snprintf(ret->run, sizeof ret->run, "%s", open.id);
	err_set(&e, ERR_BUSY, "run %s is %s", open.id, run_state_name(open.state));
	err_hint(&e, "'crossgrade resume' or 'crossgrade rollback' ends it");
	run_rec_done(&open);
	return run_says(ret, EXIT_UNFINISHED, &e, "an unfinished run exists: %s", e.msg);
}

/* A plan of no steps begins no run; but the build that is wanted may be there because an open run put it there. */
static int nothing_to_do(const struct plan *p, const struct run_opts *o, struct run_end *ret)
{
	autobuf struct buf text = BUF_MAX(16u << 20);
	struct err e = ERR_INIT;
	struct world w;
	int code = 0;

	plan_text(p, &text);
	if (world_open(&w, o, WORLD_LOOK, &e) < 0 && e.kind != ERR_ABSENT)
		code = run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	err_clear(&e);
	if (!code && (plan_parse(buf_sv(&text), "the plan", &w.plan, &e) < 0 ||
	              world_bind(&w, json_object_get(w.plan.doc, "sites"), &e) < 0))
		code = run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	if (!code && w.journal)
		code = run_none_in_journal(&w, ret);
	if (!code)
		code = run_none_marked(&w, ret);
	world_close(&w);
	return code ? code : run_says(ret, EXIT_DONE, NULL, "nothing to do: the plan has no steps");
}

/* There is nothing of it that a run could touch. */
static int left_to_hand(const struct plan *p, struct run_end *ret)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_REFUSED, "this plan is a procedure for a person on %s: crossgrade does not run there",
	        json_str(procedure_of(p->doc), "host", "another host"));
	err_hint(&e, "'crossgrade plan' shows it step by step, with the way back");
	return run_says(ret, EXIT_USAGE, &e, "nothing changed: %s", e.msg);
}

int run_apply(const struct plan *p, const struct goal *g, const struct run_opts *o, struct run_end *ret)
{
	autobuf struct buf text = BUF_MAX(16u << 20);
	autofacts struct facts now = { 0 };
	struct err e = ERR_INIT;
	struct world w;
	int code = EXIT_FAILED;

	*ret = (struct run_end){ 0 };
	if (procedure_of(p->doc))
		return left_to_hand(p, ret);
	if (!p->steps.n)
		return nothing_to_do(p, o, ret);
	plan_text(p, &text);
	if (state_apart(p, o->state_dir, &e) < 0)
		return run_says(ret, EXIT_USAGE, &e, "nothing changed: %s", e.msg);
	room_sweep();
	if (world_open(&w, o, WORLD_BEGIN, &e) < 0 || plan_parse(buf_sv(&text), "the plan", &w.plan, &e) < 0 ||
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
	if (run_losses_agreed(&w, &e) < 0) {
		code = EXIT_LOSS;
		goto fail;
	}
	code = run_none_in_journal(&w, ret);
	if (!code)
		code = run_none_marked(&w, ret);
	if (!code)
		code = look_again(&w, &now, ret);
	if (!code && store_apart(&w.plan, &e) < 0) {
		code = EXIT_FAILED;
		goto fail;
	}
	if (!code && begin(&w, &now, &e) < 0) {
		unbegin(&w);
		code = EXIT_FAILED;
		goto fail;
	}
	if (!code)
		code = run_go_on(&w, ret);
	world_close(&w);
	return code;
fail:
	run_says(ret, code, &e, "nothing changed: %s", e.msg);
	world_close(&w);
	return code;
}

int run_none(const char *run, const char *line, const struct err *e, struct run_end *ret)
{
	if (e->kind != ERR_ABSENT)
		return run_says(ret, EXIT_FAILED, e, "%s", e->msg);
	return run ? run_says(ret, EXIT_USAGE, e, "%s", e->msg) : run_says(ret, EXIT_DONE, NULL, "%s", line);
}

/* Find and lock the run a verb is about. At boot its docker may come later than we do, and its disk. Returns an exit code, 0 to go on. */
int run_take(struct world *w, const char *run, const char *verb, struct run_rec *rec, struct run_end *ret)
{
	struct err e = ERR_INIT;
	int code;

	if (journal_run(w->journal, run, rec, &e) < 0 || world_load(w, run, &e) < 0)
		return run_says(ret, e.kind == ERR_ABSENT ? EXIT_USAGE : EXIT_FAILED, &e, "%s", e.msg);
	snprintf(ret->run, sizeof ret->run, "%s", run);
	world_await_docker(w, RUN_AWAITS_DOCKER);
	if (world_lock(w, verb, &e) < 0)
		return run_says(ret, e.kind == ERR_BUSY ? EXIT_LOCKED : EXIT_FAILED, &e, "%s", e.msg);
	/* Who held the lock may have moved it on. */
	run_rec_done(rec);
	if (journal_run(w->journal, run, rec, &e) < 0 || world_enter(w, &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	event_emit(w->o->events, "run",
	           json_pack("{ss sb}", "state", run_state_name(rec->state), "let_in", rec->let_in));
	code = run_find_roots(w, rec, verb, ret);
	if (code)
		return code;
	/* A rollback shuts them out again. */
	if (!strcmp(verb, "rollback") || !run_is_shut(w, rec))
		return 0;
	event_emit(w->o->events, "warning",
	           json_pack("{ss}", "text", run_is_gated(w, rec) ? "a call that was killed kept clients out: they are let in again"
	                                                          : "a call that was killed kept clients out until the boot: its mark is taken away"));
	return run_let_in_again(w, &e) < 0 ? run_says(ret, EXIT_FAILED, &e, "%s", e.msg) : 0;
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
	if (state == RUN_HELD && run_turn(w, RUN_OPEN, "goes on", &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	return look_again(w, &now, ret);
}

/* The boot service never passes the point: before it the old server is started, after it the new one. */
static int unattended_back(struct world *w, bool *ret_back, struct err *e)
{
	bool passed, served;

	if (run_point_passed(w, &passed, e) < 0 || run_restored_served(w, &served, e) < 0)
		return -e->kind;
	*ret_back = w->o->unattended && !passed && !served;
	return 0;
}

static int resume_open(struct world *w, enum run_state state, struct run_end *ret)
{
	struct err e = ERR_INIT, own = ERR_INIT;
	bool back = false, old_runs = false;
	int code;

	if (run_strangers(w, &old_runs, &e) < 0 || unattended_back(w, &back, &e) < 0)
		return run_ends(w, ret, EXIT_STUCK, &e, e.msg);
	if (back || old_runs) {
		if (back)
			err_set(&e, ERR_CANCELED, "the run was interrupted before the point of no return");
		else
			err_set(&e, ERR_CHANGED, "somebody started the old server in the window");
		if (run_keep_in_place(w, &own) < 0 || run_turn(w, RUN_TURNED, e.msg, &own) < 0)
			return run_ends(w, ret, EXIT_STUCK, &own, own.msg);
		code = run_go_back(w, EXIT_TURNED, &e, ret);
		run_on_failure(w);
		return code;
	}
	code = before_window(w, state, ret);
	if (code) {
		/* What is staged stays; the run is held until somebody decides. */
		if (state == RUN_HELD && run_turn(w, RUN_HELD, ret->line, &e) < 0)
			return run_ends(w, ret, EXIT_STUCK, &e, e.msg);
		return code;
	}
	if (state == RUN_STANDS && run_turn(w, RUN_OPEN, "goes on", &e) < 0)
		return run_ends(w, ret, EXIT_STUCK, &e, e.msg);
	if (run_keep_in_place(w, &e) < 0 || run_refresh(w, &e) < 0)
		return run_ends(w, ret, EXIT_STUCK, &e, e.msg);
	return run_go_on(w, ret);
}

/* Its server was never stopped by the run, but a boot may have ended it. */
static int stays_held(struct world *w, const struct run_rec *rec, struct run_end *ret)
{
	struct err e = ERR_INIT;

	if (run_start_again(w, &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "run %s stays held, with the server down: %s", rec->id, e.msg);
	return run_says(ret, EXIT_HELD, NULL, "run %s stays held", rec->id);
}

/* One that turned, or is stuck. Where a boot leaves it as it is, a person must hear of it. */
static int resume_backward(struct world *w, const struct run_rec *rec, struct run_end *ret)
{
	bool by_itself = w->o->unattended && rec->state == RUN_TURNED, started = false, over = false, left;
	struct err e = ERR_INIT;

	if ((by_itself && (run_strangers_now(w, &e) < 0 || run_started_since(w, &started, &e) < 0 || run_overwrites(w, rec, &over, &e) < 0)) ||
	    run_is_left_to_hand(w, rec, &left, &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	if (by_itself && !started && !over && !left) {
		int code = run_go_back(w, EXIT_TURNED, NULL, ret);

		run_on_failure(w);
		return code;
	}
	err_set(&e, ERR_REFUSED, "run %s is %s, it is on its way back%s%s", rec->id, run_state_name(rec->state),
		started ? ": the new build was started by somebody, and what clients wrote to it only a rollback counts" :
		over    ? ": the old data is put back over what clients wrote, and what came since the last count only a rollback counts" : "",
		by_itself && run_server_is_down(w) ? "; its server is down: nobody is served" : "");
	err_hint(&e, left ? RUN_LEFT_TO_HAND : "'crossgrade rollback' finishes it");
	if (by_itself)
		run_on_failure(w);
	return run_says(ret, EXIT_UNFINISHED, &e, "%s", e.msg);
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
			return stays_held(w, rec, ret);
		return resume_open(w, rec->state, ret);
	case RUN_TURNED:
	case RUN_STUCK:
		return resume_backward(w, rec, ret);
	case RUN_CLOSED_OLD:
		err_set(&e, ERR_REFUSED, "run %s is finished, the old world is live", rec->id);
		err_hint(&e, "make a new plan to try again");
		return run_says(ret, EXIT_UNFINISHED, &e, "%s", e.msg);
	default:
		return run_says(ret, EXIT_DONE, NULL, "run %s is finished, the new world is live", rec->id);
	}
}

/* The run a verb is about when none is named: the unfinished one, or one that was left shut. Heap in *ret, NULL when there is none. */
static int unfinished_id(struct world *w, const char *run, char **ret, struct err *e)
{
	struct run_rec open = { 0 };
	int found;

	*ret = xstrdup(run);
	if (run)
		return 0;
	found = world_unfinished(w, NULL, &open, e);
	*ret = found > 0 ? xstrdup(open.id) : shut_id(w, NULL);
	run_rec_done(&open);
	return found < 0 ? found : 0;
}

static int resume_one(const char *run, const struct run_opts *o, struct run_end *ret)
{
	autofree char *id = NULL;
	struct run_rec rec = { 0 };
	struct err e = ERR_INIT;
	struct world w;
	int code;

	*ret = (struct run_end){ 0 };
	if (world_open(&w, o, WORLD_GO_ON, &e) < 0) {
		code = run_none(run, "nothing to do: no run is unfinished", &e, ret);
	} else if (unfinished_id(&w, run, &id, &e) < 0) {
		code = run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	} else if (!id) {
		code = run_says(ret, EXIT_DONE, NULL, "nothing to do: no run is unfinished");
	} else {
		code = run_take(&w, id, "resume", &rec, ret);
		if (!code)
			code = resume_by_state(&w, &rec, ret);
	}
	run_rec_done(&rec);
	world_close(&w);
	return code;
}

/* Which of two ends does the boot service tell: one that left an installation without a server before all others. */
static int gravity(int code)
{
	static const int worst_first[] = { EXIT_STUCK, EXIT_FAILED, EXIT_STANDS, EXIT_UNFINISHED, EXIT_TURNED, EXIT_HELD, EXIT_DONE };

	for (size_t i = 0; i < ARRAY_LEN(worst_first); i++)
		if (worst_first[i] == code)
			return (int)i;
	return 1;
}

static bool is_away(struct world *w, const char *run)
{
	autobuf struct buf plan = BUF_MAX(16u << 20), goal = BUF_MAX(1u << 20);
	autojson json_t *doc = NULL;
	struct err why = ERR_INIT;

	return journal_plan(w->journal, run, &plan, &goal, &why) >= 0 && json_parse(buf_sv(&plan), "the plan of the run", &doc, &why) >= 0 &&
	       run_roots_there(w->journal, run, doc, &why) < 0;
}

/* At boot every installation of the host is brought back to service, not only that of the newest run; none waits for the disk of another. */
static int resume_all(const struct run_opts *o, struct run_end *ret)
{
	VEC(const char *) ids = { 0 };
	struct run_list all = { 0 };
	struct err e = ERR_INIT;
	struct world w;
	bool first = true;

	room_sweep();
	if (world_open(&w, o, WORLD_LOOK, &e) < 0 || journal_runs(w.journal, NULL, &all, &e) < 0) {
		world_close(&w);
		return resume_one(NULL, o, ret);
	}
	for (int last = 0; last < 2; last++)
		vec_each(&all, it)
			if (run_unfinished(it->state) && is_away(&w, it->id) == last)
				*vec_push(&ids) = it->id;
	world_close(&w);
	vec_each(&ids, it) {
		struct run_end end = { 0 };

		resume_one(*it, o, &end);
		event_emit(o->events, "note", json_pack("{ss ss}", "text", end.line, "run", *it));
		if (first || gravity(end.exit) < gravity(ret->exit))
			*ret = end;
		first = false;
	}
	vec_done(&ids);
	run_list_done(&all);
	return first ? resume_one(NULL, o, ret) : ret->exit;
}

int run_resume(const char *run, const struct run_opts *o, struct run_end *ret)
{
	return o->unattended && !run ? resume_all(o, ret) : resume_one(run, o, ret);
}
