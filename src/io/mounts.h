/* Mounts as /proc/PID/mountinfo lists them, proc(5): nothing is asked of a mount itself, which may hang. */
#pragma once

#include <stdbool.h>

#include "base/sv.h"

#define MOUNTS_MAX ((size_t)8 << 20)    /* bytes of such a table */

struct mount {
	char *dev;              /* "8:1" */
	char *root, *point;     /* what of the file system, and where */
	char *type;             /* "ext4" */
};
/* The first of the table, whose line is taken off; false: there is none any more. To be given to mount_done(). */
bool mount_next(struct sv *table, struct mount *ret);
void mount_done(struct mount *m);
/* Where something of another host is mounted, or of a program that answers for it, that a look at `path` and all below it comes by: the path of
 * the mount, heap; NULL: nowhere. The root of all is none, for without it nobody looks. */
char *mounts_remote(struct sv table, const char *path);
