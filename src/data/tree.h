/* Walking a tree by directory descriptors: parallel, flat memory, links never followed. */
#pragma once

#include <sys/stat.h>

#include "base/pool.h"
#include "io/dir.h"

struct tree_entry {
	const char *rel;                /* below the root, no leading slash; "" for the root itself */
	const char *name;               /* last part of rel */
	int         dirfd;              /* its directory, open for the call */
	struct stat st;
};

enum tree_step { TREE_GO, TREE_SKIP };  /* TREE_SKIP: do not descend into this directory */

/* May be called from several threads at once. Negative: stop the walk with this error. */
typedef int tree_visit(void *data, const struct tree_entry *entry, struct err *e);

struct tree_opts {
	unsigned             workers;   /* 0: one a core; 1: in the caller's thread, sorted by name */
	const struct cancel *cancel;
	bool (*leave_out)(void *data, const char *rel, const struct stat *st);  /* NULL: nothing */
	void                *data;
	bool                 cross_mounts;      /* default false: a mount below the root is ERR_REFUSED, named */
};

/* Directories are visited before what is in them. Entries that vanish meanwhile are passed over. */
int tree_walk(const struct dir *root, const struct tree_opts *o, tree_visit *visit, void *data, struct err *e)
	must_check;

struct tree_size {
	uint64_t bytes;                 /* apparent size of regular files, a hard-linked file once */
	uint64_t allocated;             /* st_blocks * 512 */
	uint64_t data;                  /* what a copy takes up: no holes, and no blocks that were only set aside */
	uint64_t files, dirs, links, others;
};
int tree_measure(const struct dir *root, const struct tree_opts *o, struct tree_size *ret, struct err *e) must_check;
