/* Two texts side by side, wrapped into a column each; lines of their own stay lines. */
#pragma once

#include "view/text.h"

#define SIDE_WIDTH 120 /* where the terminal's is not known */

/* Every line indented by so many blanks. */
void view_side_by_side(struct buf *ret, const struct style *s, struct sv left, struct sv right, size_t indent);
