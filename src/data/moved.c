#include "data/moved.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "data/index.h"
#include "data/tree.h"

#define DIFFS_MAX 1000

struct look {
	const struct pass_index *ix;
	manifest_diffs *diffs;
	size_t seen;
};

static void differs(struct look *l, const char *rel, const char *what)
{
	struct manifest_diff *d;

	if (l->diffs->n == DIFFS_MAX)
		return;
	d = vec_push(l->diffs);
	d->rel = xstrdup(rel);
	snprintf(d->what, sizeof d->what, "%s", what);
}

/* Of a directory only that it is there: what came or went in it is seen by itself. */
static bool is_same(const struct ix_entry *was, const struct stat *st)
{
	if ((was->mode & S_IFMT) != (st->st_mode & S_IFMT))
		return false;
	return S_ISDIR(st->st_mode) ||
	       (was->size == (uint64_t)st->st_size && was->ino == st->st_ino && was->mtime_ns == ns_of(st->st_mtim) &&
		was->ctime_ns == ns_of(st->st_ctim));
}

static int hold_against(void *data, const struct tree_entry *entry, struct err *e)
{
	struct look *l = data;
	const struct ix_entry *was = ix_find(l->ix, entry->rel, strlen(entry->rel));

	if (S_ISFIFO(entry->st.st_mode) || S_ISSOCK(entry->st.st_mode))
		return TREE_GO; /* no pass copies them */
	if (!was || !(was->flags & IX_THERE)) {
		differs(l, entry->rel, "extra");
		return TREE_GO;
	}
	l->seen++;
	if (!is_same(was, &entry->st))
		differs(l, entry->rel, "moved since the last pass");
	return TREE_GO;
}

static int find_missing(const struct dir *src, struct look *l, struct err *e)
{
	for (size_t i = 0; i < l->ix->n; i++) {
		const struct ix_entry *was = ix_at(l->ix, i);
		int there = was->flags & IX_THERE ? dir_has(src, was->rel, e) : 1;

		if (there < 0)
			return there;
		if (!there)
			differs(l, was->rel, "missing");
	}
	return 0;
}

int source_moved(const struct dir *src, const struct pass_index *ix, const struct pass_opts *o, manifest_diffs *ret,
		 struct err *e)
{
	struct tree_opts walk = { .workers = 1, .cancel = o->cancel, .leave_out = o->leave_out, .data = o->data };
	struct look l = { .ix = ix, .diffs = ret };
	size_t there = 0;

	if (tree_walk(src, &walk, hold_against, &l, e) < 0)
		return -(int)e->kind;
	for (size_t i = 0; i < ix->n; i++)
		there += !!(ix_at(ix, i)->flags & IX_THERE);
	if (l.seen < there && find_missing(src, &l, e) < 0)
		return -(int)e->kind;
	return ret->n > 0;
}
