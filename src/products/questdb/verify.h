/* A comparison of two worlds in the making: what its parts share. verify.c puts them in order. */
#pragma once

#include "products/questdb/baseline.h"
#include "products/questdb/sql.h"

#define ASK_WITHIN (20 * NS_PER_S)

struct proof {
	struct ctx *c;
	const struct facts *frozen;
	const struct goal *to; /* NULL: the old world is expected */
	enum depth depth;
	struct comparisons *ret;
	struct dir dbdir;
	struct disk_db db;
	struct tables tables;
	shapes then;
	struct deadline settle;
	struct sql sql;
	bool answers;
	struct sql_settings settings;
	struct {
		size_t files, values, contents; /* tables of which these were compared */
	} with;
};

/* What the plan pinned, else what the frozen facts say. */
const char *proof_pinned(const struct proof *p, const char *key);

/* Its tables as the server knows and opens them. No login to ask with: unproved, and it answers no
 * more. */
int compare_by_server(struct proof *p, struct err *e) must_check;
/* F2 and F3 of what was read before the stop. */
int compare_values(struct proof *p, struct err *e) must_check;
