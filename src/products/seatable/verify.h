/* Inside verify: what its parts share. */
#pragma once

#include "products/seatable/seatable.h"

struct sea_proof {
	struct ctx *c;
	const struct facts *frozen, *now;
	const struct goal *to;          /* NULL: the old world is expected */
	enum depth depth;
	struct comparisons *ret;
	const char *edition, *version;  /* expected; NULL: nothing says which */
};
