/* INI as gopkg.in/ini.v1 1.67 reads it for viper, which is not how others do: reading only.
 *
 *	[section]        ; comment
 *	name = value     # comment
 *	name : value \
 *	  goes on
 *
 * A name of the file is "section.name"; one before the first header is of the section DEFAULT. A
 * section's name is all between '[' and the line's last ']', blanks included. '#' and ';' end a
 * value, in "quotes" and 'quotes', too, which are taken away when they are around what is left:
 * only `...` and """...""" keep them, run over lines, and forget what stands behind them.
 *"%(name)s" is the value of that name in this section, in the nearest one above it or in DEFAULT;
 *one that is nowhere stays as it is. The last value of a name wins; "-" is "#1", "#2" and so on. */
#pragma once

#include "base/err.h"
#include "base/sv.h"

/* Each name once, sections and names in order of first appearance, with the line of its last value.
 * ERR_FORMAT with the line where the library gives up; ERR_REFUSED for a NUL, for what is no
 * UTF-8, a section's name above 1 KiB, values that grow beyond 1 MiB or together beyond 64 MiB;
 * ERR_SPACE above 4 MiB. */
int ini_each(struct sv text,
	     int (*seen)(void *data, const char *key, const char *value, size_t line,
			 struct err *e),
	     void *data, struct err *e) must_check;
