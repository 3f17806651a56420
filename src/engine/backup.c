/* Restore points on their own: created of a stopped server, or of a running one under the product's own checkpoint. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/restore_point.h"
#include "engine/run_world.h"

#define LIVE_PASSES 3

static char *backup_id(void)
{
	time_t now = (time_t)(clock_wall_ns() / NS_PER_S);
	char day[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(day, sizeof day, "%Y%m%d-%H%M%S", &tm);
	return xasprintf("backup-%s", day);
}

static bool is_running(struct site *s)
{
	struct svc_state now = { 0 };
	struct service *service;
	struct err e = ERR_INIT;

	return site_service(s, &service, &e) >= 0 && service->ops->state(service, &now, &e) >= 0 &&
	       now.run != SVC_STOPPED && now.run != SVC_FAILED;
}

static int fill(struct ctx *c, struct point *p, bool live, struct err *e)
{
	struct pass_opts o = { .cancel = c->cancel, .limit_bytes_per_s = c->io_limit, .idle_io = live };
	struct point_pass done;

	for (int i = 0; live && i < LIVE_PASSES; i++)
		if (point_fill(p, c->product, PASS_LIVE, &o, &done, e) < 0)
			return -e->kind;
	if (point_fill(p, c->product, PASS_FINAL, &o, &done, e) < 0)
		return -e->kind;
	return point_read_back(p, &o, &done, e);
}

/* A server that stays up is copied under its own checkpoint, whose end must come whatever happens in between. */
static int fill_live(struct ctx *c, struct point *p, struct err *e)
{
	struct err own = ERR_INIT;
	json_t *hold = NULL;
	int r;

	if (!c->product->copy_begin) {
		err_set(e, ERR_REFUSED, "%s cannot be copied while it runs", c->product->title);
		return err_hint(e, "stop the server first");
	}
	if (c->product->copy_begin(c, &hold, e) < 0)
		return -e->kind;
	json_object_set_new(p->doc, "live", json_true());
	json_object_set(p->doc, "hold", hold);
	r = fill(c, p, true, e);
	if (c->product->copy_end(c, hold, &own) < 0 && r >= 0) {
		*e = own;
		r = -(int)own.kind;
	}
	json_decref(hold);
	return r;
}

static int make(struct ctx *c, const struct goal *g, const struct facts *now, struct point *ret, char **ret_home,
                struct err *e)
{
	autojson json_t *about = json_pack("{ss ss}", "product", g->product, "name", g->name);
	autofree char *id = backup_id();
	struct scope scope = { 0 };
	int r = c->product->scope(now, g, &scope, e);

	if (r >= 0)
		r = point_home(g, &scope, ret_home, e);
	if (r >= 0)
		r = point_make(*ret_home, id, &scope, about, ret, e);
	scope_done(&scope);
	return r;
}

int backup_create(const struct goal *g, const struct run_opts *o, json_t **ret_point, struct run_end *ret)
{
	const struct product *product = product_named(g->product);
	struct ctx c = { .product = product,
		         .goal = g,
		         .events = o->events,
		         .cancel = o->cancel,
		         .io_limit = o->io_limit,
		         .state = DIR_NONE,
		         .blobs = DIR_NONE };
	struct point p = { .dir = DIR_NONE };
	autofacts struct facts now = { 0 };
	autofree char *home = NULL;
	struct err e = ERR_INIT;
	struct site s = { 0 };
	int r;

	*ret = (struct run_end){ 0 };
	c.sites = &s;
	c.n_sites = 1;
	r = product->site(g, &s, &e);
	if (r >= 0)
		r = product->inspect(&c, g, DEPTH_LIVE, &now, &e);
	if (r >= 0)
		r = make(&c, g, &now, &p, &home, &e);
	if (r >= 0)
		r = is_running(&s) ? fill_live(&c, &p, &e) : fill(&c, &p, false, &e);
	if (r >= 0)
		r = point_save(&p, &e);
	if (r >= 0) {
		*ret_point = json_incref(p.doc);
		run_says(ret, EXIT_DONE, NULL, "restore point %s is complete in '%s'", p.id, home);
	} else {
		run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	}
	point_done(&p);
	ctx_drop_fds(&c);
	site_done(&s);
	return ret->exit;
}

/* Restoring is a run like any other: it is journalled, it can be resumed, and rollback undoes it. */
static int restore_plan(const struct goal *g, const struct facts *now, json_t *site, const char *home, const char *id,
                        bool running, struct plan *ret, struct err *e)
{
	plan_init(ret, g);
	plan_site(ret, "main", json_incref(site));
	plan_add(ret, PHASE_FREEZE, "stop", "service_stop", STEP_IN_WINDOW,
	         json_pack("{sO?}", "flock", json_object_get(site, "lock")), "the data is exchanged under it");
	plan_add(ret, PHASE_CHANGE, "restore", "tree_restore", STEP_IN_WINDOW,
	         json_pack("{ss ss}", "home", home, "id", id), "the restore point asked for");
	if (running)
		plan_add(ret, PHASE_THAW, "start", "service_start", STEP_IN_WINDOW,
		         json_pack("{so sO?}", "launch", plan_from("stop", "launch"), "flock",
		                   json_object_get(site, "lock")),
		         "it was running");
	plan_add(ret, PHASE_OPEN, "open", "gate_open", STEP_LETS_IN | STEP_CLOSES_WINDOW, json_pack("{s[]}", "ports"),
	         "clients come back");
	return plan_seal(ret, now, e);
}

int backup_restore(const struct goal *g, const char *id, const struct run_opts *o, struct run_end *ret)
{
	const struct product *product = product_named(g->product);
	autofacts struct facts now = { 0 };
	autofree char *home = NULL;
	struct scope scope = { 0 };
	struct err e = ERR_INIT;
	struct site s = { 0 };
	struct plan plan;
	bool running;
	int r;

	*ret = (struct run_end){ 0 };
	r = product->site(g, &s, &e);
	running = r >= 0 && is_running(&s);
	if (r >= 0)
		r = world_inspect(g, DEPTH_LIVE, o, &now, &e);
	if (r >= 0)
		r = product->scope(&now, g, &scope, &e);
	if (r >= 0)
		r = point_home(g, &scope, &home, &e);
	scope_done(&scope);
	if (r >= 0)
		r = restore_plan(g, &now, s.doc, home, id, running, &plan, &e);
	site_done(&s);
	if (r < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	run_apply(&plan, g, o, ret);
	plan_done(&plan);
	return ret->exit;
}
