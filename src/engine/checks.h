/* Running a product's checks and judging them. */
#pragma once

#include "engine/product.h"
#include "engine/sheet.h"

/* All checks, worst verdict first, then by id and subject. One that is unsure for want of a fact follows from the check that
 * judges it (check.h), where that one objects to it, else from the first that lacks it; so what is to be mended stands alone. */
void checks_run(const struct product *p, const struct facts *now, const struct goal *to, struct results *ret);
/* Only those that judge the putting back of a restore point. */
void checks_run_restore(const struct product *p, const struct facts *now, const struct goal *to, struct results *ret);
/* What stops a run: BLOCK always (unless the sheet calls it overridable and it is accepted), UNSURE unless accepted, WARN
 * unless yes. Returns how many stop; for people into ret which: the only one with what it saw, of several the first few ids, and how
 * many follow from them. */
size_t checks_stopping(const struct results *r, const struct sheet *texts, const char *const *accepted, bool yes,
                       struct buf *ret);
/* Body of the "checks" document: every result with its texts. */
json_t *checks_json(const struct results *r, const struct sheet *texts);
