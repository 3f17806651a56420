/* Ctrl-C, SIGTERM, a lost terminal and --timeout. A verb that touches something gets its cancel token set and says at once
 * what will happen: it goes on to its next safe point; a second signal says the same again. A verb that only looks ends. */
#pragma once

#include "base/pool.h"

/* within_ns: as if interrupted after that time; 0: never. */
void signals_catch(struct cancel *cancel, int64_t within_ns, bool touches);
/* Clients are let in: an interrupt now ends the comparison and turns nothing back. */
void signals_let_in(void);
