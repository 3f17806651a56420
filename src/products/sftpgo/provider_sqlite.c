#include <string.h>

#include "base/mem.h"
#include "io/db.h"
#include "products/sftpgo/provider_copy.h"
#include "products/sftpgo/provider_driver.h"

struct sqlite_rows {
	struct rows rows;
	struct stmt *stmt;
};

static int sqlite_next(struct rows *r, struct err *e)
{
	return stmt_step(((struct sqlite_rows *)r)->stmt, e);
}

static struct sv sqlite_col(struct rows *r, int at)
{
	return sv_of(stmt_col_text(((struct sqlite_rows *)r)->stmt, at));
}

static void sqlite_rows_close(struct rows *r)
{
	stmt_free(((struct sqlite_rows *)r)->stmt);
	free(r);
}

static const struct rows_ops sqlite_rows = {
	.next = sqlite_next,
	.col = sqlite_col,
	.close = sqlite_rows_close,
};

static int sqlite_query(struct provider *p, const char *sql, struct rows **ret, struct err *e)
{
	struct stmt *stmt = NULL;
	struct sqlite_rows *rows;

	if (db_stmt(p->handle, sql, &stmt, e) < 0)
		return -(int)e->kind;
	rows = xcalloc(1, sizeof *rows);
	*rows = (struct sqlite_rows){ .rows = { &sqlite_rows }, .stmt = stmt };
	*ret = &rows->rows;
	return 0;
}

/* The copy's name goes at once, the connection keeps the file: nothing is left behind whatever
 * happens next. */
static int sqlite_open(const struct provider_at *at, struct provider *p, struct err *e)
{
	autocopy struct private_copy copy = { 0 };
	autodb struct db *db = NULL;

	if (private_copy_sqlite(at->path, at->scratch, p->until, &copy, e) < 0)
		return -(int)e->kind;
	if (db_open_copy(copy.path, deadline_left_ns(p->until), &db, e) < 0)
		return err_wrap(e, "read '%s' in a copy", at->path);
	p->handle = take_ptr(db);
	return 0;
}

static int sqlite_peek(const struct provider_at *at, struct provider *p, struct err *e)
{
	autodb struct db *db = NULL;

	if (db_peek(at->path, deadline_left_ns(p->until), &db, e) < 0)
		return -(int)e->kind;
	p->handle = take_ptr(db);
	return 0;
}

static void sqlite_close(struct provider *p) { db_close(p->handle); }

static int sqlite_schema(struct provider *p, int64_t *ret, struct err *e)
{
	int r = provider_number(p, "SELECT version FROM {schema_version} LIMIT 1",
				"the schema version", ret, e);

	/* "no such table", as SQLite has no kind of its own for it. */
	if (r == -ERR_BUG)
		return err_set(e, ERR_FORMAT,
			       "no table '%sschema_version': not a database of SFTPGo's, "
			       "or not with this prefix",
			       p->prefix);
	return r;
}

const struct provider_ops provider_sqlite = {
	.driver = "sqlite",
	.open = sqlite_open,
	.peek = sqlite_peek,
	.close = sqlite_close,
	.schema = sqlite_schema,
	.query = sqlite_query,
	.quote = '"',
	.bytewise = "@",
};
