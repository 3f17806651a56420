/* The "plan" document for people: steps by phase, the changes to files, what it will cost, what cannot be taken back. */
#pragma once

#include "view/text.h"

void view_plan(const json_t *doc, const struct style *s, struct buf *ret);
/* A unified diff, line by line. */
void view_diff(const char *diff, const struct style *s, struct buf *ret);
