/* The words of an HCL file. Inside this room only. */
#pragma once

#include "base/buf.h"
#include "io/json.h"

enum hcl_kind {
	HCL_END,
	HCL_NAME,  /* `text` */
	HCL_TEXT,  /* `text`: in quotes, a name or a value */
	HCL_VALUE, /* `value` */
	HCL_MARK,  /* `mark`: one of { } [ ] , = : */
};

struct hcl_words {
	const char *p, *end;
	size_t line; /* 1-based, of p */
	bool json;
	enum hcl_kind kind; /* the word taken last */
	size_t at;          /* its line */
	char mark;
	struct buf text;
	json_t *value;
};

void hcl_words_done(struct hcl_words *w);

/* In JSON, what is no JSON may be something to the library: ERR_REFUSED instead of ERR_FORMAT. */
int hcl_bad(const struct hcl_words *w, struct err *e, const char *what);
int hcl_refuse(const struct hcl_words *w, struct err *e, const char *what);

int hcl_next(struct hcl_words *w,
	     struct err *e) must_check;              /* take a word; HCL_END for ever at the end */
bool hcl_is_mark(const struct hcl_words *w, char c); /* is that what was taken? */
