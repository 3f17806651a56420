/* Whether clients can be kept out until the new server is checked: they can where they come through a proxy of the project, which is
 * stopped and started last. A port that the server publishes itself is part of its container, so to publish it last is to make the
 * container anew a second time; and docker sends what comes to it past the tables that crossgrade closes the host's own ports with. */
#pragma once

#include "products/seatable/seatable.h"

/* NULL: the proxy of SEA_PUBLIC is the gate; else why there is none. */
const char *sea_no_gate(const struct facts *now);
