#include "base/path.h"
#include "engine/point_leaving.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "data/moved.h"
#include "data/out.h"

static const char *const state_names[] = { "open", "complete", "proved", "spent" };

void point_done(struct point *p)
{
	dir_close(&p->dir);
	json_decref(p->doc);
	free(p->id);
	*p = (struct point){ .dir = DIR_NONE };
}

char *point_beside(const struct scope_root *r)
{
	const char *slash = strrchr(r->path, '/');

	if (r->mount_point)
		return xasprintf("%s/.crossgrade", r->path);
	return xasprintf("%.*s/.crossgrade-%s", (int)(slash - r->path), r->path, slash + 1);
}

int point_home(const struct goal *g, const struct scope *s, char **ret, struct err *e)
{
	const char *store = json_str(g->restore_point, "store", "beside");

	if (!s->n)
		return err_set(e, ERR_BUG, "the scope of a restore point is empty");
	if (!strcmp(store, "beside"))
		*ret = point_beside(&s->v[0]);
	else
		*ret = xasprintf("%s/crossgrade-%s", store + strlen("file://"), g->name);
	return 0;
}

int point_apart(const json_t *roots, const char *path, struct err *e)
{
	autofree char *real = dir_real_path(path);
	json_t *root;
	size_t at;

	json_array_foreach((json_t *)roots, at, root) {
		autofree char *held = dir_real_path(json_str(root, "path", ""));
		const char *rest = path_behind(real, held);

		if (!rest || (*rest && !scope_holds(root, rest + 1)))
			continue;
		return err_set(e, ERR_REFUSED, "'%s' lies inside '%s', which the restore point holds", path, held);
	}
	return 0;
}

int point_home_apart(const char *home, const json_t *roots, struct err *e)
{
	json_t *root;
	size_t at;
	int r = point_apart(roots, home, e);

	json_array_foreach((json_t *)roots, at, root)
		if (r >= 0)
			r = point_apart(roots, json_str(root, "keep", ""), e);
	return r < 0 ? err_hint(e, "name another restore_point.store, outside of it") : 0;
}

/* Where the copy of root r is kept: an exchange needs the file system of r itself, so with the store beside, each root has
 * a home of its own; a store the operator names holds them all. */
static char *keep_path(const char *home, const char *first_home, const char *id, const struct scope_root *r)
{
	autofree char *own = point_beside(r);
	const char *under = strcmp(home, first_home) ? home : own;

	return xasprintf("%s/%s/data/%s", under, id, r->name);
}

static json_t *root_doc(const char *home, const char *first_home, const char *id, const struct scope_root *r)
{
	autofree char *keep = keep_path(home, first_home, id, r);
	autofree char *own = point_beside(r);

	return json_pack("{ss ss ss ss sO* sO*}", "name", r->name, "path", r->path, "keep", keep, "beside", own, "leave_out",
	                 json_array_size(r->leave_out) ? r->leave_out : NULL, "only", r->only);
}

int point_make(const char *home, const char *id, const struct scope *s, const json_t *about, struct point *ret,
               struct err *e)
{
	autofree char *path = xasprintf("%s/%s", home, id);
	autofree char *first_home = point_beside(&s->v[0]);
	struct point p = { .dir = DIR_NONE, .state = POINT_OPEN };
	json_t *roots, *root;
	char now[40];
	size_t at;

	if (scope_check(s, e) < 0)
		goto fail;
	roots = json_array();
	p.doc = json_pack("{ss ss ss ss sO so}", "schema", "crossgrade/restore-point/1", "id", id, "state", "open",
	                  "created", clock_rfc3339(clock_wall_ns(), now, sizeof now), "about", about, "roots", roots);
	p.id = xstrdup(id);
	vec_each(s, r)
		json_array_append_new(roots, root_doc(home, first_home, id, r));
	if (point_home_apart(home, roots, e) < 0)
		goto fail;
	json_array_foreach(roots, at, root) {
		autodir struct dir keep = DIR_NONE;

		if (dir_make_path(json_str(root, "keep", ""), HOME_MODE, &keep, e) < 0)
			goto fail;
	}
	if (dir_make_path(path, HOME_MODE, &p.dir, e) < 0 ||
	    point_save(&p, e) < 0)
		goto fail;
	*ret = p;
	return 0;
fail:
	point_done(&p);
	return err_wrap(e, "make restore point '%s'", path);
}

static int state_of(const char *name, enum point_state *ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(state_names); i++)
		if (!strcmp(state_names[i], name)) {
			*ret = (enum point_state)i;
			return 0;
		}
	return err_set(e, ERR_FORMAT, "its state '%s' is unknown", name);
}

int point_open(const char *home, const char *id, struct point *ret, struct err *e)
{
	autofree char *path = xasprintf("%s/%s", home, id);
	struct point p = { .dir = DIR_NONE };
	struct scope roots = { 0 };

	/* What cannot be read of what it left out is not to be taken for nothing. */
	if (dir_open(path, &p.dir, e) < 0 || json_read(&p.dir, POINT_JSON, POINT_MAX, &p.doc, e) < 0 ||
	    state_of(json_str(p.doc, "state", ""), &p.state, e) < 0 ||
	    scope_of_json(json_object_get(p.doc, "roots"), &roots, e) < 0) {
		point_done(&p);
		return err_wrap(e, "open restore point '%s'", path);
	}
	scope_done(&roots);
	p.id = xstrdup(id);
	*ret = p;
	return 0;
}

static int text_of(struct point *p, struct buf *ret, struct err *e)
{
	json_object_set_new(p->doc, "state", json_string(state_names[p->state]));
	json_pretty(p->doc, ret);
	return buf_check(ret, "point.json", e);
}

int point_save(struct point *p, struct err *e)
{
	autobuf struct buf text = BUF_MAX(POINT_MAX);

	if (text_of(p, &text, e) < 0)
		return -e->kind;
	return file_replace(&p->dir, POINT_JSON, buf_sv(&text), FILE_PRIVATE, e);
}

int point_keep(struct point *p, const char *why, struct err *e)
{
	json_object_set_new(p->doc, "keep", json_text(why));
	return point_save(p, e);
}

const char *point_kept(const struct point *p)
{
	return json_str(p->doc, "keep", NULL);
}

bool leave_out_entry(void *root, const char *rel, const struct stat *st unused_arg)
{
	return !scope_holds(root, rel);
}

bool leave_out_name(void *root, const char *name)
{
	return !scope_holds(root, name);
}

/* Roots that were passed over by the same call count to what its progress is told. */
static struct pass_stats stats_before(const struct pass_opts *o, const struct pass_stats *roots)
{
	struct pass_stats sum = *roots;

	if (o->before)
		pass_stats_add(&sum, o->before);
	return sum;
}

static int load_index(struct point *p, const char *name, enum index_use use, struct pass_index **ret, struct err *e)
{
	autofree char *rel = xasprintf("index-%s", name);

	return pass_index_load(&p->dir, rel, use, ret, e);
}

/* Without an index, or with one that a power cut left half written, a pass compares everything. */
static int index_to_fill(struct point *p, const char *name, struct pass_index **ret, struct err *e)
{
	if (load_index(p, name, INDEX_OF_PASS, ret, e) >= 0)
		return 0;
	if (e->kind != ERR_ABSENT && e->kind != ERR_FORMAT)
		return -e->kind;
	err_clear(e);
	*ret = pass_index_new();
	return 0;
}

static int save_index(struct point *p, const char *name, struct pass_index *ix, struct err *e)
{
	autofree char *rel = xasprintf("index-%s", name);

	return pass_index_save(ix, &p->dir, rel, e);
}

static int write_manifest(struct point *p, json_t *root, const struct dir *keep, const struct pass_index *ix,
                          struct err *e)
{
	const char *name = json_str(root, "name", "");
	autofree char *prefix = xasprintf("data/%s", name);
	char digest[DIGEST_TEXT];

	if (manifest_write(&p->dir, prefix, keep, ix, digest, e) < 0)
		return -e->kind;
	json_object_set_new(root, "manifest", json_string(digest));
	return 0;
}

/* As it is now; durable with sync_copies(). */
static int put_index(struct point *p, const char *name, struct pass_index *ix, struct err *e)
{
	autofree char *rel = xasprintf("index-%s", name);

	return pass_index_put(ix, &p->dir, rel, e);
}

typedef VEC(uint64_t) devices;

static int sync_once(const struct dir *d, devices *synced, struct err *e)
{
	struct file_id id;

	if (dir_file_id(d, "", &id, e) < 0)
		return -e->kind;
	vec_each(synced, it)
		if (*it == id.dev)
			return 0;
	*vec_push(synced) = id.dev;
	return file_sync_fs(d, e);
}

/* The directories of the copies, in the order of the roots. */
typedef VEC(struct dir) copies;

static void copies_done(copies *c)
{
	vec_each(c, it)
		dir_close(it);
	vec_done(c);
}

/* Before anything is written: syncfs tells of what failed to be written out since its descriptor was opened. */
static int open_copies(const struct point *p, copies *ret, struct err *e)
{
	json_t *root;
	size_t at;

	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		*vec_push(ret) = (struct dir)DIR_NONE;
		if (dir_open(json_str(root, "keep", ""), &ret->v[at], e) < 0)
			return -e->kind;
	}
	return 0;
}

/* One syncfs of each file system makes all copies, their indexes and what else was written beside them durable: in the window every
 * other one is downtime. */
static int sync_copies(struct point *p, const copies *c, struct err *e)
{
	devices synced = { 0 };
	int r = 0;

	vec_each(c, it)
		if (r >= 0)
			r = sync_once(it, &synced, e);
	if (r >= 0)     /* last: no index is to be more durable than its copy */
		r = sync_once(&p->dir, &synced, e);
	vec_done(&synced);
	return r;
}

/* Whole is what the point says of itself once its copies are durable: written before their syncfs, and in place after it. */
static int complete(struct point *p, const copies *c, struct err *e)
{
	autobuf struct buf text = BUF_MAX(POINT_MAX);
	struct out out;
	int r;

	p->state = POINT_COMPLETE;
	if (text_of(p, &text, e) < 0 || out_open(&out, &p->dir, POINT_JSON, e) < 0)
		return -e->kind;
	out_add(&out, text.data, text.len);
	r = out_write(&out, e);
	if (r >= 0)
		r = sync_copies(p, c, e);
	if (r >= 0)
		r = out_install(&out, e);
	out_close(&out);
	return r;
}

static int fill_root(struct point *p, json_t *root, const struct dir *keep, enum pass_mode mode,
                     const struct pass_opts *o, struct point_pass *ret, struct err *e)
{
	const char *name = json_str(root, "name", "");
	struct pass_stats stats = { 0 }, before = stats_before(o, &ret->total);
	struct pass_opts opts = *o;
	autodir struct dir live = DIR_NONE;
	struct pass_index *ix = NULL;
	int r = -1;

	opts.before = &before;
	opts.leave_out = leave_out_entry;
	opts.data = root;
	opts.sync_later = true;
	if (dir_open(json_str(root, "path", ""), &live, e) < 0 || index_to_fill(p, name, &ix, e) < 0)
		return -e->kind;
	if (pass_run(&live, keep, ix, mode, &opts, &stats, e) < 0 ||
	    (mode == PASS_LIVE ? save_index(p, name, ix, e) : put_index(p, name, ix, e)) < 0)
		goto out;
	pass_stats_add(&ret->total, &stats);
	json_object_set_new(root, "files", json_integer((json_int_t)stats.files));
	json_object_set_new(root, "bytes", json_integer((json_int_t)stats.bytes));
	r = 0;
out:
	pass_index_free(ix);
	return r < 0 ? err_wrap(e, "copy '%s'", json_str(root, "path", "")) : 0;
}

/* What was written of the copy as it was holds no more. */
static int reopen(struct point *p, struct err *e)
{
	json_t *root;
	size_t at;

	json_array_foreach(json_object_get(p->doc, "roots"), at, root)
		json_object_del(root, "manifest");
	p->state = POINT_OPEN;
	if (point_save(p, e) < 0 || dir_unlink(&p->dir, "manifest", e) < 0 || dir_unlink(&p->dir, "SHA256SUMS", e) < 0)
		return -e->kind;
	return 0;
}

int point_fill(struct point *p, enum pass_mode mode, const struct pass_opts *o,
               struct point_pass *ret, struct err *e)
{
	cleanup_with(copies_done) copies all = { 0 };
	json_t *root;
	size_t at;

	if (p->state == POINT_SPENT)
		return err_set(e, ERR_REFUSED, "restore point '%s' went live, it cannot be filled again", p->id);
	*ret = (struct point_pass){ 0 };
	if ((p->state != POINT_OPEN && reopen(p, e) < 0) || open_copies(p, &all, e) < 0)
		return -e->kind;
	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		if (fill_root(p, root, &all.v[at], mode, o, ret, e) < 0)
			return -e->kind;
	}
	return mode == PASS_LIVE ? 0 : complete(p, &all, e);
}

static int read_root_back(struct point *p, json_t *root, bool seal, const struct pass_opts *o, struct point_pass *ret,
                          struct err *e)
{
	const char *name = json_str(root, "name", "");
	struct pass_stats stats = { 0 }, before = stats_before(o, &ret->total);
	struct pass_opts opts = *o;
	autodir struct dir keep = DIR_NONE;
	struct pass_index *ix = NULL;
	uint64_t cached = 0;
	int r;

	opts.before = &before;
	if (dir_open(json_str(root, "keep", ""), &keep, e) < 0 ||
	    (seal ? load_index(p, name, INDEX_OF_COMPLETE, &ix, e) : index_to_fill(p, name, &ix, e)) < 0)
		return -e->kind;
	r = pass_read_back(&keep, ix, &opts, &stats, &cached, e);
	if (r >= 0)
		r = save_index(p, name, ix, e);
	if (r >= 0 && seal)
		r = write_manifest(p, root, &keep, ix, e);
	pass_index_free(ix);
	if (r < 0)
		return err_wrap(e, "read the copy of '%s' back", json_str(root, "path", ""));
	pass_stats_add(&ret->total, &stats);
	ret->cached += cached;
	return 0;
}

int point_read_back(struct point *p, const struct pass_opts *o, struct point_pass *ret, struct err *e)
{
	json_t *root;
	size_t at;

	*ret = (struct point_pass){ 0 };
	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		if (read_root_back(p, root, false, o, ret, e) < 0)
			return -e->kind;
	}
	return 0;
}

int point_seal(struct point *p, const struct pass_opts *o, struct err *e)
{
	struct point_pass back = { 0 };
	bool sealed = true;
	json_t *root;
	size_t at;

	if (p->state == POINT_OPEN || p->state == POINT_SPENT)
		return err_set(e, ERR_REFUSED, "restore point '%s' is %s, it cannot be sealed", p->id,
		               state_names[p->state]);
	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		if (json_object_get(root, "manifest"))
			continue;
		sealed = false;
		if (read_root_back(p, root, true, o, &back, e) < 0)
			return -e->kind;
	}
	return sealed ? 0 : point_save(p, e);
}

int point_prove(struct point *p, bool all, const struct pass_opts *o, manifest_diffs *ret, struct err *e)
{
	unsigned flags = PROVE_META | (all ? PROVE_CONTENT : PROVE_CTIME);
	struct pass_stats before = { 0 };
	struct pass_opts opts = *o;
	int worst = 0;
	json_t *root;
	size_t at;

	if (p->state == POINT_SPENT || p->state == POINT_OPEN)
		return err_set(e, ERR_REFUSED, "restore point '%s' is %s, it cannot be proved", p->id,
		               state_names[p->state]);
	if (point_seal(p, o, e) < 0)
		return -e->kind;
	opts.before = &before;
	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		autofree char *prefix = xasprintf("data/%s", json_str(root, "name", ""));
		autodir struct dir keep = DIR_NONE;
		struct pass_index *ix = NULL;
		int r;

		if (dir_open(json_str(root, "keep", ""), &keep, e) < 0 ||
		    load_index(p, json_str(root, "name", ""), INDEX_OF_COMPLETE, &ix, e) < 0)
			return -e->kind;
		r = manifest_prove(&p->dir, prefix, &keep, ix, flags, &opts, ret, e);
		pass_index_free(ix);
		if (r < 0)
			return r;
		before.compared_bytes += all ? (uint64_t)json_int(root, "bytes", 0) : 0;
		worst = MAX_OF(worst, r);
	}
	if (!worst && all && p->state == POINT_COMPLETE) {
		p->state = POINT_PROVED;
		if (point_save(p, e) < 0)
			return -e->kind;
	}
	return worst;
}

/* A link would lead to what is live now. */
static int file_of_copy(const char *keep, const char *rel, char **ret, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	struct stat st;

	if (dir_open(keep, &d, e) < 0 || dir_stat(&d, rel, &st, e) < 0)
		return -e->kind;
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_REFUSED, "'%s/%s' is no file", keep, rel);
	*ret = xasprintf("%s/%s", keep, rel);
	return 0;
}

int point_copy_of(const struct point *p, const char *path, char **ret, struct err *e)
{
	json_t *root;
	size_t at;

	if (p->state == POINT_OPEN || p->state == POINT_SPENT)
		return err_set(e, ERR_ABSENT, "restore point '%s' is %s", p->id, state_names[p->state]);
	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		const char *rest = path_behind(path, json_str(root, "path", NULL));

		if (rest && *rest)
			return file_of_copy(json_str(root, "keep", ""), rest + 1, ret, e);
	}
	return err_set(e, ERR_ABSENT, "restore point '%s' does not hold '%s'", p->id, path);
}

static int compare_live_root(struct point *p, const json_t *root, manifest_diffs *ret,
                             struct err *e)
{
	const char *name = json_str(root, "name", ""), *path = json_str(root, "path", "");
	struct pass_opts o = { .leave_out = leave_out_entry, .data = (json_t *)root };
	autodir struct dir live = DIR_NONE;
	struct pass_index *ix = NULL;
	manifest_diffs found = { 0 };
	int r;

	if (dir_open(path, &live, e) < 0 || load_index(p, name, INDEX_OF_COMPLETE, &ix, e) < 0)
		return -e->kind;
	r = source_moved(&live, ix, &o, &found, e);
	pass_index_free(ix);
	vec_each(&found, it) {
		struct manifest_diff *d = vec_push(ret);

		d->rel = xasprintf("%s%s%s", path, *it->rel ? "/" : "", it->rel);
		snprintf(d->what, sizeof d->what, "%s", it->what);
	}
	manifest_diffs_done(&found);
	return r;
}

int point_compare_live(struct point *p, manifest_diffs *ret, struct err *e)
{
	int worst = 0;
	json_t *root;
	size_t at;

	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		int r = compare_live_root(p, root, ret, e);

		if (r < 0)
			return r;
		worst = MAX_OF(worst, r);
	}
	return worst;
}
