/* Extended attributes of one file, POSIX ACLs and capabilities among them. */
#pragma once

#include <jansson.h>

#include "base/err.h"

/* {"user.x": "<hex>"}, names sorted when written canonically; {} where the file system has none. */
int xattr_read(int fd, const char *what, json_t **ret, struct err *e) must_check;
/* Make the file have exactly these. */
int xattr_write(int fd, const json_t *want, const char *what, struct err *e) must_check;
int xattr_copy(int from, int to, const char *what, struct err *e) must_check;
