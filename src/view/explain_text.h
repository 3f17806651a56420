/* The "explanation" document for people. */
#pragma once

#include "view/text.h"

void view_explanation(const json_t *doc, const struct style *s, struct buf *ret);
