/* Ctrl-C, SIGTERM, a lost terminal and --timeout. A verb that touches something gets its cancel token set and says at once
 * what will happen: it goes on to its next safe point; a second signal says the same again. A verb that only looks ends. */
#pragma once

#include "base/pool.h"

/* within_ns: as if interrupted after that time; 0: never. what_then: static text, what the verb does when interrupted; NULL: it
 * touches nothing and may end at once. */
void signals_catch(struct cancel *cancel, int64_t within_ns, const char *what_then);
/* It does something else from now on, whoever closes its pipe: static text. */
void signals_will(const char *text);
