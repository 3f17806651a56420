/* Proving a tree by its manifest, and writing a copy back over a tree. */
#include "data/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>

#include "base/clock.h"
#include "data/copy.h"
#include "data/each.h"
#include "data/manifest_line.h"
#include "data/meta.h"
#include "data/out.h"
#include "data/pace.h"
#include "data/text.h"
#include "data/tree.h"

#define DIFFS_MAX 1000u

/* A line of the manifest, packed: there may be hundreds of thousands. */
struct want {
	const char *rel;
	const char *target;
	const unsigned char *xattrs;
	uint64_t size;
	int64_t mtime_ns;
	uint32_t mode, uid, gid, group;
	unsigned char sha[SHA_BYTES];
	char type;
	bool seen;
};

struct linked_name {
	uint32_t group;
	uint64_t ino;
	struct want *want;
};

struct proof {
	const struct dir *tree;
	const struct pass_index *ix;
	unsigned flags;
	bool trusts_times;
	VEC(struct want) wants; /* sorted by rel */
	struct text text;
	pthread_mutex_t lock;
	manifest_diffs *diffs;
	VEC(struct want *) to_read;
	VEC(struct linked_name) linked;
	struct copiers copiers;
	struct pace pace;
	struct pass_stats stats;
};

void manifest_diffs_done(manifest_diffs *d)
{
	vec_each (d, it)
		free(it->rel);
	vec_done(d);
}

static void differ(struct proof *p, const char *rel, const char *fmt, ...) printf_like(3, 4);

static void differ(struct proof *p, const char *rel, const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&p->lock);
	if (p->diffs->n < DIFFS_MAX) {
		struct manifest_diff *d = vec_push(p->diffs);

		d->rel = xstrdup(rel);
		va_start(ap, fmt);
		(void)vsnprintf(d->what, sizeof d->what, fmt, ap);
		va_end(ap);
	}
	pthread_mutex_unlock(&p->lock);
}

static int add_want(struct proof *p, const struct manifest_line *line, struct err *e)
{
	struct want *w = vec_push(&p->wants);
	size_t n = strlen(line->path);
	/* The index has most names already. */
	const struct ix_entry *known = p->ix ? ix_find(p->ix, line->path, n) : NULL;

	*w = (struct want){
		.rel = known ? known->rel : text_keep(&p->text, line->path, n),
		.target =
		    line->target ? text_keep(&p->text, line->target, strlen(line->target)) : NULL,
		.xattrs = line->has_xattrs ? text_keep(&p->text, line->xattrs, SHA_BYTES) : NULL,
		.size = line->size,
		.mtime_ns = line->mtime_ns,
		.mode = line->mode,
		.uid = line->uid,
		.gid = line->gid,
		.group = line->group,
		.type = line->type
	};
	memcpy(w->sha, line->sha, sizeof w->sha);
	if (p->wants.n > 1 && strcmp(w[-1].rel, w->rel) >= 0)
		return err_set(e, ERR_FORMAT, "the manifest is not sorted at '%s'", w->rel);
	return 0;
}

static int read_section(struct proof *p, struct lines *l, const char *prefix, struct err *e)
{
	autobuf struct buf text = BUF_MAX(MANIFEST_LINE_MAX);
	struct manifest_line line;
	bool ours = false, found = false;
	struct sv s;
	int r = lines_next(l, &s, e);

	if (r > 0 && !sv_eq(s, MANIFEST_HEAD))
		return err_set(e, ERR_FORMAT, "the manifest does not begin with '%s'",
			       MANIFEST_HEAD);
	while (r > 0 && (r = lines_next(l, &s, e)) > 0) {
		if (manifest_root_parse(s, &text)) {
			ours = strcmp(buf_str(&text), prefix) == 0;
			found |= ours;
			continue;
		}
		if (ours &&
		    (manifest_line_parse(s, &line, &text, e) < 0 || add_want(p, &line, e) < 0))
			return -(int)e->kind;
	}
	if (r == 0 && !found)
		return err_set(e, ERR_ABSENT, "the manifest has no root '%s'", prefix);
	return r;
}

static int read_manifest(struct proof *p, const struct dir *point, const char *prefix,
			 struct err *e)
{
	autoclose int fd = dir_openat(point, "manifest", O_RDONLY, 0, e);
	struct lines l;
	int r;

	if (fd < 0)
		return fd;
	lines_init(&l, fd, "manifest", MANIFEST_LINE_MAX);
	r = read_section(p, &l, prefix, e);
	lines_done(&l);
	return r;
}

static int by_want(const void *key, const void *item)
{
	return strcmp(key, ((const struct want *)item)->rel);
}

/* Does the index vouch for these bytes? Either it is the copy, read back and untouched since, or it
 * is the source and its times prove that it did not move. */
static bool vouched(const struct proof *p, const struct want *w, const struct stat *st)
{
	const struct ix_entry *it = p->ix ? ix_find(p->ix, w->rel, strlen(w->rel)) : NULL;

	if (!it || !(it->flags & IX_COPIED) || !(it->flags & IX_HASHED) ||
	    memcmp(it->sha, w->sha, SHA_BYTES) != 0 || it->mtime_ns != ns_of(st->st_mtim) ||
	    w->size != (uint64_t)st->st_size)
		return false;
	if (it->flags & IX_PROVED && it->copy_ino == st->st_ino &&
	    it->copy_ctime_ns == ns_of(st->st_ctim))
		return true;
	return p->trusts_times && it->flags & IX_TRUSTED && it->size == (uint64_t)st->st_size &&
	       it->ino == st->st_ino && it->ctime_ns == ns_of(st->st_ctim);
}

static void compare_owner_and_mode(struct proof *p, const struct want *w, const struct stat *st)
{
	if ((st->st_mode & 07777) != w->mode && w->type != 'l')
		differ(p, w->rel, "mode %o, not %o", st->st_mode & 07777, w->mode);
	if (st->st_uid != w->uid || st->st_gid != w->gid)
		differ(p, w->rel, "owner %u:%u, not %u:%u", st->st_uid, st->st_gid, w->uid, w->gid);
	/* The root's own time moves when its entries are exchanged or a lock file comes and goes.
	 */
	if (*w->rel && ns_of(st->st_mtim) != w->mtime_ns)
		differ(p, w->rel, "time %lld ns, not %lld", (long long)ns_of(st->st_mtim),
		       (long long)w->mtime_ns);
}

static int compare_xattrs(struct proof *p, const struct want *w, const struct tree_entry *seen,
			  struct err *e)
{
	unsigned char sha[SHA_BYTES];
	int r = meta_xattr_digest(seen->dirfd, seen->name, seen->rel, sha, e);

	if (r < 0)
		return r;
	if (r != (w->xattrs != NULL) || (r && memcmp(sha, w->xattrs, sizeof sha) != 0))
		differ(p, w->rel, "extended attributes or ACL");
	return 0;
}

static int compare_target(struct proof *p, const struct want *w, const struct tree_entry *seen,
			  struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(seen->dirfd, seen->name, target, sizeof target - 1);

	if (n < 0)
		return err_sys(e, errno, "read the link '%s'", seen->rel);
	target[n] = '\0';
	if (strcmp(target, w->target) != 0)
		differ(p, w->rel, "link to '%s'", target);
	return 0;
}

static void note_file(struct proof *p, struct want *w, const struct stat *st)
{
	bool size_differs = (uint64_t)st->st_size != w->size;

	if (size_differs)
		differ(p, w->rel, "size %lld, not %llu", (long long)st->st_size,
		       (unsigned long long)w->size);
	pthread_mutex_lock(&p->lock);
	if (!size_differs &&
	    (p->flags & PROVE_CONTENT || (p->flags & PROVE_CTIME && !vouched(p, w, st))))
		*vec_push(&p->to_read) = w;
	if (p->flags & PROVE_META && (w->group || st->st_nlink > 1))
		*vec_push(&p->linked) = (struct linked_name){ w->group, st->st_ino, w };
	pthread_mutex_unlock(&p->lock);
}

static int compare_entry(void *data, const struct tree_entry *seen, struct err *e)
{
	struct proof *p = data;
	const struct stat *st = &seen->st;
	char type = S_ISREG(st->st_mode)   ? 'f'
		    : S_ISDIR(st->st_mode) ? 'd'
		    : S_ISLNK(st->st_mode) ? 'l'
					   : '?';
	struct want *w =
	    p->wants.n ? bsearch(seen->rel, p->wants.v, p->wants.n, sizeof *w, by_want) : NULL;

	if (S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode))
		return TREE_SKIP;
	if (!w) {
		differ(p, seen->rel, "extra");
		return TREE_SKIP;
	}
	w->seen = true;
	if (type != w->type) {
		differ(p, seen->rel, "another type");
		return TREE_SKIP;
	}
	if (p->flags & PROVE_META) {
		compare_owner_and_mode(p, w, st);
		if (compare_xattrs(p, w, seen, e) < 0)
			return -(int)e->kind;
	}
	if (type == 'l' && compare_target(p, w, seen, e) < 0)
		return -(int)e->kind;
	if (type == 'f')
		note_file(p, w, st);
	return TREE_GO;
}

static int by_group(const void *a, const void *b)
{
	const struct linked_name *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return strcmp(x->want->rel, y->want->rel);
}

/* Names of one group must share an inode. Others may have more links, outside the tree. */
static void compare_groups(struct proof *p)
{
	vec_sort(&p->linked, by_group);
	for (size_t i = 1; i < p->linked.n; i++) {
		const struct linked_name *a = &p->linked.v[i - 1], *b = &p->linked.v[i];

		if (a->group && a->group == b->group && a->ino != b->ino)
			differ(p, b->want->rel, "no longer the same file as '%.40s'", a->want->rel);
	}
}

static int compare_content(void *data, size_t i, struct err *e)
{
	struct proof *p = data;
	const struct want *w = p->to_read.v[i];
	autoclose int fd = dir_openat(p->tree, w->rel, O_RDONLY | O_NONBLOCK, 0, e);
	unsigned char sha[SHA_BYTES];
	struct copier *c;
	int r;

	if (fd < 0)
		return fd;
	c = copiers_take(&p->copiers);
	r = hasher_file(c->sha, fd, w->rel, c->buf, PIECE_BYTES, &p->pace, sha, e);
	copiers_give(&p->copiers, c);
	if (r < 0)
		return r;
	if (memcmp(sha, w->sha, sizeof sha) != 0)
		differ(p, w->rel, "content");
	pthread_mutex_lock(&p->lock);
	p->stats.compared_files++;
	p->stats.compared_bytes += w->size;
	pace_tell(&p->pace, &p->stats, false);
	pthread_mutex_unlock(&p->lock);
	return 0;
}

static int by_rel(const void *a, const void *b)
{
	const struct manifest_diff *x = a, *y = b;
	int order = strcmp(x->rel, y->rel);

	return order ? order : strcmp(x->what, y->what);
}

static int prove(struct proof *p, const struct pass_opts *o, struct err *e)
{
	struct tree_opts walk = { .workers = o->workers,
				  .cancel = o->cancel,
				  .leave_out = o->leave_out,
				  .data = o->data };

	if (tree_walk(p->tree, &walk, compare_entry, p, e) < 0)
		return -(int)e->kind;
	vec_each (&p->wants, w)
		if (!w->seen)
			differ(p, w->rel, "missing");
	compare_groups(p);
	return each_item(o->workers, o->cancel, p->to_read.n, compare_content, p, e);
}

int manifest_prove(const struct dir *point, const char *prefix, const struct dir *tree,
		   const struct pass_index *ix, unsigned flags, const struct pass_opts *o,
		   manifest_diffs *ret, struct err *e)
{
	static const struct pass_opts plain = { 0 };
	manifest_diffs found = { 0 };
	struct proof p = { .tree = tree,
			   .ix = ix,
			   .flags = flags,
			   .diffs = &found,
			   .lock = PTHREAD_MUTEX_INITIALIZER,
			   .copiers = COPIERS_INIT };
	int before, r = pass_times_prove(tree, &p.trusts_times, e);

	o = o ? o : &plain;
	p.trusts_times &= !o->distrust_times;
	pace_init(&p.pace, o);
	before = pace_idle_begin(o->idle_io);
	if (r == 0)
		r = read_manifest(&p, point, prefix, e);
	if (r == 0)
		r = prove(&p, o, e);
	if (r == 0)
		pace_tell(&p.pace, &p.stats, true);
	pace_idle_end(o->idle_io, before);
	vec_sort(&found, by_rel);
	if (r == 0 && found.n)
		r = 1;
	vec_each (&found, it) {
		if (r <= 0 || ret->n >= DIFFS_MAX)
			break;
		*vec_push(ret) = *it;
		it->rel = NULL;
	}
	manifest_diffs_done(&found);
	copiers_done(&p.copiers);
	vec_done(&p.linked);
	vec_done(&p.to_read);
	vec_done(&p.wants);
	text_done(&p.text);
	return r < 0 ? err_wrap(e, "prove '%s' by its manifest", tree->path) : r;
}

int manifest_write_back(const struct dir *dst, const struct dir *tree, const struct pass_opts *o,
			struct pass_stats *ret, struct err *e)
{
	struct pass_index *ix = pass_index_new();
	int r = pass_run(dst, tree, ix, PASS_FINAL, o, ret, e);

	pass_index_free(ix);
	return r < 0 ? err_wrap(e, "write back over '%s'", tree->path) : r;
}
