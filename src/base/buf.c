#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_ROOM 64

void buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ .max = b->max };
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->full = false;
	if (b->data)
		b->data[0] = '\0';
}

/* Memory for n more bytes and a NUL behind them. */
char *buf_room(struct buf *b, size_t n)
{
	size_t need, room = b->room ? b->room : FIRST_ROOM;

	if (b->len > b->max || n > b->max - b->len) {
		b->full = true;
		return NULL;
	}
	need = b->len + n + 1;
	while (room < need)
		room = room > b->max / 2 ? b->max + 1 : room * 2;
	if (room != b->room) {
		b->data = xrealloc(b->data, room);
		b->room = room;
		b->data[b->len] = '\0';
	}
	return b->data + b->len;
}

void buf_grew(struct buf *b, size_t n)
{
	if (!b->data)
		return;
	b->len += n;
	b->data[b->len] = '\0';
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	char *to = buf_room(b, n);

	if (!to)
		return;
	if (n)
		memcpy(to, p, n);
	buf_grew(b, n);
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addv(b, fmt, ap);
	va_end(ap);
}

void buf_addv(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	char *to;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	to = n < 0 ? NULL : buf_room(b, (size_t)n);
	if (to) {
		(void)vsnprintf(to, (size_t)n + 1, fmt, again);
		buf_grew(b, (size_t)n);
	} else {
		b->full = true;
	}
	va_end(again);
}

void buf_add_sv(struct buf *b, struct sv s)
{
	buf_add(b, s.p, s.n);
}

const char *buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}

struct sv buf_sv(const struct buf *b)
{
	return (struct sv){ buf_str(b), b->len };
}

char *buf_take(struct buf *b)
{
	char *text = b->data ? b->data : xstrdup("");

	*b = (struct buf){ .max = b->max };
	return text;
}

int buf_check(const struct buf *b, const char *what, struct err *e)
{
	if (b->full)
		return err_set(e, ERR_SPACE, "%s is larger than the %zu bytes allowed", what,
			       b->max);
	return 0;
}
