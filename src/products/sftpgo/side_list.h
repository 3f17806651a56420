/* A list that grows with the server, beside saved facts: a text file of a line each, named by its digest, "<SHA-256>.KIND".
 *
 *	autosidelist struct side_list l = SIDE_LIST;
 *	if (side_list_open(&l, side, "files", e) < 0) ...		its first line is "crossgrade-files 1"
 *	line = side_list_line(&l); buf_adds(line, "f "); side_list_quote(line, name); side_list_add(&l);
 *	if (side_list_keep(&l, &name, e) < 0) ...			without it nothing stays */
#pragma once

#include "data/out.h"

struct side_list {
	struct dir d;
	struct out to;
	struct buf line;
	char *name;     /* until it is kept; NULL: not open */
	const char *kind;
};
#define SIDE_LIST ((struct side_list){ .d = DIR_NONE, .line = BUF_MAX(64u << 10) })

/* kind: borrowed. */
int side_list_open(struct side_list *l, const char *side, const char *kind, struct err *e) must_check;
/* An empty line to fill. */
struct buf *side_list_line(struct side_list *l);
/* In quotes; control characters, '"' and '\' as \xNN. */
void side_list_quote(struct buf *line, const char *text);
void side_list_add(struct side_list *l);
/* Durable; ret_name is heap. */
int side_list_keep(struct side_list *l, char **ret_name, struct err *e) must_check;
void side_list_close(struct side_list *l);
#define autosidelist cleanup_with(side_list_close)
