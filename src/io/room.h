/* A directory of ours below /var/tmp, where something is unpacked or fetched to be looked at, 0700 and locked as long as its maker lives:
 * what a killed call left is removed by the next that makes one of that kind. */
#pragma once

#include "io/dir.h"

#define ROOM_ABOVE "/var/tmp"

/* kind: "crossgrade-build-", what its name begins with. ret->path is absolute. */
int  room_make(const char *kind, struct dir *ret, struct err *e) must_check;
/* It goes with all that is in it; what stays is ERR_IO and the like, for those who mind. Safe on DIR_NONE. */
int  room_drop(struct dir *room, struct err *e);
