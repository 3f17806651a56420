/* One entry of a forecast: a number, a range (low_ms and high_ms, or a pair), or parts. */
#pragma once

#include "view/text.h"

/* "downtime: 1.7 s to 8.0 s" and below it its parts, each line ended. */
void view_forecast(struct buf *ret, const char *key, const json_t *value, unsigned indent);
