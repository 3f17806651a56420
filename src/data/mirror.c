#include "data/mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "base/clock.h"
#include "base/fault.h"
#include "data/meta.h"
#include "data/parent.h"

#define GUARD_NS (2 * NS_PER_S)
#define LARGE_BYTES (1u << 20) /* from here a file is a job of its own */

void mirror_init(struct mirror *m)
{
	pthread_mutex_init(&m->lock, NULL);
	pthread_mutex_init(&m->copiers.lock, NULL);
	atomic_init(&m->clones, true);
	m->began_ns = clock_mono_ns();
	pace_init(&m->pace, m->o);
	if (!mirror_is_aside(m))
		m->pace.limit_bytes_per_s = 0;
	m->began_wall_ns = clock_wall_ns();
}

void mirror_done(struct mirror *m)
{
	copiers_done(&m->copiers);
	vec_done(&m->large);
	vec_done(&m->linked);
	pthread_mutex_destroy(&m->lock);
}

/* What the index says of a source that now has this stat. DOUBT: nothing moved, but that proves
 * nothing. */
enum verdict mirror_judge(const struct mirror *m, const struct ix_entry *entry,
			  const struct stat *st)
{
	if (!(entry->flags & IX_COPIED) || entry->mode != st->st_mode || entry->ino != st->st_ino ||
	    (S_ISREG(st->st_mode) && entry->size != (uint64_t)st->st_size) ||
	    entry->mtime_ns != ns_of(st->st_mtim) || entry->ctime_ns != ns_of(st->st_ctim))
		return MOVED;
	return m->trusts_times && (entry->flags & IX_TRUSTED) ? SAME : DOUBT;
}

/* Keep a stat of the source that was taken at taken_ns, before anything of it was read. */
void mirror_keep_stat(const struct mirror *m, struct ix_entry *entry, const struct stat *st,
		      int64_t taken_ns)
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

void mirror_keep_copy_stat(struct ix_entry *entry, const struct stat *st)
{
	entry->copy_ino = st->st_ino;
	entry->copy_ctime_ns = ns_of(st->st_ctim);
}

int mirror_remove(struct mirror *m, struct ix_entry *entry, struct err *e)
{
	int r = S_ISDIR(entry->mode) ? dir_remove_tree(m->dst, entry->rel, e)
				     : dir_unlink(m->dst, entry->rel, e);

	if (r < 0)
		return err_wrap(e, "remove from the copy");
	ix_touch_parent(m->ix, entry->rel);
	ix_forget(entry);
	return 0;
}

/* Another thing is to stand there. */
int mirror_make_way(struct mirror *m, struct ix_entry *entry, struct err *e)
{
	if (!(entry->flags & IX_THERE))
		return 0;
	if (S_ISDIR(entry->mode))
		ix_forget_below(m->ix, entry->rel);
	return mirror_remove(m, entry, e);
}

/* Something new was made in the copy, and that is all that is known of it. */
void mirror_stands(struct mirror *m, struct ix_entry *entry, mode_t type)
{
	entry->mode = type;
	entry->flags |= IX_THERE;
	ix_touch_parent(m->ix, entry->rel);
}

/* No failure of its own, or one that says that it is not there any more, or is another thing. */
static bool is_gone(const struct err *e)
{
	static const int gone[] = { ENOENT, ENOTDIR, ELOOP, ENXIO, EINVAL };

	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		if (e->sys == gone[i])
			return true;
	return e->kind == ERR_OK || e->kind == ERR_ABSENT;
}

/* The source's entry went away or became another thing while it was copied. While its owner writes,
 * that is for the next pass; in the last pass nobody may still do that, but a removal harms
 * nothing. A pass beside a held writer is the only one: what cannot be opened for another reason
 * has not gone away. */
int mirror_passed_over(const struct mirror *m, struct ix_entry *entry, struct err *e)
{
	entry->flags &= ~(uint32_t)IX_SEEN;
	if (m->mode == PASS_LIVE || (m->mode == PASS_HELD && is_gone(e)) || e->sys == ENOENT) {
		err_clear(e);
		return 0;
	}
	if (m->mode == PASS_HELD)
		return -(int)e->kind;
	return err_set(e, ERR_CHANGED, "'%s' became another thing during the last pass",
		       entry->rel);
}

static int make_link(struct mirror *m, const char *target, struct ix_entry *entry, struct err *e)
{
	const char *name;
	autoclose int parent = parent_open(m->dst, entry->rel, &name, e);
	int sys = fault_errno("data.pass.symlink");

	if (parent < 0)
		return parent;
	if (sys || symlinkat(target, parent, name) < 0)
		return err_sys(e, sys ? sys : errno, "make the link '%s'", entry->rel);
	mirror_stands(m, entry, S_IFLNK);
	return 0;
}

static int mirror_symlink(struct mirror *m, const struct tree_entry *seen, struct ix_entry *entry,
			  struct err *e)
{
	char target[PATH_MAX];
	struct stat after;
	ssize_t n;

	if (mirror_judge(m, entry, &seen->st) == SAME)
		return 0;
	n = readlinkat(seen->dirfd, seen->name, target, sizeof target - 1);
	if (n < 0) {
		err_sys(e, errno, "read the link '%s'", entry->rel);
		return mirror_passed_over(m, entry, e);
	}
	target[n] = '\0';
	if (mirror_make_way(m, entry, e) < 0)
		return -(int)e->kind;
	if (make_link(m, target, entry, e) < 0)
		return -(int)e->kind;
	/* The link may go away between its target and its attributes, too. */
	if (meta_copy_link(seen->dirfd, seen->name, &seen->st, m->dst, entry->rel, e) < 0)
		return e->kind == ERR_ABSENT ? mirror_passed_over(m, entry, e) : -(int)e->kind;
	if (dir_stat(m->dst, entry->rel, &after, e) < 0)
		return -(int)e->kind;
	/* When exactly the walk looked is not known, but not before the pass began. */
	mirror_keep_stat(m, entry, &seen->st, m->began_wall_ns);
	mirror_keep_copy_stat(entry, &after);
	return 0;
}

static int mirror_dir(struct mirror *m, const struct tree_entry *seen, struct ix_entry *entry,
		      struct err *e)
{
	if (mirror_judge(m, entry, &seen->st) != SAME)
		entry->flags |= IX_DIRTY;
	if (entry->flags & IX_THERE)
		return 0;
	if (*entry->rel) {
		if (dir_make(m->dst, entry->rel, 0700, e) < 0)
			return err_wrap(e, "make the copy");
		mirror_stands(m, entry, S_IFDIR);
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

	if (from < 0) /* gone meanwhile */
		return mirror_writer_runs(m) ? mirror_passed_over(m, entry, e) : from;
	if (fstat(from, &st) < 0)
		return err_sys(e, errno, "look at '%s'", entry->rel);

	autoclose int to = dir_openat(m->dst, entry->rel, O_RDONLY | O_DIRECTORY, 0, e);

	if (to < 0 || meta_copy(from, to, &st, *entry->rel ? entry->rel : m->src->path, e) < 0)
		return -(int)e->kind;
	if (fstat(to, &after) < 0)
		return err_sys(e, errno, "look at the copy of '%s'", entry->rel);
	mirror_keep_stat(m, entry, &st, taken_ns);
	mirror_keep_copy_stat(entry, &after);
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
		return err_set(e, ERR_REFUSED, "'%s' is a device: a copy cannot hold it",
			       seen->rel);
	mirror_count_entry(m, st);
	entry = ix_put(m->ix, seen->rel);
	entry->flags |= IX_SEEN;
	if ((entry->mode & S_IFMT) != (st->st_mode & S_IFMT) && mirror_make_way(m, entry, e) < 0)
		return -(int)e->kind;
	if (S_ISDIR(st->st_mode))
		return mirror_dir(m, seen, entry, e);
	if (S_ISLNK(st->st_mode))
		return mirror_symlink(m, seen, entry, e);
	if (st->st_nlink == 1 && mirror_judge(m, entry, st) == SAME)
		return 0;
	if (st->st_nlink > 1 || st->st_size >= LARGE_BYTES) {
		leave_for_later(m, st, entry);
		return 0;
	}
	return mirror_file(m, seen->dirfd, seen->name, entry, false, e);
}
