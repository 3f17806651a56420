/* From open source to Enterprise: what this way has beside the others. facts/sftpgo 5, 7; no Enterprise build was ever seen. */
#pragma once

#include "products/sftpgo/sftpgo.h"

#define LICENSE_VARIABLE "SFTPGO_LICENSE_KEY"
/* Below the configuration directory. Of several files of env.d that set a variable the first by name counts. */
#define LICENSE_FILE     "00-crossgrade-license.env"

bool crosses_to_enterprise(const struct change *c);
/* The licence that the server runs with anyway: where its variable is set, NULL nowhere. Borrowed. */
const char *license_is_set(const struct facts *now);
/* Would that one be taken before the one in LICENSE_FILE? */
bool license_is_hidden(const struct facts *now);
