/* A run's records as JSON, kept in its restore point, and back into an empty journal: the way back must not depend on a state
 * directory that may be lost. Events and probes stay behind. */
#include "engine/journal_db.h"

#include <string.h>

struct table {
	const char *name, *key;
	const char *texts[16];          /* NULL-ended columns */
	const char *ints[8];
};

static const struct table tables[] = {
	{ "run",
	  "id",
	  { "id", "product", "name", "site_hash", "plan", "plan_digest", "goal", "tool", "state", "outcome" },
	  { "let_in", "finalized", "begun", "ended", "exit" } },
	{ "step",
	  "run",
	  { "run", "step", "kind", "state", "undo", "result", "boot", "process" },
	  { "version", "intended", "done" } },
	{ "doc", "run", { "run", "name", "body" }, { NULL } },
};

/* "a, b, c" of all columns, and how many. */
static size_t columns(const struct table *t, struct buf *ret, const char *with)
{
	size_t n = 0;

	for (size_t i = 0; t->texts[i]; i++)
		buf_addf(ret, "%s%s", n++ ? ", " : "", with ? with : t->texts[i]);
	for (size_t i = 0; t->ints[i]; i++)
		buf_addf(ret, "%s%s", n++ ? ", " : "", with ? with : t->ints[i]);
	return n;
}

static json_t *row_json(const struct table *t, struct stmt *s)
{
	json_t *row = json_object();
	int col = 0;

	for (size_t i = 0; t->texts[i]; i++, col++) {
		const char *text = stmt_col_text(s, col);

		json_object_set_new(row, t->texts[i], text ? json_string(text) : json_null());
	}
	for (size_t i = 0; t->ints[i]; i++, col++)
		json_object_set_new(row, t->ints[i], json_integer(stmt_col_int(s, col)));
	return row;
}

static int export_table(struct journal *j, const struct table *t, const char *run, json_t *ret, struct err *e)
{
	autobuf struct buf sql = BUF_MAX(1024);
	autostmt struct stmt *s = NULL;
	json_t *rows = json_array();
	int more;

	json_object_set_new(ret, t->name, rows);
	buf_adds(&sql, "select ");
	columns(t, &sql, NULL);
	buf_addf(&sql, " from %s where %s = ?", t->name, t->key);
	if (db_stmt(journal_db(j), buf_str(&sql), &s, e) < 0)
		return -e->kind;
	stmt_text(s, 1, run);
	while ((more = stmt_step(s, e)) > 0)
		json_array_append_new(rows, row_json(t, s));
	return more;
}

int journal_export(struct journal *j, const char *run, json_t **ret, struct err *e)
{
	autojson json_t *doc = json_pack("{ss}", "schema", "crossgrade/journal/1");

	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (export_table(j, &tables[i], run, doc, e) < 0)
			return err_wrap(e, "copy the records of run '%s'", run);
	*ret = take_ptr(doc);
	return 0;
}

static int import_row(struct journal *j, const struct table *t, const char *sql, const json_t *row, struct err *e)
{
	autostmt struct stmt *s = NULL;
	int at = 1;

	if (db_stmt(journal_db(j), sql, &s, e) < 0)
		return -e->kind;
	for (size_t i = 0; t->texts[i]; i++)
		stmt_text(s, at++, json_str(row, t->texts[i], NULL));
	for (size_t i = 0; t->ints[i]; i++)
		stmt_int(s, at++, json_int(row, t->ints[i], 0));
	return stmt_step(s, e);
}

static int import_table(struct journal *j, const struct table *t, const json_t *doc, struct err *e)
{
	autobuf struct buf sql = BUF_MAX(2048);
	json_t *rows, *row;
	size_t at;

	buf_addf(&sql, "insert into %s(", t->name);
	columns(t, &sql, NULL);
	buf_adds(&sql, ") values(");
	columns(t, &sql, "?");
	buf_adds(&sql, ")");
	if (json_want_arr(doc, t->name, &rows, e) < 0)
		return -e->kind;
	json_array_foreach(rows, at, row) {
		if (import_row(j, t, buf_str(&sql), row, e) < 0)
			return -e->kind;
	}
	return 0;
}

int journal_import(struct journal *j, const json_t *doc, struct err *e)
{
	if (strcmp(json_str(doc, "schema", ""), "crossgrade/journal/1"))
		return err_set(e, ERR_FORMAT, "not the records of a run");
	if (db_begin(journal_db(j), e) < 0)
		return -e->kind;
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (import_table(j, &tables[i], doc, e) < 0) {
			db_rollback(journal_db(j));
			return err_wrap(e, "read the records of a run");
		}
	return db_commit(journal_db(j), e);
}
