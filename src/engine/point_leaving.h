/* Between the files of restore points: what stays out of every walk, hash and exchange: our own .crossgrade, and what the point's
 * record of that root leaves out. `data` of both is a struct leaving. */
#pragma once

#include "engine/restore_point.h"

#define POINT_MAX   (4u << 20)
#define HOME_MODE   0700

struct leaving {
	const json_t *names;            /* "leave_out" of the root; NULL: a point of before there was any */
	const json_t *only;             /* "only" of the root, or NULL */
};

struct leaving leaving_of(const json_t *root);

bool leave_out_entry(void *data, const char *rel, const struct stat *st);
bool leave_out_name(void *data, const char *name);
