/* The dump of a run's database: taken into its restore point, put back from there. Shared by the two step kinds that do it. */
#pragma once

#include "engine/point_of.h"
#include "products/sftpgo/dump.h"

#define DATABASE_DUMP "database.dump"   /* in the restore point */

/* A database server that is at hand: who is asked, what there is, and the programs for it. */
struct database_copy {
	struct provider_at at;          /* password dropped by database_copy_done() */
	struct dump_tool tool;
	struct point point;
	char *schema, *server;
	json_t *tables;                 /* SFTPGo's that are there now */
	json_t *unknown;                /* tables_unknown() */
	json_t *leaning;                /* tables_leaning() */
	int number;                     /* schema version; 0: none can be read */
	char shape[65];                 /* tables_shape() */
};
#define autodatabasecopy cleanup_with(database_copy_done)

/* params: "tools" directory of the programs, may be absent. make: the restore point, when there is none. */
int  database_copy_open(struct ctx *c, const json_t *params, bool make, struct database_copy *ret, struct err *e) must_check;
void database_copy_done(struct database_copy *d);
/* A job for dump_take() and dump_load(); borrows from d. */
struct dump_job database_copy_job(const struct database_copy *d, const json_t *params);
