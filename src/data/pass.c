#include "data/pass.h"

#include <errno.h>
#include <sys/vfs.h>

#include <linux/magic.h>

#include "base/clock.h"
#include "data/each.h"
#include "data/mirror.h"

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

#define STEP_NS NS_PER_S

int64_t ix_clock_ns(void) { return clock_wall_ns() - clock_mono_ns(); }

bool ix_clock_stepped(const struct pass_index *ix)
{
	int64_t moved = ix_clock_ns() - ix->clock_ns;

	return ix->clock_ns && (moved > STEP_NS || moved < -STEP_NS);
}

/* Only here was it seen that the first store to a clean page moves mtime. */
int pass_times_prove(const struct dir *src, bool *ret, struct err *e)
{
	struct statfs fs;

	if (fstatfs(src->fd, &fs) < 0)
		return err_sys(e, errno, "look at the file system of '%s'", src->path);
	*ret = fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC ||
	       fs.f_type == BTRFS_SUPER_MAGIC;
	return 0;
}

static int find_in_copy(void *data, const struct tree_entry *seen, struct err *e unused_arg)
{
	struct mirror *m = data;
	const struct stat *st = &seen->st;
	struct ix_entry *entry;

	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode) && !S_ISLNK(st->st_mode))
		return TREE_SKIP;
	entry = ix_put(m->ix, seen->rel);
	if (!(entry->flags & IX_COPIED) || entry->mode != st->st_mode ||
	    entry->copy_ino != st->st_ino || entry->copy_ctime_ns != ns_of(st->st_ctim)) {
		ix_forget(entry);
		entry->mode = st->st_mode;
	}
	entry->copy_ino = st->st_ino;
	entry->flags |= IX_THERE | IX_SEEN;
	if (S_ISREG(st->st_mode) && st->st_nlink > 1)
		entry->flags |= IX_LINKED;
	return TREE_GO;
}

/* A new or loaded index need not be true of the copy: look. What it does not describe is compared,
 * what is too much is removed like anything that left the source. */
static int look_at_copy(struct mirror *m, struct err *e)
{
	struct tree_opts o = { .workers = m->o->workers,
			       .cancel = m->o->cancel,
			       .leave_out = m->o->leave_out,
			       .data = m->o->data };

	/* In the window the index that the last live pass left is taken at its word: who touched
	 * the copy since is found by the seal or the proof. */
	if (m->mode == PASS_FINAL && m->ix->stands)
		m->ix->dst_known = true;
	if (ix_spoil(m->ix, e) < 0)
		return -(int)e->kind;
	if (m->ix->dst_known)
		return 0;
	for (size_t i = 0; i < m->ix->n; i++)
		ix_at(m->ix, i)->flags &= ~(uint32_t)IX_SEEN;
	if (tree_walk(m->dst, &o, find_in_copy, m, e) < 0)
		return err_wrap(e, "look at the copy");
	for (size_t i = 0; i < m->ix->n; i++)
		if (!(ix_at(m->ix, i)->flags & IX_SEEN))
			ix_forget(ix_at(m->ix, i));
	m->ix->dst_known = true;
	return 0;
}

static int walk_source(struct mirror *m, struct err *e)
{
	struct tree_opts o = { .workers = m->o->workers,
			       .cancel = m->o->cancel,
			       .leave_out = m->o->leave_out,
			       .data = m->o->data };

	for (size_t i = 0; i < m->ix->n; i++)
		ix_at(m->ix, i)->flags &= ~(uint32_t)IX_SEEN;
	return tree_walk(m->src, &o, mirror_visit, m, e);
}

static int by_rel(const void *a, const void *b)
{
	return strcmp((*(struct ix_entry *const *)a)->rel, (*(struct ix_entry *const *)b)->rel);
}

/* What the source no longer has, what is below a directory before it. */
static int remove_unseen(struct mirror *m, struct err *e)
{
	VEC(struct ix_entry *) gone = { 0 };
	int r = 0;

	for (size_t i = 0; i < m->ix->n; i++)
		if ((ix_at(m->ix, i)->flags & (IX_THERE | IX_SEEN)) == IX_THERE)
			*vec_push(&gone) = ix_at(m->ix, i);
	vec_sort(&gone, by_rel);
	for (size_t i = gone.n; r == 0 && i-- > 0;) {
		/* A directory that vanished after the walk has names below it that were seen. */
		if (m->mode == PASS_HELD && S_ISDIR(gone.v[i]->mode))
			ix_forget_below(m->ix, gone.v[i]->rel);
		r = mirror_remove(m, gone.v[i], e);
		m->stats.removed++;
	}
	vec_done(&gone);
	return r;
}

static int copy_one_large(void *data, size_t i, struct err *e)
{
	struct mirror *m = data;

	return mirror_file_at(m, m->large.v[i], false, e);
}

static int copy_large(struct mirror *m, struct err *e)
{
	vec_sort(&m->large, by_rel);
	return each_item(m->o->workers, m->o->cancel, m->large.n, copy_one_large, m, e);
}

/* Last, because what is done in a directory moves its time. */
static int finish_dirs(struct mirror *m, struct err *e)
{
	for (size_t i = 0; i < m->ix->n; i++) {
		struct ix_entry *entry = ix_at(m->ix, i);

		if (entry->flags & IX_SEEN && entry->flags & IX_DIRTY && S_ISDIR(entry->mode) &&
		    mirror_dir_meta(m, entry, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

/* What went away while it was copied leaves the copy. Beside a writer a directory may still vanish before its times are
 * taken, which moves those of the one above. */
static int drop_vanished(struct mirror *m, struct err *e)
{
	uint64_t before;

	do {
		if (remove_unseen(m, e) < 0 || finish_dirs(m, e) < 0)
			return -(int)e->kind;
		before = m->stats.removed;
		if (m->mode == PASS_HELD && remove_unseen(m, e) < 0)
			return -(int)e->kind;
	} while (m->stats.removed != before);
	return 0;
}

static int run(struct mirror *m, struct err *e)
{
	if (mirror_check_room(m, e) < 0 || look_at_copy(m, e) < 0 || walk_source(m, e) < 0 ||
	    remove_unseen(m, e) < 0 || copy_large(m, e) < 0 || mirror_linked(m, e) < 0)
		return -(int)e->kind;
	if (m->mode == PASS_LIVE)
		return finish_dirs(m, e);
	if (drop_vanished(m, e) < 0)
		return -(int)e->kind;
	return m->o->sync_later ? 0 : file_sync_fs(m->dst, e);
}

int pass_run(const struct dir *src, const struct dir *dst, struct pass_index *ix,
	     enum pass_mode mode, const struct pass_opts *o, struct pass_stats *ret, struct err *e)
{
	static const struct pass_opts plain = { 0 };
	struct mirror m = { .src = src, .dst = dst, .ix = ix, .mode = mode, .o = o ? o : &plain };
	bool idle = m.o->idle_io && mirror_is_aside(&m);
	int before, r;

	if (pass_times_prove(src, &m.trusts_times, e) < 0)
		return -(int)e->kind;
	m.trusts_times &= !m.o->distrust_times && !ix_clock_stepped(ix);
	ix->clock_ns = ix_clock_ns();
	mirror_init(&m);
	before = pace_idle_begin(idle);
	r = run(&m, e);
	pace_idle_end(idle, before);
	m.stats.took_ns = clock_mono_ns() - m.began_ns;
	if (r == 0)
		pace_tell(&m.pace, &m.stats, true);
	if (r == 0)
		*ret = m.stats;
	mirror_done(&m);
	return r;
}
