/* A run's records as JSON, kept in its restore point, and back into an empty journal: the way back must not depend on a state
 * directory that may be lost. Events and probes stay behind. */
#include "engine/journal_db.h"

#include <string.h>

struct table {
	const char *name, *key;
	const char *texts[16];          /* NULL-ended columns */
	const char *ints[8];
};

enum { TABLE_RUN, TABLE_STEP, TABLE_DOC };

static const struct table tables[] = {
	[TABLE_RUN] = { "run",
	                "id",
	                { "id", "product", "name", "site_hash", "plan", "plan_digest", "goal", "tool", "state", "outcome" },
	                { "let_in", "finalized", "begun", "ended", "exit" } },
	[TABLE_STEP] = { "step",
	                 "run",
	                 { "run", "step", "kind", "state", "undo", "result", "boot", "process" },
	                 { "version", "intended", "done" } },
	[TABLE_DOC] = { "doc", "run", { "run", "name", "body" }, { NULL } },
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

/* Of a run; with `step` of that one alone. */
static int export_table(struct journal *j, const struct table *t, const char *run, const char *step, json_t *ret,
                        struct err *e)
{
	autobuf struct buf sql = BUF_MAX(1024);
	autostmt struct stmt *s = NULL;
	json_t *rows = json_array();
	int more;

	json_object_set_new(ret, t->name, rows);
	buf_adds(&sql, "select ");
	columns(t, &sql, NULL);
	buf_addf(&sql, " from %s where %s = ?%s", t->name, t->key, step ? " and step = ?" : "");
	if (db_stmt(j->db, buf_str(&sql), &s, e) < 0)
		return -e->kind;
	stmt_text(s, 1, run);
	if (step)
		stmt_text(s, 2, step);
	while ((more = stmt_step(s, e)) > 0)
		json_array_append_new(rows, row_json(t, s));
	return more;
}

int journal_export(struct journal *j, const char *run, json_t **ret, struct err *e)
{
	autojson json_t *doc = json_pack("{ss}", "schema", "crossgrade/journal/1");

	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (export_table(j, &tables[i], run, NULL, doc, e) < 0)
			return err_wrap(e, "copy the records of run '%s'", run);
	*ret = take_ptr(doc);
	return 0;
}

static int run_change(struct journal *j, const char *run, json_t **ret, struct err *e)
{
	struct run_rec now = { 0 };

	if (journal_run(j, run, &now, e) < 0)
		return -e->kind;
	*ret = json_pack("{s{ss si si sI si ss?}}", "run", "state", run_state_name(now.state), "let_in", now.let_in, "finalized",
	                 now.finalized, "ended", (json_int_t)now.ended_ns, "exit", now.exit, "outcome", now.outcome);
	run_rec_done(&now);
	return 0;
}

int journal_change(struct journal *j, const char *run, const char *step, json_t **ret, struct err *e)
{
	autojson json_t *found = json_object();
	json_t *row;

	if (!step)
		return run_change(j, run, ret, e);
	if (export_table(j, &tables[TABLE_STEP], run, step, found, e) < 0)
		return -e->kind;
	row = json_array_get(json_object_get(found, "step"), 0);
	if (!row)
		return err_set(e, ERR_BUG, "step '%s' has no record", step);
	*ret = json_pack("{sO}", "step", row);
	return 0;
}

int journal_merge(json_t *doc, const json_t *change, struct err *e)
{
	json_t *run = json_object_get(change, "run"), *step = json_object_get(change, "step"), *rows, *row;
	size_t at;

	if (json_is_object(run))
		return json_object_update(json_array_get(json_object_get(doc, "run"), 0), run) < 0 ?
		               err_set(e, ERR_FORMAT, "the records name no run") :
		               0;
	rows = json_object_get(doc, "step");
	if (!json_is_object(step) || !json_is_array(rows))
		return err_set(e, ERR_FORMAT, "not a change of a run");
	json_array_foreach(rows, at, row)
		if (!strcmp(json_str(row, "step", ""), json_str(step, "step", "")))
			return json_array_set(rows, at, step);
	return json_array_append(rows, step);
}

static int import_row(struct journal *j, const struct table *t, const char *sql, const json_t *row, struct err *e)
{
	autostmt struct stmt *s = NULL;
	int at = 1;

	if (db_stmt(j->db, sql, &s, e) < 0)
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
	if (db_begin(j->db, e) < 0)
		return -e->kind;
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (import_table(j, &tables[i], doc, e) < 0) {
			db_rollback(j->db);
			return err_wrap(e, "read the records of a run");
		}
	return db_commit(j->db, e);
}
