#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "io/file.h"
#include "products/questdb/fingerprint.h"

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
	bool same_major, content_asked;
	json_t *rewritten; /* {column: partitions whose numbers are only written differently} */
	struct comparisons *ret;
};

/* Both as text, or both as digest. */
static const char *like(const char *text, const char *other, char digest[20])
{
	if (other[0] != '#' || text[0] == '#')
		return text;
	fingerprint_digest(sv_of(text), digest);
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
	bool digests = a[0] == '#';

	if (!strcmp(a, b) || !written_otherwise || !(digests || texts_only(a, b)))
		cmp_text(v->ret, subject, what, a, b);
	else if (digests)
		cmp_add(
		    v->ret, CMP_UNPROVED, subject, what, NULL, NULL, NULL,
		    "releases write such numbers differently, and only a digest of them was kept");
	else
		json_object_set_new(v->rewritten, column,
				    json_integer(json_int(v->rewritten, column, 0) + 1));
}

static bool has_numbers(const json_t *columns)
{
	const json_t *name;
	size_t i;

	json_array_foreach((json_t *)columns, i, name)
	{
		const char *text = json_string_value(name);

		if (strstr(text, " DOUBLE") || strstr(text, " FLOAT") || !strcmp(text, "*"))
			return true;
	}
	return false;
}

static enum outcome worst_since(const struct comparisons *ret, size_t from)
{
	enum outcome worst = CMP_SAME;

	for (size_t i = from; i < ret->n; i++)
		worst = MAX_OF(worst, ret->v[i].outcome);
	return worst;
}

/* The same rows as text. Between majors numbers are written differently; then the aggregates beside
 * them say whether it is only the writing. */
static void compare_content(struct values *v, const char *subject, const char *was, const char *is,
			    enum outcome aggregates)
{
	bool written_otherwise = !v->same_major && has_numbers(v->columns);

	if (!was || !is) {
		if (v->content_asked)
			cmp_add(v->ret, CMP_UNPROVED, subject, "content", NULL, NULL, NULL,
				"its content was not read before the stop");
	} else if (!strcmp(was, is) || !written_otherwise || aggregates == CMP_DIFFERENT) {
		cmp_text(v->ret, subject, "content", was, is);
	} else if (aggregates == CMP_SAME) {
		json_object_set_new(v->rewritten, "*",
				    json_integer(json_int(v->rewritten, "*", 0) + 1));
	}
}

static void compare_part(struct values *v, const char *key, const json_t *was, const json_t *is)
{
	autofree char *subject = xasprintf("partition %s/%s", v->table, key);
	const json_t *a = json_object_get(was, "cells"), *b = json_object_get(is, "cells");
	size_t before = v->ret->n, i;
	json_t *name;

	cmp_int(v->ret, subject, "rows", json_int(was, "rows", -1), json_int(is, "rows", -1));
	json_array_foreach(v->columns, i, name)
	{
		const char *x = json_string_value(json_array_get(a, i)),
			   *y = json_string_value(json_array_get(b, i));

		if (x && y)
			compare_cell(v, subject, json_string_value(name), x, y);
	}
	compare_content(v, subject, json_str(was, "content", NULL), json_str(is, "content", NULL),
			worst_since(v->ret, before));
}

static void tell_rewritten(const struct values *v, const char *subject)
{
	const char *column;
	json_t *n;

	json_object_foreach(v->rewritten, column, n)
	{
		autofree char *what =
		    strcmp(column, "*")
			? xasprintf("column %s: smallest and largest number as text, in "
				    "%" JSON_INTEGER_FORMAT " partitions",
				    column, json_integer_value(n))
			: xasprintf("content as text, in %" JSON_INTEGER_FORMAT " partitions",
				    json_integer_value(n));

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

/* The values read now are of the very partition that was read before: it may have moved between the
 * look at the files and this reading. */
static bool read_unmoved(const json_t *now_print, const json_t *is, const json_t *before,
			 const json_t *was)
{
	return is && !strcmp(json_str(is, "state", "?"), json_str(was, "state", "")) &&
	       json_int(now_print, "column_version", -1) == json_int(before, "column_version", -1);
}

void fingerprint_compare(const json_t *before, const json_t *now_print, const struct shape *then,
			 const struct shape *now, unsigned how, struct comparisons *ret)
{
	const json_t *columns = json_object_get(before, "columns"),
		     *is_parts = json_object_get(now_print, "aggregates");
	autofree char *subject = xasprintf("table %s", now->name);
	autojson json_t *rewritten = json_object();
	struct values v = { .table = now->name,
			    .columns = columns,
			    .same_major = how & FINGERPRINT_SAME_MAJOR,
			    .content_asked = how & FINGERPRINT_CONTENT,
			    .rewritten = rewritten,
			    .ret = ret };
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
		else if (!read_unmoved(now_print, is, before, was))
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
