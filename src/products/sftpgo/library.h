/* A shared library loaded when it is first needed, bound by a table of names. */
#pragma once

#include <stddef.h>

#include "base/err.h"

struct library_call {
	const char *name;
	size_t at; /* of its pointer in the table of calls */
};

/* Fill the table `calls`; `package` is what the hint tells to install. ERR_ABSENT when library or a
 * name is not there. */
int library_load(const char *so, const char *package, const struct library_call *names, size_t n,
		 void *calls, struct err *e) must_check;
