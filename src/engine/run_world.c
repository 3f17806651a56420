#include "engine/run_world.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "engine/restore_point.h"
#include "svc/docker.h"

#define LOCK_DIR "/run/lock/crossgrade"
#define PLAN_MAX (16u << 20)
#define AT_WORK_WITHIN (600 * NS_PER_S)

static int open_state(const char *path, struct dir *ret, struct err *e)
{
	int has = 0;

	if (dir_open(path, ret, e) >= 0)
		has = dir_has(ret, JOURNAL_FILE, e);
	if (has > 0)
		return 0;
	if (e->kind != ERR_OK && e->kind != ERR_ABSENT)
		return -e->kind;
	err_clear(e);
	err_set(e, ERR_ABSENT, "there is no run on this host: '%s' holds no journal", path);
	return err_hint(e, "'crossgrade apply' begins one; is --state-dir right?");
}

int world_open(struct world *w, const struct run_opts *o, enum world_use use, struct err *e)
{
	*w = (struct world){ .o = o, .lock = LOCK_NONE };
	w->ctx = (struct ctx){
		.state = DIR_NONE,
		.blobs = DIR_NONE,
		.events = o->events,
		.cancel = o->cancel,
		.scratch = o->state_dir,
		.io_limit = o->io_limit,
		.force = o->force,
		.ask = o->ask,
		.ask_data = o->ask_data,
		.prove_all = o->prove_all,
		.accept_in_place = run_agrees_in_place(o),
		.restore_data = o->restore_data,
		.save_writes = o->save_writes,
		.results = json_object(),
	};
	if (use == WORLD_BEGIN && dir_make_path(o->state_dir, 0700, &w->ctx.state, e) < 0)
		return err_wrap(e, "make the state directory");
	if (use != WORLD_BEGIN && open_state(o->state_dir, &w->ctx.state, e) < 0)
		return -e->kind;
	return journal_open(&w->ctx.state, use == WORLD_LOOK ? DB_READ : DB_WRITE, &w->journal, e);
}

/* Events are kept in batches: in the window every fsync is downtime, and an event is no promise. A kill loses the last few. */
void world_flush_events(struct world *w)
{
	struct err e = ERR_INIT;

	/* What is told from within a transaction of the journal's waits for its end. */
	if (!w->run || !json_array_size(w->pending) || journal_in_transaction(w->journal))
		return;
	if (journal_add_events(w->journal, w->run, w->pending, &e) < 0)
		log_warn("events not kept: %s", e.msg);
	json_array_clear(w->pending);
}

static void journal_sink(void *data, const json_t *event)
{
	struct world *w = data;

	/* Progress is for who watches. */
	if (!strcmp(json_str(event, "type", ""), "progress"))
		return;
	json_array_append(w->pending, (json_t *)event);
	if (!w->window)
		world_flush_events(w);
}

void world_close(struct world *w)
{
	prober_stop(w->prober);
	events_forget(w->o->events, w);
	world_flush_events(w);
	json_decref(w->pending);
	ctx_drop_fds(&w->ctx);
	for (size_t i = 0; i < w->ctx.n_sites; i++)
		site_done(&w->ctx.sites[i]);
	free(w->ctx.sites);
	json_decref(w->ctx.results);
	dir_close(&w->ctx.blobs);
	dir_close(&w->ctx.state);
	journal_close(w->journal);
	lock_release(&w->lock);
	plan_done(&w->plan);
	goal_done(&w->goal);
	free(w->run);
	free(w->site_hash);
}

int world_bind(struct world *w, const json_t *sites, struct err *e)
{
	char hash[DIGEST_TEXT];
	const char *name, *root;
	json_t *doc;

	w->ctx.sites = xcalloc(json_object_size(sites) + 1, sizeof *w->ctx.sites);
	json_object_foreach((json_t *)sites, name, doc) {
		if (site_bind(name, doc, &w->ctx.sites[w->ctx.n_sites], e) < 0)
			return -e->kind;
		w->ctx.n_sites++;
	}
	if (!w->ctx.n_sites)
		return err_set(e, ERR_FORMAT, "the plan has no site");
	root = site_root_path(&w->ctx.sites[0], "root");
	digest_text(sv_of(root ? root : w->ctx.sites[0].name), hash);
	free(w->site_hash);
	w->site_hash = xstrndup(hash, 16);
	return 0;
}

int world_lock(struct world *w, const char *verb, struct err *e)
{
	autofree char *who = xasprintf("crossgrade %s", verb);
	struct deadline until = deadline_in(AT_WORK_WITHIN);
	bool told = false;

	/* A program that goes on without the run that was killed changes what we are about to look at. */
	while (lock_take(LOCK_DIR, w->site_hash, who, &w->lock, e) == -ERR_TIMEOUT && !deadline_passed(until) &&
	       !(w->ctx.cancel && atomic_load(&w->ctx.cancel->asked))) {
		if (!told)
			event_emit(w->o->events, "warning", json_pack("{so}", "text", json_sprintf("%s: its end is waited for", e->msg)));
		told = true;
		err_clear(e);
	}
	if (e->kind != ERR_TIMEOUT)
		return -(int)e->kind;
	e->kind = ERR_BUSY;
	return err_hint(e, "wait for its end, or end it; then try again");
}

int world_holder(const char *site_hash, struct buf *ret, struct err *e)
{
	return lock_holder(LOCK_DIR, site_hash, ret, e);
}

int world_load(struct world *w, const char *run, struct err *e)
{
	autobuf struct buf plan = BUF_MAX(PLAN_MAX), goal = BUF_MAX(1u << 20);
	json_t *doc;

	if (journal_plan(w->journal, run, &plan, &goal, e) < 0 ||
	    plan_parse(buf_sv(&plan), "the plan of the run", &w->plan, e) < 0 ||
	    json_parse(buf_sv(&goal), "the goal of the run", &doc, e) < 0 || goal_of_doc(doc, &w->goal, e) < 0)
		return err_wrap(e, "run '%s'", run);
	w->run = xstrdup(run);
	w->product = product_named(w->goal.product);
	return world_bind(w, json_object_get(w->plan.doc, "sites"), e);
}

void world_await_docker(const struct world *w, int64_t ns)
{
	for (size_t i = 0; i < w->ctx.n_sites; i++) {
		const char *kind = json_str(json_object_get(w->ctx.sites[i].doc, "service"), "kind", "");

		if (!strcmp(kind, "container") || !strcmp(kind, "compose"))
			docker_await(ns);
	}
}

int world_enter(struct world *w, struct err *e)
{
	autofree char *undo = xasprintf("undo/%s", w->run);

	if (run_know_in_place(w, e) < 0 || dir_make_all(&w->ctx.state, undo, 0700, e) < 0 ||
	    dir_make_all(&w->ctx.state, "hold", 0700, e) < 0 || dir_open_at(&w->ctx.state, undo, &w->ctx.blobs, e) < 0)
		return -e->kind;
	w->ctx.product = w->product;
	w->ctx.goal = &w->goal;
	w->ctx.plan = &w->plan;
	w->ctx.run = w->run;
	for (size_t i = 0; i < w->ctx.n_sites; i++) {
		free(w->ctx.sites[i].hold);
		w->ctx.sites[i].hold = ctx_hold_path(&w->ctx, &w->ctx.sites[i]);
	}
	w->pending = json_array();
	run_follow(w);
	events_run(w->o->events, w->run);
	events_to(w->o->events, journal_sink, w);
	return 0;
}

int world_unfinished(struct world *w, const char *site_hash, struct run_rec *ret, struct err *e)
{
	struct run_list all = { 0 };
	int found = 0;

	if (journal_runs(w->journal, site_hash, &all, e) < 0)
		return -e->kind;
	vec_each(&all, it) {
		if (found || !run_unfinished(it->state))
			continue;
		*ret = *it;
		*it = (struct run_rec){ 0 };
		found = 1;
	}
	run_list_done(&all);
	return found;
}

char *world_trash(const struct world *w)
{
	const json_t *point = json_object_get(w->plan.doc, "restore_point");
	const json_t *root = json_array_get(json_object_get(point, "scope"), 0);
	struct scope_root r = { .name = (char *)json_str(root, "name", ""),
		                .path = (char *)json_str(root, "path", ""),
		                .mount_point = json_bool(root, "mount_point", false) };
	autofree char *home = root && json_str(point, "home", NULL) ? point_beside(&r) : NULL;

	return home ? xasprintf("%s/trash/%s", home, w->run) : NULL;
}

int world_home(struct world *w, char **ret, struct err *e)
{
	const json_t *point = json_object_get(w->plan.doc, "restore_point");
	const char *home = json_str(point, "home", NULL);

	if (!home)
		return err_set(e, ERR_ABSENT, "the plan has no restore point of ours");
	*ret = xstrdup(home);
	return 0;
}
