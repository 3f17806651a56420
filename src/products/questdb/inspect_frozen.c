#include <string.h>

#include "base/clock.h"
#include "io/file.h"
#include "products/questdb/inspect.h"
#include "products/questdb/schema.h"

#define SMALL_MAX (1u << 20)

enum partition_flags { PART_IS_READ_ONLY = 1, PART_IS_PARQUET = 2 };

static json_t *partition_json(const struct table *t, const struct disk_partition *p)
{
	autobuf struct buf name = BUF_MAX(256);
	int flags =
	    (p->read_only ? PART_IS_READ_ONLY : 0) | (p->parquet_bytes >= 0 ? PART_IS_PARQUET : 0);

	schema_partition_dir(&t->meta, p->ts, -1, &name);
	return json_pack("[I I I s I i]", (json_int_t)p->ts, (json_int_t)p->rows,
			 (json_int_t)p->name_txn, buf_str(&name),
			 (json_int_t)MAX_OF(p->parquet_bytes, 0), flags);
}

static json_t *baseline_json(const struct table *t)
{
	const struct disk_txn *x = &t->txn;
	bool empty = !x->rows;
	json_t *o, *partitions = json_array();
	char digest[65];

	schema_digest(&t->meta, t->kind, digest);
	vec_each (&x->partitions, p)
		json_array_append_new(partitions, partition_json(t, p));
	o = json_pack("{ss si sb ss sI sI so so sI sI si si sI sI sI sI ss so so}", "dir", t->dir,
		      "id", t->meta.table_id, "wal", t->meta.wal, "kind", t->kind, "structure",
		      (json_int_t)x->structure_version, "rows", (json_int_t)x->rows, "min",
		      empty ? json_null() : json_integer(x->min), "max",
		      empty ? json_null() : json_integer(x->max), "txn", (json_int_t)x->txn,
		      "seq_txn", (json_int_t)x->seq_txn, "lag_txns", x->lag_txns, "lag_rows",
		      x->lag_rows, "data_version", (json_int_t)x->data_version, "partition_version",
		      (json_int_t)x->partition_version, "column_version",
		      (json_int_t)x->column_version, "truncate_version",
		      (json_int_t)x->truncate_version, "schema", digest, "columns",
		      schema_columns(&t->meta), "partitions", partitions);
	if (t->sequenced)
		json_object_set_new(o, "log_txn", json_integer(t->seq.max_txn));
	if (t->meta.ns)
		json_object_set_new(o, "ns", json_true());
	return o;
}

static void put_digests(const struct dir *d, const char *prefix, const char *const *names,
			json_t *files)
{
	for (; *names; names++) {
		autobuf struct buf bytes = BUF_MAX(SMALL_MAX);
		autofree char *key = xasprintf("%s%s", prefix, *names);
		struct err absent = ERR_INIT;
		char digest[DIGEST_TEXT];

		if (file_read(d, *names, &bytes, &absent) < 0)
			continue;
		digest_text(buf_sv(&bytes), digest);
		json_object_set_new(files, key, json_string(digest));
	}
}

/* Small files of the database and of its root, byte for byte. */
static void put_files(struct look *k)
{
	static const char *const of_db[] = { "_upgrade.d", "_tab_index.d", ".data_id",
					     "_preferences~store", NULL };
	static const char *const of_root[] = { "conf/log.conf", "conf/date.formats",
					       "conf/mime.types", "public/version.txt", NULL };
	json_t *files = json_object();

	if (k->has_db)
		put_digests(&k->db, "db/", of_db, files);
	put_digests(&k->root, "", of_root, files);
	observe(k, QF_FROZEN_FILES, files, "db, conf");
}

void inspect_frozen(struct look *k)
{
	json_t *tables = json_object();
	char now[40];

	observe(k, QF_FROZEN_AT, json_string(clock_rfc3339(clock_wall_ns(), now, sizeof now)),
		"clock");
	put_files(k);
	if (!k->has_tables) {
		facts_miss(k->f, QF_FROZEN, "the tables could not be read");
		json_decref(tables);
		return;
	}
	vec_each (&k->tables.v, t)
		if (!t->internal)
			json_object_set_new(tables, t->name, baseline_json(t));
	observe(k, QF_FROZEN, tables, "db/*/_meta, _txn, txn_seq/_txnlog");
}
