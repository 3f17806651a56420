/* What users wrote since the switch, and saving it. Edits of bases by operation_log, where each is a row before it is anywhere else;
 * whatever else a restore of the data takes by the rows and sums of its tables, and by the files of the folders. What the server wrote by
 * itself is counted with it: rather too much than too little. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/file.h"
#include "products/seatable/baseline.h"
#include "products/seatable/database.h"
#include "products/seatable/seatable.h"

#define COUNTS_MAX (16u << 20)
#define SQL_MAX    (8u << 20)
#define WITHIN     (3600 * NS_PER_S)
#define BASE       "base "
#define EDITS      "edits.tsv"

static struct write_count *add(struct writes *w, char *subject /* stolen */, int64_t transactions, int64_t before, int64_t now)
{
	struct write_count *ret = vec_push(w);

	*ret = (struct write_count){ .subject = subject, .transactions = transactions, .rows_before = before, .rows_now = now };
	w->transactions += transactions;
	return ret;
}

static int open_database(struct ctx *c, struct sea_db *ret, struct err *e)
{
	if (sea_db_open(json_object_get(ctx_site(c, NULL)->doc, "database"), ret, e) < 0)
		return -(int)e->kind;
	return goal_span(c->goal, "dump_timeout", WITHIN, &ret->within_ns, e);
}

/* Name of operation_log, for a statement. Heap. */
static char *log_name(struct ctx *c)
{
	autofree char *schema = sea_db_name(sea_log_schema(json_object_get(ctx_site(c, NULL)->doc, "schemas")) ?: "");

	return xasprintf("%s.operation_log", schema);
}

/* ---- edits of bases ---- */

static bool is_edited(const json_t *was, const json_t *is)
{
	return json_int(is, "newest", 0) != json_int(was, "newest", -1) || json_int(is, "edits", 0) > json_int(was, "edits", 0);
}

/* The op_id behind which all edits are new. Where numbers began anew, all of them are. */
static int64_t new_behind(const json_t *was, const json_t *is)
{
	int64_t then = json_int(was, "newest", -1);

	return json_int(is, "newest", 0) < then ? -1 : then;
}

static char *new_edits(const char *uuid, int64_t behind)
{
	autofree char *text = sea_db_text(uuid);

	return xasprintf("dtable_uuid = %s AND op_id > %" PRId64, text, behind);
}

static void ask_for_edits(struct ctx *c, const json_t *then, const json_t *now, struct buf *ret)
{
	autofree char *log = log_name(c);
	const char *uuid;
	const json_t *is;

	json_object_foreach((json_t *)now, uuid, is)
	{
		const json_t *was = json_object_get(then, uuid);
		autofree char *text = sea_db_text(uuid), *which = new_edits(uuid, new_behind(was, is));

		if (is_edited(was, is))
			buf_addf(ret, "SELECT %s, COUNT(*) FROM %s WHERE %s;\n", text, log, which);
	}
}

/* {uuid: edits since}. The server clears old edits away by itself, so that how many there are now and were then says nothing. */
static int count_edits(struct ctx *c, const json_t *then, const json_t *now, json_t **ret, struct err *e)
{
	autojson json_t *rows = NULL, *found = json_object();
	autobuf struct buf sql = BUF_MAX(SQL_MAX);
	autoseadb struct sea_db db = { 0 };
	const json_t *row;
	int64_t n;
	size_t i;

	ask_for_edits(c, then, now, &sql);
	if (sql.len && (buf_check(&sql, "the names of the bases", e) < 0 || open_database(c, &db, e) < 0 ||
			sea_db_rows(&db, buf_str(&sql), &rows, e) < 0))
		return err_wrap(e, "count the edits since");
	json_array_foreach(rows, i, row)
		if (sv_i64(sv_of(json_string_value(json_array_get(row, 1)) ?: ""), &n))
			json_object_set_new(found, json_string_value(json_array_get(row, 0)), json_integer((json_int_t)n));
	*ret = take_ptr(found);
	return 0;
}

/* A base that has none any more was cleaned up, or deleted. */
static int compare_bases(struct ctx *c, const json_t *then, const json_t *now, struct writes *w, struct err *e)
{
	autojson json_t *since = NULL;
	const char *uuid;
	const json_t *is, *was;

	if (count_edits(c, then, now, &since, e) < 0)
		return -(int)e->kind;
	json_object_foreach((json_t *)now, uuid, is)
	{
		was = json_object_get(then, uuid);
		if (is_edited(was, is))
			add(w, xasprintf(BASE "%s", uuid), MAX_OF(json_int(since, uuid, 0), 1), json_int(was, "edits", 0),
			    json_int(is, "edits", 0))->behind = new_behind(was, is);
	}
	json_object_foreach((json_t *)then, uuid, was)
		if (!json_object_get(now, uuid))
			add(w, xasprintf(BASE "%s", uuid), 1, json_int(was, "edits", 0), 0)->behind = json_int(was, "newest", 0);
	return 0;
}

/* ---- tables and folders ---- */

static const char *table_of(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot ? dot + 1 : name;
}

/* As many rows as before, and some say something else, or cannot be read any more: how many is not told, so it is one. */
static void compare_table(const char *name, const struct facts *then, const struct facts *now, struct writes *w)
{
	const json_t *was = json_object_get(facts_get(then, BASE_TABLES), name), *is = json_object_get(facts_get(now, BASE_TABLES), name);
	const json_t *sum = json_object_get(facts_get(then, BASE_SUMS), name), *sum_now = json_object_get(facts_get(now, BASE_SUMS), name);
	int64_t before = was ? json_integer_value(was) : -1, after = is ? json_integer_value(is) : -1;
	bool is_read = !facts_why_missing(now, BASE_SUMS);

	if (sea_is_written_always(table_of(name)))
		return;
	if (before >= 0 && after >= 0 && before != after)
		add(w, xasprintf("table %s", name), llabs(after - before), before, after);
	else if (before < 0 || after < 0 || (sum && is_read && !json_equal(sum, sum_now)))
		add(w, xasprintf("table %s", name), 1, before, after);
}

/* All that either look names: as read, or with the reason why it could not be. New reference. */
static json_t *names_of(const struct facts *then, const struct facts *now, const char *seen, const char *unseen)
{
	json_t *ret = json_object();

	json_object_update_missing(ret, (json_t *)facts_get(then, seen));
	json_object_update_missing(ret, (json_t *)facts_get(now, seen));
	json_object_update_missing(ret, (json_t *)facts_get(then, unseen));
	json_object_update_missing(ret, (json_t *)facts_get(now, unseen));
	return ret;
}

/* What either look could not read cannot be counted, so it is one write. */
static void add_unread(const struct facts *then, const struct facts *now, const char *key, const char *what, struct writes *w)
{
	if (facts_why_missing(then, key) || facts_why_missing(now, key))
		add(w, xasprintf("%s, which cannot be counted", what), 1, -1, -1);
}

static void compare_tables(const struct facts *then, const struct facts *now, struct writes *w)
{
	autojson json_t *all = names_of(then, now, BASE_TABLES, BASE_UNCOUNTED);
	const char *name;
	json_t *unused;

	json_object_foreach(all, name, unused)
		compare_table(name, then, now, w);
	add_unread(then, now, BASE_SUMS, "content of tables", w);
}

/* Only where a copy of them is put back. */
static bool folders_go(const struct ctx *c)
{
	if (c->plan && !ctx_keeps_data(c))
		vec_each (&c->plan->steps, it)
			if (!strcmp(it->kind->name, "data_point"))
				return true;
	return false;
}

static void compare_folders(const struct facts *then, const struct facts *now, struct writes *w)
{
	autojson json_t *all = names_of(then, now, BASE_FOLDERS, BASE_UNWALKED);
	const char *name;
	json_t *unused;

	json_object_foreach(all, name, unused)
	{
		const json_t *was = json_object_get(facts_get(then, BASE_FOLDERS), name), *is = json_object_get(facts_get(now, BASE_FOLDERS), name);
		int64_t more = json_int(is, "files", 0) - json_int(was, "files", 0);

		if (!json_equal(was, is))
			add(w, xasprintf("folder %s", name), more ? llabs(more) : 1, -1, -1);
	}
	add_unread(then, now, BASE_FOLDERS, "data folders", w);
	if (!json_equal(facts_get(then, BASE_CONF), facts_get(now, BASE_CONF)))
		add(w, xstrdup("folder conf"), 1, -1, -1);
}

/* ---- all of it ---- */

/* Looked at as the baseline was. */
static int look_now(struct ctx *c, const struct facts *frozen, struct facts *ret, struct err *e)
{
	facts_init(ret, json_str(frozen->doc, "product", "seatable"), json_str(frozen->doc, "name", "seatable"));
	if (sea_baseline_data(c, frozen, ret, e) < 0)
		return -(int)e->kind;
	return facts_get(ret, BASE_EDITS) ? 0 : err_set(e, ERR_IO, "%s", facts_why_missing(ret, BASE_EDITS) ?: "operation_log cannot be read");
}

int seatable_since(struct ctx *c, const struct facts *frozen, struct writes *ret, struct err *e)
{
	const json_t *then = facts_get(frozen, BASE_EDITS);
	autofacts struct facts now = { 0 };

	if (!then) {
		const char *why = facts_why_missing(frozen, BASE_EDITS);

		ret->transactions = -1;
		snprintf(ret->why, sizeof ret->why, "%s", why ? why : "operation_log was not read before the switch");
		return 0;
	}
	if (look_now(c, frozen, &now, e) < 0 || compare_bases(c, then, facts_get(&now, BASE_EDITS), ret, e) < 0)
		return err_wrap(e, "count what was written since the switch");
	compare_tables(frozen, &now, ret);
	if (folders_go(c))
		compare_folders(frozen, &now, ret);
	return 0;
}

/* ---- saving ---- */

/* What came to one base: straight to the file, so there may be any number of any size. */
static int save_base(const struct sea_db *db, const char *log, const struct write_count *w, int fd, struct err *e)
{
	const char *uuid = w->subject + strlen(BASE);
	autofree char *which = new_edits(uuid, w->behind);
	autofree char *sql = xasprintf("SELECT dtable_uuid, op_id, op_time, author, operation FROM %s WHERE %s ORDER BY op_id DESC", log, which);

	return sea_db_lines(db, sql, fd, e) < 0 ? err_wrap(e, "save the edits of base '%s'", uuid) : 0;
}

static int save_edits(const struct sea_db *db, const char *log, const struct writes *w, const struct dir *to, struct err *e)
{
	static const char heads[] = "dtable_uuid\top_id\top_time\tauthor\toperation\n";
	autoclose int fd = dir_openat(to, EDITS, O_RDWR | O_CREAT | O_TRUNC, 0600, e);

	if (fd < 0 || file_write_all(fd, heads, strlen(heads), EDITS, e) < 0)
		return -(int)e->kind;
	vec_each (w, it)
		if (!strncmp(it->subject, BASE, strlen(BASE)) && save_base(db, log, it, fd, e) < 0)
			return -(int)e->kind;
	return file_sync(fd, EDITS, e);
}

static int save_counts(const struct writes *w, const struct dir *to, struct err *e)
{
	autobuf struct buf text = BUF_MAX(COUNTS_MAX);
	autojson json_t *counts = writes_json(w);

	json_pretty(counts, &text);
	return buf_check(&text, "what is saved", e) < 0 ? -(int)e->kind : file_replace(to, "writes.json", buf_sv(&text), FILE_PRIVATE, e);
}

/* edits.tsv: the edits, those of each base newest first; writes.json: how many of what. The databases whole are kept as dumps by the way back
 * itself, the folders where it put the copies. */
int seatable_save_since(struct ctx *c, const struct writes *w, const struct dir *to, struct err *e)
{
	autofree char *log = log_name(c);
	autoseadb struct sea_db db = { 0 };

	if (open_database(c, &db, e) < 0 || save_edits(&db, log, w, to, e) < 0 || save_counts(w, to, e) < 0)
		return err_wrap(e, "save the edits since the switch");
	return dir_sync(to, "", e);
}
