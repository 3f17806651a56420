/* No plan could be made: is it because of what a check blocks? Then that is what to tell, with exit 3. */
#pragma once

#include "cli/command.h"
#include "engine/product.h"

bool blocked_by_checks(struct call *c, const struct goal *g, const struct facts *now, struct err *e);
