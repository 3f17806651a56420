#include "products/questdb/fingerprint.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "io/file.h"
#include "products/questdb/schema.h"

#define WITHIN_NS (600 * NS_PER_S)
#define BATCH 24 /* columns of one statement: it travels in a URL */
#define CELL_MAX 512
#define DOUBLE_SCALE "1048576"

/* What is asked of a column, by the first word of its type; %s is its quoted name. All of it is
 * understood by 8.2 to 9.3. */
static const struct aggregates {
	const char *type, *ask[4];
	bool words; /* the values are the customer's texts: digests only */
} aggregates[] = {
	{ "BOOLEAN", { "sum(%s::int)" } },
	{ "BYTE", { "count(%s)", "min(%s)", "max(%s)", "sum(%s::long)" } },
	{ "SHORT", { "count(%s)", "min(%s)", "max(%s)", "sum(%s::long)" } },
	{ "INT", { "count(%s)", "min(%s)", "max(%s)", "sum(%s::long)" } },
	{ "LONG", { "count(%s)", "min(%s)", "max(%s)", "sum(%s::long)" } },
	{ "DATE", { "count(%s)", "min(%s)", "max(%s)", "sum(%s::long)" } },
	{ "TIMESTAMP", { "count(%s)", "min(%s)", "max(%s)", "sum(%s::long)" } },
	{ "TIMESTAMP_NS", { "count(%s)", "min(%s)", "max(%s)", "sum(%s::long)" } },
	{ "FLOAT", { "count(%s)", "min(%s)", "max(%s)", "sum((%s*" DOUBLE_SCALE ")::long)" } },
	{ "DOUBLE", { "count(%s)", "min(%s)", "max(%s)", "sum((%s*" DOUBLE_SCALE ")::long)" } },
	{ "DECIMAL", { "count(%s)", "min(%s)", "max(%s)", "sum(%s)" } },
	{ "CHAR", { "count(%s)", "min(%s)", "max(%s)", "count_distinct(%s)" }, true },
	{ "STRING", { "count(%s)", "sum(length(%s))", "min(%s)", "max(%s)" }, true },
	{ "VARCHAR", { "count(%s)", "sum(length(%s))", "min(%s)", "max(%s)" }, true },
	{ "SYMBOL", { "count(%s)", "sum(length(%s))", "min(%s)", "max(%s)" }, true },
	{ "UUID", { "count(%s)", "min(%s)", "max(%s)" }, true },
	{ "IPV4", { "count(%s)", "min(%s)", "max(%s)", "sum(%s::int)" }, true },
	{ "LONG256", { "count(%s)", "sum(%s)" }, true },
	{ "GEOHASH", { "count(%s)", "first(%s)", "last(%s)" }, true },
	{ "BINARY", { "sum(length(%s))" } },
	{ "DOUBLE[]", { "sum(array_count(%s))", "sum((array_sum(%s)*" DOUBLE_SCALE ")::long)" } },
};

static const struct aggregates *aggregates_of(int32_t type)
{
	autobuf struct buf name = BUF_MAX(256);
	struct sv rest, word;
	bool array;

	schema_type_name(type, &name);
	rest = buf_sv(&name);
	array = sv_ends(rest, "[]");
	word = sv_cut(&rest, '(');
	word = sv_cut(&word, '[');
	for (size_t i = 0; i < ARRAY_LEN(aggregates); i++) {
		if (array ? sv_eq(word, "DOUBLE") && !strcmp(aggregates[i].type, "DOUBLE[]")
			  : sv_eq(word, aggregates[i].type))
			return &aggregates[i];
	}
	return NULL;
}

/* ---- one statement ---- */

static void add_column(struct buf *sql, const struct disk_column *c, size_t column)
{
	const struct aggregates *a = aggregates_of(c->type);

	for (size_t i = 0; a && i < ARRAY_LEN(a->ask) && a->ask[i]; i++) {
		struct sv rest = sv_of(a->ask[i]), head = sv_cut(&rest, '%');

		rest.p++; /* the s of %s */
		rest.n--;
		buf_addf(sql, ", " SV_FMT "\"%s\"" SV_FMT " a%zu_%zu", SV_ARG(head), c->name,
			 SV_ARG(rest), column, i);
	}
}

static const char *floor_unit(int32_t by)
{
	static const char *const units[] = { [BY_DAY] = "d",  [BY_MONTH] = "M", [BY_YEAR] = "y",
					     [BY_HOUR] = "h", [BY_WEEK] = "w",  [BY_NONE] = NULL };

	return units[by];
}

static int statement(const struct table *t, size_t from, size_t to, struct buf *sql, struct err *e)
{
	const struct disk_meta *m = &t->meta;
	const char *unit = m->timestamp >= 0 ? floor_unit(m->partition_by) : NULL;
	autofree char *table = sql_quote(t->name);

	buf_adds(sql, "select ");
	if (unit)
		buf_addf(sql, "timestamp_floor('%s', \"%s\") p, ", unit,
			 m->columns.v[m->timestamp].name);
	buf_adds(sql, "count() n");
	for (size_t i = from; i < to; i++)
		add_column(sql, &m->columns.v[i], i);
	buf_addf(sql, " from %s", table);
	return buf_check(sql, "the statement of a fingerprint", e);
}

/* "2026-01-05T00:00:00.000000Z" to the key of its partition. */
static void key_of_floor(const char *text, int32_t by, char *key, size_t n)
{
	struct tm t = { 0 };

	if (!text || by == BY_NONE) {
		snprintf(key, n, "default");
	} else if (by == BY_WEEK && strptime(text, "%Y-%m-%d", &t)) {
		time_t seconds = timegm(&t);

		if (!gmtime_r(&seconds, &t) || !strftime(key, n, "%G-W%V", &t))
			key[0] = '\0';
	} else {
		snprintf(key, n, "%.*s", (int)part_key_length(by), text);
	}
}

/* ---- cells ---- */

static void value_text(const json_t *v, struct buf *ret)
{
	if (json_is_string(v))
		buf_add(ret, json_string_value(v), json_string_length(v));
	else if (json_is_real(v))
		buf_addf(ret, "%.17g", json_real_value(v));
	else if (json_is_integer(v))
		buf_addf(ret, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (v && !json_is_null(v))
		buf_adds(ret, json_is_true(v) ? "true" : "false");
}

static void digest_cell(struct sv text, char ret[20])
{
	char digest[DIGEST_TEXT];

	digest_text(text, digest);
	snprintf(ret, 20, "#%.16s", digest);
}

/* The aggregates of one column in one row of the answer, '|' between. */
static json_t *cell_json(const struct sql_rows *r, size_t row, const struct aggregates *a,
			 size_t column, size_t *left)
{
	autobuf struct buf text = BUF_MAX(8 << 20);
	char digest[20];

	for (size_t i = 0; a && i < ARRAY_LEN(a->ask) && a->ask[i]; i++) {
		char name[48];
		const json_t *at;

		snprintf(name, sizeof name, "a%zu_%zu", column, i);
		at = json_object_get(r->columns, name);
		if (i)
			buf_addc(&text, '|');
		value_text(
		    json_array_get(json_array_get(r->dataset, row), (size_t)json_integer_value(at)),
		    &text);
	}
	if (a && !a->words && left && *left && text.len < CELL_MAX) {
		--*left;
		return json_stringn(buf_str(&text), text.len);
	}
	digest_cell(buf_sv(&text), digest);
	return json_string(digest);
}

static int read_batch(const struct sql *db, const struct table *t, size_t from, size_t to,
		      const struct fingerprint_opts *o, json_t *parts, struct err *e)
{
	autobuf struct buf sql = BUF_MAX(256 << 10);
	autorows struct sql_rows r = { 0 };

	if (statement(t, from, to, &sql, e) < 0 ||
	    sql_ask(db, buf_str(&sql), o->within_ns ? o->within_ns : WITHIN_NS, &r, e) < 0)
		return -e->kind;
	for (size_t row = 0; row < r.n; row++) {
		json_t *part, *cells;
		char key[48];

		key_of_floor(sql_text(&r, row, "p"), t->meta.partition_by, key, sizeof key);
		part = json_object_get(parts, key);
		if (!part) {
			part = json_pack("{sI s[]}", "rows", (json_int_t)sql_int(&r, row, "n", -1),
					 "cells");
			json_object_set_new(parts, key, part);
		}
		cells = json_object_get(part, "cells");
		for (size_t i = from; i < to; i++)
			json_array_append_new(
			    cells, cell_json(&r, row, aggregates_of(t->meta.columns.v[i].type), i,
					     o->fold ? NULL : o->texts_left));
	}
	return 0;
}

/* Keep what stood still: in both looks at the files the same state, and as many rows as the server
 * counted. */
static void keep_unmoved(json_t *parts, const struct shape *before, const struct shape *after)
{
	const char *key;
	json_t *part;
	void *tmp;

	json_object_foreach_safe(parts, tmp, key, part)
	{
		const struct part *a = shape_part(before, key), *b = shape_part(after, key);
		bool still = a && b && !strcmp(a->state, b->state) &&
			     before->column_version == after->column_version &&
			     json_int(part, "rows", -1) == b->rows;

		if (still)
			json_object_set_new(part, "state", json_string(b->state));
		else
			json_object_del(parts, key);
	}
}

bool fingerprint_folded(const json_t *print)
{
	const json_t *columns = json_object_get(print, "columns");

	return json_array_size(columns) == 1 &&
	       !strcmp(json_string_value(json_array_get(columns, 0)), "*");
}

static void fold_cells(json_t *parts)
{
	const char *key;
	json_t *part;

	json_object_foreach(parts, key, part)
	{
		autobuf struct buf all = BUF_MAX(64u << 20);
		json_t *cells = json_object_get(part, "cells"), *cell;
		char digest[20];
		size_t i;

		json_array_foreach(cells, i, cell) buf_addf(&all, "%s\n", json_string_value(cell));
		digest_cell(buf_sv(&all), digest);
		json_object_set_new(part, "cells", json_pack("[s]", digest));
	}
}

/* Whether the cells of a table are folded; what it takes is taken off. */
static bool folds(const json_t *parts, size_t columns, const struct fingerprint_opts *o)
{
	size_t n = json_object_size(parts), want = n * columns;
	bool fold = o->fold || (o->cells_left && want > *o->cells_left);

	if (o->cells_left)
		*o->cells_left -= MIN_OF(fold ? n : want, *o->cells_left);
	return fold;
}

/* The state of a table by its files now; a table that is not partitioned has one part. */
static int look_shape(const struct dir *dbdir, const struct table *t, struct shape *ret,
		      struct err *e)
{
	autodir struct dir d = DIR_NONE;
	struct table now = *t;

	now.txn = (struct disk_txn){ 0 };
	if (dir_open_at(dbdir, t->dir, &d, e) < 0 || disk_txn_read(&d, &now.txn, e) < 0)
		return -e->kind;
	shape_of_table(&now, ret);
	disk_txn_done(&now.txn);
	return 0;
}

static json_t *column_names(const struct disk_meta *m)
{
	json_t *list = json_array();

	vec_each (&m->columns, c) {
		autobuf struct buf text = BUF_MAX(32 << 10);

		buf_addf(&text, "%s ", c->name);
		schema_type_name(c->type, &text);
		json_array_append_new(list, json_string(buf_str(&text)));
	}
	return list;
}

int fingerprint_take(const struct sql *db, const struct dir *dbdir, const struct table *t,
		     const struct fingerprint_opts *o, json_t **ret, struct err *e)
{
	autoshape struct shape before = { 0 }, after = { 0 };
	autojson json_t *parts = json_object();
	size_t columns = t->meta.columns.n;
	bool fold;

	if (look_shape(dbdir, t, &before, e) < 0)
		return err_wrap(e, "fingerprint of '%s'", t->name);
	for (size_t from = 0; from < columns; from += BATCH) {
		if (o->cancel && atomic_load(&o->cancel->asked))
			return err_set(e, ERR_CANCELED, "canceled");
		if (read_batch(db, t, from, MIN_OF(from + BATCH, columns), o, parts, e) < 0)
			return err_wrap(e, "fingerprint of '%s'", t->name);
	}
	if (look_shape(dbdir, t, &after, e) < 0)
		return err_wrap(e, "fingerprint of '%s'", t->name);
	keep_unmoved(parts, &before, &after);
	fold = folds(parts, columns, o);
	if (fold)
		fold_cells(parts);
	*ret =
	    json_pack("{sI sI sb sI so sO}", "txn", (json_int_t)after.txn, "seq_txn",
		      (json_int_t)after.seq_txn, "wal", after.wal, "column_version",
		      (json_int_t)after.column_version, "columns",
		      fold ? json_pack("[s]", "*") : column_names(&t->meta), "aggregates", parts);
	return 0;
}

/* ---- comparing ---- */

/* Equal up to the digits an older release does not write (8.2.0: four of a FLOAT). The sums beside
 * them are exact. */
static bool numbers_close(struct sv a, struct sv b)
{
	autofree char *x = sv_dup(a), *y = sv_dup(b);
	char *end_x, *end_y;
	double p = strtod(x, &end_x), q = strtod(y, &end_y);

	return *x && *y && !*end_x && !*end_y &&
	       fabs(p - q) <= 1e-3 * fmax(fabs(p), fabs(q)) + 1e-4;
}

/* Only the texts of numbers differ, the sums agree. */
static bool texts_only(const char *was, const char *is)
{
	struct sv a = sv_of(was), b = sv_of(is), x, y;

	while (a.n && b.n) {
		x = sv_cut(&a, '|');
		y = sv_cut(&b, '|');
		if (!(x.n == y.n && !memcmp(x.p, y.p, x.n)) &&
		    !(memchr(x.p, '.', x.n) && numbers_close(x, y)))
			return false;
	}
	return a.n == b.n;
}

/* What the comparison of a table's values shares. */
struct values {
	const char *table;
	const json_t *columns;
	bool same_major;
	json_t *rewritten; /* {column: partitions whose numbers are only written differently} */
	struct comparisons *ret;
};

/* Both as text, or both as digest. */
static const char *like(const char *text, const char *other, char digest[20])
{
	if (other[0] != '#' || text[0] == '#')
		return text;
	digest_cell(sv_of(text), digest);
	return digest;
}

static void compare_cell(struct values *v, const char *subject, const char *column, const char *was,
			 const char *is)
{
	autofree char *what = xasprintf("column %s", column);
	bool numbers =
	    strstr(column, " DOUBLE") || strstr(column, " FLOAT") || !strcmp(column, "*");
	bool written_otherwise = numbers && !v->same_major;
	char of_was[20], of_is[20];
	const char *a = like(was, is, of_was), *b = like(is, was, of_is);

	if (!strcmp(a, b) || !written_otherwise)
		cmp_text(v->ret, subject, what, a, b);
	else if (a[0] == '#')
		cmp_add(
		    v->ret, CMP_UNPROVED, subject, what, NULL, NULL, NULL,
		    "releases write such numbers differently, and only a digest of them was kept");
	else if (texts_only(a, b))
		json_object_set_new(v->rewritten, column,
				    json_integer(json_int(v->rewritten, column, 0) + 1));
	else
		cmp_text(v->ret, subject, what, a, b);
}

static void compare_part(struct values *v, const char *key, const json_t *was, const json_t *is)
{
	autofree char *subject = xasprintf("partition %s/%s", v->table, key);
	const json_t *a = json_object_get(was, "cells"), *b = json_object_get(is, "cells");
	json_t *name;
	size_t i;

	cmp_int(v->ret, subject, "rows", json_int(was, "rows", -1), json_int(is, "rows", -1));
	json_array_foreach(v->columns, i, name)
	{
		const char *x = json_string_value(json_array_get(a, i)),
			   *y = json_string_value(json_array_get(b, i));

		if (x && y)
			compare_cell(v, subject, json_string_value(name), x, y);
	}
}

static void tell_rewritten(const struct values *v, const char *subject)
{
	const char *column;
	json_t *n;

	json_object_foreach(v->rewritten, column, n)
	{
		autofree char *what = xasprintf(
		    "column %s: smallest and largest number as text, in %" JSON_INTEGER_FORMAT
		    " partitions",
		    column, json_integer_value(n));

		cmp_add(v->ret, CMP_EXPLAINED, subject, what, NULL, NULL, "questdb.double-text",
			NULL);
	}
}

static const char *why_moved(const struct shape *then, const struct shape *now, const char *key,
			     const json_t *before, const char *state)
{
	const struct part *frozen = shape_part(then, key), *current = shape_part(now, key);

	if (!frozen || (then->has_parts && strcmp(frozen->state, state)))
		return "it was written to between the reading of its values and the stop";
	if (then->column_version != json_int(before, "column_version", -1))
		return "the table was updated between the reading of its values and the stop";
	if (!current || strcmp(current->state, state) ||
	    then->column_version != now->column_version)
		return "it was written to after the stop";
	return NULL;
}

void fingerprint_compare(const json_t *before, const json_t *now_print, const struct shape *then,
			 const struct shape *now, bool same_major, struct comparisons *ret)
{
	const json_t *columns = json_object_get(before, "columns"),
		     *is_parts = json_object_get(now_print, "aggregates");
	autofree char *subject = xasprintf("table %s", now->name);
	autojson json_t *rewritten = json_object();
	struct values v = { now->name, columns, same_major, rewritten, ret };
	const char *key;
	json_t *was;

	if (!json_equal(columns, json_object_get(now_print, "columns"))) {
		cmp_add(ret, CMP_UNPROVED, subject, "values", NULL, NULL, NULL,
			"its columns are others now");
		return;
	}
	json_object_foreach(json_object_get(before, "aggregates"), key, was)
	{
		autofree char *part = xasprintf("partition %s/%s", now->name, key);
		const char *why = why_moved(then, now, key, before, json_str(was, "state", ""));
		const json_t *is = json_object_get(is_parts, key);

		if (why)
			cmp_add(ret, CMP_UNPROVED, part, "values", NULL, NULL, NULL, why);
		else if (!is)
			cmp_add(ret, CMP_UNPROVED, part, "values", NULL, NULL, NULL,
				"it moved while it was read");
		else
			compare_part(&v, key, was, is);
	}
	tell_rewritten(&v, subject);
	vec_each (&then->parts, p) {
		autofree char *part = xasprintf("partition %s/%s", now->name, p->key);

		if (!json_object_get(json_object_get(before, "aggregates"), p->key))
			cmp_add(
			    ret, CMP_UNPROVED, part, "values", NULL, NULL, NULL,
			    "its values were not read before the stop: it was being written to");
	}
}
