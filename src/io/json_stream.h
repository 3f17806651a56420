/* JSON of any size out of a file, in the memory of one chunk: walked member by member, each value passed on byte for byte
 * or taken whole.
 *
 *	struct json_stream s;
 *	json_stream_init(&s, fd, "the dump", sink, arg);
 *	if (json_stream_enter(&s, '{', e) < 0) ...
 *	while ((r = json_stream_member(&s, &name, e)) > 0)
 *		r = json_stream_skip(&s, e);
 *	if (r < 0 || json_stream_end(&s, e) < 0) ...
 *
 * Every byte read goes to the sink in its order, but those of values that are taken: what is written in their place is the
 * caller's (json_stream_put()). All of the text is judged by JSON's grammar; whether strings are UTF-8 is not. ERR_FORMAT
 * tells the byte at which it is none. At most 512 levels deep. */
#pragma once

#include "base/buf.h"

#define JSON_STREAM_CHUNK (64u << 10)

typedef int (*json_sink)(void *arg, struct sv bytes, struct err *e);

struct json_stream {
	int         fd;
	const char *what;               /* in messages */
	json_sink   sink;               /* NULL: nowhere */
	void       *arg;
	struct buf *taken;              /* where bytes go instead of the sink; NULL none */
	uint64_t    before;             /* bytes of the file before this chunk */
	size_t      at, n, from;        /* next byte, bytes there are, first byte not handed on yet */
	bool        first;              /* nothing was walked yet of what was just entered */
	char        chunk[JSON_STREAM_CHUNK];
};

/* fd is borrowed, read from where it stands. */
void json_stream_init(struct json_stream *s, int fd, const char *what, json_sink sink, void *arg);
/* The first byte of the value that comes: '{', '[', '"', a digit, '-', 't', 'f', 'n'. */
int  json_stream_kind(struct json_stream *s, char *ret, struct err *e) must_check;
/* Into an object or an array, `open` being '{' or '['; ERR_FORMAT when the value is none. */
int  json_stream_enter(struct json_stream *s, char open, struct err *e) must_check;
/* 1 and the name of the next member, its value to come; 0 at the end, which is passed. The name is appended to the emptied
 * ret as it is written, without its quotes; its ceiling holds. */
int  json_stream_member(struct json_stream *s, struct buf *ret, struct err *e) must_check;
/* 1: an element is to come; 0 at the end. */
int  json_stream_element(struct json_stream *s, struct err *e) must_check;
int  json_stream_skip(struct json_stream *s, struct err *e) must_check;
/* The value's text, appended to ret and kept from the sink; ERR_SPACE when its ceiling is too low. */
int  json_stream_take(struct json_stream *s, struct buf *ret, struct err *e) must_check;
/* To the sink, in the place that the walk has reached. */
int  json_stream_put(struct json_stream *s, struct sv text, struct err *e) must_check;
/* Nothing but blanks is left; they are passed. */
int  json_stream_end(struct json_stream *s, struct err *e) must_check;
