/* Names that share an inode: one of them is copied, the others are linked to its copy. */
#include "data/mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/fault.h"
#include "data/parent.h"

static int by_inode(const void *a, const void *b)
{
	const struct linked_entry *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return strcmp(x->entry->rel, y->entry->rel);
}

/* Do the copies of a group share one inode, as they were left? Then it can be compared and written
 * in place. */
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

static int link_to(struct mirror *m, const struct ix_entry *leader, struct ix_entry *entry,
		   struct err *e)
{
	const char *from_name, *name;
	autoclose int from = parent_open(m->dst, leader->rel, &from_name, e);
	autoclose int parent = from < 0 ? -1 : parent_open(m->dst, entry->rel, &name, e);
	int sys = fault_errno("data.pass.link");

	if (from < 0 || parent < 0)
		return -(int)e->kind;
	if (sys || linkat(from, from_name, parent, name, 0) < 0)
		return err_sys(e, sys ? sys : errno, "link the copy of '%s' to '%s'", entry->rel,
			       leader->rel);
	mirror_stands(m, entry, S_IFREG);
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
			free(was.sums);
			*it = *leader;
		}
		it->rel = was.rel;
		it->sums = i ? NULL : was.sums;
		it->flags |= n > 1 ? IX_LINKED : 0;
		mirror_keep_copy_stat(it, copy);
	}
}

static int rebuild_group(struct mirror *m, const struct linked_entry *v, size_t n, struct err *e)
{
	struct ix_entry *leader = v[0].entry;

	for (size_t i = 0; i < n; i++)
		if ((i || v[i].entry->flags & IX_LINKED) && mirror_make_way(m, v[i].entry, e) < 0)
			return -(int)e->kind;
	if (mirror_file_at(m, leader, false, e) < 0)
		return -(int)e->kind;
	if (!(leader->flags & IX_COPIED))
		return 0; /* gone meanwhile */
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
