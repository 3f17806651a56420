/* A data provider of the golden files, as a SQLite file. */
#pragma once

#include <sqlite3.h>

#include "../io/place.h"

static inline void run_sql_on(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	char *why = NULL;

	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s: %s", path, sql, why ? why : "cannot be opened");
	sqlite3_close(db);
}

/* golden: "provider-29.sql". Returns the path of the database, below the place. */
static inline const char *golden_db(const struct place *p, const char *name, const char *golden)
{
	autobuf struct buf sql = BUF_MAX(1 << 20), from = BUF_MAX(4096);
	const char *path = below(p, name);
	struct err e = ERR_INIT;

	buf_addf(&from, "%s/%s", GOLDEN_DIR, golden);
	assert_ok(file_read_path(buf_str(&from), &sql, &e), &e);
	run_sql_on(path, buf_str(&sql));
	return path;
}
