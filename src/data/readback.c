/* pass_read_back(): what stands on the device, not in the page cache, is what was hashed. */
#include "data/pass.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include <linux/magic.h>

#include "base/clock.h"
#include "data/each.h"
#include "data/mirror.h"

struct read_back {
	struct mirror m; /* for its copiers and counters */
	struct ix_entry **v;
	bool memory; /* a file system without a device */
	atomic_uint_fast64_t cached;
};

/* Is the first page still in the cache? */
static bool is_cached(int fd)
{
	char byte;
	struct iovec to = { &byte, 1 };

	return preadv2(fd, &to, 1, 0, RWF_NOWAIT) == 1;
}

/* A descriptor that reads from the device, or one whose cache was dropped as well as can be. */
static int open_past_cache(struct read_back *w, const char *rel, bool *ret_cached, struct err *e)
{
	autoclose int fd = dir_openat(w->m.dst, rel, O_RDONLY, 0, e);
	int direct;

	*ret_cached = false;
	if (fd < 0)
		return fd;
	direct = w->memory ? -1 : dir_openat(w->m.dst, rel, O_RDONLY | O_DIRECT, 0, e);
	if (direct >= 0)
		return direct;
	err_clear(e);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	*ret_cached = w->memory || is_cached(fd);
	return take_fd(fd);
}

static int pace_of(void *pace, uint64_t bytes, struct err *e)
{
	return pace_wait(pace, bytes, e);
}

/* SHA-256 of a copy with block sums: read like a source, they must come out as they were. */
static int read_blocks(const struct pass_index *ix, const struct ix_entry *entry, struct copier *c,
		       int fd, struct pace *pace, bool *ret_same, unsigned char ret[SHA_BYTES], struct err *e)
{
	struct copy job = { .what = entry->rel,
			    .from = fd,
			    .to = -1,
			    .size = entry->sums->size,
			    .seed = ix->seed,
			    .pace = pace_of,
			    .pace_data = pace };
	struct copy_result seen;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, errno, "look at the copy of '%s'", entry->rel);
	if (copy_bytes(c, &job, &seen, e) < 0)
		return -(int)e->kind;
	*ret_same = (uint64_t)st.st_size == job.size && block_sums_eq(seen.sums, entry->sums);
	memcpy(ret, seen.sha, sizeof seen.sha);
	free(seen.sums);
	return 0;
}

int ix_read_copy(const struct pass_index *ix, const struct ix_entry *entry, struct copier *c,
		 int fd, struct pace *pace, unsigned char ret[SHA_BYTES], struct err *e)
{
	bool same = true;
	int r = entry->sums
		    ? read_blocks(ix, entry, c, fd, pace, &same, ret, e)
		    : hasher_file(c->sha, fd, entry->rel, c->buf, PIECE_BYTES, pace, ret, e);

	if (r < 0)
		return err_wrap(e, "read the copy back");
	if (entry->flags & IX_HASHED)
		same &= memcmp(ret, entry->sha, SHA_BYTES) == 0;
	if (!same)
		return err_set(e, ERR_IO, "the copy of '%s' does not read back as it was written",
			       entry->rel);
	return 0;
}

static int read_one(void *data, size_t i, struct err *e)
{
	struct read_back *w = data;
	struct ix_entry *entry = w->v[i];
	unsigned char sha[SHA_BYTES];
	bool cached;
	autoclose int fd = open_past_cache(w, entry->rel, &cached, e);
	struct copier *c;
	int r;

	if (fd < 0)
		return fd;
	c = copiers_take(&w->m.copiers);
	r = ix_read_copy(w->m.ix, entry, c, fd, &w->m.pace, sha, e);
	copiers_give(&w->m.copiers, c);
	if (r < 0)
		return r;
	memcpy(entry->sha, sha, sizeof sha);
	entry->flags |= IX_HASHED | IX_PROVED;
	mirror_count_compared(&w->m, entry->size);
	if (cached)
		atomic_fetch_add(&w->cached, 1);
	return 0;
}

static bool needs_reading(const struct ix_entry *entry)
{
	return S_ISREG(entry->mode) && entry->flags & IX_COPIED && !(entry->flags & IX_PROVED);
}

int pass_read_back(const struct dir *dst, struct pass_index *ix, const struct pass_opts *o,
		   struct pass_stats *ret, uint64_t *ret_cached, struct err *e)
{
	static const struct pass_opts plain = { 0 };
	struct read_back w = { .m = { .dst = dst, .ix = ix, .o = o ? o : &plain } };
	VEC(struct ix_entry *) todo = { 0 };
	struct statfs fs;
	int before, r;

	if (fstatfs(dst->fd, &fs) < 0)
		return err_sys(e, errno, "look at the file system of '%s'", dst->path);
	w.memory = fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
	if (file_sync_fs(dst, e) < 0)
		return err_wrap(e, "read the copy back");
	for (size_t i = 0; i < ix->n; i++)
		if (needs_reading(ix_at(ix, i)))
			*vec_push(&todo) = ix_at(ix, i);
	mirror_init(&w.m);
	w.v = todo.v;
	before = pace_idle_begin(w.m.o->idle_io);
	r = each_item(w.m.o->workers, w.m.o->cancel, todo.n, read_one, &w, e);
	pace_idle_end(w.m.o->idle_io, before);
	w.m.stats.files = todo.n;
	w.m.stats.took_ns = clock_mono_ns() - w.m.began_ns;
	if (r == 0) {
		pace_tell(&w.m.pace, &w.m.stats, true);
		*ret = w.m.stats;
		*ret_cached = atomic_load(&w.cached);
	}
	vec_done(&todo);
	mirror_done(&w.m);
	return r;
}
