/* Names in an archive: which of them we unpack. Text only. */
#pragma once

#include "base/buf.h"

/* The name without "." parts, doubled and final slashes. Absolute, empty, with "..", or too long:
 * ERR_REFUSED. An archive's "./" gives "". */
int unpack_path_clean(const char *name, const char *what, struct buf *ret,
		      struct err *e) must_check;
/* May a symbolic link at `path` (clean) point to `target`? */
bool unpack_link_stays(const char *path, const char *target);
