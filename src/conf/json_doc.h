/* A JSON text taken apart, every value remembering where it stands. Inside this room only. */
#pragma once

#include "base/buf.h"
#include "base/vec.h"

enum json_kind {
	NODE_VALUE, /* a scalar, or a list with no object anywhere in it */
	NODE_LIST,  /* a list that is no value: its elements are nodes */
	NODE_OBJECT,
};

#define NODE_NONE SIZE_MAX /* an index that is none */

struct json_node {
	enum json_kind kind;
	char *path;           /* owned; "" of the root */
	size_t line;          /* 1-based, of the name, of an element's value */
	size_t name, name_to; /* the name as written; the same place twice: an element */
	size_t from, to;      /* the value as written */
	size_t parent;        /* index; NODE_NONE of the root */
	size_t before, after; /* index of the neighbours in the parent */
	size_t last;          /* index of the last child */
	bool dead; /* a later member of the same name has replaced it, or what it stands in */
};

struct json_doc {
	struct json_node *v; /* a parent before its children; [0] is the root */
	size_t n, room;
	size_t clash; /* index of a node that is another's twin, or NODE_NONE */
	size_t twin;  /* index of that other */
};

#define autojsondoc cleanup_with(json_doc_done)

/* ERR_FORMAT with line where Go's encoding/json refuses the text as an object; `any`: as a value.
 * ERR_REFUSED for a NUL in a name and for more than we hold: depth, values, length of paths. */
int json_doc_read(struct sv text, bool any, struct json_doc *ret, struct err *e) must_check;
void json_doc_done(struct json_doc *doc);

/* The value at [from, to) of a text that was read, without blanks and with one way to write each
 * string: `"`, `\` and what is below U+0020 escaped, nothing else. */
void json_doc_value(struct sv written, struct buf *ret);
/* Text as a JSON string, written that way. */
void json_doc_quote(struct sv text, struct buf *ret);
