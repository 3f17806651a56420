/* Tables that a migration made and no release known here has: they must go with SFTPGo's on the way back. Only when they came tells:
 * not there when the dump was taken, there when the new release had migrated. What comes later is somebody else's, and so is what was
 * there before. A release whose tables are all known makes none: one that came meanwhile is left where it is, unless a foreign key ties
 * it to SFTPGo's tables, which could not go without it. */
#pragma once

#include "engine/step.h"
#include "products/sftpgo/provider.h"

/* Write down, once, what is there when the new release has migrated, before clients are let in. */
int tables_made_note(struct ctx *c, struct provider *p, struct err *e) must_check;
/* Of `now` (tables_unknown()) those that go; `before`: as at the dump, NULL of an older run: none; `leaning`: tables_leaning(). A
 * migration that never came to its end is not written down: then what came since is taken for its. ret_left: that came since, and stay.
 * New references. */
json_t *tables_made(struct ctx *c, const json_t *before, const json_t *now, const json_t *leaning, json_t **ret_left) must_check;
