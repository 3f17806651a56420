/* Somebody else's hand in the window. Between a kill and the next call nobody holds a plain process' lock, and one that has no lock
 * is never kept down, so a server may have been started that this run knows nothing of. The old build is harmless on the way back. The target build has passed the point
 * for us: its start is put into the journal as ours, so that the way back restores the data and counts what clients wrote. */
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "engine/container_move.h"
#include "engine/restore_point.h"
#include "engine/run_world.h"
#include "svc/container.h"

const struct step *step_of_kind(const struct world *w, const char *kind)
{
	vec_each(&w->plan.steps, s)
		if (!strcmp(s->kind->name, kind))
			return s;
	return NULL;
}

/* 1 a server runs; its version into ret ("" when it does not answer). */
static int running(struct world *w, struct probe *ret, struct err *e)
{
	struct site *s = &w->ctx.sites[0];
	struct svc_state now = { 0 };
	struct service *service;
	struct err quiet = ERR_INIT;

	if (site_service(s, &service, e) < 0 || service->ops->state(service, &now, e) < 0)
		return -e->kind;
	if (now.run == SVC_STOPPED || now.run == SVC_FAILED)
		return 0;
	if (w->product->probe(s, false, 5 * NS_PER_S, ret, &quiet) < 0)
		*ret = (struct probe){ 0 };
	return 1;
}

/* Is this path a file that a step of ours changed, or its directory? */
static bool changed_by_us(struct world *w, const char *path)
{
	vec_each(&w->plan.steps, s) {
		autofree char *file = NULL;
		struct err e = ERR_INIT;
		const char *rest;

		if (strcmp(s->kind->name, "config_set") && strcmp(s->kind->name, "file_put") && strcmp(s->kind->name, "compose_recreate"))
			continue;
		if (site_path(&w->ctx.sites[0], json_object_get(s->params, "file"), &file, &e) < 0)
			continue;
		rest = path_behind(file, path);
		if (rest && (!*rest || !strchr(rest + 1, '/')))
			return true;
	}
	return false;
}

/* 1 when the data moved since the final pass. */
static bool data_moved(struct world *w)
{
	manifest_diffs diffs = { 0 };
	struct point p = { .dir = DIR_NONE };
	autofree char *home = NULL;
	struct err none = ERR_INIT;
	int moved = 0;

	if (world_home(w, &home, &none) < 0 || point_open(home, w->run, &p, &none) < 0)
		return false;
	if (p.state != POINT_OPEN && p.state != POINT_SPENT)
		moved = point_compare_live(&p, &diffs, &none);
	/* The way out of the window must not depend on the copy, which is not needed before the point. */
	if (moved < 0) {
		event_emit(w->o->events, "warning",
		           json_pack("{ss ss}", "text", "whether somebody started a server meanwhile cannot be told by the data", "why",
		                     none.msg));
		moved = 0;
	}
	if (moved > 0) {
		moved = 0;
		vec_each(&diffs, it)
			moved |= !changed_by_us(w, it->rel);
	}
	manifest_diffs_done(&diffs);
	point_done(&p);
	return moved;
}

/* Whose effect a start of the target leaves behind: the data, the gate, the start itself. */
static bool comes_with_start(const struct step *s)
{
	return !strcmp(s->kind->name, "data_point") || !strcmp(s->kind->name, "gate_close") || s->flags & STEP_POINT;
}

/* A document of the run, {"counted": bool}. */
#define STARTED_SINCE "started-since"

static int put_since(struct world *w, bool counted, struct err *e)
{
	autojson json_t *doc = json_pack("{sb}", "counted", (int)counted);

	return journal_put_doc(w->journal, w->run, STARTED_SINCE, doc, e);
}

int run_started_since(struct world *w, bool *ret, struct err *e)
{
	autojson json_t *doc = NULL;
	struct err absent = ERR_INIT;

	*ret = false;
	if (journal_get_doc(w->journal, w->run, STARTED_SINCE, &doc, &absent) < 0) {
		if (absent.kind == ERR_ABSENT)
			return 0;
		*e = absent;
		return -(int)e->kind;
	}
	*ret = !json_bool(doc, "counted", false);
	return 0;
}

int run_counted_since(struct world *w, struct err *e)
{
	bool started;

	if (run_started_since(w, &started, e) < 0)
		return -(int)e->kind;
	return started ? put_since(w, true, e) : 0;
}

static int note_since(struct world *w, struct err *e)
{
	struct run_rec run = { 0 };
	bool turned;

	if (journal_run(w->journal, w->run, &run, e) < 0)
		return -(int)e->kind;
	turned = run.state == RUN_TURNED;
	run_rec_done(&run);
	return turned ? put_since(w, false, e) : 0;
}

/* The steps up to the point, as if this run had begun them: the way back opens a gate that only a lost journal knew of. */
static int adopt(struct world *w, struct err *e)
{
	if (note_since(w, e) < 0)
		return -(int)e->kind;
	event_emit(w->o->events, "warning",
	           json_pack("{ss}", "text", "the target build was started by somebody else: the point is passed"));
	vec_each(&w->plan.steps, s) {
		struct step_rec rec = { 0 };
		autojson json_t *undo = NULL;
		enum rec_state state;

		if (!comes_with_start(s))
			continue;
		if (journal_step(w->journal, w->run, s->id, &rec, e) < 0)
			return -e->kind;
		state = rec.state;
		step_rec_done(&rec);
		if (state != REC_NONE)
			continue;
		if (s->kind->capture(&w->ctx, s->params, &undo, e) < 0 ||
		    run_intend(w, s, undo, false, e) < 0)
			return err_wrap(e, "step '%s'", s->id);
	}
	w->ctx.point_passed = true;
	return 0;
}

/* By a person, while this run holds it. */
static bool can_be_started(const struct service *service)
{
	return service->ops->by_hand && !service->lock_path;
}

/* The step's record names the old image. Before it was announced the plan does, or, as SeaTable's, the old container alone: one that
 * somebody made anew since may be of any image. */
static bool is_made_from_old(const struct world *w, const struct step *made, const json_t *undo, const json_t *seen)
{
	const char *planned = json_str(json_object_get(plan_pinned(&w->plan), FACT_IMAGE), "old_image_id", NULL);
	const char *old = json_str(undo, "old_image", planned), *id = json_str(made->params, "id", "");

	if (old)
		return !strcmp(json_str(seen, "Image", ""), old);
	return *id && !strncmp(json_str(seen, "Id", ""), id, strlen(id));
}

/* 1 the container that runs was made from the old image, which is known before it answers, and where editions have one version, too. */
static int has_old_image(struct world *w, const struct step *made, struct err *e)
{
	struct step_rec rec = { 0 };
	autojson json_t *seen = NULL;
	struct service *service;
	int r;

	if (site_service(&w->ctx.sites[0], &service, e) < 0 || container_of(service->config, &seen, e) < 0 ||
	    journal_step(w->journal, w->run, made->id, &rec, e) < 0)
		return -e->kind;
	r = is_made_from_old(w, made, rec.undo, seen);
	step_rec_done(&rec);
	return r;
}

/* 1 what runs is the old build. */
static int is_old(struct world *w, const struct step *stop, const struct probe *seen, struct err *e)
{
	const char *old = json_str(json_object_get(stop->params, "expect"), "version", "");
	const struct step *made = step_of_kind(w, "compose_recreate");

	return made ? has_old_image(w, made, e) : *old && !strcmp(seen->version, old);
}

/* by_data: one may have come and gone, which the data tells. Once the way back started the old server again what runs is ours, or the init
 * system's from then on, whether it answers yet or not, and the data move. */
static int find_strangers(struct world *w, bool by_data, bool *ret_old, struct err *e)
{
	const struct step *stop = step_of_kind(w, "service_stop");
	struct probe seen = { 0 };
	bool changed, passed, ours;
	int up, old = 0;

	*ret_old = false;
	if (run_reached(w, PHASE_CHANGE, &changed, e) < 0 || run_point_passed(w, &passed, e) < 0 ||
	    run_kind_is(w, "service_stop", REC_UNDONE, &ours, e) < 0)
		return -e->kind;
	if (!stop || !changed || passed || ours || run_puts_back(&w->plan))
		return 0;
	up = running(w, &seen, e);
	if (up > 0)
		old = is_old(w, stop, &seen, e);
	if (up < 0 || old < 0)
		return -e->kind;
	*ret_old = old;
	return (up && !old) || (!up && by_data && data_moved(w)) ? adopt(w, e) : 0;
}

int run_strangers(struct world *w, bool *ret_old, struct err *e)
{
	return find_strangers(w, true, ret_old, e);
}

/* Who cannot be asked knows of no stranger: the run turns, and the way back asks again at every step that touches the server. */
static bool can_be_asked(struct world *w, struct service *service)
{
	struct svc_state now = { 0 };
	struct err why = ERR_INIT;

	world_await_docker(w, 2 * RUN_AWAITS_DOCKER);
	if (service->ops->state(service, &now, &why) >= 0)
		return true;
	event_emit(w->o->events, "warning",
	           json_pack("{ss ss}", "text", "whether somebody started a server meanwhile cannot be told", "why", why.msg));
	return false;
}

int run_strangers_now(struct world *w, struct err *e)
{
	struct service *service;
	bool changed, passed, old;

	if (!step_of_kind(w, "service_stop") || run_puts_back(&w->plan))
		return 0;
	if (run_reached(w, PHASE_CHANGE, &changed, e) < 0 || run_point_passed(w, &passed, e) < 0 || site_service(&w->ctx.sites[0], &service, e) < 0)
		return -e->kind;
	if (!changed || passed || !can_be_asked(w, service))
		return 0;
	return find_strangers(w, can_be_started(service) && !ctx_keeps_data(&w->ctx), &old, e);
}

/* Does this step stand between the stop and the point, both of this call? */
static bool is_down_before(const struct world *w, const struct step *next)
{
	const struct step *stop = step_of_kind(w, "service_stop");

	if (!stop || !json_object_get(w->ctx.results, stop->id))
		return false;
	vec_each(&w->plan.steps, s) {
		if (s == next)
			return true;
		if (s->flags & STEP_POINT)
			return false;
	}
	return false;
}

/* The kinds that make a container anew look themselves; what is left is the point. */
static bool is_kept_down(const struct service *service, const struct step *next)
{
	if (can_be_started(service))
		return !(next->flags & STEP_POINT);
	return service->ops->hold || service->lock_path;
}

static int nobody_started(struct world *w, const struct step *next, struct err *e)
{
	struct probe seen = { 0 };
	struct service *service;
	bool old_runs = false;
	int up;

	if (site_service(&w->ctx.sites[0], &service, e) < 0)
		return -e->kind;
	if (is_kept_down(service, next))
		return 0;
	up = running(w, &seen, e);
	if (up <= 0)
		return up;
	if (run_strangers(w, &old_runs, e) < 0)
		return -e->kind;
	err_set(e, ERR_CHANGED, "somebody started the %s in the window", w->ctx.point_passed ? "new build" : "old server");
	return err_hint(e, "find out who starts servers of this data, and stop that first");
}

static void say_open(struct world *w)
{
	event_emit(w->o->events, "warning", json_pack("{ss}", "text", "somebody opened the gate in the window: it is closed again"));
}

int run_note_open(struct world *w, const struct step *gate, struct err *e)
{
	say_open(w);
	return run_intend(w, gate, NULL, true, e);
}

int run_closed_again(struct world *w, const struct step *gate, json_t *result, struct err *e)
{
	json_object_set_new(result, "was_open", json_true());
	json_object_set(w->ctx.results, gate->id, result);
	return journal_done(w->journal, w->run, gate->id, result, e);
}

static const struct step *lets_in(const struct world *w)
{
	vec_each(&w->plan.steps, s)
		if (s->flags & STEP_LETS_IN)
			return s;
	return NULL;
}

int run_was_let_in_early(struct world *w, const struct step *s, bool *ret, struct err *e)
{
	const struct step *open = lets_in(w);
	struct step_rec opened = { 0 };
	struct run_rec run = { 0 };
	int r;

	*ret = false;
	if (strcmp(s->kind->name, "gate_close") || !open)
		return 0;
	r = journal_run(w->journal, w->run, &run, e);
	if (r >= 0)
		r = journal_step(w->journal, w->run, open->id, &opened, e);
	*ret = r >= 0 && run.let_in && opened.state == REC_NONE;
	step_rec_done(&opened);
	run_rec_done(&run);
	return r;
}

/* served: a start was announced, so a server may have run while it was open. */
static int begin_to_close(struct world *w, const struct step *gate, bool served, struct err *e)
{
	if (served)
		return run_note_open(w, gate, e);
	say_open(w);
	return 0;
}

/* A gate that stood before the stop may have been opened meanwhile: by somebody's Compose the proxy, by a firewall's reload the table. */
static int close_gate_again(struct world *w, bool served, struct err *e)
{
	const struct step *gate = step_of_kind(w, "gate_close");
	enum step_state seen = STEP_UNSURE;
	autojson json_t *result = NULL;

	if (!gate || !json_object_get(w->ctx.results, gate->id))
		return 0;
	if (gate->kind->verify(&w->ctx, gate->params, NULL, &seen, e) < 0)
		return -e->kind;
	if (seen == STEP_IS_DONE)
		return 0;
	if (begin_to_close(w, gate, served, e) < 0 || gate->kind->apply(&w->ctx, gate->params, NULL, &result, e) < 0)
		return -e->kind;
	return served ? run_closed_again(w, gate, result, e) : 0;
}

int run_look_out(struct world *w, const struct step *next, struct err *e)
{
	const struct step *gate = step_of_kind(w, "gate_close");

	if (!is_down_before(w, next) || run_puts_back(&w->plan))
		return 0;
	if (nobody_started(w, next, e) < 0)
		return -e->kind;
	if (!(next->flags & STEP_POINT))
		return 0;
	/* One that is closed right before the start needs no second look. */
	if (gate && gate->phase < PHASE_THAW && close_gate_again(w, false, e) < 0)
		return err_wrap(e, "keep clients out");
	return w->product->may_start ? w->product->may_start(&w->ctx, e) : 0;
}

int run_look_again(struct world *w, const struct step *next, struct err *e)
{
	struct run_rec rec = { 0 };
	bool let_in;

	if (!(next->flags & STEP_POINT) || run_puts_back(&w->plan))
		return 0;
	if (journal_run(w->journal, w->run, &rec, e) < 0)
		return -e->kind;
	let_in = rec.let_in;
	run_rec_done(&rec);
	return !let_in && close_gate_again(w, true, e) < 0 ? err_wrap(e, "keep clients out") : 0;
}
