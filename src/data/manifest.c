/* Writing: the lines of one root into `manifest` and SHA256SUMS, beside those of the other roots.
 */
#include "data/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "data/copy.h"
#include "data/each.h"
#include "data/manifest_line.h"
#include "data/meta.h"
#include "data/out.h"
#include "data/pace.h"

#define BATCH_ENTRIES 256u /* lines made by one job */
#define BATCHES 16u        /* jobs at a time, so that memory stays flat */

struct batch {
	struct buf lines, sums;
};

struct writing {
	const struct dir *dst;
	const char *prefix;
	struct ix_entry **v; /* sorted by name */
	size_t n, from;      /* first entry of this round */
	uint32_t *groups;    /* of each entry; NULL when nothing is hard-linked */
	struct batch batches[BATCHES];
	const struct pass_index *ix;
	struct copiers copiers; /* for copies that have no SHA-256 yet, as fast as can be: what was read back has one */
	struct pace pace;
};

struct inode_name {
	uint64_t ino;
	size_t i;
};

static int by_inode(const void *a, const void *b)
{
	const struct inode_name *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return (x->i > y->i) - (x->i < y->i);
}

static int by_place(const void *a, const void *b)
{
	const struct inode_name *x = a, *y = b;

	return (x->i > y->i) - (x->i < y->i);
}

/* Number the groups of names that share an inode in the order of their first names. */
static void number_groups(struct writing *w)
{
	VEC(struct inode_name) all = { 0 };
	VEC(struct inode_name) firsts = { 0 }; /* ino: place of the group in `all` */

	for (size_t i = 0; i < w->n; i++)
		if (w->v[i]->flags & IX_LINKED && S_ISREG(w->v[i]->mode))
			*vec_push(&all) = (struct inode_name){ w->v[i]->copy_ino, i };
	vec_sort(&all, by_inode);
	for (size_t i = 0; i + 1 < all.n; i++)
		if (all.v[i].ino == all.v[i + 1].ino && (!i || all.v[i - 1].ino != all.v[i].ino))
			*vec_push(&firsts) = (struct inode_name){ i, all.v[i].i };
	if (firsts.n)
		w->groups = xcalloc(w->n, sizeof *w->groups);
	vec_sort(&firsts, by_place);
	for (size_t g = 0; g < firsts.n; g++) {
		size_t from = firsts.v[g].ino;

		for (size_t i = from; i < all.n && all.v[i].ino == all.v[from].ino; i++)
			w->groups[all.v[i].i] = (uint32_t)g + 1;
	}
	vec_done(&firsts);
	vec_done(&all);
}

/* The directory of the entry before is mostly that of this one. */
struct parent {
	int fd;
	const char *rel;
	size_t n;
};

static int enter_parent(const struct dir *dst, const char *rel, struct parent *p,
			const char **ret_name, struct err *e)
{
	const char *slash = strrchr(rel, '/');
	size_t n = slash ? (size_t)(slash - rel) : 0;

	*ret_name = slash ? slash + 1 : rel;
	if (p->fd >= 0 && p->n == n && memcmp(p->rel, rel, n) == 0)
		return 0;
	if (p->fd >= 0)
		close(p->fd);

	autofree char *name = xstrndup(rel, n);

	p->fd = dir_openat(dst, name, O_RDONLY | O_DIRECTORY, 0, e);
	p->rel = rel;
	p->n = n;
	return p->fd < 0 ? p->fd : 0;
}

static int hash_copy(struct writing *w, int dirfd, const char *name, const struct ix_entry *entry,
		     unsigned char ret[SHA_BYTES], struct err *e)
{
	autoclose int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct copier *c;
	int r;

	if (fd < 0)
		return err_sys(e, errno, "open the copy of '%s'", entry->rel);
	c = copiers_take(&w->copiers);
	r = ix_read_copy(w->ix, entry, c, fd, &w->pace, ret, e);
	copiers_give(&w->copiers, c);
	return r;
}

static int fill_file(struct writing *w, int dirfd, const char *name, const struct ix_entry *entry,
		     const struct stat *st, struct manifest_line *line, struct err *e)
{
	if (st->st_ino != entry->copy_ino || ns_of(st->st_ctim) != entry->copy_ctime_ns)
		return err_set(e, ERR_CHANGED, "somebody touched the copy of '%s'", entry->rel);
	line->size = (uint64_t)st->st_size;
	if (!(entry->flags & IX_HASHED))
		return hash_copy(w, dirfd, name, entry, line->sha, e);
	memcpy(line->sha, entry->sha, sizeof line->sha);
	return 0;
}

static int write_entry(struct writing *w, size_t i, struct parent *p, struct batch *b,
		       struct err *e)
{
	const struct ix_entry *entry = w->v[i];
	char target[PATH_MAX];
	const char *name;
	struct stat st;

	if (enter_parent(w->dst, entry->rel, p, &name, e) < 0)
		return -(int)e->kind;
	if (fstatat(p->fd, name, &st, AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH)) < 0)
		return err_sys(e, errno, "look at the copy of '%s'", entry->rel);

	struct manifest_line line = { .mode = st.st_mode & 07777,
				      .uid = st.st_uid,
				      .gid = st.st_gid,
				      .group = w->groups ? w->groups[i] : 0,
				      .path = entry->rel,
				      .mtime_ns = ns_of(st.st_mtim) };
	int r = meta_xattr_digest(p->fd, name, entry->rel, line.xattrs, e);

	if (r < 0)
		return r;
	line.has_xattrs = r;
	line.type = S_ISDIR(st.st_mode) ? 'd' : S_ISLNK(st.st_mode) ? 'l' : 'f';
	if (line.type == 'f') {
		autofree char *path =
		    *w->prefix ? xasprintf("%s/%s", w->prefix, entry->rel) : xstrdup(entry->rel);

		if (fill_file(w, p->fd, name, entry, &st, &line, e) < 0)
			return -(int)e->kind;
		sums_line_put(line.sha, path, &b->sums);
	} else if (line.type == 'l') {
		ssize_t n = readlinkat(p->fd, name, target, sizeof target - 1);

		if (n < 0)
			return err_sys(e, errno, "read the link '%s'", entry->rel);
		target[n] = '\0';
		line.size = (uint64_t)n;
		line.target = target;
	}
	manifest_line_put(&line, &b->lines);
	return 0;
}

static int write_batch(void *data, size_t i, struct err *e)
{
	struct writing *w = data;
	struct batch *b = &w->batches[i];
	struct parent p = { .fd = -1 };
	size_t from = w->from + i * BATCH_ENTRIES;
	int r = 0;

	buf_reset(&b->lines);
	buf_reset(&b->sums);
	for (size_t k = from; r == 0 && k < MIN_OF(from + BATCH_ENTRIES, w->n); k++)
		r = write_entry(w, k, &p, b, e);
	if (p.fd >= 0)
		close(p.fd);
	if (r < 0)
		return r;
	return buf_check(&b->lines, "the manifest", e) < 0 ? -(int)e->kind
							   : buf_check(&b->sums, "SHA256SUMS", e);
}

static int write_entries(struct writing *w, struct out *manifest, struct out *sums, struct err *e)
{
	for (w->from = 0; w->from < w->n; w->from += BATCHES * BATCH_ENTRIES) {
		size_t left = (w->n - w->from + BATCH_ENTRIES - 1) / BATCH_ENTRIES;
		size_t n = MIN_OF(left, (size_t)BATCHES);

		if (each_item(0, NULL, n, write_batch, w, e) < 0)
			return -(int)e->kind;
		for (size_t i = 0; i < n; i++) {
			out_add(manifest, w->batches[i].lines.data, w->batches[i].lines.len);
			out_add(sums, w->batches[i].sums.data, w->batches[i].sums.len);
		}
	}
	return 0;
}

/* 1 and the file of the point, to be read again; 0: there is none yet. */
static int open_old(const struct dir *point, const char *name, int *ret, struct err *e)
{
	int fd = dir_openat(point, name, O_RDONLY, 0, e);

	if (fd < 0 && e->kind == ERR_ABSENT) {
		err_clear(e);
		return 0;
	}
	if (fd < 0)
		return fd;
	*ret = fd;
	return 1;
}

/* Sections of other roots stay: those that sort before ours (sign -1), or after it (1). */
static int copy_sections(const struct dir *point, const char *prefix, int sign, struct out *to,
			 struct err *e)
{
	autoclose int fd = -1;
	autobuf struct buf root = BUF_MAX(MANIFEST_LINE_MAX);
	struct lines old;
	bool keep = false;
	struct sv line;
	int r = open_old(point, "manifest", &fd, e);

	if (r <= 0)
		return r;
	lines_init(&old, fd, "manifest", MANIFEST_LINE_MAX);
	while ((r = lines_next(&old, &line, e)) > 0) {
		if (manifest_root_parse(line, &root)) {
			int order = strcmp(buf_str(&root), prefix);

			keep = sign < 0 ? order < 0 : order > 0;
		}
		if (keep) {
			out_add(to, line.p, line.n);
			out_adds(to, "\n");
		}
	}
	lines_done(&old);
	return r;
}

/* Lines of SHA256SUMS that are not of this root, whoever wrote them. */
static int copy_sums(const struct dir *point, const char *prefix, struct out *to, struct err *e)
{
	autoclose int fd = -1;
	struct lines old;
	struct sv line;
	int r = open_old(point, "SHA256SUMS", &fd, e);

	if (r <= 0)
		return r;
	lines_init(&old, fd, "SHA256SUMS", MANIFEST_LINE_MAX);
	while ((r = lines_next(&old, &line, e)) > 0) {
		if (sums_line_below(line, prefix))
			continue;
		out_add(to, line.p, line.n);
		out_adds(to, "\n");
	}
	lines_done(&old);
	return r;
}

static int write_both(struct writing *w, const struct dir *point, struct out *manifest,
		      struct out *sums, struct err *e)
{
	autobuf struct buf head = BUF_MAX(2 * MANIFEST_LINE_MAX);

	buf_adds(&head, MANIFEST_HEAD "\n");
	out_add(manifest, head.data, head.len);
	if (copy_sections(point, w->prefix, -1, manifest, e) < 0 ||
	    copy_sums(point, w->prefix, sums, e) < 0)
		return -(int)e->kind;
	buf_reset(&head);
	manifest_root_put(w->prefix, &head);
	out_add(manifest, head.data, head.len);
	if (write_entries(w, manifest, sums, e) < 0)
		return -(int)e->kind;
	return copy_sections(point, w->prefix, 1, manifest, e);
}

int manifest_write(const struct dir *point, const char *prefix, const struct dir *dst,
		   const struct pass_index *ix, char ret_digest[DIGEST_TEXT], struct err *e)
{
	struct writing w = { .dst = dst, .prefix = prefix, .ix = ix, .copiers = COPIERS_INIT };
	struct out manifest = { .fd = -1 }, sums = { .fd = -1 };
	unsigned char sha[SHA_BYTES];
	int r;

	w.v = ix_sorted(ix, IX_THERE | IX_COPIED, &w.n);
	number_groups(&w);
	for (size_t i = 0; i < BATCHES; i++)
		w.batches[i] = (struct batch){ BUF_MAX(BATCH_ENTRIES * MANIFEST_LINE_MAX),
					       BUF_MAX(BATCH_ENTRIES * MANIFEST_LINE_MAX) };
	r = out_open(&manifest, point, "manifest", e);
	if (r == 0)
		r = out_open(&sums, point, "SHA256SUMS", e);
	if (r == 0)
		r = write_both(&w, point, &manifest, &sums, e);
	/* The manifest last: where it stands, its sums stand too. */
	if (r == 0)
		r = out_commit(&sums, e);
	if (r == 0) {
		out_digest(&manifest, sha);
		r = out_commit(&manifest, e);
	}
	out_close(&manifest);
	out_close(&sums);
	for (size_t i = 0; i < BATCHES; i++) {
		buf_done(&w.batches[i].lines);
		buf_done(&w.batches[i].sums);
	}
	copiers_done(&w.copiers);
	free(w.groups);
	free(w.v);
	if (r < 0)
		return err_wrap(e, "write the manifest");
	hash_hex(sha, ret_digest);
	return 0;
}
