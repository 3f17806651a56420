/* Files of environment variables as gotenv reads them (github.com/subosito/gotenv 1.6.0), which is
 * not how compose, systemd or a shell does: reading only.
 *
 *	NAME=value    NAME: value    export NAME=value    # comment
 *
 * 'Single quotes' are literal. "Double quotes" know \n and \r, take the backslash from any other
 * character but '$', and expand. Text without quotes ends before '#', and expands. What is expanded
 * is $NAME and ${NAME} of capitals, digits and '_'; "\$" is a dollar. A name of outside comes before
 * one of the same file, and an unknown one is empty. A value in quotes may run over several lines.
 * The last assignment of a name wins. */
#pragma once

#include "base/buf.h"
#include "base/map.h"

struct gotenv_var {
	char  *value;
	size_t line;                    /* 1-based, where the assignment starts */
};

struct gotenv {
	struct map vars;                /* name -> struct gotenv_var, in order of first appearance */
};

#define autogotenv cleanup_with(gotenv_done)

/* `outside` (may be NULL) knows the variables that are set already. ERR_FORMAT with line where
 * gotenv gives up, which leaves all of the file unread; ERR_REFUSED for a NUL, UTF-16, or values
 * that grow beyond 1 MiB; ERR_SPACE above 4 MiB. */
int gotenv_read(struct sv text, const char *(*outside)(const char *name, void *data), void *data,
		struct gotenv *ret, struct err *e) must_check;
void gotenv_done(struct gotenv *env);
