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
#define WITHIN     (3600 * NS_PER_S)
#define BASE       "base "
#define EDITS      "edits.tsv"

static void add(struct writes *w, char *subject /* stolen */, int64_t transactions, int64_t before, int64_t now)
{
	*vec_push(w) = (struct write_count){ .subject = subject,
					     .transactions = transactions,
					     .rows_before = before,
					     .rows_now = now };
	w->transactions += transactions;
}

static void add_base(struct writes *w, const char *uuid, int64_t transactions, int64_t before, int64_t now)
{
	add(w, xasprintf(BASE "%s", uuid), transactions, before, now);
}

/* Rows are taken away by a clean-up of old ones only, so a base that has fewer and newer ones was edited all the same. One that has
 * none any more was cleaned up, or deleted. */
static void compare_bases(const json_t *then, const json_t *now, struct writes *w)
{
	const char *uuid;
	const json_t *is, *was;

	json_object_foreach((json_t *)now, uuid, is)
	{
		int64_t before, after = json_int(is, "edits", 0);

		was = json_object_get(then, uuid);
		before = json_int(was, "edits", 0);
		if (after > before)
			add_base(w, uuid, after - before, before, after);
		else if (json_int(is, "newest", 0) != json_int(was, "newest", 0))
			add_base(w, uuid, 1, before, after);
	}
	json_object_foreach((json_t *)then, uuid, was)
		if (!json_object_get(now, uuid))
			add_base(w, uuid, 1, json_int(was, "edits", 0), 0);
}

static const char *table_of(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot ? dot + 1 : name;
}

/* As many rows as before, and some say something else: how many is not told, so it is one. */
static void compare_table(const char *name, const struct facts *then, const struct facts *now, struct writes *w)
{
	const json_t *was = json_object_get(facts_get(then, BASE_TABLES), name), *is = json_object_get(facts_get(now, BASE_TABLES), name);
	const json_t *sum = json_object_get(facts_get(then, BASE_SUMS), name), *sum_now = json_object_get(facts_get(now, BASE_SUMS), name);
	int64_t before = was ? json_integer_value(was) : -1, after = is ? json_integer_value(is) : -1;

	if (sea_is_written_always(table_of(name)))
		return;
	if (before >= 0 && after >= 0 && before != after)
		add(w, xasprintf("table %s", name), llabs(after - before), before, after);
	else if (before < 0 || after < 0 || (sum && sum_now && !json_equal(sum, sum_now)))
		add(w, xasprintf("table %s", name), 1, before, after);
}

static void compare_tables(const struct facts *then, const struct facts *now, struct writes *w)
{
	const char *name;
	json_t *unused;

	json_object_foreach((json_t *)facts_get(then, BASE_TABLES), name, unused)
		compare_table(name, then, now, w);
	json_object_foreach((json_t *)facts_get(now, BASE_TABLES), name, unused)
		if (!json_object_get(facts_get(then, BASE_TABLES), name))
			compare_table(name, then, now, w);
}

/* Only where a copy of them is put back. */
static bool folders_go(const struct ctx *c)
{
	if (c->plan)
		vec_each (&c->plan->steps, it)
			if (!strcmp(it->kind->name, "data_point"))
				return true;
	return false;
}

static void compare_folders(const struct facts *then, const struct facts *now, struct writes *w)
{
	const char *name;
	json_t *was;

	json_object_foreach((json_t *)facts_get(then, BASE_FOLDERS), name, was)
	{
		const json_t *is = json_object_get(facts_get(now, BASE_FOLDERS), name);
		int64_t more = json_int(is, "files", 0) - json_int(was, "files", 0);

		if (!json_equal(was, is))
			add(w, xasprintf("folder %s", name), more ? llabs(more) : 1, -1, -1);
	}
	if (!json_equal(facts_get(then, BASE_CONF), facts_get(now, BASE_CONF)))
		add(w, xstrdup("folder conf"), 1, -1, -1);
}

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
	if (look_now(c, frozen, &now, e) < 0)
		return err_wrap(e, "count what was written since the switch");
	compare_bases(then, facts_get(&now, BASE_EDITS), ret);
	compare_tables(frozen, &now, ret);
	if (folders_go(c))
		compare_folders(frozen, &now, ret);
	return 0;
}

/* ---- saving ---- */

/* The newest rows of one base, as many as came: straight to the file, so there may be any number of any size. */
static int save_base(const struct sea_db *db, const char *schema, const struct write_count *w, int fd, struct err *e)
{
	const char *uuid = w->subject + strlen(BASE);
	autofree char *name = sea_db_name(schema);
	autofree char *text = sea_db_text(uuid);
	autofree char *sql = xasprintf("SELECT dtable_uuid, op_id, op_time, author, operation FROM %s.operation_log WHERE dtable_uuid = %s "
				       "ORDER BY op_id DESC LIMIT %" PRId64, name, text, w->transactions);

	return sea_db_lines(db, sql, fd, e) < 0 ? err_wrap(e, "save the edits of base '%s'", uuid) : 0;
}

static int save_edits(const struct sea_db *db, const char *schema, const struct writes *w, const struct dir *to, struct err *e)
{
	static const char heads[] = "dtable_uuid\top_id\top_time\tauthor\toperation\n";
	autoclose int fd = dir_openat(to, EDITS, O_RDWR | O_CREAT | O_TRUNC, 0600, e);

	if (fd < 0 || file_write_all(fd, heads, strlen(heads), EDITS, e) < 0)
		return -(int)e->kind;
	vec_each (w, it)
		if (!strncmp(it->subject, BASE, strlen(BASE)) && save_base(db, schema, it, fd, e) < 0)
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
	const json_t *doc = ctx_site(c, NULL)->doc;
	autoseadb struct sea_db db = { 0 };

	if (sea_db_open(json_object_get(doc, "database"), &db, e) < 0 || goal_span(c->goal, "dump_timeout", WITHIN, &db.within_ns, e) < 0)
		return -(int)e->kind;
	if (save_edits(&db, json_str(json_object_get(doc, "schemas"), "dtable", ""), w, to, e) < 0 || save_counts(w, to, e) < 0)
		return err_wrap(e, "save the edits since the switch");
	return dir_sync(to, "", e);
}
