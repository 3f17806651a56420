/* What the running server says of itself: asked within its own container, where its doors are whatever stands before it. The words are
 * read by pure functions. Source: facts/seatable 1.6, 6.4. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "io/json.h"

/* "enterprise edition" -> SEA_ENTERPRISE; anything but the two editions: NULL. (The developer's text is unconfirmed.) */
const char *sea_edition_of(const char *said);

/* Must a server of that release have this door? Of api-gateway it is known from 5.0 on alone. NULL: any release. */
bool sea_door_is_wanted(const char *door, const char *version);

/* Ask all doors at once, in the container. Appends curl's output to ret. */
int sea_server_ask(const char *container, struct buf *ret, struct err *e) must_check;
/* Of that output: SEA_SAYS (NULL: it told none) and SEA_PINGS. New references. */
void sea_server_read(struct sv answers, json_t **ret_says, json_t **ret_pings);
