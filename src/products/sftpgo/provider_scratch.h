/* Where a private copy of a database lies while it is made: behind provider_copy.h. */
#pragma once

#include <stdint.h>

#include "products/sftpgo/provider_copy.h"

/* A directory for a copy of so many bytes; removed by private_copy_done(). */
int scratch_make(const char *preferred, uint64_t bytes, const char *leaf, struct private_copy *ret,
		 struct err *e) must_check;
