/* A database server: how much of it is SFTPGo's, what hangs on that, and the programs that dump it. */
#include "products/sftpgo/database.h"
#include "products/sftpgo/dump_tool.h"
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/tables.h"

static void look_at_tables(struct look *k)
{
	struct err e = ERR_INIT;
	json_t *tied = NULL;
	int64_t bytes = 0;

	if (tables_size(k->db, &bytes, &e) < 0)
		look_missing(k, SF_DB_SIZE, &e);
	else
		look_observe(k, SF_DB_SIZE, json_integer(bytes), "data provider");
	if (tables_tied(k->db, &tied, &e) < 0)
		look_missing(k, SF_DB_TIED, &e);
	else
		look_observe(k, SF_DB_TIED, tied, "data provider");
}

static void look_at_tool(struct look *k)
{
	const char *server = provider_server_version(k->db), *dir = k->to ? goal_setting(k->to, "dump_tools", NULL) : NULL;
	autodumptool struct dump_tool tool = { 0 };
	struct err e = ERR_INIT;

	if (dump_tool_find(provider_driver(k->db), server, dir, &tool, &e) >= 0) {
		look_observe(k, SF_DUMP_TOOL, json_pack("{ss ss ss}", "name", tool.name, "version", tool.version, "server", server),
			     "--version");
		return;
	}
	if (e.hint[0])
		err_set(&e, e.kind, "%s; %s", e.msg, e.hint);
	look_missing(k, SF_DUMP_TOOL, &e);
}

void look_at_server_tables(struct look *k)
{
	if (!k->db || !database_is_server(provider_driver(k->db)))
		return;
	look_at_tables(k);
	look_at_tool(k);
}
