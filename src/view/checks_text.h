/* The "checks" document for people: worst first, each with reason and remedy; passes, and what follows from
 * another finding, are counted, or listed with all. */
#pragma once

#include "view/text.h"

void view_checks(const json_t *doc, bool all, const struct style *s, struct buf *ret);
