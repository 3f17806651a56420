/* The restore point of the run a step belongs to: it has the run's id and stands where the plan says. */
#pragma once

#include "engine/restore_point.h"

/* Open it; make: create it when it is not there. */
int point_of_run(struct ctx *c, bool make, struct point *ret, struct err *e) must_check;
/* Remove it unless the way back used it (spent), may still need it, or left something in it (point_keep(); said as a note). Absent is
 * fine. */
int point_forget(struct ctx *c, struct err *e) must_check;
/* Bytes that live passes leave free: 5 % of the file system, at most 2 GiB. */
uint64_t point_reserve(const struct point *p);
uint64_t point_reserve_of(const struct fs_room *room);
