/* How many, and the names of the first: what may be long and must fit into facts. */
#pragma once

#include "io/json.h"

struct named {
	int64_t n;
	json_t *names; /* NULL until the first */
};

void named_add(struct named *n, const char *fmt, ...) printf_like(2, 3);
/* {"n","names"}; the list is given away. New reference. */
json_t *named_json(struct named *n) must_check;
void named_done(struct named *n);

/* What a fact of that form says: "3: a, b, c", "120, the first: a, b, ...". Heap; NULL when there
 * are none. */
char *named_text(const json_t *doc) must_check;
