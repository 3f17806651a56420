/* The baseline of the proof, of the stopped database. */
#include "base/clock.h"
#include "engine/plan.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/frozen.h"
#include "products/sftpgo/holders.h"
#include "products/sftpgo/inspect.h"

#define PARTING    (3 * NS_PER_S)   /* sessions of the server that was stopped end a moment after it */
#define LOOK_AGAIN (100 * NS_PER_MS)

static int count_sessions(struct look *k, int64_t *ret, struct err *e)
{
	autoprovider struct provider *p = NULL;

	return database_open(k->c, k->f, &p, e) < 0 || provider_sessions(p, ret, e) < 0 ? -(int)e->kind : 0;
}

/* Several servers may share this provider, and one that names no node of its own gives no other sign of life. */
static int nobody_else_is_on(struct look *k, struct err *e)
{
	struct deadline until = deadline_in(PARTING);
	int64_t n = 0;

	while (count_sessions(k, &n, e) >= 0 && n && !deadline_passed(until))
		clock_sleep_ns(LOOK_AGAIN);
	if (e->kind)
		return -(int)e->kind;
	if (!n)
		return 0;
	err_set(e, ERR_CHANGED, "the server is stopped, and %lld more sessions of its account are open in the shared database", (long long)n);
	return err_hint(e, "another node? stop it first, and whatever else logs in with that account");
}

static int nobody_else_writes(struct look *k, struct err *e)
{
	const json_t *pinned = plan_pinned(k->c->plan);
	const char *file = json_str(pinned, SF_DB_FILE, NULL);

	if (file)
		return holders_none(file, e);
	return json_bool(pinned, SF_SHARED, false) && !sftpgo_follows(k->c->goal) ? nobody_else_is_on(k, e) : 0;
}

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

	if (nobody_else_writes(k, e) < 0 || schema_is_as_planned(k, e) < 0)
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
