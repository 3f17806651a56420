/* A JSON text with some values changed and every other byte as it was: order, blanks, escapes, the spelling of numbers. */
#pragma once

#include "io/json.h"

/* Append `text`, which is what `before` was parsed from, with the values that are others in `after`. Objects of the same
 * names and lists of the same length are gone into; anything else that differs is written anew, whole. */
void json_splice(struct sv text, const json_t *before, const json_t *after, struct buf *ret);
