#include "io/db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/dir.h"

struct db {
	sqlite3        *sqlite;
	char           *path;
	struct deadline until;          /* of a copy only */
};

struct stmt {
	struct db    *db;
	sqlite3_stmt *sqlite;
	int           bound;            /* first code of a bind that was not SQLITE_OK */
};

static enum err_kind kind_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_BUSY;
	case SQLITE_FULL:
	case SQLITE_TOOBIG:
	case SQLITE_NOMEM:
		return ERR_SPACE;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return ERR_FORMAT;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return ERR_DENIED;
	case SQLITE_CONSTRAINT:
		return ERR_EXISTS;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return ERR_IO;
	default:
		return ERR_BUG;
	}
}

static int fail(struct db *db, int code, struct err *e)
{
	int sys = sqlite3_system_errno(db->sqlite);
	const char *words = sqlite3_errmsg(db->sqlite);

	code &= 0xff;
	if (code == SQLITE_INTERRUPT)
		return err_set(e, ERR_TIMEOUT, "database '%s' was not read in time", db->path);
	if ((code == SQLITE_IOERR || code == SQLITE_CANTOPEN) && sys)
		return err_sys(e, sys, "database '%s': %s", db->path, words);
	return err_set(e, kind_of(code), "database '%s': %s", db->path, words);
}

static int run_sql(struct db *db, const char *sql, struct err *e)
{
	int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : fail(db, code, e);
}

/* A transaction becomes durable between the two points around what is called here. */
static int may_commit(struct db *db, struct err *e)
{
	int sys = fault_errno("db.commit");

	return sys ? err_sys(e, sys, "database '%s': commit", db->path) : 0;
}

int db_exec(struct db *db, const char *sql, struct err *e)
{
	bool commits = !db_in_transaction(db);

	if (commits && may_commit(db, e) < 0)
		return -(int)e->kind;
	if (run_sql(db, sql, e) < 0)
		return -(int)e->kind;
	if (commits)
		fault_point("db.committed");
	return 0;
}

int db_begin(struct db *db, struct err *e)
{
	return run_sql(db, "BEGIN IMMEDIATE", e);
}

int db_commit(struct db *db, struct err *e)
{
	if (may_commit(db, e) < 0 || run_sql(db, "COMMIT", e) < 0)
		return -(int)e->kind;
	fault_point("db.committed");
	return 0;
}

void db_rollback(struct db *db)
{
	struct err e = ERR_INIT;

	/* A failed commit may have ended the transaction already. */
	if (db_in_transaction(db) && run_sql(db, "ROLLBACK", &e) < 0)
		log_debug("%s", e.msg);
}

bool db_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->sqlite);
}

/* In a WAL the order is kept: a later commit that is synced takes with it what was not. */
int db_defer(struct db *db, bool on, struct err *e)
{
	return run_sql(db, on ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", e);
}

int db_rewind(struct db *db, struct err *e)
{
	int code = sqlite3_wal_checkpoint_v2(db->sqlite, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);

	return code == SQLITE_OK || code == SQLITE_BUSY ? 0 : fail(db, code, e);
}

int64_t db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->sqlite);
}

int db_changes(struct db *db)
{
	return sqlite3_changes(db->sqlite);
}

int db_stmt(struct db *db, const char *sql, struct stmt **ret, struct err *e)
{
	sqlite3_stmt *sqlite = NULL;
	struct stmt *s;
	int code = sqlite3_prepare_v2(db->sqlite, sql, -1, &sqlite, NULL);

	if (code != SQLITE_OK)
		return fail(db, code, e);
	s = xcalloc(1, sizeof *s);
	*s = (struct stmt){ .db = db, .sqlite = sqlite, .bound = SQLITE_OK };
	*ret = s;
	return 0;
}

static void note_bind(struct stmt *s, int code)
{
	if (s->bound == SQLITE_OK)
		s->bound = code;
}

void stmt_text(struct stmt *s, int at, const char *text)
{
	note_bind(s, sqlite3_bind_text(s->sqlite, at, text, -1, SQLITE_TRANSIENT));
}

void stmt_int(struct stmt *s, int at, int64_t v)
{
	note_bind(s, sqlite3_bind_int64(s->sqlite, at, v));
}

int stmt_step(struct stmt *s, struct err *e)
{
	bool commits = !sqlite3_stmt_readonly(s->sqlite) && !sqlite3_stmt_busy(s->sqlite) &&
	               !db_in_transaction(s->db);
	int code;

	if (s->bound != SQLITE_OK)
		return err_set(e, ERR_BUG, "database '%s': bind: %s", s->db->path,
		               sqlite3_errstr(s->bound));
	if (commits && may_commit(s->db, e) < 0)
		return -(int)e->kind;
	code = sqlite3_step(s->sqlite);
	if (code == SQLITE_ROW)
		return 1;
	if (code != SQLITE_DONE) {
		int r = fail(s->db, code, e);

		(void)sqlite3_reset(s->sqlite);
		return r;
	}
	(void)sqlite3_reset(s->sqlite);         /* lets go of its lock */
	if (commits)
		fault_point("db.committed");
	return 0;
}

const char *stmt_col_text(struct stmt *s, int col)
{
	return (const char *)sqlite3_column_text(s->sqlite, col);
}

int64_t stmt_col_int(struct stmt *s, int col)
{
	return sqlite3_column_int64(s->sqlite, col);
}

void stmt_free(struct stmt *s)
{
	if (!s)
		return;
	(void)sqlite3_finalize(s->sqlite);
	free(s);
}

int db_run(struct db *db, struct err *e, const char *sql, const char *fmt, ...)
{
	autostmt struct stmt *s = NULL;
	va_list ap;
	int r = db_stmt(db, sql, &s, e);

	if (r < 0)
		return r;
	va_start(ap, fmt);
	for (int at = 1; fmt[at - 1]; at++) {
		if (fmt[at - 1] == 't')
			stmt_text(s, at, va_arg(ap, const char *));
		else
			stmt_int(s, at, va_arg(ap, int64_t));
	}
	va_end(ap);
	r = stmt_step(s, e);
	return r > 0 ? err_set(e, ERR_BUG, "database '%s': unexpected rows", db->path) : r;
}

/* SQLite would create it with the umask of the day; its -wal and -shm get the mode of the file. */
static int create(const char *path, struct err *e)
{
	autofree char *parent = xstrdup(path);
	autodir struct dir d = DIR_NONE;
	char *slash = strrchr(parent, '/');
	int fd, sys = fault_errno("db.create");

	if (!slash)
		return err_set(e, ERR_USAGE, "'%s' is not an absolute path", path);
	*slash = '\0';
	fd = sys ? -1 : open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		sys = sys ? sys : errno;
		return sys == EEXIST ? 0 : err_sys(e, sys, "create '%s'", path);
	}
	close(fd);
	if (dir_open(*parent ? parent : "/", &d, e) < 0)
		return -(int)e->kind;
	return dir_sync(&d, "", e);
}

static int version_of(struct db *db, int64_t *ret, struct err *e)
{
	autostmt struct stmt *s = NULL;
	int r = db_stmt(db, "PRAGMA user_version", &s, e);

	if (r == 0)
		r = stmt_step(s, e);
	if (r < 0)
		return r;
	*ret = r > 0 ? stmt_col_int(s, 0) : 0;
	return 0;
}

static int too_new(struct db *db, int64_t version, size_t n, struct err *e)
{
	(void)err_set(e, ERR_REFUSED, "database '%s' has schema %lld, this version knows %zu",
	              db->path, (long long)version, n);
	return err_hint(e, "use the version of crossgrade that wrote it");
}

static int migrate_in(struct db *db, const char *const *migrations, size_t n, struct err *e)
{
	char set[64];
	int64_t version = 0;

	/* Asked again with the write lock: another process may have done it. */
	if (version_of(db, &version, e) < 0)
		return -(int)e->kind;
	for (int64_t i = version; i < (int64_t)n; i++)
		if (run_sql(db, migrations[i], e) < 0)
			return err_wrap(e, "schema %lld", (long long)i + 1);
	(void)sqlite3_snprintf(sizeof set, set, "PRAGMA user_version = %lld", (long long)n);
	return run_sql(db, set, e);
}

static int migrate(struct db *db, enum db_mode mode, const char *const *migrations, size_t n,
                   struct err *e)
{
	int64_t version = 0;

	if (version_of(db, &version, e) < 0)
		return -(int)e->kind;
	if (version < 0 || version > (int64_t)n)
		return too_new(db, version, n, e);
	if (version == (int64_t)n)
		return 0;
	if (mode == DB_READ)
		return err_set(e, ERR_REFUSED, "database '%s' has schema %lld, not yet %zu",
		               db->path, (long long)version, n);
	if (db_begin(db, e) < 0)
		return -(int)e->kind;
	if (migrate_in(db, migrations, n, e) < 0 || db_commit(db, e) < 0) {
		db_rollback(db);
		return -(int)e->kind;
	}
	return 0;
}

/* The change to WAL does not wait for locks by itself. */
static int use_wal(struct db *db, int64_t within_ns, struct err *e)
{
	struct deadline d = deadline_in(within_ns);

	for (;;) {
		int r = run_sql(db, "PRAGMA journal_mode = WAL", e);

		if (r != -ERR_BUSY || deadline_passed(d))
			return r;
		clock_sleep_ns(20 * NS_PER_MS);
	}
}

static int set_up(struct db *db, enum db_mode mode, int64_t within_ns, struct err *e)
{
	int64_t ms = within_ns / NS_PER_MS;

	(void)sqlite3_busy_timeout(db->sqlite, ms > INT_MAX ? INT_MAX : (int)ms);
	(void)sqlite3_extended_result_codes(db->sqlite, 1);
	if (mode == DB_WRITE && use_wal(db, within_ns, e) < 0)
		return -(int)e->kind;
	return run_sql(db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", e);
}

int db_open(const char *path, enum db_mode mode, const char *const *migrations, size_t n,
            int64_t within_ns, struct db **ret, struct err *e)
{
	int flags = mode == DB_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY, code;
	autodb struct db *db = NULL;

	if (mode == DB_WRITE && create(path, e) < 0)
		return -(int)e->kind;
	db = xcalloc(1, sizeof *db);
	db->path = xstrdup(path);
	code = sqlite3_open_v2(path, &db->sqlite, flags | SQLITE_OPEN_NOFOLLOW, NULL);
	if (code != SQLITE_OK)
		return fail(db, code, e);
	if (set_up(db, mode, within_ns, e) < 0 || migrate(db, mode, migrations, n, e) < 0)
		return -(int)e->kind;
	*ret = take_ptr(db);
	return 0;
}

static int out_of_time(void *db)
{
	return deadline_passed(((struct db *)db)->until);
}

int db_open_copy(const char *path, int64_t within_ns, struct db **ret, struct err *e)
{
	autodb struct db *db = xcalloc(1, sizeof *db);
	int code;

	db->path = xstrdup(path);
	db->until = deadline_in(within_ns);
	code = sqlite3_open_v2(path, &db->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
	if (code != SQLITE_OK)
		return fail(db, code, e);
	sqlite3_progress_handler(db->sqlite, 10000, out_of_time, db);
	(void)sqlite3_extended_result_codes(db->sqlite, 1);
	(void)sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* Alone with it, so that a WAL needs no shared index; leaving WAL mode brings it in. It is read once from end to end: what is
	 * remembered of it serves nobody, and a sort may fill as much again, for each of the tables read side by side. */
	if (run_sql(db,
	            "PRAGMA trusted_schema = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -512;"
	            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE;"
	            "PRAGMA query_only = ON",
	            e) < 0)
		return -(int)e->kind;
	*ret = take_ptr(db);
	return 0;
}

/* As a URI a path keeps its slashes, and of all else what may stand there unescaped. */
static void add_uri_path(const char *path, struct buf *ret)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

	for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
		if (strchr(plain, *p))
			buf_addc(ret, (char)*p);
		else
			buf_addf(ret, "%%%02X", *p);
	}
}

int db_peek(const char *path, int64_t within_ns, struct db **ret, struct err *e)
{
	autobuf struct buf uri = BUF_MAX(16 << 10);
	autodb struct db *db = xcalloc(1, sizeof *db);
	int code;

	buf_adds(&uri, "file:");
	add_uri_path(path, &uri);
	buf_adds(&uri, "?immutable=1");
	if (buf_check(&uri, "the path of a database", e) < 0)
		return -(int)e->kind;
	db->path = xstrdup(path);
	code = sqlite3_open_v2(buf_str(&uri), &db->sqlite, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOFOLLOW, NULL);
	if (code != SQLITE_OK)
		return fail(db, code, e);
	db->until = deadline_in(within_ns);
	sqlite3_progress_handler(db->sqlite, 10000, out_of_time, db);
	(void)sqlite3_extended_result_codes(db->sqlite, 1);
	(void)sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (run_sql(db, "PRAGMA trusted_schema = OFF", e) < 0)
		return -(int)e->kind;
	*ret = take_ptr(db);
	return 0;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	(void)sqlite3_close_v2(db->sqlite);
	free(db->path);
	free(db);
}
