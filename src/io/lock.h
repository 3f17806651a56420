/* One crossgrade an installation: flock on a file in a directory of root's own, held until the process ends, so a
 * killed holder frees it. The file tells who holds it, for the message. */
#pragma once

#include "base/buf.h"

struct lock {
	int   fd;
	char *path;
};

#define LOCK_NONE { .fd = -1 }

/* ERR_BUSY with the holder's pid and verb when a living run holds it. Of one that was killed, what it left behind is waited for, two
 * seconds at most: then ERR_TIMEOUT, with the program that is still at work. `name` is a file name, `who` one line. One at a time is held. */
int  lock_take(const char *dir_path, const char *name, const char *who, struct lock *ret, struct err *e) must_check;
void lock_release(struct lock *l);
int  lock_held(void);   /* this process's, for a program that is to hold it as well (cmd.outlives_us); -1: none */

/* Who holds it now, as the holder said of himself; nobody is kept waiting by the question. 1 held, 0 free, or held by no more than
 * what a killed one left behind. */
int  lock_holder(const char *dir_path, const char *name, struct buf *ret, struct err *e) must_check;
