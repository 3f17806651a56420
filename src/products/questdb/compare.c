#include "products/questdb/compare.h"

#include <inttypes.h>
#include <string.h>

#include "products/questdb/schema.h"

const char *compare_rule(const struct shape *then, const struct shape *now, bool conversion_pending)
{
	if (!strcmp(then->kind, "matview"))
		return now->log_txn > then->log_txn || now->txn > then->txn ? "questdb.view-refresh"
									    : NULL;
	if (!then->wal && now->wal && conversion_pending)
		return "questdb.type-converted";
	if (!then->wal)
		return now->txn > then->txn ? "questdb.written-since" : NULL;
	if (now->log_txn > then->log_txn)
		return "questdb.written-since";
	return now->seq_txn > then->seq_txn ? "questdb.wal-applied" : NULL;
}

static void judge(struct comparisons *ret, const char *subject, const char *what, const char *was,
		  const char *is, const char *rule)
{
	if ((!was && !is) || (was && is && !strcmp(was, is)))
		cmp_same(ret, 1);
	else
		cmp_add(ret, rule ? CMP_EXPLAINED : CMP_DIFFERENT, subject, what, was, is, rule,
			NULL);
}

static void judge_int(struct comparisons *ret, const char *subject, const char *what, int64_t was,
		      int64_t is, const char *rule)
{
	autofree char *a = xasprintf("%" PRId64, was), *b = xasprintf("%" PRId64, is);

	judge(ret, subject, what, a, b, rule);
}

/* ---- F0 ---- */

static void compare_columns(const struct shape *then, const json_t *now, const char *subject,
			    const char *rule, struct comparisons *ret)
{
	const json_t *was = json_object_get(then->pinned, "columns");
	size_t n = MAX_OF(json_array_size(was), json_array_size(now));

	for (size_t i = 0; was && i < n; i++) {
		autofree char *what = xasprintf("column %zu", i + 1);

		judge(ret, subject, what, json_string_value(json_array_get(was, i)),
		      json_string_value(json_array_get(now, i)), rule);
	}
}

void compare_schema(const struct shape *then, const struct table *t, const char *rule,
		    struct comparisons *ret)
{
	autofree char *subject = xasprintf("table %s", then->name);
	autojson json_t *columns = schema_columns(&t->meta);
	const json_t *was = then->pinned;
	size_t before = ret->n;
	char digest[65];

	schema_digest(&t->meta, t->kind, digest);
	if (!strcmp(json_str(was, "schema", ""), digest)) {
		cmp_same(ret, 1);
		return;
	}
	judge(ret, subject, "kind", json_str(was, "kind", NULL), t->kind, rule);
	judge(ret, subject, "write-ahead log", json_bool(was, "wal", false) ? "yes" : "no",
	      t->meta.wal ? "yes" : "no", rule);
	judge(ret, subject, "partitioned by", json_str(was, "partition_by", NULL),
	      schema_by_name(t->meta.partition_by), rule);
	judge(ret, subject, "timestamp", json_str(was, "timestamp", NULL),
	      t->meta.timestamp >= 0 ? t->meta.columns.v[t->meta.timestamp].name : NULL, rule);
	judge_int(ret, subject, "TTL", json_int(was, "ttl", 0), t->meta.ttl, rule);
	compare_columns(then, columns, subject, rule, ret);
	if (ret->n == before)
		judge(ret, subject, "schema", json_str(was, "schema", NULL), digest, rule);
}

/* ---- F1 ---- */

static void no_fewer(struct comparisons *ret, const char *subject, const char *what, int64_t was,
		     int64_t is)
{
	if (is >= was)
		cmp_same(ret, 1);
	else
		cmp_int(ret, subject, what, was, is);
}

void compare_transactions(const struct shape *then, const struct shape *now,
			  struct comparisons *ret)
{
	autofree char *subject = xasprintf("table %s", then->name);

	if (then->wal && now->wal) {
		no_fewer(ret, subject, "transactions in the log", then->log_txn, now->log_txn);
		no_fewer(ret, subject, "transactions applied", then->seq_txn, now->seq_txn);
	} else if (!then->wal) {
		no_fewer(ret, subject, "transactions", then->txn, now->txn);
	}
}

int64_t compare_unapplied(const struct shape *then, const struct shape *now)
{
	return then->wal && now->seq_txn < then->log_txn ? then->log_txn - now->seq_txn : 0;
}

/* TTL drops whole partitions from the old end. */
static bool expired(const struct shape *then, const struct shape *now, const char *key)
{
	return then->ttl && (!now->parts.n || strcmp(key, now->parts.v[0].key) < 0);
}

static void compare_part(const struct shape *then, const struct shape *now, const struct part *was,
			 const struct part *is, const char *rule, struct comparisons *ret)
{
	const struct part *there = was ? was : is;
	autofree char *subject = xasprintf("partition %s/%s", then->name, there->key);
	autofree char *a = was ? xasprintf("%" PRId64, was->rows) : NULL;
	autofree char *b = is ? xasprintf("%" PRId64, is->rows) : NULL;

	if (!b && expired(then, now, there->key))
		rule = "questdb.ttl-expired";
	judge(ret, subject, "rows", a, b, rule);
}

void compare_rows(const struct shape *then, const struct shape *now, const char *rule,
		  struct comparisons *ret)
{
	autofree char *subject = xasprintf("table %s", then->name);

	if (!then->has_parts)
		judge_int(ret, subject, "rows", then->rows, now->rows, rule);
	vec_each (&then->parts, was)
		compare_part(then, now, was, shape_part(now, was->key), rule, ret);
	vec_each (&now->parts, is) {
		if (then->has_parts && !shape_part(then, is->key))
			compare_part(then, now, NULL, is, rule, ret);
	}
	if (then->rows && now->rows && !then->ttl) {
		judge_int(ret, subject, "first timestamp", then->min, now->min, rule);
		judge_int(ret, subject, "last timestamp", then->max, now->max, rule);
	}
}
