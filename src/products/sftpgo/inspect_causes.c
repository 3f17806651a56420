/* What is read out of another fact and is missing with it: one trouble is told once, by the check that judges its cause. */
#include "products/sftpgo/inspect.h"

static const struct fact_origin origins[] = {
	{ SF_PROGRAM, SF_INSTALL },
	{ SF_BUILD, SF_PROGRAM },
	{ SF_VERSION, SF_BUILD },
	{ SF_EDITION, SF_VERSION },

	{ SF_DOORS, SF_CONF },
	{ SF_PROBE, SF_CONF },
	{ SF_HEALTHY, SF_PROBE },
	{ SF_SHORT, SF_CONF },
	{ SF_DRIVER, SF_CONF },
	{ SF_SHARED, SF_CONF },
	{ SF_HOOKS, SF_CONF },
	{ SF_PLUGINS, SF_CONF },
	{ SF_TAKEN, SF_CONF },

	{ SF_SCHEMA, SF_CONF },
	{ SF_NODES, SF_SCHEMA },
	{ SF_RIGHT, SF_SCHEMA },
	{ SF_DB_OWNER, SF_SCHEMA },
	{ SF_DB_SIZE, SF_SCHEMA },
	{ SF_DUMP_TOOL, SF_SCHEMA },
	{ SF_COUNTS, SF_SCHEMA },
	{ SF_BACKENDS, SF_COUNTS },
	{ SF_STORAGE, SF_COUNTS },
	{ SF_HOMES, SF_COUNTS },
	{ SF_ACTIONS, SF_COUNTS },
	{ SF_ADMINS, SF_COUNTS },
	{ SF_NAMES, SF_COUNTS },
	{ SF_USERS, SF_COUNTS },
	{ SF_SECRETS, SF_COUNTS },
	{ SF_RULES, SF_COUNTS },
	{ SF_SCOPE, SF_COUNTS },
	{ SF_ROOM, SF_SCOPE },

	{ NULL, NULL },
};

void look_at_causes(struct look *k)
{
	facts_trace(k->f, origins);
}
