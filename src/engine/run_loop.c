/* The loop. Forward and backward a step goes through the same four moments, and a kill between any two of them leaves a
 * record from which the next call goes on:
 *
 *	capture -> INTENDED (undo record durable) -> apply, verify -> DONE
 *	undo -> UNDONE
 *
 * DONE becomes durable with the next INTENDED: a power cut in between makes it INTENDED, which is done again.
 */
#include "engine/run_world.h"
#include "engine/serve.h"

#include <string.h>

#include "base/fault.h"

#define RESTORE_DATA "restore-data"

/* Params with every {"from": step, "key": k} replaced by that step's result. */
static int resolve(struct world *w, const json_t *value, json_t **ret, struct err *e)
{
	const json_t *from = json_object_get(value, "from"), *key = json_object_get(value, "key");
	const char *name;
	json_t *item, *copy, *out;
	size_t at;

	if (json_is_string(from) && json_is_string(key)) {
		item = json_object_get(json_object_get(w->ctx.results, json_string_value(from)), json_string_value(key));
		if (!item)
			return err_set(e, ERR_BUG, "step '%s' left no '%s'", json_string_value(from),
			               json_string_value(key));
		*ret = json_incref(item);
		return 0;
	}
	if (json_is_object(value)) {
		out = json_object();
		json_object_foreach((json_t *)value, name, item) {
			if (resolve(w, item, &copy, e) < 0) {
				json_decref(out);
				return -e->kind;
			}
			json_object_set_new(out, name, copy);
		}
		*ret = out;
		return 0;
	}
	if (json_is_array(value)) {
		out = json_array();
		json_array_foreach(value, at, item) {
			if (resolve(w, item, &copy, e) < 0) {
				json_decref(out);
				return -e->kind;
			}
			json_array_append_new(out, copy);
		}
		*ret = out;
		return 0;
	}
	*ret = json_incref((json_t *)value);
	return 0;
}

static void say(struct world *w, const struct step *s, const char *state)
{
	event_emit(w->o->events, "step", json_pack("{ss ss ss}", "state", state, "phase", phase_name(s->phase), "kind",
	                                           s->kind->name));
}

void loop_window(struct world *w, bool open)
{
	if (w->window == open)
		return;
	w->window = open;
	prober_window(w->prober, open);
	event_emit(w->o->events, "window", json_pack("{ss}", "state", open ? "open" : "closed"));
}

static int keep_result(struct world *w, const struct step *s, const json_t *result)
{
	return json_object_set_new(w->ctx.results, s->id, result ? json_deep_copy(result) : json_object());
}

/* What an intended step still owes: its effect, seen, and the record of it. */
static int carry_out(struct world *w, const struct step *s, const json_t *params, const json_t *undo, struct err *e)
{
	autojson json_t *result = NULL;
	enum step_state seen = STEP_UNSURE;
	bool early;

	if (s->flags & STEP_LETS_IN && journal_let_in(w->journal, w->run, e) < 0)
		return -e->kind;
	if (s->kind->apply(&w->ctx, params, undo, &result, e) < 0 || run_was_let_in_early(w, s, &early, e) < 0)
		return -e->kind;
	if (early)
		json_object_set_new(result, "was_open", json_true());
	fault_point("step.applied");
	if (s->kind->verify(&w->ctx, params, result, &seen, e) < 0)
		return err_wrap(e, "see that it is done");
	if (seen != STEP_IS_DONE)
		return err_set(e, ERR_CHANGED, "it was done, but its effect is not there");
	if (journal_done(w->journal, w->run, s->id, result, e) < 0)
		return -e->kind;
	return keep_result(w, s, result) < 0 ? err_set(e, ERR_BUG, "the result cannot be kept") : 0;
}

int run_intend(struct world *w, const struct step *s, const json_t *undo, bool lets_in, struct err *e)
{
	struct intent i = { .step = s->id,
		            .kind = s->kind->name,
		            .version = s->kind->version,
		            .undo = undo,
		            .harmless = s->kind->harmless && !lets_in,
		            .lets_in = lets_in };

	return journal_intend(w->journal, w->run, &i, e);
}

static int capture(struct world *w, const struct step *s, const json_t *params, json_t **ret, struct err *e)
{
	if (s->kind->capture(&w->ctx, params, ret, e) < 0)
		return -e->kind;
	if (!*ret)
		*ret = json_object();
	if (s->flags & STEP_POINT)
		w->ctx.point_passed = true;
	return run_intend(w, s, *ret, s->flags & STEP_LETS_IN, e);
}

/* What an earlier call started may not have its lock yet: whoever waits for it must know what it looks like. */
static int know_server(struct world *w, const struct step *s, struct err *e)
{
	autojson json_t *params = NULL;
	struct site *site;

	if (strcmp(s->kind->name, "service_start"))
		return 0;
	if (resolve(w, s->params, &params, e) < 0 || ctx_site_of(&w->ctx, params, &site, e) < 0)
		return -e->kind;
	return serve_know(&w->ctx, site, json_str(params, "launch", NULL), json_object_get(params, "argv"), e);
}

static int step_forward(struct world *w, const struct step *s, struct err *e)
{
	struct step_rec rec = { 0 };
	autojson json_t *params = NULL, *undo = NULL;
	int r = 0;

	if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
		return -e->kind;
	if (rec.state == REC_DONE || rec.state == REC_SKIPPED) {
		keep_result(w, s, rec.result);
		r = know_server(w, s, e);
		goto out;
	}
	if (w->o->cancel && atomic_load(&w->o->cancel->asked)) {
		r = err_set(e, ERR_CANCELED, "interrupted");
		goto out;
	}
	if (s->flags & STEP_IN_WINDOW)
		loop_window(w, true);
	say(w, s, "begin");
	r = resolve(w, s->params, &params, e);
	if (r >= 0 && rec.state == REC_NONE) {
		r = run_look_out(w, s, e);
		if (r >= 0)
			r = capture(w, s, params, &undo, e);
	} else if (r >= 0) {
		undo = json_incref(rec.undo);
		r = run_look_again(w, s, e);
	}
	if (r >= 0)
		r = carry_out(w, s, params, undo, e);
	say(w, s, r < 0 ? "failed" : "done");
	if (r >= 0 && s->flags & STEP_CLOSES_WINDOW)
		loop_window(w, false);
out:
	step_rec_done(&rec);
	return r < 0 ? err_wrap(e, "step '%s'", s->id) : 0;
}

/* All records, before the stop and when clients are served again: in between only what changes, because every fsync is downtime. */
static bool kept_before(enum phase p)
{
	return p == PHASE_FREEZE || p == PHASE_AFTER;
}

static int keep_all(struct world *w, struct err *e)
{
	if (run_keep(w, e) < 0)
		return err_wrap(e, "keep the records of the run beside the restore point");
	return journal_settle(w->journal, e);
}

int loop_forward(struct world *w, const struct step **ret_at, struct err *e)
{
	enum phase phase = PHASE_STAGE;

	world_await_docker(w, RUN_AWAITS_DOCKER);
	w->forward = true;
	vec_each(&w->plan.steps, s) {
		bool leaves_stage = phase == PHASE_STAGE && s->phase > PHASE_STAGE;

		*ret_at = s;
		if (s->phase != phase && kept_before(s->phase) && keep_all(w, e) < 0)
			return -e->kind;
		if (s->phase != phase && s->phase == PHASE_AFTER && run_seal(w, e) < 0)
			return -e->kind;
		phase = s->phase;
		if (w->o->hold && s->phase > PHASE_STAGE)
			return 0;
		if (leaves_stage && run_losses_last(w, e) < 0)
			return -e->kind;
		events_step(w->o->events, s->id);
		if (step_forward(w, s, e) < 0)
			return -e->kind;
	}
	if (phase < PHASE_AFTER && run_seal(w, e) < 0)
		return -e->kind;
	events_step(w->o->events, NULL);
	*ret_at = NULL;
	return 0;
}

int loop_open(struct world *w, struct err *e)
{
	if (loop_load_results(w, e) < 0)
		return -e->kind;
	vec_each(&w->plan.steps, s)
		/* Without a gate it closes no window, and lets go of the server all the same. */
		if (s->phase == PHASE_OPEN && (s->flags & STEP_CLOSES_WINDOW || !strcmp(s->kind->name, "gate_open")) && step_forward(w, s, e) < 0)
			return -e->kind;
	return 0;
}

int run_kind_is(struct world *w, const char *kind, enum rec_state state, bool *ret, struct err *e)
{
	*ret = false;
	vec_each(&w->plan.steps, s) {
		struct step_rec rec = { 0 };

		if (strcmp(s->kind->name, kind))
			continue;
		if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
			return -e->kind;
		*ret |= rec.state == state;
		step_rec_done(&rec);
	}
	return 0;
}

/* An undo whose effect did not last. The undo of the start keeps the server down, which ends with the process that did it: until
 * the old server is started again somebody else may have started one, of either build, over data that is half way back. The
 * undo of the stop left the old server running, which ends with the boot. */
static int undo_gone(struct world *w, const struct step *s, const struct step_rec *rec, bool *ret, struct err *e)
{
	bool started;

	*ret = false;
	if (rec->state != REC_UNDONE)
		return 0;
	if (!strcmp(s->kind->name, "service_stop"))
		*ret = journal_effect_gone(w->journal, rec, true, false);
	if (!(s->flags & STEP_POINT) || !journal_effect_gone(w->journal, rec, false, true))
		return 0;
	if (run_kind_is(w, "service_stop", REC_UNDONE, &started, e) < 0)
		return -e->kind;
	*ret = !started;
	return 0;
}

/* What was done with clients served is undone with them shut out, where they are for the last count. */
static void window_back(struct world *w, const struct step *s)
{
	bool in = s->flags & (STEP_IN_WINDOW | STEP_CLOSES_WINDOW);

	if (in || s->phase < PHASE_OPEN)
		loop_window(w, in);
}

static int step_backward(struct world *w, const struct step *s, struct err *e)
{
	struct step_rec rec = { 0 };
	autojson json_t *params = NULL;
	bool again = false;
	int r = 0;

	if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
		return -e->kind;
	r = undo_gone(w, s, &rec, &again, e);
	if (r < 0 || (rec.state != REC_INTENDED && rec.state != REC_DONE && !again))
		goto out;
	window_back(w, s);
	say(w, s, "undo");
	if (!(s->flags & STEP_NO_UNDO)) {
		r = resolve(w, s->params, &params, e);
		if (r >= 0)
			r = s->kind->undo(&w->ctx, params, rec.undo, e);
	}
	if (r >= 0 && s->flags & STEP_POINT && !w->counted)
		run_count_last(w);
	if (r >= 0)
		r = journal_undone(w->journal, w->run, s->id, e);
	say(w, s, r < 0 ? "failed" : "undone");
out:
	step_rec_done(&rec);
	return r < 0 ? err_wrap(e, "undo step '%s'", s->id) : 0;
}

int loop_load_results(struct world *w, struct err *e)
{
	vec_each(&w->plan.steps, s) {
		struct step_rec rec = { 0 };

		if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
			return -e->kind;
		if (rec.result)
			keep_result(w, s, rec.result);
		step_rec_done(&rec);
	}
	return 0;
}

static int look_back(struct world *w, const struct step *s, struct err *e)
{
	struct step_rec rec = { 0 };
	autojson json_t *params = NULL;
	int r = 0;

	if (!s->kind->undo_look)
		return 0;
	if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
		return -e->kind;
	if (rec.state == REC_INTENDED || rec.state == REC_DONE)
		r = resolve(w, s->params, &params, e) < 0 ? -(int)e->kind : s->kind->undo_look(&w->ctx, params, rec.undo, e);
	step_rec_done(&rec);
	return r;
}

int loop_look_back(struct world *w, struct err *e)
{
	if (loop_load_results(w, e) < 0)
		return -e->kind;
	for (size_t i = w->plan.steps.n; i-- > 0;) {
		const struct step *s = &w->plan.steps.v[i];

		bool data = !strcmp(s->kind->name, "data_point");

		if (!(data && w->ctx.accept_in_place) && look_back(w, s, e) < 0)
			return err_wrap(e, "undo step '%s'", s->id);
		/* The data comes back whole: whoever edited what lies in it finds his file in the new world, set aside. */
		if (w->ctx.point_passed && !ctx_keeps_data(&w->ctx) && data)
			return 0;
	}
	return 0;
}

int loop_look_at_room(struct world *w, struct err *e)
{
	const struct step *data = step_of_kind(w, "data_point");

	if (loop_load_results(w, e) < 0)
		return -e->kind;
	return data && look_back(w, data, e) < 0 ? err_wrap(e, "undo step '%s'", data->id) : 0;
}

int loop_restore_data(struct world *w, const char *why, struct err *e)
{
	autojson json_t *wish = json_pack("{sb}", "restore_data", 1);

	event_emit(w->o->events, "run", json_pack("{ss ss}", "state", run_state_name(RUN_TURNED), "why", why));
	return journal_turn_with(w->journal, w->run, RUN_TURNED, why, RESTORE_DATA, wish, e);
}

int loop_data_wished(struct world *w, bool *ret, struct err *e)
{
	autojson json_t *wish = NULL;
	struct err absent = ERR_INIT;

	*ret = journal_get_doc(w->journal, w->run, RESTORE_DATA, &wish, &absent) >= 0;
	return *ret || absent.kind == ERR_ABSENT ? 0 : err_set(e, absent.kind, "%s", absent.msg);
}

int loop_backward(struct world *w, struct err *e)
{
	struct run_rec rec = { 0 };
	bool wished;

	world_await_docker(w, 2 * RUN_AWAITS_DOCKER);
	w->ctx.backward = true;
	w->forward = false;
	if (loop_data_wished(w, &wished, e) < 0 || journal_run(w->journal, w->run, &rec, e) < 0)
		return -e->kind;
	w->ctx.restore_data |= wished;
	w->ctx.let_in = rec.let_in;
	run_rec_done(&rec);
	if (loop_load_results(w, e) < 0 || run_point_passed(w, &w->ctx.point_passed, e) < 0)
		return -e->kind;
	for (size_t i = w->plan.steps.n; i-- > 0;) {
		const struct step *s = &w->plan.steps.v[i];

		events_step(w->o->events, s->id);
		/* What was done before the stop may have to ask the server when it is undone. */
		if (step_backward(w, s, e) < 0 || (!strcmp(s->kind->name, "service_stop") && run_start_again(w, e) < 0))
			return -e->kind;
	}
	events_step(w->o->events, NULL);
	loop_window(w, false);
	return 0;
}

static int any_step(struct world *w, bool (*of)(const struct step *s, int arg), int arg, bool *ret, struct err *e)
{
	*ret = false;
	vec_each(&w->plan.steps, s) {
		struct step_rec rec = { 0 };

		if (!of(s, arg))
			continue;
		if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
			return -e->kind;
		if (rec.state != REC_NONE && rec.state != REC_SKIPPED)
			*ret = true;
		step_rec_done(&rec);
	}
	return 0;
}

static bool is_point(const struct step *s, int arg)
{
	return s->flags & STEP_POINT;
}

static bool in_phase_or_later(const struct step *s, int arg)
{
	return s->phase >= (enum phase)arg;
}

int run_point_passed(struct world *w, bool *ret, struct err *e)
{
	return any_step(w, is_point, 0, ret, e);
}

int run_started(struct world *w, bool *ret, struct err *e)
{
	*ret = false;
	vec_each(&w->plan.steps, s) {
		struct step_rec rec = { 0 };

		if (!(s->flags & STEP_POINT))
			continue;
		if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
			return -e->kind;
		*ret |= rec.state == REC_INTENDED || rec.state == REC_DONE;
		step_rec_done(&rec);
	}
	return 0;
}

int run_reached(struct world *w, enum phase p, bool *ret, struct err *e)
{
	return any_step(w, in_phase_or_later, (int)p, ret, e);
}

/* A step made again before the first change: live passes and the final pass, because the old server may have run since. */
static bool made_again(const struct step *s, bool changed, bool frozen)
{
	if (!(s->flags & STEP_AGAIN) || changed)
		return false;
	return s->phase != PHASE_STAGE || !frozen;
}

static bool is_served(const struct step *s)
{
	return s->kind->served && !(s->flags & STEP_IN_WINDOW);
}

static bool any_served(const struct plan *p)
{
	vec_each(&p->steps, s)
		if (is_served(s))
			return true;
	return false;
}

/* Nobody answers behind the run's own stop. One that runs again all the same (the machine came up anew) is asked anew. */
static int is_kept_stopped(struct world *w, bool *ret, struct err *e)
{
	struct svc_state seen = { 0 };
	struct service *service;
	bool untouched;

	*ret = false;
	if (run_kind_is(w, "service_stop", REC_NONE, &untouched, e) < 0)
		return -e->kind;
	if (untouched)
		return 0;
	if (site_service(&w->ctx.sites[0], &service, e) < 0 || service->ops->state(service, &seen, e) < 0)
		return -e->kind;
	*ret = seen.run == SVC_STOPPED || seen.run == SVC_STOPPING;
	return 0;
}

/* A comparison in which the new world could not be asked has compared nothing. */
static bool owes_proof(const struct step *s, const struct step_rec *rec)
{
	return s->phase == PHASE_AFTER && !strcmp(s->kind->name, "verify_world") && !json_bool(rec->result, "compared", true);
}

int run_refresh(struct world *w, struct err *e)
{
	bool changed, frozen, passed, open, kept_stopped = false, started = false;

	if (run_reached(w, PHASE_CHANGE, &changed, e) < 0 || run_reached(w, PHASE_FREEZE, &frozen, e) < 0 ||
	    run_point_passed(w, &passed, e) < 0 || run_kind_is(w, "gate_open", REC_DONE, &open, e) < 0)
		return -e->kind;
	if (!changed && frozen && any_served(&w->plan) && is_kept_stopped(w, &kept_stopped, e) < 0)
		return -e->kind;
	/* What is made again takes its time. The gate is closed again in its turn. */
	if (!changed && !kept_stopped)
		run_let_in_to_old(w);
	vec_each(&w->plan.steps, s) {
		struct step_rec rec = { 0 };
		bool gone;
		int r = 0;

		/* Once the new server was started, what kept the old one stopped has no effect to be missed; what keeps clients out has. */
		if (passed && s->phase < PHASE_THAW && strcmp(s->kind->name, "gate_close"))
			continue;
		if (kept_stopped && is_served(s))
			continue;
		/* Clients were let in: the gate is not missed. Closed again, it would stay closed. */
		if (open && !strcmp(s->kind->name, "gate_close"))
			continue;
		if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
			return -e->kind;
		/* A start made again holds the service again, which only the opening ends. */
		gone = rec.state == REC_DONE &&
		       (made_again(s, changed, frozen) || owes_proof(s, &rec) || (started && !strcmp(s->kind->name, "gate_open")) ||
		        journal_effect_gone(w->journal, &rec, s->kind->lifetime != LIFE_DURABLE,
		                            s->kind->lifetime == LIFE_PROCESS));
		if (gone)
			r = run_intend(w, s, NULL, false, e);
		started |= s->flags & STEP_POINT && (gone || rec.state == REC_INTENDED);
		step_rec_done(&rec);
		if (r < 0)
			return r;
	}
	return 0;
}
