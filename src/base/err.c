#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[ERR__MAX] = {
	[ERR_OK] = "ok",           [ERR_USAGE] = "usage",       [ERR_ABSENT] = "absent",
	[ERR_EXISTS] = "exists",   [ERR_DENIED] = "denied",     [ERR_BUSY] = "busy",
	[ERR_TIMEOUT] = "timeout", [ERR_SPACE] = "space",       [ERR_FORMAT] = "format",
	[ERR_CHANGED] = "changed", [ERR_REFUSED] = "refused",   [ERR_CANCELED] = "canceled",
	[ERR_IO] = "io",           [ERR_BUG] = "bug",
};

/* Mark text that was cut; not in the middle of a UTF-8 character. */
static void mark_cut(char *text, size_t size)
{
	size_t at = size - 4;

	while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	memcpy(text + at, "...", 4);
}

static void format(char *out, size_t size, const char *fmt, va_list ap) printf_like(3, 0);
static void format(char *out, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(out, size, fmt, ap);

	if (n < 0)
		out[0] = '\0';
	else if ((size_t)n >= size)
		mark_cut(out, size);
}

static void append(char *out, size_t size, const char *text)
{
	size_t have = strlen(out), more = strlen(text), fits = MIN_OF(more, size - 1 - have);

	memcpy(out + have, text, fits);
	out[have + fits] = '\0';
	if (fits < more)
		mark_cut(out, size);
}

/* The arguments may point into e, so the text is made beside it. */
static int fill(struct err *e, enum err_kind kind, int sys, const char *text)
{
	memset(e, 0, sizeof *e);
	e->kind = kind;
	e->sys = sys;
	memcpy(e->msg, text, strlen(text) + 1);
	return -(int)kind;
}

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	char text[sizeof e->msg];
	va_list ap;

	va_start(ap, fmt);
	format(text, sizeof text, fmt, ap);
	va_end(ap);
	return fill(e, kind, 0, text);
}

static enum err_kind kind_of(int sys)
{
	switch (sys) {
	case ENOENT:
	case ENOTDIR:
	case ESRCH:
	case ENODATA:
	case ENXIO:
		return ERR_ABSENT;
	case EEXIST:
	case ENOTEMPTY:
		return ERR_EXISTS;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_DENIED;
	case EBUSY:
	case ETXTBSY:
	case EAGAIN:
	case EADDRINUSE:
		return ERR_BUSY;
	case ETIMEDOUT:
		return ERR_TIMEOUT;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return ERR_SPACE;
	case EXDEV:
	case ELOOP:
	case ECONNREFUSED:
	case EOPNOTSUPP:
		return ERR_REFUSED;
	case EINVAL:
	case ENAMETOOLONG:
		return ERR_USAGE;
	case EINTR:
	case ECANCELED:
		return ERR_CANCELED;
	default:
		return ERR_IO;
	}
}

static const char *reason_of(int sys, char *room, size_t n)
{
	if (sys == EXDEV)
		return "leaves the installation";
	if (sys == ELOOP)
		return "leaves the installation by a symbolic link";
	return strerror_r(sys, room, n);
}

int err_sys(struct err *e, int sys, const char *fmt, ...)
{
	char text[sizeof e->msg], reason[128];
	va_list ap;

	va_start(ap, fmt);
	format(text, sizeof text, fmt, ap);
	va_end(ap);
	append(text, sizeof text, ": ");
	append(text, sizeof text, reason_of(sys, reason, sizeof reason));
	return fill(e, kind_of(sys), sys, text);
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char text[sizeof e->msg];
	va_list ap;

	va_start(ap, fmt);
	format(text, sizeof text, fmt, ap);
	va_end(ap);
	append(text, sizeof text, ": ");
	append(text, sizeof text, e->msg);
	memcpy(e->msg, text, strlen(text) + 1);
	return -(int)e->kind;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	char text[sizeof e->hint];
	va_list ap;

	if (e->hint[0])
		return -(int)e->kind;
	va_start(ap, fmt);
	format(text, sizeof text, fmt, ap);
	va_end(ap);
	memcpy(e->hint, text, strlen(text) + 1);
	return -(int)e->kind;
}

void err_clear(struct err *e)
{
	memset(e, 0, sizeof *e);
}

const char *err_kind_name(enum err_kind kind)
{
	if ((unsigned)kind >= ERR__MAX)
		return "bug";
	return kind_names[kind];
}
