/* What the new server tells its administrator: services, and in Enterprise the licence. */
#pragma once

#include "engine/results.h"
#include "products/sftpgo/sftpgo.h"

/* `license`: one was given, so that there must be one. What cannot be asked is unproved. */
void compare_rest(const struct site *s, const char *edition, bool license, struct comparisons *ret);
