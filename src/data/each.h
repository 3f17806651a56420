/* The same work for items 0..n-1, on all workers. */
#pragma once

#include "base/pool.h"

/* workers as for walks: 0 one a core, 1 in the caller's thread. Ends at the first failure. */
int each_item(unsigned workers, const struct cancel *cancel, size_t n,
	      int (*one)(void *data, size_t i, struct err *e), void *data,
	      struct err *e) must_check;
