/* SQLite: one writer, WAL, synchronous=FULL, so that what is committed is durable when the call returns, unless it was deferred.
 *
 *	struct stmt *s = NULL;
 *	if (db_stmt(db, "select state from run where id = ?", &s, e) < 0) ...
 *	stmt_text(s, 1, id);
 *	while ((r = stmt_step(s, e)) > 0)
 *		use(stmt_col_text(s, 0));
 *	stmt_free(s); */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct db;
struct stmt;

enum db_mode { DB_WRITE, DB_READ };

/* Open, create with mode 0600 when writing, and bring the schema up: migrations[i] moves user_version i to i + 1. A
 * newer user_version than we know: ERR_REFUSED. Waits within_ns for a lock of another process: then ERR_BUSY. */
int  db_open(const char *path, enum db_mode mode, const char *const *migrations, size_t n, int64_t within_ns,
             struct db **ret, struct err *e) must_check;
/* A database of somebody else's making, in a private copy of ours beside which nobody else's files lie: what a killed
 * writer left in its journal or WAL is brought in, then it is only read; nothing is synced. Its schema is not trusted,
 * and after within_ns in all every call is ERR_TIMEOUT. */
int  db_open_copy(const char *path, int64_t within_ns, struct db **ret, struct err *e) must_check;
/* A file of somebody else's as it lies there now: nothing is locked, and nobody waits for us. While he writes, what is read may be
 * half written (ERR_FORMAT, or wrong), and what is in his WAL alone is not seen. To look again and again at what moves. within_ns as
 * db_open_copy(). */
int  db_peek(const char *path, int64_t within_ns, struct db **ret, struct err *e) must_check;
void db_close(struct db *db);

int  db_exec(struct db *db, const char *sql, struct err *e) must_check;         /* no results */
int  db_begin(struct db *db, struct err *e) must_check;                         /* BEGIN IMMEDIATE */
int  db_commit(struct db *db, struct err *e) must_check;                        /* durable on return */
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);
/* Not inside of a transaction. What is committed from now on is seen by everybody and survives a kill; a power cut takes it back until
 * something is committed that is not deferred. */
int  db_defer(struct db *db, bool on, struct err *e) must_check;
/* The WAL from its start again, into room it has already: a commit there makes only its pages durable, no new size of a file. Left as it
 * is while somebody reads it. */
int  db_rewind(struct db *db, struct err *e) must_check;
int64_t db_last_id(struct db *db);
int  db_changes(struct db *db);

int  db_stmt(struct db *db, const char *sql, struct stmt **ret, struct err *e) must_check;
void stmt_text(struct stmt *s, int at, const char *text);       /* NULL binds null; copied; at from 1 */
void stmt_int(struct stmt *s, int at, int64_t v);
int  stmt_step(struct stmt *s, struct err *e) must_check;       /* 1 a row, 0 done */
const char *stmt_col_text(struct stmt *s, int col);             /* NULL for null; valid until the next step */
int64_t     stmt_col_int(struct stmt *s, int col);
void stmt_free(struct stmt *s);
/* Bind texts (const char *) and ints (int64_t: cast) by format ("tti"), run to the end, no rows: one call for an insert
 * or update. */
int  db_run(struct db *db, struct err *e, const char *sql, const char *fmt, ...) must_check;

static inline void db_autoclose_(struct db **db)
{
	db_close(*db);
}
static inline void stmt_autofree_(struct stmt **s)
{
	stmt_free(*s);
}
#define autodb   cleanup_with(db_autoclose_)
#define autostmt cleanup_with(stmt_autofree_)
