/* Is the data there that the run began on? A boot does not wait for a disk that comes late, or whose mount may fail ('nofail', iSCSI). Under
 * its mount point lies an empty directory, and a server started on that makes a fresh database, answers as the old one did, and is
 * written to, until the mount hides it.
 *
 * So the roots of the scope are kept when the run begins, as the document "roots": {path: {"ino","born_ns","by_marker"}}. One is there when it has
 * that identity, or when the run's own marker stands beside it, on the same file system. Neither would do alone: a file system may
 * number anew what is mounted again, and a package, a restore, or the operator makes a directory anew, where the marker stays or comes
 * back; a run that ended, or was killed just before, has no marker any more. An exchange moves what is in a root, never the root.
 *
 * Of a run that an older release began, nothing is compared. */
#include <string.h>

#include "engine/restore_point.h"
#include "engine/run_world.h"

#define ROOTS       "roots"
#define AWAITS_ROOT (300 * NS_PER_S)
#define AGAIN       (500 * NS_PER_MS)

static int scope_of(const json_t *plan, struct scope *ret, struct err *e)
{
	return scope_of_json(json_object_get(json_object_get(plan, "restore_point"), "scope"), ret, e);
}

static int id_of(const char *path, struct file_id *ret, struct err *e)
{
	autodir struct dir d = DIR_NONE;

	return dir_open(path, &d, e) < 0 ? -(int)e->kind : dir_file_id(&d, "", ret, e);
}

/* One that is not there yet the run makes itself. */
static int note(const struct scope_root *root, json_t *doc, struct err *e)
{
	struct err why = ERR_INIT;
	struct file_id id;
	json_t *one;

	if (id_of(root->path, &id, &why) < 0)
		return why.kind == ERR_ABSENT ? 0 : err_set(e, why.kind, "%s", why.msg);
	one = json_of_file_id(id);
	json_object_set_new(one, "by_marker", json_boolean(root->mount_point == dir_is_mount_point(root->path)));
	json_object_set_new(doc, root->path, one);
	return 0;
}

int run_note_roots(struct world *w, struct err *e)
{
	autojson json_t *doc = json_object();
	struct scope scope = { 0 };
	int r = scope_of(w->plan.doc, &scope, e);

	vec_each(&scope, it)
		if (r >= 0)
			r = note(it, doc, e);
	scope_done(&scope);
	return r < 0 ? r : journal_put_doc(w->journal, w->run, ROOTS, doc, e);
}

static bool is_marked(const struct scope_root *root, const char *run)
{
	autofree char *beside = point_beside(root);
	autojson json_t *marker = NULL;
	struct err none = ERR_INIT;

	return point_marker_read(beside, &marker, &none) >= 0 && !strcmp(json_str(marker, "run", ""), run);
}

static int is_there(const struct scope_root *root, const json_t *doc, const char *run, struct err *e)
{
	const json_t *one = json_object_get(doc, root->path);
	struct file_id then, now;

	if (!one || (json_bool(one, "by_marker", false) && is_marked(root, run)))
		return 0;
	if (json_want_file_id(doc, root->path, &then, e) < 0 || id_of(root->path, &now, e) < 0)
		return err_wrap(e, "the data that this run began on");
	if (file_id_found(then, now))
		return 0;
	return err_set(e, ERR_CHANGED, "'%s' is not the directory that this run began on: its file system may not be mounted", root->path);
}

/* force: another directory is none to stop at; *ret_other tells. */
static int look(struct journal *j, const char *run, const json_t *plan, bool force, bool *ret_other, struct err *e)
{
	autojson json_t *doc = NULL;
	struct scope scope = { 0 };
	int r = 0;

	if (journal_get_doc(j, run, ROOTS, &doc, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);
		return 0;
	}
	if (scope_of(plan, &scope, e) < 0)
		return -(int)e->kind;
	vec_each(&scope, it) {
		if (r >= 0)
			r = is_there(it, doc, run, e);
		if (r >= 0 || !force || e->kind != ERR_CHANGED)
			continue;
		*ret_other = true;
		err_clear(e);
		r = 0;
	}
	scope_done(&scope);
	return r;
}

int run_roots_there(struct journal *j, const char *run, const json_t *plan, struct err *e)
{
	bool unused;

	return look(j, run, plan, false, &unused, e);
}

/* Does this verb touch the world of a run in this state? */
static bool goes_on(const struct world *w, const struct run_rec *rec, const char *verb)
{
	bool back = !strcmp(verb, "rollback");

	switch (rec->state) {
	case RUN_OPEN:
	case RUN_HELD:
	case RUN_STANDS:
		return true;
	case RUN_TURNED:
		return back || w->o->unattended;
	case RUN_STUCK:
		return back;
	case RUN_CLOSED_NEW:
		return back && !rec->finalized;
	default:
		return false;
	}
}

/* From the new server's stop on: the operator's program unmounts the disk, perhaps, and may have been killed there; repeated, it puts
 * the snapshot back as a file system of another identity. */
static int is_put_back(struct world *w, bool *ret, struct err *e)
{
	const char *kind = json_str(json_object_get(w->plan.doc, "restore_point"), "kind", "");
	bool passed, started;

	if (run_point_passed(w, &passed, e) < 0 || run_started(w, &started, e) < 0)
		return -(int)e->kind;
	*ret = !strcmp(kind, "snapshot") && passed && !started;
	return 0;
}

static bool is_waited_for(const struct world *w, struct deadline until)
{
	return w->o->unattended && !deadline_passed(until) && !(w->o->cancel && atomic_load(&w->o->cancel->asked));
}

/* At a boot a disk may come late. */
static int await(struct world *w, bool *ret_other, struct err *e)
{
	struct deadline until = deadline_in(AWAITS_ROOT);
	bool told = false;
	int r;

	while ((r = look(w->journal, w->run, w->plan.doc, w->o->force, ret_other, e)) < 0 && is_waited_for(w, until)) {
		if (!told)
			event_emit(w->o->events, "warning",
			           json_pack("{so}", "text", json_sprintf("%s; it is waited for, five minutes at most", e->msg)));
		told = true;
		err_clear(e);
		clock_sleep_ns(AGAIN);
	}
	if (told && r >= 0)
		event_emit(w->o->events, "note", json_pack("{ss}", "text", "the data that this run began on is there now"));
	return r;
}

int run_find_roots(struct world *w, const struct run_rec *rec, const char *verb, struct run_end *ret)
{
	struct err e = ERR_INIT;
	bool skip = false, other = false;

	if (!goes_on(w, rec, verb))
		return 0;
	if (is_put_back(w, &skip, &e) < 0)
		return run_says(ret, EXIT_FAILED, &e, "%s", e.msg);
	if (skip)
		return 0;
	if (await(w, &other, &e) < 0) {
		err_hint(&e, "mount it, and repeat the call; with a directory that was made anew, or restored, 'crossgrade rollback --force' goes back");
		if (w->o->unattended)
			run_on_failure(w);
		return run_says(ret, EXIT_FAILED, &e, "nothing changed: %s", e.msg);
	}
	/* Agreed to once, for every later call. */
	return other && run_note_roots(w, &e) < 0 ? run_says(ret, EXIT_FAILED, &e, "%s", e.msg) : 0;
}
