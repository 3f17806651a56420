/* cmocka, and asserts that show the message of our errors. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

static inline void unit_ok(int r, const struct err *e, const char *what, const char *file, int line)
{
	if (r >= 0)
		return;
	print_error("%s: %d: %s\n", what, r, e->msg);
	_fail(file, line);
}

static inline void unit_fails(int r, const struct err *e, enum err_kind kind, const char *what,
                              const char *file, int line)
{
	if (r == -(int)kind && e->kind == kind && e->msg[0])
		return;
	print_error("%s: %d instead of %d: %s\n", what, r, -(int)kind, e->msg);
	_fail(file, line);
}

#define assert_ok(call, e)          unit_ok((call), (e), #call, __FILE__, __LINE__)
#define assert_fails(call, e, kind) unit_fails((call), (e), (kind), #call, __FILE__, __LINE__)
