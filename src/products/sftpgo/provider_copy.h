/* A private copy of a database file of somebody else's, made under the file's own locks without a
 * byte written there.
 *
 * It lies in a directory crossgrade-provider-* of our own below `scratch`, else below /var/tmp, else
 * /tmp: the first with room for it. What a call that was killed left in any of them is removed by
 * the next. ERR_SPACE when none has room. */
#pragma once

#include "base/clock.h"
#include "base/err.h"

struct private_copy {
	char *dir;  /* 0700, ours alone */
	char *path; /* of the copy in it */
	int lock;   /* on the directory: its maker lives; 0 none */
};
#define autocopy cleanup_with(private_copy_done)
void private_copy_done(struct private_copy *c); /* removes the directory and all in it */

/* SQLite: while the copy is made no writer may commit (it waits, as for any reader) and, in WAL
 * mode, no checkpoint may run. A hot journal or a WAL goes with the file. Source: SQLite's
 * documentation, "File Locking And Concurrency" and "WAL-mode File Format". ERR_BUSY when a writer
 * holds it until the deadline. */
int private_copy_sqlite(const char *path, const char *scratch, struct deadline until,
			struct private_copy *ret, struct err *e) must_check;
/* bolt: a server holds an exclusive flock for as long as it runs, and the file is copied all the same: a
 * transaction writes to pages only that the one before it does not need, and its own meta page last
 * (bbolt, tx.go, freelist). So when the newest whole transaction is the same before and after, the
 * copy is that one's. ERR_BUSY when it moves in every try until the deadline. */
int private_copy_bolt(const char *path, const char *scratch, struct deadline until,
		      struct private_copy *ret, struct err *e) must_check;
