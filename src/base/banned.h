/* Forced into every file with -include: what this program does not use. A shell, unbounded text functions, and
 * conversions that cannot report an error. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison system popen gets strcpy strcat strncpy strncat sprintf vsprintf atoi atol atoll atof
#pragma GCC poison mktemp tmpnam tempnam strtok
