/* Small allocations abort when memory is out: a stop is a crash, and crashes are what the journal survives.
 * Sizes that come from outside go through try_alloc() or a buf with a ceiling. */
#pragma once

#include <stddef.h>

#include "base/err.h"

void *xmalloc(size_t n) must_check;
void *xcalloc(size_t n, size_t size) must_check;
void *xrealloc(void *p, size_t n) must_check;
char *xstrdup(const char *s) must_check;                /* NULL stays NULL */
char *xstrndup(const char *s, size_t n) must_check;
char *xasprintf(const char *fmt, ...) printf_like(1, 2) must_check;
void *xmemdup(const void *p, size_t n) must_check;

/* Zeroed memory of n bytes into *ret, or ERR_SPACE when n is above cap or memory is out. */
int try_alloc(size_t n, size_t cap, void **ret, struct err *e) must_check;
