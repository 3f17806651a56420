/* One path in another, by their text alone: both absolute and canonical; slashes at the end of `top` count for nothing. */
#pragma once

#include <stdbool.h>

/* What of `path` lies behind `top`: "" where they are one, else "/x/y", borrowed. NULL: it is not in it, one of them is NULL, or
 * `top` is "". */
const char *path_behind(const char *path, const char *top);
bool        path_is_in(const char *path, const char *top);      /* below it, or it itself */
bool        path_is_below(const char *path, const char *top);
