/* Looking and thinking before and beside a run. */
#include <stdio.h>
#include <string.h>

#include "engine/restore_point.h"
#include "engine/run_world.h"

/* A context for looking: no run, no plan, the site of the goal. */
static int look_ctx(struct world *w, const struct goal *g, const struct run_opts *o, struct err *e)
{
	const struct product *p = product_named(g->product);

	*w = (struct world){ .o = o, .lock = LOCK_NONE, .product = p };
	w->ctx = (struct ctx){ .state = DIR_NONE,
		               .blobs = DIR_NONE,
		               .product = p,
		               .goal = g,
		               .events = o->events,
		               .cancel = o->cancel,
		               .results = json_object() };
	w->ctx.sites = xcalloc(1, sizeof *w->ctx.sites);
	if (p->site(g, &w->ctx.sites[0], e) < 0)
		return -e->kind;
	w->ctx.n_sites = 1;
	return 0;
}

int world_inspect(const struct goal *g, enum depth d, const struct run_opts *o, struct facts *ret, struct err *e)
{
	struct facts found = { 0 };
	struct world w;
	int r;

	r = look_ctx(&w, g, o, e);
	if (r >= 0)
		r = w.product->inspect(&w.ctx, g, d, &found, e);
	if (r >= 0)
		r = facts_check_size(&found, e);
	world_close(&w);
	if (r < 0) {
		facts_done(&found);
		return err_wrap(e, "inspect %s", g->name);
	}
	*ret = found;
	return 0;
}

static json_t *scope_json(const struct scope *s)
{
	json_t *list = json_array();

	vec_each(s, it)
		json_array_append_new(list, json_pack("{ss ss sb}", "name", it->name, "path", it->path, "mount_point",
		                                      it->mount_point));
	return list;
}

static int point_of_plan(struct plan *p, const struct goal *g, const struct scope *s, struct err *e)
{
	const char *kind = json_str(g->restore_point, "kind", "tree");
	json_t *about = json_pack("{ss so}", "kind", kind, "scope", scope_json(s));
	autofree char *home = NULL;

	json_object_set_new(p->doc, "restore_point", about);
	if (strcmp(kind, "tree"))
		return 0;
	if (point_home(g, s, &home, e) < 0)
		return -e->kind;
	json_object_set_new(about, "home", json_string(home));
	return 0;
}

/* What the operator has to agree to because of the restore point he asked for. */
static void point_losses(struct plan *p, const struct goal *g)
{
	const char *kind = json_str(g->restore_point, "kind", "tree");

	if (!strcmp(kind, "none"))
		plan_loss(p, "no-backup", "no backup is made");
	if (!strcmp(kind, "none") || !strcmp(kind, "external"))
		plan_loss(p, "no-return", "after the new server's first start crossgrade cannot bring the old data back");
}

int world_plan(const struct goal *g, const struct facts *now, struct plan *ret, struct err *e)
{
	const struct product *p = product_named(g->product);
	struct scope scope = { 0 };
	struct plan plan;
	int r;

	plan_init(&plan, g);
	r = p->scope(now, g, &scope, e);
	if (r >= 0)
		r = point_of_plan(&plan, g, &scope, e);
	if (r >= 0) {
		point_losses(&plan, g);
		r = p->plan(now, g, &plan, e);
	}
	if (r >= 0)
		r = plan_seal(&plan, now, e);
	scope_done(&scope);
	if (r < 0) {
		plan_done(&plan);
		return err_wrap(e, "plan %s", g->name);
	}
	*ret = plan;
	return 0;
}

static json_t *possible(const struct run_rec *r)
{
	json_t *verbs = json_array();

	if (r->state == RUN_OPEN || r->state == RUN_HELD || r->state == RUN_STANDS)
		json_array_append_new(verbs, json_string("resume"));
	if (r->state != RUN_CLOSED_OLD && !r->finalized)
		json_array_append_new(verbs, json_string("rollback"));
	if (r->state == RUN_STANDS || r->state == RUN_CLOSED_NEW)
		json_array_append_new(verbs, json_string("verify"));
	if ((r->state == RUN_STANDS || !run_unfinished(r->state)) && !r->finalized)
		json_array_append_new(verbs, json_string("finalize"));
	json_array_append_new(verbs, json_string("report"));
	return verbs;
}

/* The step a run is at: the last one that is intended, else the last one done. */
static int add_reached(struct world *w, const struct run_rec *r, json_t *ret, struct err *e)
{
	autobuf struct buf plan = BUF_MAX(16u << 20), goal = BUF_MAX(1u << 20);
	autojson json_t *doc = NULL;
	const char *at = NULL, *state = NULL;
	bool passed = false;
	json_t *step;
	size_t i;

	if (journal_plan(w->journal, r->id, &plan, &goal, e) < 0 ||
	    json_parse(buf_sv(&plan), "the plan of the run", &doc, e) < 0)
		return -e->kind;
	json_array_foreach(json_object_get(doc, "steps"), i, step) {
		const char *id = json_str(step, "id", "");
		struct step_rec rec = { 0 };

		if (journal_step(w->journal, r->id, id, &rec, e) < 0)
			return -e->kind;
		if (rec.state == REC_INTENDED || rec.state == REC_DONE) {
			at = id;
			state = rec_state_name(rec.state);
		}
		if (rec.state != REC_NONE && !strcmp(id, json_str(doc, "point_of_no_return", "")))
			passed = true;
		step_rec_done(&rec);
	}
	json_object_set_new(ret, "step", at ? json_string(at) : json_null());
	json_object_set_new(ret, "step_state", state ? json_string(state) : json_null());
	json_object_set_new(ret, "point_passed", json_boolean(passed));
	return 0;
}

static json_t *run_json(const struct run_rec *r)
{
	char begun[40], ended[40];

	return json_pack("{ss ss ss ss sb sb ss ss? si ss? ss so}", "id", r->id, "product", r->product, "name", r->name,
	                 "state", run_state_name(r->state), "unfinished", run_unfinished(r->state), "finalized",
	                 r->finalized, "begun", clock_rfc3339(r->begun_ns, begun, sizeof begun), "ended",
	                 r->ended_ns ? clock_rfc3339(r->ended_ns, ended, sizeof ended) : NULL, "exit", r->exit,
	                 "outcome", r->outcome, "tool", r->tool, "possible", possible(r));
}

int world_status(const struct run_opts *o, json_t **ret, struct err *e)
{
	struct err absent = ERR_INIT;
	struct run_list all = { 0 };
	json_t *first = json_array(), *rest = json_array();
	struct world w;
	int r;

	r = world_open(&w, o, DB_READ, &absent);
	if (r < 0 && absent.kind != ERR_ABSENT)
		r = err_set(e, absent.kind, "%s", absent.msg);
	else if (r >= 0)
		r = journal_runs(w.journal, NULL, &all, e);
	else
		r = 0;  /* no state directory: no runs */
	vec_each(&all, it) {
		json_t *one = run_json(it);

		if (r >= 0)
			r = add_reached(&w, it, one, e);
		json_array_append_new(run_unfinished(it->state) ? first : rest, one);
	}
	json_array_extend(first, rest);
	json_decref(rest);
	run_list_done(&all);
	world_close(&w);
	if (r < 0) {
		json_decref(first);
		return r;
	}
	*ret = json_pack("{so}", "runs", first);
	return 0;
}
