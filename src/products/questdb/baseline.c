#include "products/questdb/baseline.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "products/questdb/schema.h"

void shape_done(struct shape *s)
{
	vec_each (&s->parts, p)
		free(p->state);
	vec_done(&s->parts);
	free(s->name);
	free(s->dir);
	free(s->kind);
	*s = (struct shape){ 0 };
}

void shapes_done(shapes *s)
{
	vec_each (s, it)
		shape_done(it);
	vec_done(s);
}

size_t part_key_length(int32_t partition_by)
{
	switch (partition_by) {
	case BY_HOUR:
		return sizeof "2026-01-05T12" - 1;
	case BY_DAY:
		return sizeof "2026-01-05" - 1;
	case BY_WEEK:
		return sizeof "2026-W02" - 1;
	case BY_MONTH:
		return sizeof "2026-01" - 1;
	case BY_YEAR:
		return sizeof "2026" - 1;
	default:
		return sizeof "default" - 1;
	}
}

static int32_t by_of_name(const char *name)
{
	for (int32_t by = BY_DAY; by <= BY_WEEK; by++) {
		if (strcmp(schema_by_name(by), name) == 0)
			return by;
	}
	return BY_NONE;
}

const struct part *shape_part(const struct shape *s, const char *key)
{
	vec_each (&s->parts, p) {
		if (strcmp(p->key, key) == 0)
			return p;
	}
	return NULL;
}

/* Physical partitions come in order, so those of one logical partition stand together. */
static void add_part(struct shape *s, struct sv name, size_t key_length, int64_t ts, int64_t rows,
		     int64_t name_txn, int64_t parquet)
{
	size_t length = MIN_OF(name.n, key_length);
	struct sv key = { name.p, length };
	struct part *p = s->parts.n ? vec_last(&s->parts) : NULL;
	char *state;

	if (!p || !sv_eq(key, p->key)) {
		p = vec_push(&s->parts);
		snprintf(p->key, sizeof p->key, SV_FMT, SV_ARG(key));
	}
	p->rows += rows;
	state = xasprintf("%s%" PRId64 ":%" PRId64 ":%" PRId64 ":%" PRId64,
			  p->state ? p->state : "", ts, rows, name_txn, MAX_OF(parquet, 0));
	free(p->state);
	p->state = state;
}

/* A table that is not partitioned is one part, which every transaction moves. */
static void add_only_part(struct shape *s)
{
	add_part(s, SV("default"), sizeof "default" - 1, 0, s->rows, s->txn, 0);
}

void shape_of_table(const struct table *t, struct shape *ret)
{
	const struct disk_txn *x = &t->txn;
	struct shape s = { .name = xstrdup(t->name),
			   .dir = xstrdup(t->dir),
			   .kind = xstrdup(t->kind),
			   .wal = t->meta.wal,
			   .has_parts = true,
			   .rows = x->rows,
			   .min = x->min,
			   .max = x->max,
			   .txn = x->txn,
			   .seq_txn = x->seq_txn,
			   .log_txn = t->sequenced ? t->seq.max_txn : x->seq_txn,
			   .column_version = x->column_version,
			   .ttl = t->meta.ttl };

	if (t->meta.partition_by == BY_NONE)
		add_only_part(&s);
	vec_each (&x->partitions, p) {
		autobuf struct buf name = BUF_MAX(256);

		if (t->meta.partition_by == BY_NONE)
			break;
		schema_partition_dir(&t->meta, p->ts, -1, &name);
		add_part(&s, buf_sv(&name), part_key_length(t->meta.partition_by), p->ts, p->rows,
			 p->name_txn, p->parquet_bytes);
	}
	*ret = s;
}

static int64_t entry_int(const json_t *entry, size_t i)
{
	return json_integer_value(json_array_get(entry, i));
}

static int parts_of_facts(const json_t *list, const char *by, struct shape *s, struct err *e)
{
	size_t key_length = part_key_length(by_of_name(by)), i;
	json_t *entry;

	s->has_parts = json_is_array(list);
	if (s->has_parts && by_of_name(by) == BY_NONE) {
		add_only_part(s);
		return 0;
	}
	json_array_foreach(list, i, entry)
	{
		const char *name = json_string_value(json_array_get(entry, 3));

		if (!name)
			return err_set(e, ERR_FORMAT,
				       "partition %zu of table '%s' in the facts has no name", i,
				       s->name);
		add_part(s, sv_of(name), key_length, entry_int(entry, 0), entry_int(entry, 1),
			 entry_int(entry, 2), entry_int(entry, 4));
	}
	return 0;
}

static int shape_of_facts(const char *name, const json_t *state, const json_t *pinned,
			  struct shape *ret, struct err *e)
{
	int64_t seq = json_int(state, "seq_txn", 0);
	struct shape s = { .name = xstrdup(name),
			   .pinned = pinned,
			   .dir = xstrdup(json_str(pinned, "dir", name)),
			   .kind = xstrdup(json_str(pinned, "kind", "table")),
			   .wal = json_bool(pinned, "wal", false),
			   .rows = json_int(state, "rows", 0),
			   .min = json_int(state, "min", 0),
			   .max = json_int(state, "max", 0),
			   .txn = json_int(state, "txn", 0),
			   .seq_txn = seq,
			   .log_txn = json_int(state, "log_txn", seq),
			   .ttl = json_int(pinned, "ttl", 0),
			   .column_version = json_int(state, "column_version", -1) };

	if (parts_of_facts(json_object_get(state, "partitions"),
			   json_str(pinned, "partition_by", "NONE"), &s, e) < 0) {
		shape_done(&s);
		return -e->kind;
	}
	*ret = s;
	return 0;
}

int shapes_of_facts(const struct facts *f, shapes *ret, struct err *e)
{
	const json_t *tables = facts_get(f, QF_TABLES), *states = facts_get(f, QF_FROZEN);
	autoshapes shapes found = { 0 };
	const char *name;
	json_t *pinned;

	if (!states)
		states = facts_get(f, QF_TABLE_STATE);
	if (!tables || !states)
		return err_set(e, ERR_ABSENT, "the facts know no tables");
	json_object_foreach((json_t *)tables, name, pinned)
	{
		const json_t *state = json_object_get(states, name);

		if (!state)
			return err_set(e, ERR_FORMAT, "the facts have no state of table '%s'",
				       name);
		if (shape_of_facts(name, state, pinned, vec_push(&found), e) < 0) {
			found.n--;
			return -e->kind;
		}
	}
	*ret = found;
	found = (shapes){ 0 };
	return 0;
}

/* ---- calendar ---- */

static void floor_tm(int32_t by, struct tm *t)
{
	t->tm_sec = t->tm_min = 0;
	if (by != BY_HOUR)
		t->tm_hour = 0;
	if (by == BY_WEEK)
		t->tm_mday -= (t->tm_wday + 6) % 7;
	if (by == BY_MONTH || by == BY_YEAR)
		t->tm_mday = 1;
	if (by == BY_YEAR)
		t->tm_mon = 0;
}

void part_range(const struct disk_meta *m, int64_t ts, int64_t *ret_from, int64_t *ret_to)
{
	int64_t unit = m->ns ? NS_PER_S : 1000000;
	time_t seconds = (time_t)((ts - (ts % unit + unit) % unit) / unit);
	struct tm t;

	if (m->partition_by == BY_NONE || !gmtime_r(&seconds, &t)) {
		*ret_from = INT64_MIN;
		*ret_to = INT64_MAX;
		return;
	}
	floor_tm(m->partition_by, &t);
	*ret_from = (int64_t)timegm(&t) * unit;
	switch (m->partition_by) {
	case BY_HOUR:
		t.tm_hour++;
		break;
	case BY_DAY:
		t.tm_mday++;
		break;
	case BY_WEEK:
		t.tm_mday += 7;
		break;
	case BY_MONTH:
		t.tm_mon++;
		break;
	default:
		t.tm_year++;
		break;
	}
	*ret_to = (int64_t)timegm(&t) * unit;
}

/* ---- places ---- */

int baseline_db(struct ctx *c, const struct facts *f, struct dir *ret, struct err *e)
{
	const struct site *s = ctx_site(c, NULL);
	const char *rel = facts_str(f, QF_DB_REL, NULL), *path = facts_str(f, QF_DB, NULL);
	autodir struct dir root = DIR_NONE;

	if (!rel && path)
		return dir_open(path, ret, e);
	if (site_root(s, "root", &root, e) < 0)
		return -e->kind;
	return dir_open_at(&root, rel ? rel : "db", ret, e);
}

const struct table *tables_named(const struct tables *t, const char *name)
{
	vec_each (&t->v, it) {
		if (strcmp(it->name, name) == 0)
			return it;
	}
	return NULL;
}
