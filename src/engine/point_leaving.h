/* Between the files of restore points: what stays out of every walk, hash and exchange: our own .crossgrade, and what the point's
 * record of that root leaves out: `root` of both. */
#pragma once

#include "engine/restore_point.h"

#define POINT_JSON  "point.json"
#define POINT_MAX   (4u << 20)
#define HOME_MODE   0700

bool leave_out_entry(void *root, const char *rel, const struct stat *st);
bool leave_out_name(void *root, const char *name);
