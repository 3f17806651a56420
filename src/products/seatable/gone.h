/* The databases as a way back that puts dumps back finds them: dumped into the same restore point before, as gone-N-SCHEMA.sql. They are
 * nowhere else, so the point is kept for them. */
#pragma once

#include "products/seatable/dumps.h"

/* j->dir is of p. A schema that is not there is left out. */
int gone_keep(struct point *p, const struct dumps_job *j, const json_t *schemas, struct err *e) must_check;
/* ERR_SPACE: there is none for them, with a tenth to spare. */
int gone_has_room(const struct point *p, const struct sea_db *db, const json_t *schemas, struct err *e) must_check;
