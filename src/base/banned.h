/* Forced into every file with -include: what this program does not use. A shell, unbounded text functions, and
 * conversions that cannot report an error. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A header whose macros name them, though nobody uses those: it comes before. */
#ifdef BANNED_AFTER
#include BANNED_AFTER
#endif

#pragma GCC poison system popen gets strcpy strcat strncpy strncat sprintf vsprintf atoi atol atoll atof
#pragma GCC poison mktemp tmpnam tempnam strtok
