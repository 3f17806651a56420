/* What a tree is, as text: one line an entry, sorted, for comparing two trees. Written against libc
 * and OpenSSL alone, so that it does not share the mistakes of what it judges. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct oracle_opts {
	const char *const *leave_out; /* NULL-ended names, at any depth; may be NULL */
	bool times;                   /* mtime too, but not of the root itself */
	bool contents;                /* digests of files; without them size only */
};

/* type mode uid:gid size xattrs-sha256|- sha256|target|- ["=first name of the same inode"] "path".
 * 0, or -1 with a message on standard error. */
int oracle_print(const char *path, const struct oracle_opts *o, FILE *to);
/* The same as text to be freed; NULL on failure. */
char *oracle_text(const char *path, const struct oracle_opts *o);
