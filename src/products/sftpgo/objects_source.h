/* Inside of objects*.c: where raw objects come from. */
#pragma once

#include "products/sftpgo/objects.h"

struct object_source {
	/* The next raw object: its key (heap), and all it says as bytes, which stay until the next one. */
	int (*next)(struct object_source *s, char **ret_key, struct sv *ret_said, struct err *e);
	/* All fields of that one, as in a dump, not yet pruned. New reference. */
	int (*fields)(struct object_source *s, json_t **ret, struct err *e);
	void (*close)(struct object_source *s);
};

int sql_source(struct provider *p, enum object_kind kind, struct object_source **ret,
	       struct err *e) must_check;
int bolt_source(struct provider *p, enum object_kind kind, struct object_source **ret,
		struct err *e) must_check;
