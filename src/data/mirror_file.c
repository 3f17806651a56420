/* One regular file. */
#include "data/mirror.h"

#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"
#include "base/fault.h"
#include "data/meta.h"
#include "data/parent.h"

#define SIZE_MAX_BYTES \
	(UINT64_C(16) << 40) /* a sparse file can claim any size; its zeros are hashed */

static int sync_source(int fd, const char *rel, struct err *e)
{
	if (sync_file_range(fd, 0, 0,
			    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				SYNC_FILE_RANGE_WAIT_AFTER) == 0)
		return 0;
	if (fdatasync(fd) == 0)
		return 0;
	return err_sys(e, errno, "sync '%s' before it is copied", rel);
}

static int create(struct mirror *m, struct ix_entry *entry, mode_t mode, struct err *e)
{
	int sys = fault_errno("data.copy.create");
	int fd;

	if (sys)
		return err_sys(e, sys, "create the copy of '%s'", entry->rel);
	fd = dir_openat(m->dst, entry->rel, O_RDWR | O_CREAT | O_EXCL, mode & 0777, e);
	if (fd < 0)
		return err_wrap(e, "create the copy");
	mirror_stands(m, entry, S_IFREG);
	return fd;
}

/* The copy to write into: the present one when it is a file that nobody else's name shares, else a
 * new one. */
static int open_copy(struct mirror *m, struct ix_entry *entry, mode_t mode, bool shared,
		     struct stat *ret, struct err *e)
{
	*ret = (struct stat){ 0 };
	if (entry->flags & IX_THERE && S_ISREG(entry->mode)) {
		int fd = dir_openat(m->dst, entry->rel, O_RDWR, 0, e);

		if (fd < 0 && e->kind != ERR_ABSENT)
			return fd;
		if (fd >= 0 && fstat(fd, ret) == 0 && S_ISREG(ret->st_mode) &&
		    (ret->st_nlink == 1 || shared))
			return fd;
		if (fd >= 0)
			close(fd);
		err_clear(e);
		*ret = (struct stat){ 0 };
	}
	if (mirror_make_way(m, entry, e) < 0)
		return -(int)e->kind;
	return create(m, entry, mode, e);
}

/* 1 when the copy now shares the source's extents. A clone leaves what is longer, so cut that off
 * first. */
static int clone_content(struct mirror *m, const struct copy *job, struct err *e)
{
	int r;

	if (!job->size || !atomic_load(&m->clones))
		return 0;
	if (job->to_size > job->size && ftruncate(job->to, (off_t)job->size) < 0)
		return err_sys(e, errno, "cut the copy of '%s'", job->what);
	r = copy_clone(job->from, job->to, job->what, e);
	if (r == 0)
		atomic_store(&m->clones, false);
	return r;
}

static int copy_content(struct mirror *m, const struct copy *job, struct ix_entry *entry,
			struct copy_result *ret, struct err *e)
{
	struct copier *c = copiers_take(&m->copiers);
	int r = copy_bytes(c, job, ret, e);

	copiers_give(&m->copiers, c);
	if (r < 0)
		return r;
	memcpy(entry->sha, ret->sha, sizeof ret->sha);
	entry->sums = ret->sums;
	if (ret->hashed)
		entry->flags |= IX_HASHED;
	return 0;
}

/* Not worth asking for its holes. Preallocated blocks count as used and hold nothing: a running
 * QuestDB of 160 MB has 4 GB. */
static bool is_dense(const struct stat *st)
{
	return st->st_size <= BLOCK_BYTES && st->st_blocks * 512 >= st->st_size;
}

/* The device begins with it while the other files are looked at: the syncfs at the end waits for
 * less then. */
static void begin_writing(const struct mirror *m, int to)
{
	if (!mirror_is_aside(m))
		(void)sync_file_range(to, 0, 0, SYNC_FILE_RANGE_WRITE);
}

/* Bring the bytes over. `known`: the index still describes the copy, which has the stat `there`. */
static int bring(struct mirror *m, int from, const struct stat *st, int to,
		 const struct stat *there, struct ix_entry *entry, bool known, struct err *e)
{
	autofree struct block_sums *old = take_ptr(entry->sums);
	struct copy job = { .what = entry->rel,
			    .from = from,
			    .to = to,
			    .size = (uint64_t)st->st_size,
			    .dense = is_dense(st),
			    .to_size = (uint64_t)there->st_size,
			    .seed = m->ix->seed,
			    .sums_do = m->mode == PASS_FINAL,
			    .pace = mirror_pace,
			    .pace_data = m };
	struct copy_result done = { 0 };
	unsigned char sha[SHA_BYTES];
	uint32_t was = entry->flags;
	int cloned;

	entry->flags &= ~(uint32_t)(IX_COPIED | IX_HASHED | IX_PROVED | IX_CLONED);
	cloned = clone_content(m, &job, e);
	if (cloned < 0)
		return cloned;
	if (!cloned && job.size && m->o->only_clones)
		return err_set(e, ERR_REFUSED, "'%s' cannot be cloned here", entry->rel);
	if (cloned) {
		entry->flags |= IX_CLONED;
		mirror_count_copy(m, &done, true, job.size);
		return 0;
	}
	if (known && old && old->size == job.to_size)
		job.old = old;
	if (known && was & IX_HASHED && entry->size == job.to_size && job.size <= BLOCK_BYTES)
		job.old_sha = memcpy(sha, entry->sha, sizeof sha);
	if (copy_content(m, &job, entry, &done, e) < 0)
		return -(int)e->kind;
	mirror_count_copy(m, &done, false, job.size);
	if (done.written)
		begin_writing(m, to);
	return 0;
}

static bool same_stat(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && ns_of(a->st_mtim) == ns_of(b->st_mtim) &&
	       ns_of(a->st_ctim) == ns_of(b->st_ctim);
}

static int still_as_it_was(const struct mirror *m, int from, const struct stat *st, const char *rel,
			   struct err *e)
{
	struct stat now;

	if (mirror_writer_runs(m))
		return 0;
	if (fstat(from, &now) < 0)
		return err_sys(e, errno, "look at '%s'", rel);
	if (!same_stat(&now, st))
		return err_set(e, ERR_CHANGED, "'%s' was written during the last pass", rel);
	return 0;
}

/* The open source `from` with its stat, taken before anything is read. */
static int copy_file(struct mirror *m, int from, const struct stat *st, int64_t taken_ns,
		     struct ix_entry *entry, bool shared, struct err *e)
{
	bool known = entry->flags & IX_COPIED;
	struct stat there, after;

	if ((uint64_t)st->st_size > SIZE_MAX_BYTES)
		return err_set(e, ERR_REFUSED, "'%s' claims to be larger than 16 TiB", entry->rel);
	if (m->mode == PASS_LIVE && sync_source(from, entry->rel, e) < 0)
		return -(int)e->kind;

	autoclose int to = open_copy(m, entry, st->st_mode, shared, &there, e);

	if (to < 0)
		return to;
	known = known && there.st_ino == entry->copy_ino &&
		ns_of(there.st_ctim) == entry->copy_ctime_ns;
	if (bring(m, from, st, to, &there, entry, known, e) < 0 ||
	    still_as_it_was(m, from, st, entry->rel, e) < 0 ||
	    meta_copy(from, to, st, entry->rel, e) < 0)
		return -(int)e->kind;
	if (fstat(to, &after) < 0)
		return err_sys(e, errno, "look at the copy of '%s'", entry->rel);
	mirror_keep_stat(m, entry, st, taken_ns);
	mirror_keep_copy_stat(entry, &after);
	if (after.st_nlink == 1)
		entry->flags &= ~(uint32_t)IX_LINKED;
	return 0;
}

/* A regular file: open, stat, and copy it unless that stat says it is as it was. */
int mirror_file(struct mirror *m, int dirfd, const char *name, struct ix_entry *entry, bool shared,
		struct err *e)
{
	int64_t taken_ns = clock_wall_ns();
	struct stat st;
	autoclose int from =
	    openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME | O_CLOEXEC);

	if (from < 0) {
		int sys = errno;

		err_sys(e, sys, "open '%s'", entry->rel);
		return sys == ENOENT || sys == ELOOP || sys == ENXIO
			   ? mirror_passed_over(m, entry, e)
			   : -(int)e->kind;
	}
	if (fstat(from, &st) < 0)
		return err_sys(e, errno, "look at '%s'", entry->rel);
	if (!S_ISREG(st.st_mode))
		return mirror_passed_over(m, entry, e);
	if (mirror_judge(m, entry, &st) == SAME)
		return 0;
	return copy_file(m, from, &st, taken_ns, entry, shared, e);
}

int mirror_file_at(struct mirror *m, struct ix_entry *entry, bool shared, struct err *e)
{
	const char *name;
	autoclose int parent = parent_open(m->src, entry->rel, &name, e);

	if (parent < 0)
		return e->kind == ERR_ABSENT || mirror_writer_runs(m)
			   ? mirror_passed_over(m, entry, e)
			   : parent;
	return mirror_file(m, parent, name, entry, shared, e);
}
