/* An HTTP server of our own on loopback, for requests that an event action is made to send: reads them, answers 200, keeps them. One
 * after the other, each at most 64 KiB, from this host only.
 *
 *	autosink struct event_sink sink = EVENT_SINK_NONE;
 *	if (event_sink_open(&sink, e) < 0) ...
 *	... an action that posts to http://127.0.0.1:<sink.port>/x ...
 *	if (event_sink_take(&sink, deadline, &path, &body, e) > 0) ... */
#pragma once

#include "base/buf.h"
#include "base/clock.h"

#define EVENT_SINK_MAX (64u << 10)

struct event_sink {
	int fd;
	unsigned port;
	char basic[128]; /* of the last request: user and password, in base64 as they came; "" none */
};
#define EVENT_SINK_NONE { .fd = -1 }
#define autosink cleanup_with(event_sink_close)

int  event_sink_open(struct event_sink *ret, struct err *e) must_check;
/* 1 and the next request: its path as it was sent, and its body, into the emptied buffers; 0 when the time is over. Broken requests
 * are passed over. */
int  event_sink_take(struct event_sink *s, struct deadline d, struct buf *path, struct buf *body, struct err *e) must_check;
void event_sink_close(struct event_sink *s);
