/* Level files: what the committed metadata name is there, and as long as its rows need. A baseline
 * that costs the window nothing: it follows from the frozen _meta, _txn and _cv. */
#pragma once

#include "products/questdb/baseline.h"

/* Of the partitions that stand as they stood in `then`; 1 when it was compared. What lies there now
 * is `t` and, as a shape, `now`. */
int files_compare(const struct dir *dbdir, const struct table *t, const struct shape *then,
		  const struct shape *now, struct comparisons *ret);
