/* The marker of an open run: run.json beside the data, whatever keeps the way back, and beside its restore points where those are
 * elsewhere. By it a call with another state directory sees that a run is open. */
#include <string.h>

#include "engine/restore_point.h"
#include "engine/run_world.h"

enum { BESIDE_DATA, WITH_POINTS, PLACES };

struct places {
	char *v[PLACES];
};

static void places_done(struct places *p)
{
	for (size_t i = 0; i < PLACES; i++)
		free(p->v[i]);
}

static int places_of(struct world *w, struct places *ret, struct err *e)
{
	const json_t *about = json_object_get(w->plan.doc, "restore_point");
	const char *home = json_str(about, "home", NULL);
	struct scope scope = { 0 };

	*ret = (struct places){ 0 };
	if (json_array_size(json_object_get(about, "scope"))) {
		if (scope_of_json(json_object_get(about, "scope"), &scope, e) < 0)
			return -e->kind;
		ret->v[BESIDE_DATA] = point_beside(&scope.v[0]);
		scope_done(&scope);
	}
	if (home && (!ret->v[BESIDE_DATA] || strcmp(home, ret->v[BESIDE_DATA])))
		ret->v[WITH_POINTS] = xstrdup(home);
	return 0;
}

int run_mark(struct world *w, struct err *e)
{
	const char *home = json_str(json_object_get(w->plan.doc, "restore_point"), "home", NULL);
	autofree char *point = home ? xasprintf("%s/%s", home, w->run) : NULL;
	cleanup_with(places_done) struct places at;

	if (places_of(w, &at, e) < 0)
		return -e->kind;
	for (size_t i = 0; i < PLACES; i++)
		if (at.v[i] && point_marker_put(at.v[i], w->ctx.state.path, w->run, w->plan.digest, point, e) < 0)
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
	cleanup_with(places_done) struct places at;

	if (places_of(w, &at, e) < 0)
		return -e->kind;
	for (size_t i = 0; i < PLACES; i++)
		if (at.v[i] && !is_of_another(at.v[i], w->run) && point_marker_drop(at.v[i], e) < 0)
			return -e->kind;
	return 0;
}

bool run_is_marked(struct world *w)
{
	cleanup_with(places_done) struct places at;
	struct err none = ERR_INIT;

	if (places_of(w, &at, &none) < 0)
		return false;
	for (size_t i = 0; i < PLACES; i++) {
		autojson json_t *marker = NULL;

		if (at.v[i] && point_marker_read(at.v[i], &marker, &none) >= 0 && !strcmp(json_str(marker, "run", ""), w->run))
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

int run_none_marked(struct world *w, struct run_end *ret)
{
	cleanup_with(places_done) struct places at;
	struct err e = ERR_INIT;
	int code = 0;

	if (places_of(w, &at, &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	for (size_t i = 0; i < PLACES && !code; i++)
		if (at.v[i])
			code = none_at(w, at.v[i], ret);
	return code;
}
