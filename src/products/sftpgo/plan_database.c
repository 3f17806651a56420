/* A database server's tables: dumped after the stop, put back when the point was passed. */
#include "products/sftpgo/draft.h"

#include "base/mem.h"
#include "products/sftpgo/database.h"

bool sftpgo_draft_dumps(const struct draft *d)
{
	return window_copies(d->to) && database_is_server(facts_str(d->now, SF_DRIVER, NULL)) && !sftpgo_follows(d->to);
}

/* "postgresql database 'sftpgo' on db.example.com" */
static char *in_words(const struct draft *d)
{
	const json_t *at = facts_get(d->now, SF_DB_AT);

	return xasprintf("%s database '%s' on %s", facts_str(d->now, SF_DRIVER, ""), json_str(at, "database", ""),
			 json_str(at, "host", "this host"));
}

/* Where other nodes reach this one; NULL where there are no others. */
static const json_t *own_node(const struct draft *d)
{
	return facts_bool(d->now, SF_SHARED, false) ? facts_get(d->now, SF_NODE) : NULL;
}

/* This node serves meanwhile: before whatever holds its clients back. */
void sftpgo_draft_nodes(struct draft *d)
{
	const char *within = goal_setting(d->to, "nodes_wait", NULL);
	autofree char *what = in_words(d);

	if (within && own_node(d) && !sftpgo_follows(d->to))
		sftpgo_draft_step(d, PHASE_FREEZE, "nodes", "nodes_wait", STEP_AGAIN,
				  json_pack("{ss sO ss}", "within", within, "node", own_node(d), "what", what),
				  "another node would write to the database while it is dumped and migrated");
}

static json_t *params_of(const struct draft *d)
{
	autofree char *what = in_words(d);

	return json_pack("{ss ss ss?}", "what", what, "within", sftpgo_draft_span(d, "dump_timeout", "1h"), "tools",
			 goal_setting(d->to, "dump_tools", NULL));
}

void sftpgo_draft_dump(struct draft *d)
{
	if (sftpgo_draft_dumps(d))
		sftpgo_draft_step(d, PHASE_FREEZE, "dump", "database_dump", STEP_IN_WINDOW | STEP_AGAIN, params_of(d),
				  "SFTPGo's tables as of one moment, by the database's own program");
}

void sftpgo_draft_dump_point(struct draft *d)
{
	json_t *params;

	if (!sftpgo_draft_dumps(d))
		return;
	params = params_of(d);
	json_object_set_new(params, "dump", plan_from("dump", "dump"));
	if (own_node(d))
		json_object_set(params, "node", (json_t *)own_node(d));
	sftpgo_draft_step(d, PHASE_CHANGE, "database", "database_point", STEP_IN_WINDOW, params,
			  "an old release starts on a newer schema and writes: it never gets to see one");
}

void sftpgo_draft_dump_notes(struct draft *d)
{
	autofree char *what = in_words(d);

	if (!database_is_server(facts_str(d->now, SF_DRIVER, NULL)))
		return;
	if (sftpgo_follows(d->to))
		plan_note(d->plan, "%s: the node that went first has migrated it; it is neither migrated, dumped nor put back", what);
	else if (sftpgo_draft_dumps(d))
		plan_note(d->plan, "%s: a way back drops SFTPGo's tables there and loads its dump; tables that others had before are not touched",
			  what);
	else
		plan_note(d->plan, "%s: no dump is made, because the restore point is of kind '%s'", what,
			  json_str(d->to->restore_point, "kind", "tree"));
}
