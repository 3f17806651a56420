/* The restore point of the run a step belongs to: it has the run's id and stands where the plan says. */
#pragma once

#include "engine/journal.h"
#include "engine/restore_point.h"

/* Is the copy there that the way back of a run over the point needs? 0 it is, or none is needed, or it may have been given up on the way
 * back, which goes on without it; else why it cannot be opened, or used. It is not read. */
int point_is_there(const struct run_rec *r, const json_t *plan, struct err *e) must_check;
/* Open it; make: create it when it is not there. */
int point_of_run(struct ctx *c, bool make, struct point *ret, struct err *e) must_check;
/* Remove it unless the way back used it (spent), may still need it, or left something in it (point_keep(); said as a note). Absent is
 * fine. */
int point_forget(struct ctx *c, struct err *e) must_check;
/* As progress of a pass (struct pass_opts): what it copied and read, of `total`, 0 not known. `what`: in words, where no step says so. */
struct point_told {
	struct events *events;
	const char    *what;
	uint64_t       total;
};
void point_tell(void *told, const struct pass_stats *so_far);
/* For a proof of all of it. */
uint64_t point_bytes(const struct point *p);
/* Bytes that live passes leave free: 5 % of the file system, at most 2 GiB. */
uint64_t point_reserve(const struct point *p);
uint64_t point_reserve_of(const struct fs_room *room);
