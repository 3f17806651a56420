/* The database: its schema, and what is in it. */
#include "products/sftpgo/database.h"
#include "products/sftpgo/inspect.h"

static int open_provider(struct look *k, struct err *e)
{
	struct provider_at at;
	int r;

	if (database_at(k->c, k->f, k->l.root ? &k->l.conf : NULL, &at, e) < 0)
		return -(int)e->kind;
	r = provider_open(&at, &k->db, e);
	database_at_done(&at);
	return r;
}

int look_at_provider(struct look *k, struct err *e)
{
	struct err why = ERR_INIT;

	if (open_provider(k, &why) < 0) {
		look_missing(k, SF_SCHEMA, &why);
		if (why.kind != ERR_CANCELED)
			return 0;
		*e = why;
		return -(int)e->kind;
	}
	look_pin(k, SF_SCHEMA, json_integer(provider_schema(k->db)), "data provider");
	if (k->depth != DEPTH_QUICK && k->depth != DEPTH_FROZEN)
		look_at_objects(k);
	return 0;
}
