/* Inside of objects*.c: where raw objects come from. */
#pragma once

#include "products/sftpgo/objects.h"

/* The next raw object: its key (heap) and all its fields, as in a dump, not yet pruned. New
 * reference. */
struct object_source {
	int (*next)(struct object_source *s, char **ret_key, json_t **ret_fields, struct err *e);
	void (*close)(struct object_source *s);
};

int sql_source(struct provider *p, enum object_kind kind, struct object_source **ret,
	       struct err *e) must_check;
int bolt_source(struct provider *p, enum object_kind kind, struct object_source **ret,
		struct err *e) must_check;
