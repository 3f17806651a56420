/* What a file is besides its bytes: owner, mode, times, extended attributes with the ACLs among
 * them. */
#pragma once

#include "data/hash.h"
#include "io/dir.h"

/* Make `to` what `from` is: `want` is the stat of `from`, `what` names it in messages. Only what
 * differs is set. Files and directories by descriptor. An attribute that the copy cannot hold is an
 * error, not a loss. */
int meta_copy(int from, int to, const struct stat *want, const char *what,
	      struct err *e) must_check;
/* The same for the symbolic link `name` in from_dir, already made as rel below `to`. */
int meta_copy_link(int from_dir, const char *name, const struct stat *want, const struct dir *to,
		   const char *rel, struct err *e) must_check;

/* SHA-256 over the attributes, sorted by name: name NUL length(8, little-endian) value. 1 when
 * there are any, 0. */
int meta_xattr_digest(int dirfd, const char *name, const char *what, unsigned char ret[SHA_BYTES],
		      struct err *e) must_check;
