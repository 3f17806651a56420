/* Has the source moved since the last pass over it? By stats alone, and without the copy. */
#pragma once

#include "data/manifest.h"

/* Names that came, went, or whose size, inode, mtime or ctime are others than when the index took them; at most 1,000
 * are appended. o: leave_out and cancel. 1 when there are any, 0 none. */
int source_moved(const struct dir *src, const struct pass_index *ix, const struct pass_opts *o, manifest_diffs *ret,
                 struct err *e) must_check;
