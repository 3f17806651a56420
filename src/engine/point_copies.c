/* The copies of a restore point: filled in passes, read back, sealed, proved, compared with what is live. */
#include "engine/point_leaving.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data/hash.h"
#include "data/moved.h"
#include "data/out.h"

static int digest_file(const struct dir *d, const char *name, unsigned char ret[SHA_BYTES], struct err *e)
{
	autoclose int fd = dir_openat(d, name, O_RDONLY, 0, e);
	struct hasher *h;
	char piece[64 << 10];
	ssize_t got;

	if (fd < 0)
		return fd;
	h = hasher_new();
	hasher_begin(h);
	while ((got = read(fd, piece, sizeof piece)) > 0)
		hasher_add(h, piece, (size_t)got);
	hasher_end(h, ret);
	hasher_free(h);
	return got < 0 ? err_sys(e, errno, "read '%s/%s'", d->path, name) : 0;
}

/* What the seal writes. */
static const char *const sealed_files[] = { "manifest", "SHA256SUMS" };

static int note_sealed(struct point *p, struct err *e)
{
	unsigned char sha[SHA_BYTES];

	for (size_t i = 0; i < ARRAY_LEN(sealed_files); i++) {
		if (digest_file(&p->dir, sealed_files[i], sha, e) < 0)
			return -e->kind;
		point_note_file(p, sealed_files[i], sha);
	}
	return 0;
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
	if (point_text(p, &text, e) < 0 || out_open(&out, &p->dir, POINT_JSON, e) < 0)
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
	for (size_t i = 0; i < ARRAY_LEN(sealed_files); i++)
		json_object_del(json_object_get(p->doc, "files"), sealed_files[i]);
	p->state = POINT_OPEN;
	if (point_save(p, e) < 0)
		return -e->kind;
	for (size_t i = 0; i < ARRAY_LEN(sealed_files); i++)
		if (dir_unlink(&p->dir, sealed_files[i], e) < 0)
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
		               point_state_name(p->state));
	json_array_foreach(json_object_get(p->doc, "roots"), at, root) {
		if (json_object_get(root, "manifest"))
			continue;
		sealed = false;
		if (read_root_back(p, root, true, o, &back, e) < 0)
			return -e->kind;
	}
	return sealed || (note_sealed(p, e) >= 0 && point_save(p, e) >= 0) ? 0 : -(int)e->kind;
}

static void differs(manifest_diffs *ret, const char *name, const char *what)
{
	struct manifest_diff *d = vec_push(ret);

	*d = (struct manifest_diff){ .rel = xstrdup(name) };
	snprintf(d->what, sizeof d->what, "%s", what);
}

int point_prove_beside(struct point *p, manifest_diffs *ret, struct err *e)
{
	const char *name;
	size_t before = ret->n;
	json_t *said;

	json_object_foreach(json_object_get(p->doc, "files"), name, said) {
		unsigned char sha[SHA_BYTES];
		struct err why = ERR_INIT;
		char hex[DIGEST_TEXT];

		if (digest_file(&p->dir, name, sha, &why) < 0) {
			if (why.kind != ERR_ABSENT)
				return err_set(e, why.kind, "%s", why.msg);
			differs(ret, name, "missing");
			continue;
		}
		hash_hex(sha, hex);
		if (strcmp(hex, json_string_value(said) ?: ""))
			differs(ret, name, "content");
	}
	return ret->n > before;
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
		               point_state_name(p->state));
	if (point_seal(p, o, e) < 0)
		return -e->kind;
	if (p->altered) {
		differs(ret, POINT_JSON, "not as it was written");
		worst = 1;
	}
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
