/* Whether two paths are one. Compose leaves one as it is written, Docker writes it plainly; either may go by a link. */
#pragma once

#include <stdbool.h>

#include "base/own.h"

/* By the text alone: without ".", "..", and slashes that are too many; one that is not absolute is of root. Heap. */
char *sea_plain_path(const char *root, const char *path) must_check;
bool  sea_same_path(const char *a, const char *b);
/* What is there, by its inode. */
bool  sea_same_file(const char *a, const char *b);
