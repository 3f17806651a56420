/* Whose database it is, in the moments that decide: a second server of the same data writes what nobody copied, and an old release
 * that is started on a newer schema does so with nothing but a warning. */
#pragma once

#include "engine/step.h"

/* The server is stopped: ERR_CHANGED, named, when somebody else has its database open, a file or a shared one. A follower's others may
 * have it. */
int alone_with_database(struct ctx *c, const struct facts *seen, struct err *e) must_check;
/* Schema of the release that the plan found, as far as it knows; 0: not known. */
int alone_old_schema(const struct ctx *c);
