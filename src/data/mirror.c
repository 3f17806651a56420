#include "data/mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "base/clock.h"
#include "base/fault.h"
#include "data/meta.h"

#define GUARD_NS        (2 * NS_PER_S)
#define LARGE_BYTES     (1u << 20)              /* from here a file is a job of its own */
#define SIZE_MAX_BYTES  (UINT64_C(16) << 40)    /* a sparse file can claim any size; its zeros are hashed */

void mirror_init(struct mirror *m)
{
	pthread_mutex_init(&m->lock, NULL);
	atomic_init(&m->clones, true);
	m->began_ns = clock_mono_ns();
}

void mirror_done(struct mirror *m)
{
	vec_each(&m->idle, it)
		copier_free(*it);
	vec_done(&m->idle);
	vec_done(&m->large);
	vec_done(&m->linked);
	pthread_mutex_destroy(&m->lock);
}

struct copier *mirror_copier(struct mirror *m)
{
	struct copier *c = NULL;

	pthread_mutex_lock(&m->lock);
	if (m->idle.n)
		c = m->idle.v[--m->idle.n];
	pthread_mutex_unlock(&m->lock);
	return c ? c : copier_new();
}

void mirror_copier_back(struct mirror *m, struct copier *c)
{
	pthread_mutex_lock(&m->lock);
	*vec_push(&m->idle) = c;
	pthread_mutex_unlock(&m->lock);
}

}

static void tell(struct mirror *m)
{
	int64_t now = clock_mono_ns();

	if (!m->o->progress || now - m->told_ns < 100 * NS_PER_MS)
		return;
	m->told_ns = now;
	m->stats.took_ns = now - m->began_ns;
	m->o->progress(m->o->progress_data, &m->stats);
}

void mirror_count_compared(struct mirror *m, uint64_t bytes)
{
	pthread_mutex_lock(&m->lock);
	m->stats.bytes += bytes;
	m->stats.compared_files++;
	m->stats.compared_bytes += bytes;
	tell(m);
	pthread_mutex_unlock(&m->lock);
}

static void count_entry(struct mirror *m, const struct stat *st)
{
	pthread_mutex_lock(&m->lock);
	m->stats.files++;
	m->stats.bytes += S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	tell(m);
	pthread_mutex_unlock(&m->lock);
}

int mirror_check_room(const struct mirror *m, struct err *e)
{
	struct fs_room room;

	if (m->mode != PASS_LIVE || !m->o->reserve_bytes)
		return 0;
	if (dir_room(m->dst, &room, e) < 0)
		return -(int)e->kind;
	if (room.free_bytes < m->o->reserve_bytes)
		return err_set(e, ERR_SPACE, "less than the reserve of %llu MiB is free beside '%s'",
		               (unsigned long long)(m->o->reserve_bytes >> 20), m->dst->path);
	return 0;
}

/* How long this pass is ahead of its rate limit. */
static int64_t ahead_ns(const struct mirror *m)
{
	double due = (double)m->paced_bytes / (double)m->o->limit_bytes_per_s * (double)NS_PER_S;

	return (int64_t)due - (clock_mono_ns() - m->began_ns);
}

/* Before each piece of content: cancel, rate limit, reserve. */
static int pace(void *data, uint64_t bytes, struct err *e)
{
	struct mirror *m = data;
	bool look = false;
	int64_t ahead = 0;

	if (m->mode == PASS_LIVE) {
		pthread_mutex_lock(&m->lock);
		m->paced_bytes += bytes;
		m->unchecked_bytes += bytes + 4096;
		look = m->unchecked_bytes >= (16u << 20);
		if (look)
			m->unchecked_bytes = 0;
		if (m->o->limit_bytes_per_s)
			ahead = ahead_ns(m);
		pthread_mutex_unlock(&m->lock);
	}
	if (look && mirror_check_room(m, e) < 0)
		return -(int)e->kind;
	for (;;) {
		if (m->o->cancel && atomic_load(&m->o->cancel->asked))
			return err_set(e, ERR_CANCELED, "canceled");
		if (ahead <= 0)
			return 0;
		clock_sleep_ns(MIN_OF(ahead, 100 * NS_PER_MS));
		ahead -= 100 * NS_PER_MS;
	}
}

enum verdict { SAME, DOUBT, MOVED };

/* What the index says of a source that now has this stat. DOUBT: nothing moved, but that proves nothing. */
static enum verdict judge(const struct mirror *m, const struct ix_entry *entry, const struct stat *st)
{
	if (!(entry->flags & IX_COPIED) || entry->mode != st->st_mode || entry->ino != st->st_ino ||
	    (S_ISREG(st->st_mode) && entry->size != (uint64_t)st->st_size) ||
	    entry->mtime_ns != ns_of(st->st_mtim) || entry->ctime_ns != ns_of(st->st_ctim))
		return MOVED;
	return m->trusts_times && (entry->flags & IX_TRUSTED) ? SAME : DOUBT;
}

/* Keep a stat of the source that was taken at taken_ns, before anything of it was read. */
static void keep_stat(const struct mirror *m, struct ix_entry *entry, const struct stat *st, int64_t taken_ns)
{
	int64_t mtime = ns_of(st->st_mtim), ctime = ns_of(st->st_ctim);

	entry->mode = st->st_mode;
	entry->size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	entry->ino = st->st_ino;
	entry->mtime_ns = mtime;
	entry->ctime_ns = ctime;
	entry->flags |= IX_THERE | IX_COPIED;
	entry->flags &= ~(uint32_t)IX_TRUSTED;
	if (m->trusts_times && MAX_OF(mtime, ctime) < taken_ns - GUARD_NS)
		entry->flags |= IX_TRUSTED;
}

static void keep_copy_stat(struct ix_entry *entry, const struct stat *st)
{
	entry->copy_ino = st->st_ino;
	entry->copy_ctime_ns = ns_of(st->st_ctim);
}

int mirror_remove(struct mirror *m, struct ix_entry *entry, struct err *e)
{
	int r = S_ISDIR(entry->mode) ? dir_remove_tree(m->dst, entry->rel, e) : dir_unlink(m->dst, entry->rel, e);

	if (r < 0)
		return err_wrap(e, "remove from the copy");
	ix_touch_parent(m->ix, entry->rel);
	ix_forget(entry);
	return 0;
}

/* Another thing is to stand there. */
static int make_way(struct mirror *m, struct ix_entry *entry, struct err *e)
{
	if (!(entry->flags & IX_THERE))
		return 0;
	if (S_ISDIR(entry->mode))
		ix_forget_below(m->ix, entry->rel);
	return mirror_remove(m, entry, e);
}

/* The source's entry went away or became another thing while it was copied. While its owner writes, that is for the
 * next pass; in the last pass nobody may still do that, but a removal harms nothing. */
static int passed_over(const struct mirror *m, struct ix_entry *entry, struct err *e)
{
	entry->flags &= ~(uint32_t)IX_SEEN;
	if (m->mode == PASS_LIVE || e->sys == ENOENT) {
		err_clear(e);
		return 0;
	}
	return err_set(e, ERR_CHANGED, "'%s' became another thing during the last pass", entry->rel);
}

static int sync_source(int fd, const char *rel, struct err *e)
{
	if (sync_file_range(fd, 0, 0,
	                    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) == 0)
		return 0;
	if (fdatasync(fd) == 0)
		return 0;
	return err_sys(e, errno, "sync '%s' before it is copied", rel);
}

/* Something new was made in the copy, and that is all that is known of it. */
static void stands(struct mirror *m, struct ix_entry *entry, mode_t type)
{
	entry->mode = type;
	entry->flags |= IX_THERE;
	ix_touch_parent(m->ix, entry->rel);
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
	stands(m, entry, S_IFREG);
	return fd;
}

/* The copy to write into: the present one when it is a file that nobody else's name shares, else a new one. */
static int open_copy(struct mirror *m, struct ix_entry *entry, mode_t mode, bool shared, struct stat *ret, struct err *e)
{
	*ret = (struct stat){ 0 };
	if (entry->flags & IX_THERE && S_ISREG(entry->mode)) {
		int fd = dir_openat(m->dst, entry->rel, O_RDWR, 0, e);

		if (fd < 0 && e->kind != ERR_ABSENT)
			return fd;
		if (fd >= 0 && fstat(fd, ret) == 0 && S_ISREG(ret->st_mode) && (ret->st_nlink == 1 || shared))
			return fd;
		if (fd >= 0)
			close(fd);
		err_clear(e);
		*ret = (struct stat){ 0 };
	}
	if (make_way(m, entry, e) < 0)
		return -(int)e->kind;
	return create(m, entry, mode, e);
}

/* 1 when the copy now shares the source's extents. A clone leaves what is longer, so cut that off first. */
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

static void count_copy(struct mirror *m, const struct copy_result *done, bool cloned, uint64_t size)
{
	pthread_mutex_lock(&m->lock);
	m->stats.reflinked_files += cloned;
	m->stats.copied_files += cloned || done->written;
	m->stats.copied_bytes += cloned ? size : done->written;
	m->stats.compared_files += !!done->compared;
	m->stats.compared_bytes += done->compared;
	tell(m);
	pthread_mutex_unlock(&m->lock);
}

static int copy_content(struct mirror *m, const struct copy *job, struct ix_entry *entry, struct copy_result *ret,
                        struct err *e)
{
	struct copier *c = mirror_copier(m);
	int r = copy_bytes(c, job, ret, e);

	mirror_copier_back(m, c);
	if (r < 0)
		return r;
	memcpy(entry->sha, ret->sha, sizeof ret->sha);
	entry->sums = ret->sums;
	entry->flags |= IX_HASHED;
	return 0;
}

static void drop_sums(struct block_sums **sums)
{
	block_sums_free(*sums);
}
#define auto_sums cleanup_with(drop_sums)

/* Not worth asking for its holes. Preallocated blocks count as used and hold nothing: a running QuestDB of 160 MB has 4 GB. */
static bool is_dense(const struct stat *st)
{
	return st->st_size <= BLOCK_BYTES && st->st_blocks * 512 >= st->st_size;
}

/* Bring the bytes over. `known`: the index still describes the copy, which has the stat `there`. */
static int bring(struct mirror *m, int from, const struct stat *st, int to, const struct stat *there,
                 struct ix_entry *entry, bool known, struct err *e)
{
	auto_sums struct block_sums *old = take_ptr(entry->sums);
	struct copy job = { .what = entry->rel, .from = from, .to = to, .size = (uint64_t)st->st_size,
		            .dense = is_dense(st), .to_size = (uint64_t)there->st_size,
		            .pace = pace, .pace_data = m };
	struct copy_result done = { 0 };
	unsigned char sha[SHA_BYTES];
	uint32_t was = entry->flags;
	int cloned;

	entry->flags &= ~(uint32_t)(IX_COPIED | IX_HASHED | IX_PROVED | IX_CLONED);
	cloned = clone_content(m, &job, e);
	if (cloned < 0)
		return cloned;
	if (cloned) {
		entry->flags |= IX_CLONED;
		count_copy(m, &done, true, job.size);
		return 0;
	}
	if (known && old && old->size == job.to_size)
		job.old = old;
	if (known && was & IX_HASHED && entry->size == job.to_size && job.size <= BLOCK_BYTES)
		job.old_sha = memcpy(sha, entry->sha, sizeof sha);
	if (copy_content(m, &job, entry, &done, e) < 0)
		return -(int)e->kind;
	count_copy(m, &done, false, job.size);
	return 0;
}

static bool same_stat(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && ns_of(a->st_mtim) == ns_of(b->st_mtim) &&
	       ns_of(a->st_ctim) == ns_of(b->st_ctim);
}

static int still_as_it_was(const struct mirror *m, int from, const struct stat *st, const char *rel, struct err *e)
{
	struct stat now;

	if (m->mode == PASS_LIVE)
		return 0;
	if (fstat(from, &now) < 0)
		return err_sys(e, errno, "look at '%s'", rel);
	if (!same_stat(&now, st))
		return err_set(e, ERR_CHANGED, "'%s' was written during the last pass", rel);
	return 0;
}

/* The open source `from` with its stat, taken before anything is read. */
static int copy_file(struct mirror *m, int from, const struct stat *st, int64_t taken_ns, struct ix_entry *entry,
                     bool shared, struct err *e)
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
	known = known && there.st_ino == entry->copy_ino && ns_of(there.st_ctim) == entry->copy_ctime_ns;
	if (bring(m, from, st, to, &there, entry, known, e) < 0 ||
	    still_as_it_was(m, from, st, entry->rel, e) < 0 || meta_copy(from, to, st, entry->rel, e) < 0)
		return -(int)e->kind;
	if (fstat(to, &after) < 0)
		return err_sys(e, errno, "look at the copy of '%s'", entry->rel);
	keep_stat(m, entry, st, taken_ns);
	keep_copy_stat(entry, &after);
	if (after.st_nlink == 1)
		entry->flags &= ~(uint32_t)IX_LINKED;
	return 0;
}

/* A regular file: open, stat, and copy it unless that stat says it is as it was. */
static int mirror_file(struct mirror *m, int dirfd, const char *name, struct ix_entry *entry, bool shared, struct err *e)
{
	int64_t taken_ns = clock_wall_ns();
	struct stat st;
	autoclose int from = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME | O_CLOEXEC);

	if (from < 0) {
		int sys = errno;

		err_sys(e, sys, "open '%s'", entry->rel);
		return sys == ENOENT || sys == ELOOP || sys == ENXIO ? passed_over(m, entry, e) : -(int)e->kind;
	}
	if (fstat(from, &st) < 0)
		return err_sys(e, errno, "look at '%s'", entry->rel);
	if (!S_ISREG(st.st_mode))
		return passed_over(m, entry, e);
	if (judge(m, entry, &st) == SAME)
		return 0;
	return copy_file(m, from, &st, taken_ns, entry, shared, e);
}

static int parent_of(const struct dir *d, const char *rel, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(rel, '/');
	autofree char *parent = slash ? xstrndup(rel, (size_t)(slash - rel)) : xstrdup("");

	*ret_name = slash ? slash + 1 : rel;
	return dir_openat(d, parent, O_RDONLY | O_DIRECTORY, 0, e);
}

static int mirror_file_at(struct mirror *m, struct ix_entry *entry, bool shared, struct err *e)
{
	const char *name;
	autoclose int parent = parent_of(m->src, entry->rel, &name, e);

	if (parent < 0)
		return e->kind == ERR_ABSENT || m->mode == PASS_LIVE ? passed_over(m, entry, e) : parent;
	return mirror_file(m, parent, name, entry, shared, e);
}

int mirror_large(struct mirror *m, struct ix_entry *entry, struct err *e)
{
	return mirror_file_at(m, entry, false, e);
}

static int make_link(struct mirror *m, const char *target, struct ix_entry *entry, struct err *e)
{
	const char *name;
	autoclose int parent = parent_of(m->dst, entry->rel, &name, e);
	int sys = fault_errno("data.pass.symlink");

	if (parent < 0)
		return parent;
	if (sys || symlinkat(target, parent, name) < 0)
		return err_sys(e, sys ? sys : errno, "make the link '%s'", entry->rel);
	stands(m, entry, S_IFLNK);
	return 0;
}

static int mirror_symlink(struct mirror *m, const struct tree_entry *seen, struct ix_entry *entry, struct err *e)
{
	int64_t taken_ns = clock_wall_ns();
	char target[PATH_MAX];
	struct stat after;
	ssize_t n;

	if (judge(m, entry, &seen->st) == SAME)
		return 0;
	n = readlinkat(seen->dirfd, seen->name, target, sizeof target - 1);
	if (n < 0) {
		err_sys(e, errno, "read the link '%s'", entry->rel);
		return passed_over(m, entry, e);
	}
	target[n] = '\0';
	if (make_way(m, entry, e) < 0)
		return -(int)e->kind;
	if (make_link(m, target, entry, e) < 0 ||
	    meta_copy_link(seen->dirfd, seen->name, &seen->st, m->dst, entry->rel, e) < 0 ||
	    dir_stat(m->dst, entry->rel, &after, e) < 0)
		return -(int)e->kind;
	keep_stat(m, entry, &seen->st, taken_ns);
	keep_copy_stat(entry, &after);
	return 0;
}

static int mirror_dir(struct mirror *m, const struct tree_entry *seen, struct ix_entry *entry, struct err *e)
{
	if (judge(m, entry, &seen->st) != SAME)
		entry->flags |= IX_DIRTY;
	if (entry->flags & IX_THERE)
		return 0;
	if (*entry->rel) {
		if (dir_make(m->dst, entry->rel, 0700, e) < 0)
			return err_wrap(e, "make the copy");
		stands(m, entry, S_IFDIR);
	}
	entry->mode = seen->st.st_mode;
	entry->flags |= IX_THERE | IX_DIRTY;
	return 0;
}

int mirror_dir_meta(struct mirror *m, struct ix_entry *entry, struct err *e)
{
	int64_t taken_ns = clock_wall_ns();
	autoclose int from = dir_openat(m->src, entry->rel, O_RDONLY | O_DIRECTORY, 0, e);
	struct stat st, after;

	if (from < 0 && m->mode == PASS_LIVE) {
		err_clear(e);           /* gone meanwhile: the next pass sees that */
		return 0;
	}
	if (from < 0)
		return from;
	if (fstat(from, &st) < 0)
		return err_sys(e, errno, "look at '%s'", entry->rel);

	autoclose int to = dir_openat(m->dst, entry->rel, O_RDONLY | O_DIRECTORY, 0, e);

	if (to < 0 || meta_copy(from, to, &st, *entry->rel ? entry->rel : m->src->path, e) < 0)
		return -(int)e->kind;
	if (fstat(to, &after) < 0)
		return err_sys(e, errno, "look at the copy of '%s'", entry->rel);
	keep_stat(m, entry, &st, taken_ns);
	keep_copy_stat(entry, &after);
	entry->flags &= ~(uint32_t)IX_DIRTY;
	return 0;
}

static void leave_for_later(struct mirror *m, const struct stat *st, struct ix_entry *entry)
{
	pthread_mutex_lock(&m->lock);
	if (st->st_nlink > 1)
		*vec_push(&m->linked) = (struct linked_entry){ st->st_dev, st->st_ino, entry };
	else
		*vec_push(&m->large) = entry;
	pthread_mutex_unlock(&m->lock);
}

int mirror_visit(void *data, const struct tree_entry *seen, struct err *e)
{
	struct mirror *m = data;
	const struct stat *st = &seen->st;
	struct ix_entry *entry;

	if (S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode))
		return TREE_SKIP;
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode) && !S_ISLNK(st->st_mode))
		return err_set(e, ERR_REFUSED, "'%s' is a device: a copy cannot hold it", seen->rel);
	count_entry(m, st);
	entry = ix_put(m->ix, seen->rel);
	entry->flags |= IX_SEEN;
	if ((entry->mode & S_IFMT) != (st->st_mode & S_IFMT) && make_way(m, entry, e) < 0)
		return -(int)e->kind;
	if (S_ISDIR(st->st_mode))
		return mirror_dir(m, seen, entry, e);
	if (S_ISLNK(st->st_mode))
		return mirror_symlink(m, seen, entry, e);
	if (st->st_nlink == 1 && judge(m, entry, st) == SAME)
		return 0;
	if (st->st_nlink > 1 || st->st_size >= LARGE_BYTES) {
		leave_for_later(m, st, entry);
		return 0;
	}
	return mirror_file(m, seen->dirfd, seen->name, entry, false, e);
}

static int by_inode(const void *a, const void *b)
{
	const struct linked_entry *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return strcmp(x->entry->rel, y->entry->rel);
}

/* Do the copies of a group share one inode, as they were left? Then it can be compared and written in place. */
static bool group_stands(const struct mirror *m, const struct linked_entry *v, size_t n)
{
	const struct ix_entry *leader = v[0].entry;

	for (size_t i = 0; i < n; i++) {
		const struct ix_entry *it = v[i].entry;

		if (!(it->flags & IX_COPIED) || !(it->flags & IX_LINKED) != (n == 1) ||
		    it->copy_ino != leader->copy_ino || it->ino != leader->ino ||
		    it->ctime_ns != leader->ctime_ns)
			return false;
	}
	return m->ix->dst_known;
}

static int link_to(struct mirror *m, const struct ix_entry *leader, struct ix_entry *entry, struct err *e)
{
	const char *from_name, *name;
	autoclose int from = parent_of(m->dst, leader->rel, &from_name, e);
	autoclose int parent = from < 0 ? -1 : parent_of(m->dst, entry->rel, &name, e);
	int sys = fault_errno("data.pass.link");

	if (from < 0 || parent < 0)
		return -(int)e->kind;
	if (sys || linkat(from, from_name, parent, name, 0) < 0)
		return err_sys(e, sys ? sys : errno, "link the copy of '%s' to '%s'", entry->rel, leader->rel);
	stands(m, entry, S_IFREG);
	return 0;
}

/* What was found of the leader holds for every name of its inode. */
static void keep_group(const struct linked_entry *v, size_t n, const struct stat *copy)
{
	const struct ix_entry *leader = v[0].entry;

	for (size_t i = 0; i < n; i++) {
		struct ix_entry *it = v[i].entry;
		struct ix_entry was = *it;

		if (i) {
			block_sums_free(was.sums);
			*it = *leader;
		}
		it->rel = was.rel;
		it->sums = i ? NULL : was.sums;
		it->flags |= n > 1 ? IX_LINKED : 0;
		keep_copy_stat(it, copy);
	}
}

static int rebuild_group(struct mirror *m, const struct linked_entry *v, size_t n, struct err *e)
{
	struct ix_entry *leader = v[0].entry;

	for (size_t i = 0; i < n; i++)
		if ((i || v[i].entry->flags & IX_LINKED) && make_way(m, v[i].entry, e) < 0)
			return -(int)e->kind;
	if (mirror_file_at(m, leader, false, e) < 0)
		return -(int)e->kind;
	if (!(leader->flags & IX_COPIED))
		return 0;               /* gone meanwhile */
	for (size_t i = 1; i < n; i++)
		if (link_to(m, leader, v[i].entry, e) < 0)
			return -(int)e->kind;
	return 0;
}

static int mirror_group(struct mirror *m, const struct linked_entry *v, size_t n, struct err *e)
{
	struct ix_entry *leader = v[0].entry;
	bool stands = group_stands(m, v, n);
	struct stat copy;

	if ((stands ? mirror_file_at(m, leader, true, e) : rebuild_group(m, v, n, e)) < 0)
		return -(int)e->kind;
	if (!(leader->flags & IX_COPIED)) {
		for (size_t i = 1; i < n; i++)
			v[i].entry->flags &= ~(uint32_t)IX_SEEN;
		return 0;
	}
	if (dir_stat(m->dst, leader->rel, &copy, e) < 0)
		return -(int)e->kind;
	keep_group(v, n, &copy);
	return 0;
}

int mirror_linked(struct mirror *m, struct err *e)
{
	vec_sort(&m->linked, by_inode);
	for (size_t i = 0, n; i < m->linked.n; i += n) {
		const struct linked_entry *v = &m->linked.v[i];

		for (n = 1; i + n < m->linked.n && v[n].dev == v->dev && v[n].ino == v->ino; n++)
			;
		if (mirror_group(m, v, n, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}
