/* The baseline of the proof, of the stopped database. */
#include "engine/plan.h"
#include "products/sftpgo/alone.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/frozen.h"
#include "products/sftpgo/inspect.h"

/* Another node may have migrated it since the plan, or gone back: a follower would migrate what nobody dumped, and a dump of the new
 * schema is no way back to the old release. A file is this server's own. */
static int schema_is_as_planned(struct look *k, struct err *e)
{
	const json_t *pinned = plan_pinned(k->c->plan);
	autoprovider struct provider *p = NULL;

	if (json_object_get(pinned, SF_DB_FILE) || !json_object_get(pinned, SF_SCHEMA))
		return 0;
	if (database_open(k->c, k->f, &p, e) < 0)
		return -(int)e->kind;
	if (provider_schema(p) != json_int(pinned, SF_SCHEMA, 0))
		return err_set(e, ERR_CHANGED, "the database has schema %d, and had %d when this was planned", provider_schema(p),
			       (int)json_int(pinned, SF_SCHEMA, 0));
	return 0;
}

int look_at_frozen(struct look *k, struct err *e)
{
	struct err why = ERR_INIT;

	if (alone_with_database(k->c, k->f, e) < 0 || schema_is_as_planned(k, e) < 0)
		return -(int)e->kind;
	if (frozen_can_wait(k->c))
		look_observe(k, SF_FROZEN_OBJECTS, json_string("restore point"), "plan");
	else if (frozen_make(k->c, k->f, &why) >= 0)
		look_observe(k, SF_FROZEN_OBJECTS, json_string("records"), "data provider");
	else if (why.kind == ERR_ABSENT)
		look_missing(k, SF_FROZEN_OBJECTS, &why);
	else
		*e = why;
	return why.kind && why.kind != ERR_ABSENT ? -(int)e->kind : 0;
}
