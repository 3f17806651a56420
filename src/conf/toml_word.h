/* The words of a TOML file: names, texts, numbers, and what lies between them. Inside this room only. */
#pragma once

#include "base/buf.h"
#include "io/json.h"

struct toml_words {
	const char *p, *end;
	size_t      line;               /* 1-based, of p */
};

/* ERR_FORMAT or ERR_REFUSED with the line. */
int toml_bad(const struct toml_words *w, struct err *e, const char *what);
int toml_refuse(const struct toml_words *w, struct err *e, const char *what);

bool toml_take(struct toml_words *w, char c);   /* was it there? */
void toml_blanks(struct toml_words *w);
int  toml_line_end(struct toml_words *w, struct err *e) must_check;     /* blanks, a comment, the line's end */
int  toml_gap(struct toml_words *w, struct err *e) must_check;          /* any number of these */

int toml_name(struct toml_words *w, struct buf *ret, struct err *e) must_check;         /* one part of a key */
int toml_scalar(struct toml_words *w, json_t **ret, struct err *e) must_check;          /* text, number, boolean */
