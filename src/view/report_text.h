/* The "report" document for people. */
#pragma once

#include "view/text.h"

void view_report(const json_t *doc, const struct style *s, struct buf *ret);
