/* The directory that holds rel, open, and the name in it: what linkat and symlinkat want. */
#pragma once

#include "io/dir.h"

/* A descriptor or -kind; ret_name points into rel. */
int parent_open(const struct dir *d, const char *rel, const char **ret_name,
		struct err *e) must_check;
