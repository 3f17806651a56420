#include "products/questdb/fingerprint.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "io/file.h"
#include "products/questdb/content.h"
#include "products/questdb/schema.h"

#define WITHIN_NS (600 * NS_PER_S)
#define VALUE_BYTES 24 /* of a text or an array, about: nobody counts them beforehand */
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

void fingerprint_digest(struct sv text, char ret[20])
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
	fingerprint_digest(buf_sv(&text), digest);
	return json_string(digest);
}

static int time_left(struct deadline d, int64_t *ret, struct err *e)
{
	*ret = deadline_left_ns(d);
	return *ret ? 0 : err_set(e, ERR_TIMEOUT, "not read in time");
}

static int read_batch(const struct sql *db, const struct table *t, size_t from, size_t to,
		      const struct fingerprint_opts *o, struct deadline d, json_t *parts,
		      struct err *e)
{
	autobuf struct buf sql = BUF_MAX(256 << 10);
	autorows struct sql_rows r = { 0 };
	int64_t left;

	if (statement(t, from, to, &sql, e) < 0 || time_left(d, &left, e) < 0 ||
	    sql_ask(db, buf_str(&sql), left, &r, e) < 0)
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

/* ---- content ---- */

int64_t fingerprint_bytes(const struct table *t)
{
	int64_t row = 0;

	vec_each (&t->meta.columns, c)
		row += schema_row_bytes(c->type) + (schema_two_files(c->type) ? VALUE_BYTES : 0);
	return t->txn.rows > INT64_MAX / MAX_OF(row, 1) ? INT64_MAX : t->txn.rows * row;
}

/* What moved since the other one was taken will not be compared. */
static bool wants_content(const struct fingerprint_opts *o, const struct shape *now,
			  const char *key)
{
	const json_t *other = json_object_get(o->like, key);
	const struct part *p = shape_part(now, key);

	if (!o->like)
		return true;
	return p && json_object_get(other, "content") &&
	       !strcmp(json_str(other, "state", ""), p->state);
}

/* A partition that is gone meanwhile is left to keep_unmoved(). */
static int read_content(const struct sql *db, const struct table *t,
			const struct fingerprint_opts *o, struct deadline d,
			const struct shape *now, json_t *parts, struct err *e)
{
	const char *key;
	json_t *part;

	if (!o->content || (o->contents_left && json_object_size(parts) > *o->contents_left))
		return 0;
	json_object_foreach(parts, key, part)
	{
		char digest[DIGEST_TEXT];
		int64_t left;

		if (!wants_content(o, now, key))
			continue;
		if (o->cancel && atomic_load(&o->cancel->asked))
			return err_set(e, ERR_CANCELED, "canceled");
		if (time_left(d, &left, e) < 0)
			return -e->kind;
		if (content_digest(db, t, key, left, digest, e) >= 0)
			json_object_set_new(part, "content", json_string(digest));
		else if (e->kind != ERR_ABSENT)
			return -e->kind;
		err_clear(e);
	}
	if (o->contents_left)
		*o->contents_left -= json_object_size(parts);
	return 0;
}

/* ---- what stood still ---- */

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
		fingerprint_digest(buf_sv(&all), digest);
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
	struct deadline d = deadline_in(o->within_ns ? o->within_ns : WITHIN_NS);
	size_t columns = t->meta.columns.n;
	bool fold;

	if (look_shape(dbdir, t, &before, e) < 0)
		return err_wrap(e, "fingerprint of '%s'", t->name);
	for (size_t from = 0; from < columns; from += BATCH) {
		if (o->cancel && atomic_load(&o->cancel->asked))
			return err_set(e, ERR_CANCELED, "canceled");
		if (read_batch(db, t, from, MIN_OF(from + BATCH, columns), o, d, parts, e) < 0)
			return err_wrap(e, "fingerprint of '%s'", t->name);
	}
	if (read_content(db, t, o, d, &before, parts, e) < 0 || look_shape(dbdir, t, &after, e) < 0)
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
