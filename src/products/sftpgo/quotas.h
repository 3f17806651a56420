/* Used quotas after a way back: users' files stay, and the database put back counts them as they were. Who moved his is written down
 * while the new database is still there (since.c), and what of them could not be scanned again is told with the proof (verify.c). */
#pragma once

#include "engine/results.h"
#include "engine/step.h"
#include "products/sftpgo/objects_compare.h"

#define QUOTAS_MAX 10000 /* of users, and of folders */

/* {"users":[name],"folders":[name],"beyond":{}}: how many come after QUOTAS_MAX. */
json_t *quotas_new(void) must_check;
/* Is it one, and the first of its object? Then it is added, or, after QUOTAS_MAX, counted. */
void quotas_note(json_t *moved, const struct object_difference *d);
/* Users and folders that were only counted. */
int64_t quotas_beyond(const json_t *moved);
/* They are left, too. */
void quotas_beyond_left(const json_t *moved, json_t *left);

/* Among the run's records. Absent: ERR_ABSENT. */
int quotas_put(struct ctx *c, const json_t *moved, struct err *e) must_check;
int quotas_get(struct ctx *c, json_t **ret, struct err *e) must_check;

/* The same of those that were not scanned again: {"users","folders","beyond","why"}. The first hundred of each are told by name. */
int quotas_left_put(struct ctx *c, const json_t *left, struct err *e) must_check;
void quotas_left_tell(struct ctx *c, struct comparisons *ret);
