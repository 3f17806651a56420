/* The data provider, and how its old state is kept: a file in the restore point, a database server by a dump. */
#include "products/sftpgo/checks.h"

#include <string.h>

#include "products/sftpgo/database.h"

static const char *point_kind(const struct goal *to)
{
	return to ? json_str(to->restore_point, "kind", "tree") : "tree";
}

CHECK(driver)
{
	static const char id[] = "sftpgo.driver";
	const char *driver = need_text(now, SF_DRIVER, id, ret);

	if (!driver)
		return;
	if (!strcmp(driver, "sqlite") || !strcmp(driver, "bolt"))
		results_add(ret, id, VERDICT_PASS, NULL, "%s", driver);
	else if (!database_is_server(driver))
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s: this version of crossgrade carries sqlite, bolt, postgresql and mysql",
			    driver);
	else if (facts_bool(now, SF_DB_STRING, false))
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s by a connection_string", driver);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s on %s", driver,
			    json_str(facts_get(now, SF_DB_AT), "host", "this host"));
}

CHECK(dump)
{
	static const char id[] = "sftpgo.dump";
	const char *driver = need_text(now, SF_DRIVER, id, ret), *kind = point_kind(to);
	const json_t *tool;

	if (!driver)
		return;
	if (sftpgo_by_hand(now) && database_is_server(driver)) {
		(void)left_to_hand(now, id, "the procedure dumps the database, by the tool of its own version", ret);
	} else if (!database_is_server(driver)) {
		results_add(ret, id, VERDICT_PASS, NULL, "the database is a file of the restore point");
	} else if (sftpgo_follows(to)) {
		results_add(ret, id, VERDICT_PASS, NULL, "no dump is made: this node follows");
	} else if (!strcmp(kind, "snapshot")) {
		results_add(ret, id, VERDICT_WARN, NULL, "no dump is made: the operator's snapshot must hold the database server's "
			    "data, too");
	} else if (strcmp(kind, "tree") != 0) {
		results_add(ret, id, VERDICT_NOTE, NULL, "no dump is made: '%s'", kind);
	} else if (!facts_get(now, SF_DUMP_TOOL) && facts_get(now, SF_SCHEMA)) {
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s", facts_why_missing(now, SF_DUMP_TOOL) ?: "nobody looked for a program");
	} else if (need(now, SF_DUMP_TOOL, id, ret, &tool)) {
		results_add(ret, id, VERDICT_PASS, NULL, "%s %s, the server is %s", json_str(tool, "name", "?"),
			    json_str(tool, "version", "?"), json_str(tool, "server", "?"));
	}
}

CHECK(tied)
{
	static const char id[] = "sftpgo.tied";
	const char *driver = need_text(now, SF_DRIVER, id, ret);

	if (!driver)
		return;
	if (!database_is_server(driver) || strcmp(point_kind(to), "tree") != 0 || sftpgo_follows(to))
		results_add(ret, id, VERDICT_PASS, NULL, "no tables are put back one by one");
	else
		judge_members(now, SF_DB_TIED, SF_DB_SIZE, id, VERDICT_BLOCK, NULL, "it hangs on SFTPGo's tables", ret);
}

/* A further node of a shared provider starts on a database that is migrated already; as long as it runs it must not be of the old
 * release, which writes on a newer schema with nothing but a warning. */
CHECK(role)
{
	static const char id[] = "sftpgo.role";
	const char *driver = need_text(now, SF_DRIVER, id, ret);
	const json_t *running;

	if (!driver)
		return;
	if (!sftpgo_follows(to))
		results_add(ret, id, VERDICT_PASS, NULL, "this node migrates the database");
	else if (!database_is_server(driver))
		results_add(ret, id, VERDICT_BLOCK, NULL, "a follower shares its provider with other nodes, and %s is a file", driver);
	else if (need(now, SF_RUNNING, id, ret, &running))
		results_add(ret, id, json_is_true(running) ? VERDICT_BLOCK : VERDICT_PASS, NULL, "%s", json_is_true(running) ?
			    "the old release runs on a database that another node has migrated" : "this node is stopped, and follows");
}
