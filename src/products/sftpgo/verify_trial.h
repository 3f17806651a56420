/* Logins of `settings.probe_users` at the server that runs now: logged in and listed, no file is sent. */
#pragma once

#include "engine/product.h"

/* `pinned` facts of the plan, or NULL: the host key that was seen then must be presented now. */
void compare_logins(const struct site *s, const struct goal *g, const json_t *pinned, struct comparisons *ret);
