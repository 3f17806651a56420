/* Files of a package, configuration files aside, that somebody changed or took away by hand: any installation brings the shipped ones
 * (seen, dpkg and rpm). What is the operator's is to be there again after a way back. */
#pragma once

#include "svc/packager.h"

/* Images of those that `odd`, the lines of packager_ops.verify, names: {path: image}, added to ret. ERR_REFUSED when one is too large
 * to be kept so, or neither a file nor a link. */
int package_edits_take(const struct packager *p, const char *odd, const struct dir *blobs, json_t *ret, struct err *e) must_check;
/* Once the old package is installed again: those that are as shipped become what they were. What somebody changed since stays. */
int package_edits_put(const struct packager *p, const char *name, const struct dir *blobs, const json_t *edits, struct err *e) must_check;
