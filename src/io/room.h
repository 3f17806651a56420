/* A directory of ours below /var/tmp, where something is unpacked or fetched to be looked at, 0700 and locked as long as its maker lives. */
#pragma once

#include "io/dir.h"

#define ROOM_ABOVE "/var/tmp"

/* kind: "build", for crossgrade-build-XXXXXX; those of the kind that killed calls left go. ret->path is absolute. */
int  room_make(const char *kind, struct dir *ret, struct err *e) must_check;
/* What killed calls left of every kind that crossgrade itself makes goes: what has such a name, owner and mode, is held by nobody, and
 * was made before this boot or ten minutes ago. */
void room_sweep(void);
/* It goes with all that is in it; what stays is ERR_IO and the like, for those who mind. Safe on DIR_NONE. */
int  room_drop(struct dir *room, struct err *e);
