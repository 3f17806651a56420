#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Noreturn void out_of_memory(void)
{
	(void)fputs("crossgrade: out of memory\n", stderr);
	abort();
}

static void *or_abort(void *p)
{
	if (!p)
		out_of_memory();
	return p;
}

void *xmalloc(size_t n)
{
	return or_abort(malloc(n ? n : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return or_abort(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n)
{
	return or_abort(realloc(p, n ? n : 1));
}

char *xstrdup(const char *s)
{
	return s ? or_abort(strdup(s)) : NULL;
}

char *xstrndup(const char *s, size_t n)
{
	return or_abort(strndup(s, n));
}

char *xasprintf(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		out_of_memory();
	va_end(ap);
	return text;
}

void *xmemdup(const void *p, size_t n)
{
	void *copy = xmalloc(n);

	if (n)
		memcpy(copy, p, n);
	return copy;
}

int try_alloc(size_t n, size_t cap, void **ret, struct err *e)
{
	void *p;

	if (n > cap)
		return err_set(e, ERR_SPACE, "%zu bytes are more than the %zu allowed", n, cap);
	p = calloc(1, n ? n : 1);
	if (!p)
		return err_set(e, ERR_SPACE, "no memory for %zu bytes", n);
	*ret = p;
	return 0;
}
