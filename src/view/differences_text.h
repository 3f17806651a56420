/* The "differences" document for people: what differs, what a rule explains, what could not be compared. */
#pragma once

#include "view/text.h"

void view_differences(const json_t *doc, const struct style *s, struct buf *ret);
