/* What of an event action's texts may stand in a report: headers, variables and query values whose names say that they are secret
 * are "***" there, and so is who logs in within an endpoint. Pure. */
#pragma once

#include "io/json.h"

/* A field's text, "http_config.headers[2].value", as it may be shown; new reference. */
json_t *event_secret_shown(const json_t *action, const char *field, struct sv text) must_check;
