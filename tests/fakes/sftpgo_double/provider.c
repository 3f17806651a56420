/* The schema steps of 2.7, as the golden files tests/golden/sftpgo/provider-{29,33}.sql show them; an Enterprise release, by the day in
 * its version, goes to 34 and keeps a write-ahead log, as its documentation says. */
#include "double.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#define FIRST   29
#define NEWEST  34
#define BUSY_MS 10000

#define SORTED(table)                                                          \
	"ALTER TABLE " table " ADD COLUMN sort_order integer DEFAULT 0 NOT NULL;" \
	"CREATE INDEX " table "_sort_order_idx ON " table " (sort_order);"

static const char *const steps[NEWEST - FIRST] = {
	"ALTER TABLE shares ADD COLUMN options text NULL;",
	"DROP TABLE shared_sessions;"
	"CREATE TABLE shared_sessions (\"key\" varchar(128) NOT NULL, type integer NOT NULL, data text NOT NULL,"
	" timestamp bigint NOT NULL, PRIMARY KEY (\"key\", type));"
	"CREATE INDEX shared_sessions_type_idx ON shared_sessions (type);"
	"CREATE INDEX shared_sessions_timestamp_idx ON shared_sessions (timestamp);",
	"UPDATE events_actions SET options = CAST(replace(CAST(options AS text), '{{', '{{.') AS blob);",
	(SORTED("admins_groups_mapping") SORTED("groups_folders_mapping") SORTED("users_folders_mapping")
	 SORTED("users_groups_mapping")),
	"CREATE TABLE shares_groups_mapping (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, share_id integer NOT NULL,"
	" group_id integer NOT NULL, permissions integer NOT NULL);",
};

bool provider_is_enterprise(const char *version)
{
	const char *last = strrchr(version, '.');

	return last && strlen(last + 1) == strlen("20260705");
}

static int newest_of(const char *version)
{
	if (!strncmp(version, "2.6.", 4))
		return FIRST;
	return provider_is_enterprise(version) ? NEWEST : NEWEST - 1;
}

static bool run_sql(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	printf("error initializing data provider: %s\n", sqlite3_errmsg(db));
	return false;
}

static sqlite3 *open_database(const struct server *s)
{
	const char *name = json_string_value(json_object_get(json_object_get(s->conf, "data_provider"), "name"));
	autofree char *path = xasprintf("%s%s%s", *name == '/' ? "" : s->dir, *name == '/' ? "" : "/", name);
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
		sqlite3_busy_timeout(db, BUSY_MS);
		return db;
	}
	printf("error opening %s\n", path);
	sqlite3_close(db);
	return NULL;
}

static int schema_of(sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	int found = 0;

	if (sqlite3_prepare_v2(db, "SELECT version FROM schema_version", -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		found = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return found;
}

/* Half way: two steps are committed and the third is begun, its journal on the disk. */
static void misbehave_at(const struct server *s, sqlite3 *db, int schema)
{
	if (schema != 31)
		return;
	if (misbehaves(s, "migration", "half"))
		_exit(1);
	if (!run_sql(db, "PRAGMA cache_spill = 1; PRAGMA cache_size = 2;"))
		_exit(1);
	if (misbehaves(s, "migration", "crash") && run_sql(db, "BEGIN") && run_sql(db, steps[2]))
		raise(SIGKILL);
	while (misbehaves(s, "migration", "hang") && (run_sql(db, "BEGIN") || true))
		pause();
}

static bool take_step(sqlite3 *db, int schema)
{
	autofree char *to = xasprintf("UPDATE schema_version SET version = %d", schema + 1);

	printf("updating database schema version: %d -> %d\n", schema, schema + 1);
	return run_sql(db, "BEGIN IMMEDIATE") && run_sql(db, steps[schema - FIRST]) && run_sql(db, to) &&
	       run_sql(db, "COMMIT");
}

/* Damage done behind a healthy face. */
static bool do_damage(const struct server *s, sqlite3 *db)
{
	static const struct {
		const char *how, *sql;
	} all[] = {
		{ "lose_user", "DELETE FROM users WHERE username = 'user-00003'" },
		{ "change_user", "UPDATE users SET permissions = '{\"/\":[\"list\"]}' WHERE username = 'user-00004'" },
		{ "zero_quotas", "UPDATE users SET used_quota_size = 0, used_quota_files = 0" },
		{ "zero_tokens", "UPDATE shares SET used_tokens = 0" },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (misbehaves(s, "damage", all[i].how) && !run_sql(db, all[i].sql))
			return false;
	return true;
}

bool provider_migrate(struct server *s)
{
	sqlite3 *db = open_database(s);
	int newest = newest_of(s->version), schema = db ? schema_of(db) : 0;
	bool ok = schema >= FIRST && (!provider_is_enterprise(s->version) || run_sql(db, "PRAGMA journal_mode = WAL"));

	if (ok && schema > newest)
		printf("database schema version %d is newer than the supported one: %d\n", schema, newest);
	while (ok && schema < newest) {
		misbehave_at(s, db, schema);
		ok = take_step(db, schema++);
	}
	ok = ok && do_damage(s, db);
	sqlite3_close(db);
	return ok;
}

bool provider_add_user(struct server *s, const char *name)
{
	char *sql = sqlite3_mprintf(
		"INSERT INTO users (username, status, expiration_date, home_dir, uid, gid, max_sessions, quota_size, quota_files,"
		" permissions, used_quota_size, used_quota_files, last_quota_update, upload_bandwidth, download_bandwidth,"
		" last_login, created_at, updated_at, upload_data_transfer, download_data_transfer, total_data_transfer,"
		" used_upload_data_transfer, used_download_data_transfer, deleted_at, first_download, first_upload,"
		" last_password_change) VALUES (%Q, 1, 0, '/srv/' || %Q, 0, 0, 0, 0, 0, '{\"/\":[\"*\"]}', 0, 0, 0, 0, 0,"
		" 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)", name, name);
	sqlite3 *db = open_database(s);
	bool ok = db && run_sql(db, sql);

	sqlite3_free(sql);
	sqlite3_close(db);
	return ok;
}

/* ---- event rules ---- */

static json_t *text_json(sqlite3_stmt *stmt, int column)
{
	return json_loadb(sqlite3_column_blob(stmt, column), (size_t)sqlite3_column_bytes(stmt, column), JSON_DECODE_ANY, NULL);
}

static json_t *actions_of(sqlite3 *db, sqlite3_int64 rule)
{
	static const char sql[] = "SELECT a.name, m.\"order\", m.options FROM rules_actions_mapping m JOIN events_actions a ON a.id = m.action_id"
				  " WHERE m.rule_id = ? ORDER BY m.\"order\"";
	json_t *all = json_array();
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK)
		sqlite3_bind_int64(stmt, 1, rule);
	while (stmt && sqlite3_step(stmt) == SQLITE_ROW)
		json_array_append_new(all, json_pack("{ss si so}", "name", sqlite3_column_text(stmt, 0), "order", sqlite3_column_int(stmt, 1),
						     "relation_options", text_json(stmt, 2)));
	sqlite3_finalize(stmt);
	return all;
}

json_t *provider_rule(struct server *s, const char *name)
{
	static const char sql[] = "SELECT id, status, trigger, conditions FROM events_rules WHERE name = ?";
	sqlite3 *db = open_database(s);
	sqlite3_stmt *stmt = NULL;
	json_t *rule = NULL;

	if (db && sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK)
		sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	if (stmt && sqlite3_step(stmt) == SQLITE_ROW)
		rule = json_pack("{ss si si so so}", "name", name, "status", sqlite3_column_int(stmt, 1), "trigger",
				 sqlite3_column_int(stmt, 2), "conditions", text_json(stmt, 3), "actions",
				 actions_of(db, sqlite3_column_int64(stmt, 0)));
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return rule;
}

/* On the disk when it is answered: the real server leaves the end of its journal's directory entry to the system, and a power cut within
 * that moment may take a save back. */
bool provider_rule_set(struct server *s, const char *name, int status)
{
	char *sql = sqlite3_mprintf("UPDATE events_rules SET status = %d, updated_at = 1000 * strftime('%%s', 'now')"
				    " WHERE name = %Q", status, name);
	sqlite3 *db = open_database(s);
	bool ok = db && run_sql(db, "PRAGMA synchronous = EXTRA") && run_sql(db, sql) && sqlite3_changes(db) == 1;

	sqlite3_free(sql);
	sqlite3_close(db);
	return ok;
}
