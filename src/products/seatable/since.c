/* What users wrote since the switch, by operation_log: every edit of a base is a row of it before it is anywhere else. And saving it. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/file.h"
#include "products/seatable/baseline.h"
#include "products/seatable/database.h"
#include "products/seatable/seatable.h"

#define SAVED_MAX  (256u << 20)
#define SAVED_ROWS 100000

static void add_base(struct writes *w, const char *uuid, int64_t before, int64_t now)
{
	*vec_push(w) = (struct write_count){ .subject = xasprintf("base %s", uuid),
					     .transactions = now - before,
					     .rows_before = before,
					     .rows_now = now };
	w->transactions += now - before;
}

/* Rows are taken away by a clean-up of old ones only, so a base that has fewer and newer ones was edited all the same. */
static void compare_bases(const json_t *then, const json_t *now, struct writes *w)
{
	const char *uuid;
	const json_t *is;

	json_object_foreach((json_t *)now, uuid, is)
	{
		const json_t *was = json_object_get(then, uuid);
		int64_t before = json_int(was, "edits", 0), after = json_int(is, "edits", 0);

		if (after > before)
			add_base(w, uuid, before, after);
		else if (json_int(is, "newest", 0) != json_int(was, "newest", 0))
			add_base(w, uuid, after - 1, after);
	}
}

int seatable_since(struct ctx *c, const struct facts *frozen, struct writes *ret, struct err *e)
{
	const json_t *doc = ctx_site(c, NULL)->doc, *then = facts_get(frozen, BASE_EDITS);
	autoseadb struct sea_db db = { 0 };
	autojson json_t *now = NULL;

	if (!then) {
		const char *why = facts_why_missing(frozen, BASE_EDITS);

		ret->transactions = -1;
		snprintf(ret->why, sizeof ret->why, "%s", why ? why : "operation_log was not read before the switch");
		return 0;
	}
	if (sea_db_open(json_object_get(doc, "database"), &db, e) < 0 ||
	    sea_edits(&db, json_str(json_object_get(doc, "schemas"), "dtable", ""), &now, e) < 0)
		return err_wrap(e, "count the edits since the switch");
	compare_bases(then, now, ret);
	return 0;
}

/* ---- saving ---- */

/* The newest rows of one base, as many as came; one line each, as the client prints it. */
static int save_base(const struct sea_db *db, const char *schema, const struct write_count *w, json_t *ret, struct err *e)
{
	const char *uuid = w->subject + strlen("base ");
	autofree char *name = sea_db_name(schema);
	autofree char *text = sea_db_text(uuid);
	autofree char *sql = xasprintf("SELECT op_id, op_time, author, operation FROM %s.operation_log WHERE dtable_uuid = %s "
				       "ORDER BY op_id DESC LIMIT %lld", name, text, (long long)MIN_OF(w->transactions, (int64_t)SAVED_ROWS));
	json_t *rows = NULL;

	if (sea_db_rows(db, sql, &rows, e) < 0)
		return err_wrap(e, "read the edits of base '%s'", uuid);
	json_object_set_new(ret, uuid, rows);
	return 0;
}

static int save_json(const struct dir *to, const char *name, const json_t *doc, struct err *e)
{
	autobuf struct buf text = BUF_MAX(SAVED_MAX);

	json_pretty(doc, &text);
	return buf_check(&text, "what is saved", e) < 0 ? -(int)e->kind : file_replace(to, name, buf_sv(&text), FILE_PRIVATE, e);
}

/* edits.json: {base: [[op_id, op_time, author, operation]]}, newest first; writes.json: how many. The databases whole are kept as dumps by
 * the way back itself. */
int seatable_save_since(struct ctx *c, const struct writes *w, const struct dir *to, struct err *e)
{
	const json_t *doc = ctx_site(c, NULL)->doc;
	const char *schema = json_str(json_object_get(doc, "schemas"), "dtable", "");
	autojson json_t *edits = json_object(), *counts = writes_json(w);
	autoseadb struct sea_db db = { 0 };

	if (sea_db_open(json_object_get(doc, "database"), &db, e) < 0)
		return -(int)e->kind;
	vec_each (w, it)
		if (save_base(&db, schema, it, edits, e) < 0)
			return -(int)e->kind;
	if (save_json(to, "edits.json", edits, e) < 0 || save_json(to, "writes.json", counts, e) < 0)
		return err_wrap(e, "save the edits since the switch");
	return dir_sync(to, "", e);
}
