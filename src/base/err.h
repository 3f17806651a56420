/* The error object: a plain value with room for its text. It cannot leak, cannot fail and needs no release.
 *
 * Every function that can fail returns 0 or a count on success and -kind on failure, and takes a caller-owned
 * `struct err *e`, never NULL, as its last argument. On failure exactly one err_set() or err_sys() has filled it;
 * callers that know more than the callee add it in front with err_wrap().
 *
 *	if (file_read(root, "conf/edition", &text, e) < 0)
 *		return err_wrap(e, "find out the edition");
 *
 * Messages: lower case, no full stop, no function names, names of files and keys in single quotes. A hint is one
 * sentence's worth of what to do. */
#pragma once

#include "base/own.h"

enum err_kind {                 /* what a caller can act on */
	ERR_OK,
	ERR_USAGE,              /* the request itself is wrong */
	ERR_ABSENT,             /* the thing is not there */
	ERR_EXISTS,             /* something is there already */
	ERR_DENIED,             /* permission */
	ERR_BUSY,               /* somebody else holds it */
	ERR_TIMEOUT,            /* a deadline passed */
	ERR_SPACE,              /* no room: disk, quota, or a ceiling of ours */
	ERR_FORMAT,             /* bytes that do not parse */
	ERR_CHANGED,            /* the expected old value is gone */
	ERR_REFUSED,            /* the other side said no, or a rule of ours does */
	ERR_CANCELED,           /* asked to stop */
	ERR_IO,                 /* the kernel or a device failed */
	ERR_BUG,                /* ours */
	ERR__MAX
};

struct err {
	enum err_kind kind;
	int           sys;      /* errno when the kernel said it, else 0 */
	char          msg[512];
	char          hint[256];
	const char   *where;    /* static text: the subsystem or file:line, or NULL */
};

#define ERR_INIT { .kind = ERR_OK }

/* Fill e and return -kind. A message that does not fit is cut and ends in "...". */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...) printf_like(3, 4);

/* The same from an errno: maps it to a kind and appends ": strerror". EXDEV and ELOOP as openat2 reports them
 * become ERR_REFUSED "leaves the installation". */
int err_sys(struct err *e, int sys, const char *fmt, ...) printf_like(3, 4);

/* Put "text: " in front of the message; keeps kind, errno and hint. Returns -kind. */
int err_wrap(struct err *e, const char *fmt, ...) printf_like(2, 3);

/* Set the hint if there is none yet: the innermost advice knows most. Returns -kind. */
int err_hint(struct err *e, const char *fmt, ...) printf_like(2, 3);

void        err_clear(struct err *e);
const char *err_kind_name(enum err_kind kind);  /* "absent", "busy", ... as in JSON; never NULL */
