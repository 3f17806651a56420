/* Files of a package as they look at a moment, nothing of them read: whether somebody was at one since they were read whole. */
#pragma once

#include "svc/packager.h"

/* Of those that a package's file brings, but directories and configuration files: {path: look}, added to ret. It may have to be unpacked
 * for that. */
int package_looks_take(const struct packager *p, const char *file, json_t *ret, struct err *e) must_check;
/* ERR_CHANGED, with the name of one that looks otherwise now. */
int package_looks_same(const struct packager *p, const json_t *looks, struct err *e) must_check;
