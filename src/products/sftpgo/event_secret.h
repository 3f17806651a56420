/* What of an event action's texts may stand in a report: headers, variables and query values whose names say that they are secret
 * are "***" there. Of an endpoint so are who logs in, values of such names in its own query, and what looks like a secret: 16 bytes or
 * more between slashes and tokens, or 8 of letters and digits, as chats have them for passwords. In other texts, but paths, it is the value
 * behind such a name, in JSON, in a query, in a line of its own or behind an option; placeholders in it stay. Pure. */
#pragma once

#include "io/json.h"

/* A field's text, "http_config.headers[2].value", as it may be shown; new reference. */
json_t *event_secret_shown(const json_t *action, const char *field, struct sv text) must_check;
