/* jansson with our errors. Numbers are 64-bit integers or doubles; duplicate keys are refused; at most 64 MiB. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "io/dir.h"

static inline void json_autodrop_(json_t **j)
{
	json_decref(*j);
}
#define autojson cleanup_with(json_autodrop_)

int json_parse(struct sv text, const char *what, json_t **ret, struct err *e) must_check;       /* ERR_FORMAT with line */
int json_read(const struct dir *d, const char *rel, size_t max, json_t **ret, struct err *e) must_check;
int json_read_path(const char *path, size_t max, json_t **ret, struct err *e) must_check;

/* Typed access; ERR_FORMAT when absent or of another type. Borrowed. */
int json_want_str(const json_t *o, const char *key, const char **ret, struct err *e) must_check;
int json_want_int(const json_t *o, const char *key, int64_t *ret, struct err *e) must_check;
int json_want_obj(const json_t *o, const char *key, json_t **ret, struct err *e) must_check;
int json_want_arr(const json_t *o, const char *key, json_t **ret, struct err *e) must_check;
/* Lenient access with a default for what may be absent; another type counts as absent. Borrowed. */
const char *json_str(const json_t *o, const char *key, const char *absent);
int64_t     json_int(const json_t *o, const char *key, int64_t absent);
bool        json_bool(const json_t *o, const char *key, bool absent);
/* Is the text among the strings of a list? No list holds none. */
bool        json_lists(const json_t *list, const char *text);

/* A file's identity written down: {"ino","born_ns"}. ERR_FORMAT when it is no such object. */
json_t *json_of_file_id(struct file_id id) must_check;
int     json_want_file_id(const json_t *o, const char *key, struct file_id *ret, struct err *e) must_check;

/* A string value of text that may be no UTF-8, as a file's name: then every byte above ASCII becomes '?'. NULL stays null. */
json_t *json_text(const char *text) must_check;

/* Canonical bytes: keys sorted, no blanks, UTF-8. The same value is always the same bytes. */
void json_canonical(const json_t *j, struct buf *ret);
/* For people and files: two blanks of indent, keys in insertion order, ends with LF. */
void json_pretty(const json_t *j, struct buf *ret);
/* SHA-256 of the canonical bytes. */
void json_digest(const json_t *j, char ret[65]);

/* The only key of o that is not in the NULL-ended list: ERR_USAGE naming it, and the
 * nearest known key. */
int  json_only_keys(const json_t *o, const char *where, const char *const *known, struct err *e) must_check;
/* Nearest word of a NULL-ended list by edit distance, NULL when none is near. */
const char *nearest_word(const char *word, const char *const *known);
