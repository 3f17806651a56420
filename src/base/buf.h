/* Growing bytes with a declared ceiling.
 *
 *	autobuf struct buf text = BUF_MAX(64 << 10);
 *	buf_addf(&text, "%s=%s\n", key, value);
 *	if (buf_check(&text, "the unit file", e) < 0) ...
 *
 * Adding beyond the ceiling adds nothing and is remembered ("full"), so that a series of adds is checked once.
 * buf_str() is always NUL-terminated; the data may hold NULs of its own. */
#pragma once

#include <stdarg.h>

#include "base/err.h"
#include "base/sv.h"

struct buf {
	char  *data;
	size_t len, room, max;
	bool   full;            /* something did not fit */
};

#define BUF_MAX(n)  { .max = (n) }
#define autobuf     cleanup_with(buf_done)

void        buf_done(struct buf *b);
void        buf_reset(struct buf *b);                   /* len 0, keeps memory and ceiling */
void        buf_add(struct buf *b, const void *p, size_t n);
void        buf_adds(struct buf *b, const char *s);
void        buf_addc(struct buf *b, char c);
void        buf_addf(struct buf *b, const char *fmt, ...) printf_like(2, 3);
void        buf_addv(struct buf *b, const char *fmt, va_list ap) printf_like(2, 0);
void        buf_add_sv(struct buf *b, struct sv s);
/* Room for n more bytes at the end; returns where to write them, NULL when full. Then buf_grew(). */
char       *buf_room(struct buf *b, size_t n);
void        buf_grew(struct buf *b, size_t n);
const char *buf_str(const struct buf *b);               /* "" when empty */
struct sv   buf_sv(const struct buf *b);
char       *buf_take(struct buf *b);                    /* gives the memory away, NUL-terminated */
int         buf_check(const struct buf *b, const char *what, struct err *e) must_check; /* ERR_SPACE when full */
