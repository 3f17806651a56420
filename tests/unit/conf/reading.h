/* Readers of a whole text: what they make of it, and what they refuse. */
#pragma once

#include "../unit.h"

#include "base/map.h"
#include "io/json.h"

typedef int reader(struct sv text, json_t **ret, struct map *ret_lines, struct err *e);

/* The text is read as this JSON, its objects in that order. */
void reader_reads(reader *read, const char *text, const char *json);
/* It is not, with words of this kind, and nothing is left of it. */
void reader_fails(reader *read, const char *text, enum err_kind kind, const char *why);
