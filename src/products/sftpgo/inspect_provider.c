/* The database: its schema, who else uses it, whether it may be changed, and what is in it. */
#include <inttypes.h>

#include "base/mem.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/frozen.h"
#include "products/sftpgo/homes.h"
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/nodes.h"

/* Its names and addresses are of the container's network: here they may be another server's. */
static int is_reached(const struct look *k, struct err *e)
{
	const char *driver = facts_str(k->f, SF_DRIVER, NULL);

	if (k->l.container && database_is_server(driver))
		return err_set(e, ERR_REFUSED, "the database is a %s server, named as the container's network has it: it is not asked from here",
			       driver);
	if (k->l.container && driver && !facts_get(k->f, SF_DB_FILE))
		return err_set(e, ERR_ABSENT, "the database: %s", facts_why_missing(k->f, SF_DB_FILE) ?: "its file is not known");
	return 0;
}

static int open_provider(struct look *k, struct err *e)
{
	struct provider_at at;
	int r;

	if (is_reached(k, e) < 0)
		return -(int)e->kind;
	if (database_at(k->c, k->f, k->l.root ? &k->l.conf : NULL, &at, e) < 0)
		return -(int)e->kind;
	r = provider_open(&at, &k->db, e);
	database_at_done(&at);
	return r;
}

/* Where the others reach this node. */
static char *own_node(const struct sftpgo_config *c)
{
	const char *host = sftpgo_config_str(c, "data_provider.node.host");

	return xasprintf("%s:%" PRId64, host ? host : "", sftpgo_config_int(c, "data_provider.node.port", 0));
}

static void put_nodes(struct look *k)
{
	autofree char *own = own_node(&k->l.conf);
	json_t *others;
	struct err e = ERR_INIT;

	if (nodes_others(k->db, own, &others, &e) < 0) {
		look_missing(k, SF_NODES, &e);
		return;
	}
	look_observe(k, SF_NODE, json_string(own), "configuration");
	look_observe(k, SF_NODES, others, "table nodes");
}

static void put_right(struct look *k)
{
	static const char *const words[] = {
		[RIGHT_UNKNOWN] = "unknown", [RIGHT_YES] = "yes", [RIGHT_NO] = "no"
	};
	enum provider_right right;
	const char *why = "";
	struct err e = ERR_INIT;

	if (provider_ddl_right(k->db, &right, &why, &e) < 0)
		look_missing(k, SF_RIGHT, &e);
	else
		look_observe(k, SF_RIGHT, json_pack("{ss ss}", "may", words[right], "why", why),
			     "data provider");
}

static void save_objects(struct look *k)
{
	autofree char *name = NULL;
	struct err e = ERR_INIT;

	if (frozen_save(k->db, k->c->side, &name, &e) < 0)
		look_missing(k, SF_OBJECTS, &e);
	else
		look_observe(k, SF_OBJECTS, json_text(name), "data provider");
}

static void save_files(struct look *k)
{
	json_t *doc = NULL;
	struct err e = ERR_INIT;

	if (k->l.inside)
		facts_miss(k->f, SF_FILES, "homes of a container's users are paths of its own");
	else if (homes_look(k->c, k->db, HOMES_LIMITS, k->c->side, &doc, &e) < 0)
		look_missing(k, SF_FILES, &e);
	else
		look_observe(k, SF_FILES, doc, "homes and mapped paths");
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
	if (k->depth != DEPTH_QUICK && k->depth != DEPTH_FROZEN) {
		put_nodes(k);
		put_right(k);
		look_at_objects(k);
	}
	if (k->c->side && k->depth != DEPTH_QUICK)
		save_objects(k);
	if (k->c->side && k->depth == DEPTH_DEEP)
		save_files(k);
	return 0;
}
