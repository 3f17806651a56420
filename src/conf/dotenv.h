/* compose-go's reading of values: quotes, escapes, substitution. Inside this room only. */
#pragma once

#include "base/buf.h"
#include "base/map.h"

/* Value of a name outside the file, or NULL. */
typedef const char *(*dotenv_outside)(const char *name, void *data);

struct dotenv_scope {
	dotenv_outside outside;         /* asked first; NULL: an empty environment */
	void          *data;
	struct map     values;          /* of the file so far, owned strings */
	size_t work; /* bytes made so far: references to references grow without end */
};

const char *dotenv_lookup(const struct dotenv_scope *in, const char *name);

/* Read a value as written, quotes included, blanks before it allowed: take quotes and escapes away
 * and substitute. `line` is for messages. ERR_FORMAT where compose would refuse the file;
 * ERR_REFUSED for a NUL, too deep nesting or too much text. */
int dotenv_read(struct sv written, struct dotenv_scope *in, size_t line, struct buf *ret,
		struct err *e) must_check;

/* Bytes of the blank at the start of s, 0 when there is none. dotenv_blank() leaves line feeds
 * out. */
size_t    dotenv_space(struct sv s);
size_t    dotenv_blank(struct sv s);
struct sv dotenv_trim_end(struct sv s);

/* Read the whole file as compose does; the winning value of each key, in order of first
 * appearance. */
int dotenv_each(struct sv text, dotenv_outside outside, void *outside_data,
		int (*seen)(void *data, const char *key, const char *value, size_t line,
			    struct err *e),
		void *data, struct err *e) must_check;
