/* Paths by their text alone. Compose leaves one as it is written, Docker writes it plainly. */
#pragma once

#include <stdbool.h>

#include "base/own.h"

/* Without ".", "..", and slashes that are too many; one that is not absolute is of root. Heap. */
char *sea_plain_path(const char *root, const char *path) must_check;
bool  sea_same_path(const char *a, const char *b);
