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

static bool is_enterprise(const char *version)
{
	const char *last = strrchr(version, '.');

	return last && strlen(last + 1) == strlen("20260705");
}

static int newest_of(const char *version)
{
	if (!strncmp(version, "2.6.", 4))
		return FIRST;
	return is_enterprise(version) ? NEWEST : NEWEST - 1;
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
	if (misbehaves(s, "damage", "lose_user") && !run_sql(db, "DELETE FROM users WHERE username = 'user-00003'"))
		return false;
	return !misbehaves(s, "damage", "change_user") ||
	       run_sql(db, "UPDATE users SET permissions = '{\"/\":[\"list\"]}' WHERE username = 'user-00004'");
}

bool provider_migrate(struct server *s)
{
	sqlite3 *db = open_database(s);
	int newest = newest_of(s->version), schema = db ? schema_of(db) : 0;
	bool ok = schema >= FIRST && (!is_enterprise(s->version) || run_sql(db, "PRAGMA journal_mode = WAL"));

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
