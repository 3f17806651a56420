/* What the database held, as digests: the baseline of every comparison. Of the stopped one beside a run's records; of a running one
 * beside saved facts, for a migration that is done by hand. */
#pragma once

#include "products/sftpgo/provider.h"
#include "products/sftpgo/sftpgo.h"

/* Reading every object takes longer than the rest of the window (0.3 s for 10,000 users). A file that the restore point holds is read
 * from there, when it is first asked for; a database that it does not hold is read at once, by facts_freeze, and what is written down
 * stands beside the restore point, too: with the state directory lost, that is all there is to count changes by. 0, or -kind. */
int frozen_make(struct ctx *c, const struct facts *seen, struct err *e) must_check;
bool frozen_can_wait(const struct ctx *c);

/* Beside saved facts; the name says the digest. Heap. */
int frozen_save(struct provider *db, const char *side, char **ret_name, struct err *e) must_check;

/* The stopped database itself, where the restore point still holds it and nothing is written down of it yet: at the gate every second is
 * one without service, and what is compared with it at once need not be written down first. ERR_ABSENT: ask frozen_open(). */
int frozen_database(struct ctx *c, struct provider **ret, struct err *e) must_check;

/* The objects written down, made first when they are not: a descriptor for objects_compare(), or -kind. */
int frozen_open(struct ctx *c, const struct facts *frozen, struct err *e) must_check;
