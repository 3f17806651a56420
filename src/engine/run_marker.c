/* The marker of an open run: run.json beside each root of the data, whatever keeps the way back, and beside its restore points where
 * those are elsewhere. By it a call with another state directory sees that a run is open, and one that knows no more than the root it
 * was given, because the server is down, sees it, too. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/restore_point.h"
#include "engine/run_world.h"

typedef VEC(char *) places;

static void places_done(places *p)
{
	vec_each(p, it)
		free(*it);
	vec_done(p);
}

static void add_place(places *p, char *home /* stolen */)
{
	vec_each(p, it)
		if (!strcmp(*it, home)) {
			free(home);
			return;
		}
	*vec_push(p) = home;
}

static int places_of(struct world *w, places *ret, struct err *e)
{
	const json_t *about = json_object_get(w->plan.doc, "restore_point");
	const char *home = json_str(about, "home", NULL);
	struct scope scope = { 0 };

	*ret = (places){ 0 };
	if (scope_of_json(json_object_get(about, "scope"), &scope, e) < 0)
		return -e->kind;
	vec_each(&scope, root)
		add_place(ret, point_beside(root));
	scope_done(&scope);
	if (home)
		add_place(ret, xstrdup(home));
	return 0;
}

int run_mark(struct world *w, struct err *e)
{
	const char *home = json_str(json_object_get(w->plan.doc, "restore_point"), "home", NULL);
	autofree char *point = home ? xasprintf("%s/%s", home, w->run) : NULL;
	autojson json_t *homes = json_array();
	cleanup_with(places_done) places at;

	if (places_of(w, &at, e) < 0)
		return -e->kind;
	vec_each(&at, it)
		json_array_append_new(homes, json_text(*it));
	/* That of the store first: 'rollback --from' begins there. */
	for (size_t i = at.n; i-- > 0;)
		if (point_marker_put(at.v[i], w->ctx.state.path, w->run, w->plan.digest, point, homes, e) < 0)
			return err_wrap(e, "mark the installation as having an open run");
	return 0;
}

/* What nobody can read is not left to forbid the next run. */
static bool is_of_another(const char *home, const char *run)
{
	autojson json_t *marker = NULL;
	struct err e = ERR_INIT;

	return point_marker_read(home, &marker, &e) >= 0 && strcmp(json_str(marker, "run", ""), run);
}

int run_unmark(struct world *w, struct err *e)
{
	cleanup_with(places_done) places at;

	if (places_of(w, &at, e) < 0)
		return -e->kind;
	vec_each(&at, it)
		if (!is_of_another(*it, w->run) && point_marker_drop(*it, e) < 0)
			return -e->kind;
	return 0;
}

bool run_is_marked(struct world *w)
{
	cleanup_with(places_done) places at;
	struct err none = ERR_INIT;

	if (places_of(w, &at, &none) < 0)
		return false;
	vec_each(&at, it) {
		autojson json_t *marker = NULL;

		if (point_marker_read(*it, &marker, &none) >= 0 && !strcmp(json_str(marker, "run", ""), w->run))
			return true;
	}
	return false;
}

/* A snapshot of the operator's brings back the marker of the time it was taken. */
static bool is_finished_here(struct world *w, const char *run)
{
	struct run_rec rec = { 0 };
	struct err absent = ERR_INIT;
	bool finished;

	if (!w->journal || journal_run(w->journal, run, &rec, &absent) < 0)
		return false;
	finished = !run_unfinished(rec.state);
	run_rec_done(&rec);
	return finished;
}

static int none_at(struct world *w, const char *home, struct run_end *ret)
{
	autojson json_t *marker = NULL;
	const char *run, *point;
	struct err e = ERR_INIT;

	if (point_marker_read(home, &marker, &e) < 0) {
		if (e.kind == ERR_ABSENT)
			return 0;
		if (e.kind == ERR_DENIED && geteuid() != 0)
			err_hint(&e, "run it as root");
		if (e.kind == ERR_DENIED)
			return run_says(ret, EXIT_FAILED, &e, "whether a run is unfinished cannot be seen: %s", e.msg);
		err_hint(&e, "it says that a run of this installation is open; find out which, and roll it back or move the file away");
		return run_says(ret, EXIT_UNFINISHED, &e, "an unfinished run may exist: %s", e.msg);
	}
	run = json_str(marker, "run", "?");
	point = json_str(marker, "point", NULL);
	if ((w->run && !strcmp(run, w->run)) || is_finished_here(w, run))
		return 0;
	err_set(&e, ERR_BUSY, "run %s of state directory '%s' is open for this installation", run,
	        json_str(marker, "state_dir", "?"));
	if (point)
		err_hint(&e, "use that --state-dir, or 'crossgrade rollback --from %s' when it is lost", point);
	else
		err_hint(&e, "use that --state-dir; when it is lost nothing leads back by itself: find out which build serves, and remove '%s/run.json'",
		         home);
	return run_says(ret, EXIT_UNFINISHED, &e, "an unfinished run exists: %s", e.msg);
}

static int none_at_all(struct world *w, const places *at, struct run_end *ret)
{
	int code = 0;

	vec_each(at, it)
		if (!code)
			code = none_at(w, *it, ret);
	return code;
}

int run_none_marked(struct world *w, struct run_end *ret)
{
	cleanup_with(places_done) places at;
	struct err e = ERR_INIT;

	if (places_of(w, &at, &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	return none_at_all(w, &at, ret);
}

/* ---- by the goal alone ---- */

/* As the product names it: the one that is given without links, else the only one of this host. */
static char *root_of(const struct goal *g)
{
	const char *given = json_str(g->source, "root", NULL), *root;
	struct err none = ERR_INIT;
	struct site s = { 0 };
	char *found = NULL;

	if (given)
		return realpath(given, NULL);
	if (product_named(g->product)->site(g, &s, &none) < 0)
		return NULL;
	root = site_root_path(&s, "root");
	found = xstrdup(root);
	site_done(&s);
	return found;
}

/* Whether it is a mount point, which decides where beside it is, may have changed since the run began. */
static int places_by_root(const struct goal *g, char *root, places *ret, struct err *e)
{
	struct scope_root one = { .path = root };
	struct scope scope = { &one, 1, 1 };
	char *home = NULL;

	add_place(ret, point_beside(&one));
	one.mount_point = true;
	add_place(ret, point_beside(&one));
	if (point_home(g, &scope, &home, e) < 0)
		return -e->kind;
	add_place(ret, home);
	return 0;
}

int run_none_begun(const struct goal *g, const struct run_opts *o, struct run_end *ret)
{
	cleanup_with(places_done) places at = { 0 };
	autobuf struct buf who = BUF_MAX(512);
	autofree char *root = root_of(g);
	autojson json_t *sites = root ? json_pack("{s{s{ss}}}", "main", "roots", "root", root) : NULL;
	struct err e = ERR_INIT;
	struct world w;
	int code = 0;

	*ret = (struct run_end){ 0 };
	if (!root)
		return 0;
	/* Where no run was begun, or nobody may look, there may be a marker all the same. */
	if (world_open(&w, o, WORLD_LOOK, &e) < 0)
		err_clear(&e);
	if (world_bind(&w, sites, &e) < 0 || places_by_root(g, root, &at, &e) < 0)
		code = run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	if (!code && w.journal)
		code = run_none_in_journal(&w, ret);
	if (!code)
		code = none_at_all(&w, &at, ret);
	/* A living run is not to be ended by anybody else. */
	if (code == EXIT_UNFINISHED && world_holder(w.site_hash, &who, &e) > 0) {
		err_set(&e, ERR_BUSY, "another run is at work here: " SV_FMT, SV_ARG(sv_trim(buf_sv(&who))));
		code = run_says(ret, EXIT_LOCKED, &e, "%s", e.msg);
	}
	world_close(&w);
	return code;
}
