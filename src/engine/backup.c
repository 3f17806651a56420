/* Restore points on their own: created of a stopped server, or of a running one under the product's own checkpoint. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "engine/point_of.h"
#include "engine/run_world.h"

#define SEEN_MAX (64u << 20)    /* a plan, or facts, beside a restore point */

/* Of a second: point_make_new() tells those of the same one apart. */
static char *backup_id(void)
{
	time_t now = (time_t)(clock_wall_ns() / NS_PER_S);
	char day[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(day, sizeof day, "%Y%m%d-%H%M%S", &tm);
	return xasprintf("backup-%s", day);
}

/* 1 it runs, 0 it does not, or no service of it is known; -kind: who cannot be asked is not called stopped. */
static int is_running(struct site *s, struct err *e)
{
	struct svc_state now = { 0 };
	struct service *service;
	struct err none = ERR_INIT;

	if (site_service(s, &service, &none) < 0)
		return 0;
	if (service->ops->state(service, &now, e) < 0)
		return -(int)e->kind;
	return now.run != SVC_STOPPED && now.run != SVC_FAILED;
}

/* One pass is enough beside a writer, too: the checkpoint pins what the copy must hold. */
static int fill(struct ctx *c, struct point *p, bool live, struct err *e)
{
	struct point_told told = { .events = c->events, .what = "copy the data, and read the copy back" };
	struct pass_opts o = { .cancel = c->cancel,
		               .limit_bytes_per_s = c->io_limit,
		               .reserve_bytes = live ? point_reserve(p) : 0,
		               .idle_io = live,
		               .progress = point_tell,
		               .progress_data = &told };
	struct pass_stats copied = { 0 };
	struct point_pass done;

	if (point_measure(p, c->cancel, &told.total, e) < 0)
		return -e->kind;
	told.total *= 2;
	if (point_fill(p, live ? PASS_HELD : PASS_FINAL, &o, &done, e) < 0)
		return -e->kind;
	copied = done.total;
	o.before = &copied;
	return point_seal(p, &o, e);
}

/* Of points that a killed call left open. */
static json_t *holds_left(const char *home)
{
	json_t *holds = json_array(), *point;
	autojson json_t *points = NULL;
	struct err none = ERR_INIT;
	size_t at;

	if (point_list(home, &points, &none) < 0)
		return holds;
	json_array_foreach(points, at, point)
		if (!strcmp(json_str(point, "state", ""), "open") && json_object_get(point, "hold"))
			json_array_append(holds, json_object_get(point, "hold"));
	return holds;
}

/* A server that stays up is copied under its own checkpoint, whose end must come whatever happens in between: where this process and its
 * watcher are killed, by the next call, which knows it by what is saved here. */
static int fill_live(struct ctx *c, struct point *p, const char *home, struct err *e)
{
	autojson json_t *left = NULL;
	struct err own = ERR_INIT;
	json_t *hold = NULL;
	int r;

	if (!c->product->copy_begin) {
		err_set(e, ERR_REFUSED, "%s cannot be copied while it runs", c->product->title);
		return err_hint(e, "stop the server first");
	}
	left = holds_left(home);
	if (c->product->copy_begin(c, left, &hold, e) < 0)
		return -e->kind;
	json_object_set_new(p->doc, "live", json_true());
	json_object_set(p->doc, "hold", hold);
	r = point_save(p, e);
	if (r >= 0)
		r = fill(c, p, true, e);
	if (c->product->copy_end(c, hold, &own) < 0 && r >= 0) {
		*e = own;
		r = -(int)own.kind;
	}
	json_decref(hold);
	return r;
}

static int make(struct ctx *c, const struct facts *now, struct point *ret, char **ret_home, struct err *e)
{
	autojson json_t *about = json_pack("{ss ss}", "product", c->goal->product, "name", c->goal->name);
	autojson json_t *seen = facts_doc_pinned(now);
	autofree char *stem = backup_id();
	struct scope scope = { 0 };
	int r = c->product->scope(now, c->goal, &scope, e);

	if (r >= 0)
		r = point_home(c->goal, &scope, ret_home, e);
	if (r >= 0)
		r = point_make_new(*ret_home, stem, &scope, about, ret, e);
	if (r >= 0)
		r = point_put(ret, "facts.json", seen, e);
	if (r >= 0)
		r = point_save(ret, e);
	scope_done(&scope);
	return r;
}

/* Busy before anything was copied: the lock. */
static int failed_as(const struct err *e, const char *home)
{
	if (e->kind == ERR_BUSY && !home)
		return EXIT_LOCKED;
	return e->kind == ERR_CANCELED ? EXIT_INTERRUPTED : EXIT_FAILED;
}

/* What did not become whole is of no use to anybody. */
static void drop(const char *home, const struct point *p)
{
	struct err e = ERR_INIT;

	if (p->id && point_remove(home, p->id, &e) < 0)
		log_warn("what was copied stays in '%s': %s", home, e.msg);
}

static int take(struct world *w, const struct goal *g, struct err *e)
{
	autojson json_t *sites = NULL;
	struct site s = { 0 };

	w->product = w->ctx.product = product_named(g->product);
	w->ctx.goal = g;
	if (w->product->site(g, &s, e) < 0)
		return -e->kind;
	sites = json_pack("{sO}", "main", s.doc);
	site_done(&s);
	return world_bind(w, sites, e) < 0 ? -(int)e->kind : world_lock(w, "backup create", e);
}

int backup_create(const struct goal *g, const struct run_opts *o, json_t **ret_point, struct run_end *ret)
{
	struct point p = { .dir = DIR_NONE };
	autofacts struct facts now = { 0 };
	autofree char *home = NULL;
	struct err e = ERR_INIT;
	/* Without a journal: nothing here is to be undone or gone on with. */
	struct world w = { .o = o,
		           .lock = LOCK_NONE,
		           .ctx = { .state = DIR_NONE,
		                    .blobs = DIR_NONE,
		                    .events = o->events,
		                    .cancel = o->cancel,
		                    .scratch = o->state_dir,
		                    .io_limit = o->io_limit } };
	int r;

	if (run_none_begun(g, o, ret))
		return ret->exit;
	r = take(&w, g, &e);
	if (r >= 0)
		r = w.product->inspect(&w.ctx, g, DEPTH_LIVE, &now, &e);
	if (r >= 0)
		r = make(&w.ctx, &now, &p, &home, &e);
	if (r >= 0)
		r = is_running(&w.ctx.sites[0], &e);
	if (r >= 0)
		r = r ? fill_live(&w.ctx, &p, home, &e) : fill(&w.ctx, &p, false, &e);
	if (r >= 0)
		r = point_save(&p, &e);
	if (r >= 0) {
		*ret_point = json_incref(p.doc);
		run_says(ret, EXIT_DONE, NULL, "restore point %s is complete in '%s'", p.id, home);
	} else {
		drop(home, &p);
		run_says(ret, failed_as(&e, home), &e, "%s", e.msg);
	}
	point_done(&p);
	world_close(&w);
	return ret->exit;
}

/* Restoring is a run like any other: it is journalled, it can be resumed, and rollback undoes it. */
static int restore_plan(const struct goal *g, const struct facts *now, const struct scope *scope, json_t *site,
                        const struct point *p, bool running, struct plan *ret, struct err *e)
{
	const char *trigger = json_str(json_object_get(p->doc, "hold"), "restore_by", NULL);
	const char *home;

	plan_init(ret, g);
	if (world_point_of(ret, g, scope, e) < 0) {
		plan_done(ret);
		return -e->kind;
	}
	home = json_str(json_object_get(ret->doc, "restore_point"), "home", "");
	plan_site(ret, "main", json_incref(site));
	plan_add(ret, PHASE_FREEZE, "stop", "service_stop", STEP_IN_WINDOW,
	         json_pack("{ss ss ss sO?}", "within", goal_setting(g, "stop_timeout", "10m"), "start_within",
	                   goal_setting(g, "start_timeout", "2h"), "stall", goal_setting(g, "stall", "60s"), "flock",
	                   json_object_get(site, "lock")),
	         "the data is exchanged under it");
	plan_add(ret, PHASE_CHANGE, "restore", "tree_restore", STEP_IN_WINDOW,
	         json_pack("{ss ss}", "home", home, "id", p->id), "the restore point asked for");
	if (trigger)
		plan_add(ret, PHASE_CHANGE, "trigger", "file_put", STEP_IN_WINDOW,
		         json_pack("{so ss ss sO?}", "file", place_of("root", trigger), "content", "", "mode", "0600",
		                   "owner", json_object_get(site, "lock")),
		         "copied while the server ran: at its start it makes the data as of its checkpoint");
	if (running) {
		/* No gate: clients write from its first answer on. */
		plan_add(ret, PHASE_THAW, "start", "service_start", STEP_IN_WINDOW | STEP_LETS_IN,
		         json_pack("{so ss sO?}", "launch", plan_from("stop", "launch"), "stop_within",
		                   goal_setting(g, "stop_timeout", "10m"), "flock", json_object_get(site, "lock")),
		         "it was running");
		plan_add(ret, PHASE_PROVE, "ready", "wait_ready", STEP_IN_WINDOW,
		         json_pack("{ss ss}", "within", goal_setting(g, "start_timeout", "2h"), "stall",
		                   goal_setting(g, "stall", "60s")),
		         "it answers, over the data put back");
	}
	plan_add(ret, PHASE_OPEN, "open", "gate_open", STEP_LETS_IN | STEP_CLOSES_WINDOW, json_pack("{s[]}", "ports"),
	         "clients come back");
	/* Its transactions cannot be counted: the point was not frozen to count from. */
	plan_loss(ret, "new-writes",
	          "what was written since the restore point was made is no longer live; it is set aside with the whole world that is "
	          "live now, and not counted");
	world_note_holds(ret);
	if (plan_seal(ret, now, e) >= 0)
		return 0;
	plan_done(ret);
	return -e->kind;
}

/* Before anything is stopped: is it there, may it go live, and is it what was copied? 1: it is not. */
static int take_point(const char *home, const char *id, const struct run_opts *o, struct point *ret, struct err *e)
{
	struct point_told told = { .events = o->events, .what = "prove the restore point" };
	struct pass_opts how = { .cancel = o->cancel,
		                 .limit_bytes_per_s = o->io_limit,
		                 .idle_io = true,
		                 .progress = point_tell,
		                 .progress_data = &told };
	manifest_diffs diffs = { 0 };
	int r;

	if (point_open(home, id, ret, e) < 0)
		return -e->kind;
	if (ret->state != POINT_COMPLETE && ret->state != POINT_PROVED) {
		err_set(e, ERR_REFUSED, "restore point '%s' %s", id,
		        ret->state == POINT_SPENT ? "went live before" : "is not complete");
		return err_hint(e, "'crossgrade backup list' shows the others");
	}
	told.total = point_bytes(ret);
	r = point_prove_beside(ret, &diffs, e);
	if (r == 0)
		r = point_prove(ret, true, &how, &diffs, e);
	if (r > 0) {
		err_set(e, ERR_CHANGED, "restore point '%s' does not match its manifest: %s: %s", id, diffs.v[0].rel,
		        diffs.v[0].what);
		err_hint(e, "do not use it; 'crossgrade backup list' shows the others");
	}
	manifest_diffs_done(&diffs);
	return r;
}

/* The build that wrote the data, as was seen then: *ret_version is borrowed from *ret_doc, NULL where nothing tells it. */
static void build_of(struct point *p, json_t **ret_doc, const char **ret_edition, const char **ret_version)
{
	struct err none = ERR_INIT;
	struct facts then = { 0 };
	const json_t *pinned;

	*ret_edition = *ret_version = NULL;
	if (json_read(&p->dir, "facts.json", SEEN_MAX, &then.doc, &none) >= 0) {
		*ret_doc = then.doc;
		*ret_edition = facts_str(&then, "server.edition", NULL);
		*ret_version = facts_str(&then, "server.version", NULL);
	} else if (json_read(&p->dir, "plan.json", SEEN_MAX, ret_doc, &none) >= 0) {
		pinned = json_object_get(*ret_doc, "pinned");
		*ret_edition = json_str(pinned, "server.edition", NULL);
		*ret_version = json_str(pinned, "server.version", NULL);
	}
}

/* The build stays: who puts data of another one under it is told. */
static void tell_build(struct point *p, const struct facts *now, struct events *events)
{
	const char *edition = facts_str(now, "server.edition", NULL), *version = facts_str(now, "server.version", NULL);
	const char *then_edition, *then_version;
	autojson json_t *doc = NULL;

	build_of(p, &doc, &then_edition, &then_version);
	if (!version || !then_version || (!strcmp(version, then_version) && !strcmp(edition ?: "", then_edition ?: "")))
		return;
	event_emit(events, "warning",
	           json_pack("{so}", "text", json_sprintf("the restore point is of %s %s; the build that is installed, %s %s, starts over it",
	                                                  then_edition ?: "", then_version, edition ?: "", version)));
}

int backup_restore(const struct goal *g, const char *id, const struct run_opts *o, struct run_end *ret)
{
	const struct product *product = product_named(g->product);
	struct point p = { .dir = DIR_NONE };
	autofacts struct facts now = { 0 };
	autofree char *home = NULL;
	struct scope scope = { 0 };
	struct err e = ERR_INIT;
	struct site s = { 0 };
	struct plan plan;
	int r, running = 0;

	if (run_none_begun(g, o, ret))
		return ret->exit;
	r = product->site(g, &s, &e);
	if (r >= 0)
		r = running = is_running(&s, &e);
	if (r >= 0)
		r = world_inspect(g, DEPTH_LIVE, o, &now, &e);
	if (r >= 0)
		r = product->scope(&now, g, &scope, &e);
	if (r >= 0)
		r = point_home(g, &scope, &home, &e);
	if (r >= 0)
		r = take_point(home, id, o, &p, &e);
	if (r == 0)
		tell_build(&p, &now, o->events);
	if (r == 0)
		r = restore_plan(g, &now, &scope, s.doc, &p, running, &plan, &e);
	scope_done(&scope);
	point_done(&p);
	site_done(&s);
	if (r > 0)
		return run_says(ret, EXIT_DIGEST, &e, "nothing changed: %s", e.msg);
	if (r < 0)
		return run_says(ret, e.kind == ERR_CANCELED ? EXIT_INTERRUPTED : EXIT_FAILED, &e, "nothing changed: %s", e.msg);
	run_apply(&plan, g, o, ret);
	plan_done(&plan);
	return ret->exit;
}
