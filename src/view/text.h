/* Text for a terminal or a file: colours, and what came from elsewhere made harmless.
 *
 * Names of tables, units and files belong to others: control characters and broken UTF-8 in them are shown as "\x1b",
 * never sent to a terminal. Everything a view prints of a document goes through view_clean(). */
#pragma once

#include <jansson.h>

#include "base/buf.h"

struct style {
	bool     color;
	unsigned width;         /* columns of the terminal; 0: not known, nothing is wrapped */
};

enum paint { PAINT_PLAIN, PAINT_BOLD, PAINT_DIM, PAINT_RED, PAINT_YELLOW, PAINT_GREEN, PAINT_CYAN, PAINT__MAX };

void view_clean(struct buf *ret, struct sv text);               /* keeps LF out: one line stays one line */
void view_paint(struct buf *ret, const struct style *s, enum paint p, const char *text);
/* Columns the cleaned text takes: combining marks 0, CJK and emoji 2. */
size_t view_width(struct sv text);
/* Words wrapped at the style's width, every line after the first indented; the first begins at column `at`. */
void view_wrap(struct buf *ret, const struct style *s, const char *text, size_t at, size_t indent);
/* "  label  text", wrapped below text; NULL or "" text: nothing. */
void view_field(struct buf *ret, const struct style *s, const char *label, const char *text);

/* "1.2 GiB", "512 B" into out (at least 24 bytes). Returns out. */
char *view_bytes(uint64_t n, char *out, size_t n_out);
/* "12.4 s" of milliseconds into out. Returns out. */
char *view_ms(int64_t ms, char *out, size_t n_out);
/* A JSON scalar as a person would write it, anything else as compact JSON, cleaned and cut at max bytes. */
void view_value(struct buf *ret, const json_t *value, size_t max);
/* A measure by its key's ending: "..._ms" as a span, "...bytes" as bytes, else view_value(). */
void view_measure(struct buf *ret, const char *key, const json_t *value);
/* A heading of its own line. */
void view_heading(struct buf *ret, const struct style *s, const char *text);
