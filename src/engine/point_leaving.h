/* Between the files of restore points: what stays out of every walk, hash and exchange: our own .crossgrade, and what the product
 * says. `data` of both is a struct leaving. */
#pragma once

#include "engine/restore_point.h"

#define POINT_MAX   (4u << 20)
#define HOME_MODE   0700

struct leaving {
	const struct product *prod;
	const char           *root;
};

bool leave_out_entry(void *data, const char *rel, const struct stat *st);
bool leave_out_name(void *data, const char *name);
