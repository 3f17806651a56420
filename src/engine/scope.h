/* The roots a restore point must hold, and what of them it leaves out. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/vec.h"

/* leave_out: names of top-level entries of the root (users' files below a directory of configuration, say) that are neither
 * copied, proved, compared nor exchanged, whether they are there or not. They may be mounts of their own.
 *
 * Top-level only, because these are what an exchange renames. An entry deeper down would be carried away with the one it lies in;
 * to exchange around it, its parents would have to be built anew in the other world (owner, mode, attributes) and be taken
 * apart by more renames, with states between them that a kill leaves and an entry that exists in neither world alone. So a
 * deeper one is refused by scope_check(): the product leaves out the whole entry where the switch harms nothing in it, or
 * one of its checks blocks beforehand (scope_may_leave_out()).
 *
 * The list is kept in the plan and in the restore point's own record: what a point left out when it was filled is what it leaves
 * alone, whoever brings it back, and when. */
struct scope_root {
	char   *name;                   /* "root", "volume-a": also the directory's name in a restore point */
	char   *path;                   /* canonical */
	bool    mount_point;
	json_t *leave_out;              /* array of names; NULL: nothing */
	json_t *only;                   /* array of names: every other one is left out, also what comes later; NULL: all belong to it */
};
struct scope {
	struct scope_root *v;
	size_t             n, room;
};
void scope_done(struct scope *s);

/* Is it the name of a top-level entry? For checks, too. */
bool scope_may_leave_out(const char *name);
/* ERR_REFUSED, named, for one that is not. */
int scope_check(const struct scope *s, struct err *e) must_check;

/* Does a root of scope_json() hold what lies at `rel` below it? By the first name on the way: what lies in an entry goes where that
 * goes. Our own .crossgrade it never does. */
bool scope_holds(const json_t *root, const char *rel);

/* As in a plan: [{"name","path","mount_point","leave_out":[..]|absent,"only":[..]|absent}]. */
json_t *scope_json(const struct scope *s) must_check;
int scope_of_json(const json_t *list, struct scope *ret, struct err *e) must_check;
