/* The door that clients' requests come through in the end: nginx of the server's container, over HTTP, under the site's name. */
#pragma once

#include "engine/site.h"
#include "net/http.h"

/* Where the site says; when nobody is there, where docker says now, as a container that is made anew may have another address. At most six
 * headers of the caller's. ERR_ABSENT: its port is published nowhere; else as http_do(). */
int sea_door_ask(const struct site *s, uint32_t mark, const struct http_ask *ask, struct http_answer *ret, struct err *e) must_check;
