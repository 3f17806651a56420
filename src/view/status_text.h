/* The "status" document for people: the unfinished run first, and what is possible now. */
#pragma once

#include "view/text.h"

void view_status(const json_t *doc, const struct style *s, struct buf *ret);
