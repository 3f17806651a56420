/* The baseline of the proof, of the stopped database. */
#include "engine/plan.h"
#include "products/sftpgo/alone.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/frozen.h"
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/rules_waiting.h"

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

/* Somebody may have set a rule active, or edited an action, between the look and the stop: pausing went by the plan. Of a rule that is
 * to run on, agreed to before, the plan says so. */
static int rules_are_as_planned(struct look *k, struct err *e)
{
	const json_t *planned = json_object_get(plan_pinned(k->c->plan), SF_RULES);
	bool paused = plan_step(k->c->plan, "pause-rules") != NULL;
	autoprovider struct provider *p = NULL;
	autojson json_t *now = NULL;
	const char *name;
	json_t *rule;

	if (!planned || sftpgo_follows(k->c->goal))
		return 0;
	if (database_open(k->c, k->f, &p, e) < 0 || rules_waiting_read(p, &now, e) < 0)
		return err_wrap(e, "look for event rules that wait");
	json_object_foreach(now, name, rule)
		if (paused || !json_equal(rule, json_object_get(planned, name)))
			return err_set(e, ERR_CHANGED,
				       "event rule '%s' is active, and an action of it is one that Enterprise reads otherwise: somebody made it so "
				       "since this was planned", name);
	return 0;
}

int look_at_frozen(struct look *k, struct err *e)
{
	struct err why = ERR_INIT;

	if (alone_with_database(k->c, k->f, e) < 0 || schema_is_as_planned(k, e) < 0 || rules_are_as_planned(k, e) < 0)
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
