/* Exchanging a root's content with its restore point, entry by entry, by renameat2.
 *
 * The unit is a top-level entry of the root: the root itself can be a mount point, which cannot be renamed. An exchange
 * repeated blindly would put the wrong world live again, so the record of exchange_look() says who was where (struct
 * file_id), and both directions look first. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "io/dir.h"

/* Who is where now: {"entries":[{"name","live":{ino,born_ns}|null,"kept":{ino,born_ns}|null}]}. `leave_out` as for walks.
 * Entries on another mount than their root: ERR_REFUSED, named. */
int exchange_look(const struct dir *live, const struct dir *kept, bool (*leave_out)(void *, const char *name),
                  void *data, json_t **ret, struct err *e) must_check;

/* Bring the kept world live, the live one into `trash` (an empty directory of ours on the same file system): for each
 * entry of the record: exchange, or rename in, or rename out. Entries that appeared since the record go to the trash as
 * well. May be repeated from any state in between; durable on return. Where one of the worlds was empty a file ".crossgrade" in the
 * trash says how far it is, until exchange_back(). */
int exchange_in(const struct dir *live, const struct dir *kept, const struct dir *trash, const json_t *record,
                bool (*leave_out)(void *, const char *name), void *data, struct err *e) must_check;
/* The way back: the world in the trash live again. */
int exchange_back(const struct dir *live, const struct dir *kept, const struct dir *trash, const json_t *record,
                  bool (*leave_out)(void *, const char *name), void *data, struct err *e) must_check;
