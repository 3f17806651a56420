/* What is known of the runs of this host, by their records and restore points: nothing is asked of a server. */
#include <string.h>

#include "engine/point_of.h"
#include "engine/run_world.h"

/* Where a run is, from its plan and the states of its steps. */
struct reached {
	const char    *step;                            /* the last one intended or done; NULL none */
	enum rec_state state;
	enum rec_state stop, start, ready, gate, open;  /* of the steps of these kinds */
	bool           point_passed, has_return, is_lost;
	struct err     lost;                            /* why the restore point that its way back needs cannot be opened */
};

static void note_kind(struct reached *at, const char *kind, enum rec_state state)
{
	const struct {
		const char     *kind;
		enum rec_state *into;
	} all[] = { { "service_stop", &at->stop },
		    { "service_start", &at->start },
		    { "wait_ready", &at->ready },
		    { "seatable_wait", &at->ready },
		    { "gate_close", &at->gate },
		    { "gate_open", &at->open } };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (!strcmp(kind, all[i].kind))
			*all[i].into = state;
}

static bool begun(enum rec_state s)
{
	return s == REC_INTENDED || s == REC_DONE;
}

/* `doc` is the run's plan and must outlive ret. */
static int find_reached(struct world *w, const struct run_rec *r, const json_t *doc, struct reached *ret, struct err *e)
{
	const char *point = json_str(doc, "point_of_no_return", "");
	json_t *step;
	size_t i;

	*ret = (struct reached){ .has_return = plan_has_return(doc) };
	json_array_foreach(json_object_get(doc, "steps"), i, step) {
		const char *id = json_str(step, "id", "");
		struct step_rec rec = { 0 };

		if (journal_step(w->journal, r->id, id, &rec, e) < 0)
			return -e->kind;
		if (begun(rec.state)) {
			ret->step = id;
			ret->state = rec.state;
		}
		ret->point_passed |= rec.state != REC_NONE && !strcmp(id, point);
		note_kind(ret, json_str(step, "kind", ""), rec.state);
		step_rec_done(&rec);
	}
	ret->is_lost = ret->point_passed && point_is_there(r, doc, &ret->lost) < 0;
	return 0;
}

/* Are clients served? Between the stop and the first start they are not; behind the gate a server runs that they do not reach, the old
 * one before the stop, too. As far as is known it keeps them out from its announcement on where it closes before the stop, because a
 * proxy takes its time to end, and where it closes again before a server that answered. One that was started, by us or by somebody,
 * may have ended before it answered. */
static const char *clients_of(const struct reached *at)
{
	bool announced = at->gate == REC_INTENDED && (!begun(at->stop) || at->ready == REC_DONE);

	if ((begun(at->start) || !begun(at->stop)) && at->open != REC_DONE && (at->gate == REC_DONE || announced))
		return "gated";
	if (at->ready == REC_DONE || !begun(at->stop))
		return "served";
	return begun(at->start) ? "unanswered" : "down";
}

static json_t *possible(const struct run_rec *r, const struct reached *at, bool at_work, bool shut)
{
	json_t *verbs = json_array();
	bool back = r->state != RUN_CLOSED_OLD && !r->finalized && (at->has_return || !at->point_passed);
	bool left = !back && (r->state == RUN_OPEN || r->state == RUN_TURNED || r->state == RUN_STUCK);

	if (!at_work && (r->state == RUN_OPEN || r->state == RUN_HELD || r->state == RUN_STANDS || shut))
		json_array_append_new(verbs, json_string("resume"));
	if (!at_work && back && !at->is_lost)
		json_array_append_new(verbs, json_string("rollback"));
	if (r->state == RUN_STANDS || r->state == RUN_CLOSED_NEW)
		json_array_append_new(verbs, json_string("verify"));
	if (!at_work && (r->state == RUN_STANDS || left || !run_unfinished(r->state)) && !r->finalized)
		json_array_append_new(verbs, json_string("finalize"));
	json_array_append_new(verbs, json_string("report"));
	return verbs;
}

static json_t *head_json(const struct run_rec *r)
{
	char begun_at[40], ended_at[40];

	return json_pack("{ss ss ss ss sb sb ss ss? si ss? ss}", "id", r->id, "product", r->product, "name", r->name,
	                 "state", run_state_name(r->state), "unfinished", run_unfinished(r->state), "finalized",
	                 r->finalized, "begun", clock_rfc3339(r->begun_ns, begun_at, sizeof begun_at), "ended",
	                 r->ended_ns ? clock_rfc3339(r->ended_ns, ended_at, sizeof ended_at) : NULL, "exit", r->exit,
	                 "outcome", r->outcome, "tool", r->tool);
}

/* What a way back left in its restore point. */
static void add_kept(const struct run_rec *r, const json_t *doc, json_t *run)
{
	const char *home = json_str(json_object_get(doc, "restore_point"), "home", NULL);
	struct point p = { .dir = DIR_NONE };
	struct err none = ERR_INIT;

	if (!home || point_open(home, r->id, &p, &none) < 0)
		return;
	if (point_kept(&p))
		json_object_set_new(run, "kept", json_pack("{ss ss}", "in", p.dir.path, "why", point_kept(&p)));
	point_done(&p);
}

/* Who may not look does not know. */
static void add_away(struct world *w, const struct run_rec *r, const json_t *doc, json_t *run)
{
	struct err away = ERR_INIT;

	if (!run_unfinished(r->state) || run_roots_there(w->journal, r->id, doc, &away) >= 0 || away.kind == ERR_DENIED)
		return;
	json_object_set_new(run, "away", json_text(away.msg));
}

static int run_json(struct world *w, const struct run_rec *r, json_t **ret, struct err *e)
{
	autobuf struct buf plan = BUF_MAX(16u << 20), goal = BUF_MAX(1u << 20), who = BUF_MAX(512);
	autojson json_t *doc = NULL;
	struct reached at;
	int held = 0;
	bool shut;
	json_t *run;

	if (journal_plan(w->journal, r->id, &plan, &goal, e) < 0 ||
	    json_parse(buf_sv(&plan), "the plan of the run", &doc, e) < 0 || find_reached(w, r, doc, &at, e) < 0)
		return -e->kind;
	shut = run_is_shut(w, r);
	if (run_unfinished(r->state) || shut)
		held = world_holder(r->site_hash, &who, e);
	if (held < 0)
		return held;
	run = head_json(r);
	json_object_set_new(run, "step", json_text(at.step));
	json_object_set_new(run, "step_state", at.step ? json_string(rec_state_name(at.state)) : json_null());
	json_object_set_new(run, "point_passed", json_boolean(at.point_passed));
	json_object_set_new(run, "clients", run_is_gated(w, r) && begun(at.start) ? json_string("gated") : run_unfinished(r->state) ? json_string(clients_of(&at)) : json_null());
	json_object_set_new(run, "at_work", held ? json_text(buf_str(&who)) : json_null());
	json_object_set_new(run, "possible", possible(r, &at, held, shut));
	if (at.is_lost)
		json_object_set_new(run, "lost", json_text(at.lost.msg));
	add_away(w, r, doc, run);
	add_kept(r, doc, run);
	*ret = run;
	return 0;
}

/* Unfinished runs first. */
static int list_runs(struct world *w, json_t *ret, struct err *e)
{
	autojson json_t *rest = json_array();
	struct run_list all = { 0 };
	int r = journal_runs(w->journal, NULL, &all, e);

	vec_each(&all, it) {
		json_t *one = NULL;

		if (r >= 0)
			r = run_json(w, it, &one, e);
		if (r >= 0)
			json_array_append_new(run_unfinished(it->state) ? ret : rest, one);
	}
	json_array_extend(ret, rest);
	run_list_done(&all);
	return r;
}

int world_status(const struct run_opts *o, json_t **ret, struct err *e)
{
	autojson json_t *runs = json_array();
	struct err absent = ERR_INIT;
	struct world w;
	int r;

	r = world_open(&w, o, WORLD_LOOK, &absent);
	if (r >= 0)
		r = list_runs(&w, runs, e);
	else if (absent.kind == ERR_ABSENT)
		r = 0;  /* no state directory: no runs */
	else
		r = err_set(e, absent.kind, "%s", absent.msg);
	world_close(&w);
	if (r < 0)
		return r;
	*ret = json_pack("{sO}", "runs", runs);
	return 0;
}
