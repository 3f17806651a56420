/* The run's records in its restore point, and the way back from there when the state directory is lost.
 *
 * All of them are written before the stop and when clients are served again; every change in between is a line of its own in
 * another file, durable before the effect it announces. What such a line needs of the undo blobs stands there before it.
 * A line that a power cut tore is skipped: nothing followed it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "data/out.h"
#include "engine/point_of.h"
#include "engine/run_world.h"
#include "io/image.h"

#define RECORDS     "journal.json"
#define CHANGES     "journal.jsonl"
#define CHANGES_ROOM (256 << 10) /* some tens of lines of 0.5 KiB, and large results */
#define RECORDS_MAX (64u << 20)
#define BLOBS_MAX   10000

static int copy_large(const struct dir *from, const struct dir *to, const char *name, struct err *e)
{
	autofree char *digest = xstrndup(name, DIGEST_TEXT - 1);
	autoclose int fd = dir_openat(from, name, O_RDONLY, 0, e);
	char copied[BLOB_LARGE_NAME];

	return fd < 0 ? fd : blob_put_large(to, fd, name, digest, copied, e);
}

static int copy_blobs(const struct dir *from, const struct dir *to, struct err *e)
{
	struct dir_names names = { 0 };
	int r = 0;

	if (dir_list(from, "", BLOBS_MAX, &names, e) < 0)
		return -e->kind;
	vec_each(&names, it) {
		autobuf struct buf bytes = BUF_MAX(RECORDS_MAX);
		char digest[DIGEST_TEXT];

		if (r >= 0 && it->type == DT_REG && blob_is_large(it->name))
			r = copy_large(from, to, it->name, e);
		if (r < 0 || it->type != DT_REG || strlen(it->name) != DIGEST_TEXT - 1)
			continue;
		r = dir_has(to, it->name, e);
		if (r)
			continue;
		r = blob_get(from, it->name, &bytes, e);
		if (r >= 0)
			r = blob_put(to, buf_sv(&bytes), digest, e);
	}
	dir_names_done(&names);
	return r < 0 ? r : 0;
}

static int keep_blobs(struct world *w, const struct dir *point, struct err *e)
{
	autodir struct dir undo = DIR_NONE;

	return dir_open_at(point, "undo", &undo, e) < 0 ? -(int)e->kind : copy_blobs(&w->ctx.blobs, &undo, e);
}

/* Filled with empty lines, which those of the window take the place of. They must not fail for want of room: a run would turn back on a
 * disk on which nothing can be put back. And bytes of a file that has its size become durable without anything else of the file system. */
static int make_changes(const struct dir *point, struct err *e)
{
	struct out out;
	int r;

	if (out_open(&out, point, CHANGES, e) < 0)
		return -e->kind;
	if (!file_keeps_place(out.fd))
		log_debug("'%s/" CHANGES "': what is written anew needs room of its own here", point->path);
	for (size_t i = 0; i < CHANGES_ROOM; i++)
		out_add(&out, "\n", 1);
	r = out_commit(&out, e);
	out_close(&out);
	return r;
}

/* The changes go last: those of before, read after the new records, lead to the same end. */
static int keep_in(struct world *w, const struct point *p, struct err *e)
{
	autobuf struct buf text = BUF_MAX(RECORDS_MAX);
	autojson json_t *records = NULL;

	if (journal_export(w->journal, w->run, &records, e) < 0)
		return -e->kind;
	json_canonical(records, &text);
	if (buf_check(&text, "the records of the run", e) < 0 || dir_make(&p->dir, "undo", 0700, e) < 0 ||
	    keep_blobs(w, &p->dir, e) < 0 || file_replace(&p->dir, RECORDS, buf_sv(&text), FILE_PRIVATE, e) < 0)
		return -e->kind;
	return make_changes(&p->dir, e);
}

/* Behind the last byte that is no LF. */
static int end_of_lines(int fd, off_t *ret, struct err *e)
{
	off_t at = lseek(fd, 0, SEEK_END);
	char piece[16 << 10];

	while (at > 0) {
		size_t n = MIN_OF((size_t)at, sizeof piece);

		at -= (off_t)n;
		if (pread(fd, piece, n, at) != (ssize_t)n)
			return err_sys(e, errno, "read '" CHANGES "'");
		while (n && piece[n - 1] == '\n')
			n--;
		if (n) {
			*ret = at + (off_t)n;
			return 0;
		}
	}
	*ret = 0;
	return at < 0 ? err_sys(e, errno, "read '" CHANGES "'") : 0;
}

/* A line begins with an LF of its own: the torn one before it stays alone. */
static int add_line(const struct dir *point, const json_t *change, bool durable, struct err *e)
{
	autobuf struct buf line = BUF_MAX(RECORDS_MAX);
	autoclose int fd = dir_openat(point, CHANGES, O_RDWR, 0, e);
	off_t end;
	int err_no;

	if (fd < 0 || end_of_lines(fd, &end, e) < 0)
		return -e->kind;
	buf_addc(&line, '\n');
	json_canonical(change, &line);
	buf_addc(&line, '\n');
	if (buf_check(&line, "a record of the run", e) < 0)
		return -e->kind;
	err_no = fault_errno("keep.add");
	if (!err_no && lseek(fd, end, SEEK_SET) < 0)
		err_no = errno;
	if (err_no)
		return err_sys(e, err_no, "write '" CHANGES "'");
	if (file_write_all(fd, buf_str(&line), line.len, CHANGES, e) < 0)
		return -e->kind;
	return durable ? file_sync_data(fd, CHANGES, e) : 0;
}

static int keep_change(struct world *w, const json_t *change, bool durable, struct err *e)
{
	autodir struct dir point = DIR_NONE;
	autofree char *home = NULL, *path = NULL;
	struct err none = ERR_INIT;

	if (world_home(w, &home, &none) < 0)
		return 0;
	path = xasprintf("%s/%s", home, w->run);
	if (dir_open(path, &point, &none) < 0)
		return 0;
	if (dir_has(&point, CHANGES, e) <= 0)    /* before the first records, and when the point was given up */
		return -(int)e->kind;
	if (durable && keep_blobs(w, &point, e) < 0) {
		/* Past the point new blobs say what was compared: no way back needs them. */
		if (e->kind != ERR_SPACE || !w->ctx.point_passed)
			return -e->kind;
		err_clear(e);
	}
	return add_line(&point, change, durable, e);
}

/* No way back may end because it could not be noted: what was undone may be undone again. */
static int follow(void *data, const json_t *change, enum urgency when, struct err *e)
{
	struct world *w = data;
	struct err why = ERR_INIT;

	if (keep_change(w, change, when == TOLD_AHEAD && w->forward, &why) >= 0)
		return 0;
	err_wrap(&why, "keep a record of the run beside the restore point");
	if (when != TOLD_AFTER && w->forward) {
		*e = why;
		return -e->kind;
	}
	if (!w->unkept)
		event_emit(w->o->events, "warning", json_pack("{ss}", "text", why.msg));
	w->unkept = true;
	return 0;
}

void run_follow(struct world *w)
{
	journal_tell(w->journal, follow, w);
}

/* 1 the run's restore point, 0 there is none, or none yet, -kind: it was whole, and cannot be opened. */
static int open_own(struct world *w, struct point *ret, struct err *e)
{
	autofree char *home = NULL;
	struct err why = ERR_INIT;
	bool whole;

	if (world_home(w, &home, &why) < 0)
		return 0;
	if (point_open(home, w->run, ret, &why) >= 0)
		return 1;
	if (run_kind_is(w, "backup_final", REC_DONE, &whole, e) < 0)
		return -e->kind;
	if (!whole)
		return 0;
	*e = why;
	return -e->kind;
}

int run_keep(struct world *w, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	int r = open_own(w, &p, e);

	if (r <= 0)
		return r;
	r = keep_in(w, &p, e);
	point_done(&p);
	return r;
}

int run_seal(struct world *w, struct err *e)
{
	/* The new server serves. */
	struct point_told told = { .events = w->o->events, .what = "read the restore point back" };
	struct pass_opts o = { .cancel = w->o->cancel,
		               .limit_bytes_per_s = w->o->io_limit,
		               .idle_io = true,
		               .progress = point_tell,
		               .progress_data = &told };
	struct point p = { .dir = DIR_NONE };
	int r = open_own(w, &p, e);

	if (r > 0)
		r = p.state == POINT_COMPLETE ? point_seal(&p, &o, e) : 0;
	point_done(&p);
	return r < 0 ? err_wrap(e, "seal the restore point") : 0;
}

static int merge_changes(const struct dir *point, json_t *records, struct err *e)
{
	autobuf struct buf text = BUF_MAX(RECORDS_MAX);
	struct sv rest;

	if (dir_has(point, CHANGES, e) <= 0)
		return -(int)e->kind;
	if (file_read(point, CHANGES, &text, e) < 0)
		return -e->kind;
	rest = buf_sv(&text);
	while (rest.n) {
		struct sv line = sv_line(&rest);
		autojson json_t *change = NULL;
		struct err torn = ERR_INIT;

		if (line.n && json_parse(line, "a change", &change, &torn) >= 0 && journal_merge(records, change, e) < 0)
			return -e->kind;
	}
	return 0;
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

	if (json_read(point, RECORDS, RECORDS_MAX, &records, e) < 0 || merge_changes(point, records, e) < 0)
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

/* Wherever a marker of it stands. */
static void name_markers(const json_t *marker, const char *home, struct buf *to)
{
	const json_t *it;
	size_t i;

	buf_addf(to, "'%s/run.json'", home);
	json_array_foreach(json_object_get(marker, "homes"), i, it)
		if (json_is_string(it) && strcmp(json_string_value(it), home) != 0)
			buf_addf(to, ", '%s/run.json'", json_string_value(it));
}

/* A marker without records is a run that was killed before it stopped anything, or that had all but ended its way back. */
static bool kept_nothing(const char *point_dir, const struct err *why, struct run_end *ret)
{
	autobuf struct buf markers = BUF_MAX(64 << 10);
	autofree char *home = xstrdup(point_dir);
	autojson json_t *marker = NULL;
	struct err e = ERR_INIT;
	char *slash;

	while ((slash = strrchr(home, '/')) && !slash[1])
		*slash = '\0';
	if (why->kind != ERR_ABSENT || !slash)
		return false;
	*slash = '\0';
	if (point_marker_read(home, &marker, &e) < 0 || strcmp(json_str(marker, "run", ""), slash + 1))
		return false;
	name_markers(marker, home, &markers);
	err_set(&e, ERR_ABSENT, "run %s has no records in '%s': it was killed before it stopped the server, or after its way back had started it "
	        "again; its markers: %s", slash + 1, point_dir, buf_str(&markers));
	err_hint(&e, "see that the old server serves; then remove these markers, and what the run staged beside the programs");
	run_says(ret, EXIT_FAILED, &e, "nothing changed: %s", e.msg);
	return true;
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
	if (r >= 0)
		return run_rollback(run, o, ret);
	if (kept_nothing(point_dir, &e, ret))
		return ret->exit;
	err_wrap(&e, "roll back from '%s'", point_dir);
	err_hint(&e, "name the directory of one restore point: the one with point.json and " RECORDS);
	return run_says(ret, EXIT_USAGE, &e, "%s", e.msg);
}
