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
		               .scratch = o->state_dir,
		               .side = o->side,
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

/* Said beforehand: what the way back does not bring back. */
static void note_left_out(struct plan *p, const struct scope *s)
{
	vec_each(s, r) {
		autobuf struct buf names = BUF_MAX(64 << 10);
		json_t *name;
		size_t at;

		json_array_foreach(r->only, at, name)
			buf_addf(&names, "%s'%s'", at ? ", " : "all but ", json_string_value(name));
		json_array_foreach(r->leave_out, at, name)
			buf_addf(&names, "%s'%s'", names.len ? ", " : "", json_string_value(name));
		if (!names.len)
			continue;
		plan_note(p, "the restore point leaves out of %s: %s; nothing of this run copies, exchanges or brings back what is in it",
		          r->path, buf_str(&names));
	}
}

int world_point_of(struct plan *p, const struct goal *g, const struct scope *s, struct err *e)
{
	const char *kind = json_str(g->restore_point, "kind", "tree");
	autofree char *home = NULL;
	json_t *about;

	if (scope_check(s, e) < 0)
		return -e->kind;
	about = json_pack("{ss so}", "kind", kind, "scope", scope_json(s));
	json_object_set_new(p->doc, "restore_point", about);
	note_left_out(p, s);
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

/* It is no step: nobody knows when it will run. */
static void note_failure_hook(struct plan *p, const struct goal *g)
{
	const json_t *hook = json_object_get(g->hooks, "on_failure");
	const json_t *argv = json_is_object(hook) ? json_object_get(hook, "argv") : hook;

	if (argv)
		plan_note(p, "if the run fails, hook on_failure runs at its end: %s, at most %s",
		          json_string_value(json_array_get(argv, 0)) ?: "?", json_str(hook, "within", "30s"));
}

void world_note_holds(struct plan *p)
{
	vec_each(&p->steps, s) {
		const json_t *site = json_object_get(json_object_get(p->doc, "sites"), s->site);

		if (!s->kind || strcmp(s->kind->name, "service_stop") || site_can_hold(site))
			continue;
		json_object_set_new(s->params, "kept", json_false());
		plan_note(p, "nothing can keep the stopped server from being started by somebody else: it takes no lock, and no service "
		             "manager runs it; see to it that nobody starts it in the window");
	}
}

/* What a run does around the product's steps. */
static int plan_run(const struct product *p, const struct goal *g, const struct facts *now, struct plan *plan, struct err *e)
{
	struct scope scope = { 0 };
	int r = p->scope(now, g, &scope, e);

	if (r >= 0)
		r = world_point_of(plan, g, &scope, e);
	if (r >= 0) {
		point_losses(plan, g);
		note_failure_hook(plan, g);
		r = p->plan(now, g, plan, e);
	}
	if (r >= 0 && p->losses)
		p->losses(now, g, plan);
	if (r >= 0)
		world_note_holds(plan);
	scope_done(&scope);
	return r;
}

int world_plan(const struct goal *g, const struct facts *now, struct plan *ret, struct err *e)
{
	const struct product *p = product_named(g->product);
	struct plan plan;
	int r;

	plan_init(&plan, g);
	r = p->by_hand && p->by_hand(now) ? p->plan(now, g, &plan, e) : plan_run(p, g, now, &plan, e);
	if (r >= 0)
		r = plan_seal(&plan, now, e);
	if (r < 0) {
		plan_done(&plan);
		return err_wrap(e, "plan %s", g->name);
	}
	*ret = plan;
	return 0;
}
