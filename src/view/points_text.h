/* Restore points for people: the "restore-points" and the "restore-point" document. */
#pragma once

#include "view/text.h"

void view_points(const json_t *doc, const struct style *s, struct buf *ret);
void view_point(const json_t *doc, const struct style *s, struct buf *ret);
