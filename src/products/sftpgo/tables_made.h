/* Tables that a migration made and no release known here has: they hang on the others, and must go with them on the way back. Known by
 * when they came: not there when the dump was taken, there when the new release had migrated. What comes later is somebody else's, and so
 * is what was there before. */
#pragma once

#include "engine/step.h"
#include "products/sftpgo/provider.h"

/* Write down, once, what is there when the new release has migrated, before clients are let in. */
int tables_made_note(struct ctx *c, struct provider *p, struct err *e) must_check;
/* Of `now` (tables_unknown()) those made by the migration; `before`: as at the dump, NULL of an older run: none. A migration that
 * never came to its end is not written down: then all that came since. New reference. */
json_t *tables_made(struct ctx *c, const json_t *before, const json_t *now) must_check;
