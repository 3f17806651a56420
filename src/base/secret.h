/* A value that must not be seen: wiped when released, kept out of core dumps, printed as "***".
 *
 * Secrets come from files, to which others have no access. They are handed to others by descriptor,
 * never by argument, and never reach a log, plan, journal or report. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct secret {
	char  *bytes;           /* NUL-terminated; NULL when empty */
	size_t len;
};

#define autosecret cleanup_with(secret_done)

int         secret_set(struct secret *s, const char *bytes, size_t len, struct err *e) must_check; /* copies; at most 64 KiB */
const char *secret_show(const struct secret *s);        /* "***", or "(none)" */
bool        secret_eq(const struct secret *a, const struct secret *b);  /* in constant time */
void        secret_done(struct secret *s);
void        secret_wipe(void *p, size_t n);             /* memory that held one */
