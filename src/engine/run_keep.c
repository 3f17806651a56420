/* The run's records beside its restore point, and the way back from there when the state directory is lost. */
#include <dirent.h>
#include <string.h>

#include "engine/restore_point.h"
#include "engine/run_world.h"
#include "io/image.h"

#define RECORDS     "journal.json"
#define RECORDS_MAX (64u << 20)
#define BLOBS_MAX   10000

static int copy_blobs(const struct dir *from, const struct dir *to, struct err *e)
{
	struct dir_names names = { 0 };
	int r = 0;

	if (dir_list(from, "", BLOBS_MAX, &names, e) < 0)
		return -e->kind;
	vec_each(&names, it) {
		autobuf struct buf bytes = BUF_MAX(RECORDS_MAX);
		char digest[DIGEST_TEXT];

		if (r < 0 || it->type != DT_REG || strlen(it->name) != DIGEST_TEXT - 1)
			continue;
		r = blob_get(from, it->name, &bytes, e);
		if (r >= 0)
			r = blob_put(to, buf_sv(&bytes), digest, e);
	}
	dir_names_done(&names);
	return r < 0 ? r : 0;
}

static int keep_in(struct world *w, const struct point *p, struct err *e)
{
	autobuf struct buf text = BUF_MAX(RECORDS_MAX);
	autojson json_t *records = NULL;
	autodir struct dir undo = DIR_NONE;

	if (journal_export(w->journal, w->run, &records, e) < 0)
		return -e->kind;
	json_canonical(records, &text);
	if (buf_check(&text, "the records of the run", e) < 0 || dir_make(&p->dir, "undo", 0700, e) < 0 ||
	    dir_open_at(&p->dir, "undo", &undo, e) < 0 || copy_blobs(&w->ctx.blobs, &undo, e) < 0)
		return -e->kind;
	return file_replace(&p->dir, RECORDS, buf_sv(&text), FILE_PRIVATE, e);
}

int run_keep(struct world *w, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	autofree char *home = NULL;
	struct err none = ERR_INIT;
	int r;

	if (world_home(w, &home, &none) < 0 || point_open(home, w->run, &p, &none) < 0)
		return 0;
	r = keep_in(w, &p, e);
	point_done(&p);
	return r;
}

int run_seal(struct world *w, struct err *e)
{
	struct pass_opts o = { .cancel = w->o->cancel };
	struct point p = { .dir = DIR_NONE };
	autofree char *home = NULL;
	struct err none = ERR_INIT;
	int r;

	if (world_home(w, &home, &none) < 0 || point_open(home, w->run, &p, &none) < 0)
		return 0;
	r = p.state == POINT_COMPLETE ? point_seal(&p, &o, e) : 0;
	point_done(&p);
	return r < 0 ? err_wrap(e, "seal the restore point") : 0;
}

/* Records and blobs of the point into this state directory, unless the journal knows the run. */
static int take_over(struct world *w, const struct dir *point, char **ret_run, struct err *e)
{
	autojson json_t *records = NULL;
	autofree char *undo = NULL;
	autodir struct dir from = DIR_NONE, to = DIR_NONE;
	struct run_rec known = { 0 };
	struct err absent = ERR_INIT;
	const char *run;

	if (json_read(point, RECORDS, RECORDS_MAX, &records, e) < 0)
		return -e->kind;
	run = json_str(json_array_get(json_object_get(records, "run"), 0), "id", NULL);
	if (!run)
		return err_set(e, ERR_FORMAT, "'%s/" RECORDS "' names no run", point->path);
	*ret_run = xstrdup(run);
	if (journal_run(w->journal, run, &known, &absent) >= 0) {
		run_rec_done(&known);
		return 0;
	}
	undo = xasprintf("undo/%s", run);
	if (dir_make_all(&w->ctx.state, undo, 0700, e) < 0 || dir_open_at(&w->ctx.state, undo, &to, e) < 0 ||
	    dir_open_at(point, "undo", &from, e) < 0 || copy_blobs(&from, &to, e) < 0)
		return -e->kind;
	return journal_import(w->journal, records, e);
}

int run_rollback_from(const char *point_dir, const struct run_opts *o, struct run_end *ret)
{
	autodir struct dir point = DIR_NONE;
	autofree char *run = NULL;
	struct err e = ERR_INIT;
	struct world w;
	int r;

	*ret = (struct run_end){ 0 };
	r = dir_open(point_dir, &point, &e);
	if (r >= 0) {
		r = world_open(&w, o, WORLD_BEGIN, &e);
		if (r >= 0)
			r = take_over(&w, &point, &run, &e);
		world_close(&w);
	}
	if (r < 0) {
		err_wrap(&e, "roll back from '%s'", point_dir);
		err_hint(&e, "name the directory of one restore point: the one with point.json and " RECORDS);
		return run_says(ret, EXIT_USAGE, &e, "%s", e.msg);
	}
	return run_rollback(run, o, ret);
}
