/* Inside io/ only: names below a descriptor, for the files that share the work of dir.h. */
#pragma once

#include <limits.h>

#include "io/dir.h"

/* openat2 beneath fd without following any link; -1 and errno. more_resolve: RESOLVE_NO_XDEV or 0.
 */
int  at_open(int fd, const char *rel, int flags, mode_t mode, unsigned more_resolve);
bool at_is_self(const char *rel);
int  at_sync(int fd, const char *path, struct err *e) must_check;       /* fsync of a directory */

/* The directory that holds rel, and the name in it: what mkdirat, unlinkat and renameat2 want. */
struct at {
	int    fd;
	bool   owned;
	char   leaf[NAME_MAX + 1];
	size_t leaf_len;
};
int  at_find(const struct dir *d, const char *rel, struct at *ret, struct err *e) must_check;
void at_done(struct at *at);
