/* Between the files of restore points: point.json, and what stays out of every walk, hash and exchange: our own .crossgrade, and what the point's
 * record of that root leaves out: `root` of both. */
#pragma once

#include "data/hash.h"
#include "engine/restore_point.h"

#define POINT_JSON  "point.json"
#define POINT_LIVE_BY "live_by"       /* of one that is spent */
#define POINT_PUT_MAX (64u << 20)
#define POINT_MAX   (4u << 20)
#define HOME_MODE   0700

bool leave_out_entry(void *root, const char *rel, const struct stat *st);
bool leave_out_name(void *root, const char *name);

const char *point_state_name(enum point_state s);
/* What point.json says of it now, with its own digest. */
int point_text(struct point *p, struct buf *ret, struct err *e) must_check;
/* Its digest comes to point.json with the next point_save(). */
void point_note_file(struct point *p, const char *name, const unsigned char sha[SHA_BYTES]);
