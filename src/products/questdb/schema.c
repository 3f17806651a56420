#include "products/questdb/schema.h"

#include <stdio.h>
#include <time.h>

#include "io/file.h"
#include "io/json.h"

enum {
	TAG_TIMESTAMP = 8,
	TAG_STRING = 11,
	TAG_GEOBYTE = 14,
	TAG_GEOLONG = 17,
	TAG_BINARY = 18,
	TAG_VARCHAR = 26,
	TAG_ARRAY = 27,
	TAG_DECIMAL8 = 28,
	TAG_DECIMAL256 = 33
};

/* ColumnType's tags in order, the same since 7.0. */
static const char *const type_names[] = {
	NULL,      "BOOLEAN",   "BYTE",    "SHORT",   "CHAR",    "INT",     "LONG",
	"DATE",    "TIMESTAMP", "FLOAT",   "DOUBLE",  "STRING",  "SYMBOL",  "LONG256",
	"GEOHASH", "GEOHASH",   "GEOHASH", "GEOHASH", "BINARY",  "UUID",    NULL,
	NULL,      NULL,        NULL,      "LONG128", "IPv4",    "VARCHAR", "ARRAY",
	"DECIMAL", "DECIMAL",   "DECIMAL", "DECIMAL", "DECIMAL", "DECIMAL",
};

static void geohash_name(int32_t type, struct buf *ret)
{
	int bits = type >> 8 & 0xff;

	if (bits % 5)
		buf_addf(ret, "GEOHASH(%db)", bits);
	else
		buf_addf(ret, "GEOHASH(%dc)", bits / 5);
}

static void array_name(int32_t type, struct buf *ret)
{
	size_t element = type >> 8 & 0x3f;
	int dims = (type >> 14 & 0x1f) + 1;

	buf_adds(ret, element < ARRAY_LEN(type_names) && type_names[element] ? type_names[element]
									     : "?");
	for (int i = 0; i < dims; i++)
		buf_adds(ret, "[]");
}

void schema_type_name(int32_t type, struct buf *ret)
{
	size_t tag = type & 0xff;

	if (tag >= ARRAY_LEN(type_names) || !type_names[tag])
		buf_addf(ret, "TYPE %d", type);
	else if (tag >= TAG_GEOBYTE && tag <= TAG_GEOLONG)
		geohash_name(type, ret);
	else if (tag == TAG_ARRAY)
		array_name(type, ret);
	else if (tag >= TAG_DECIMAL8 && tag <= TAG_DECIMAL256)
		buf_addf(ret, "DECIMAL(%d,%d)", type >> 8 & 0xff, type >> 18 & 0xff);
	else
		buf_addf(ret, "%s%s", type_names[tag],
			 tag == TAG_TIMESTAMP && type & 1 << 18 ? "_NS" : "");
}

const char *schema_by_name(int32_t partition_by)
{
	static const char *const names[] = {
		"DAY", "MONTH", "YEAR", "NONE", "HOUR", "WEEK", "N/A"
	};

	return partition_by >= 0 && (size_t)partition_by < ARRAY_LEN(names) ? names[partition_by]
									    : "?";
}

/* A partition that was split off another one carries its time of day with it. */
static bool starts_a_partition(int32_t by, const struct tm *t, int64_t fraction)
{
	if (fraction || t->tm_sec || t->tm_min)
		return false;
	switch (by) {
	case BY_HOUR:
		return true;
	case BY_DAY:
		return !t->tm_hour;
	case BY_WEEK:
		return !t->tm_hour && t->tm_wday == 1;
	case BY_MONTH:
		return !t->tm_hour && t->tm_mday == 1;
	case BY_YEAR:
		return !t->tm_hour && t->tm_mday == 1 && t->tm_mon == 0;
	default:
		return false;
	}
}

static void whole_name(int32_t by, const struct tm *t, struct buf *ret)
{
	char text[64] = "";

	switch (by) {
	case BY_DAY:
		(void)strftime(text, sizeof text, "%Y-%m-%d", t);
		break;
	case BY_MONTH:
		(void)strftime(text, sizeof text, "%Y-%m", t);
		break;
	case BY_YEAR:
		(void)strftime(text, sizeof text, "%Y", t);
		break;
	case BY_HOUR:
		(void)strftime(text, sizeof text, "%Y-%m-%dT%H", t);
		break;
	default:
		(void)strftime(text, sizeof text, "%G-W%V", t);
		break;
	}
	buf_adds(ret, text);
}

static void split_name(int32_t by, const struct tm *t, struct buf *ret)
{
	char text[64] = "";

	if (by == BY_WEEK)
		(void)strftime(text, sizeof text, "%G-W%V-%uT%H%M%S", t);
	else
		(void)strftime(text, sizeof text, "%Y-%m-%dT%H%M%S", t);
	buf_adds(ret, text);
}

void schema_partition_dir(const struct disk_meta *m, int64_t ts, int64_t name_txn, struct buf *ret)
{
	int64_t unit = m->ns ? INT64_C(1000000000) : 1000000;
	int64_t fraction = (ts % unit + unit) % unit;
	time_t seconds = (time_t)((ts - fraction) / unit);
	struct tm t;

	if (m->partition_by == BY_NONE || m->partition_by == BY_NOTHING)
		buf_adds(ret, "default");
	else if (!gmtime_r(&seconds, &t))
		buf_addf(ret, "%jd", (intmax_t)ts);
	else if (starts_a_partition(m->partition_by, &t, fraction))
		whole_name(m->partition_by, &t, ret);
	else {
		split_name(m->partition_by, &t, ret);
		buf_addf(ret, m->ns ? "-%09jd" : "-%06jd", (intmax_t)fraction);
	}
	/* The one partition of a table without any is never renamed; its record says 0 (9.0.3,
	 * seen). */
	if (name_txn >= 0 && m->partition_by != BY_NONE)
		buf_addf(ret, ".%jd", (intmax_t)name_txn);
}

json_t *schema_columns(const struct disk_meta *m)
{
	json_t *list = json_array();

	vec_each (&m->columns, c) {
		autobuf struct buf text = BUF_MAX(32 << 10);

		buf_addf(&text, "%s ", c->name);
		schema_type_name(c->type, &text);
		buf_addf(&text, "%s%s", c->indexed ? " INDEXED" : "",
			 c->dedup_key ? " UPSERT KEY" : "");
		json_array_append_new(list, json_stringn(buf_str(&text), text.len));
	}
	return list;
}

bool schema_dedup(const struct disk_meta *m)
{
	vec_each (&m->columns, c)
		if (c->dedup_key)
			return true;
	return false;
}

bool schema_two_files(int32_t type)
{
	int tag = type & 0xff;

	return tag == TAG_STRING || tag == TAG_BINARY || tag == TAG_VARCHAR || tag == TAG_ARRAY;
}

int64_t schema_row_bytes(int32_t type)
{
	/* By tag; offsets of STRING and BINARY take 8 bytes, VARCHAR and arrays 16. */
	static const int64_t bytes[] = { 0, 1, 1,  2, 2, 4, 8, 8,  8, 4,  8,  8, 4, 32, 1, 2,  4,
					 8, 8, 16, 0, 0, 0, 0, 16, 4, 16, 16, 1, 2, 4,  8, 16, 32 };
	size_t tag = type & 0xff;

	return tag < ARRAY_LEN(bytes) ? bytes[tag] : 0;
}

void schema_digest(const struct disk_meta *m, const char *kind, char ret[65])
{
	const char *ts = m->timestamp >= 0 ? m->columns.v[m->timestamp].name : NULL;
	autojson json_t *doc = json_pack("{ss ss ss? sb si so}", "kind", kind, "partition_by",
					 schema_by_name(m->partition_by), "timestamp", ts, "wal",
					 m->wal, "ttl", m->ttl, "columns", schema_columns(m));

	json_digest(doc, ret);
}
