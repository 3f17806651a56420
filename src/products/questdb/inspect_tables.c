#include <stdio.h>
#include <string.h>

#include "products/questdb/inspect.h"
#include "products/questdb/schema.h"

static json_t *table_json(const struct table *t)
{
	char digest[65];
	json_t *o;

	schema_digest(&t->meta, t->kind, digest);
	o = json_pack("{ss si ss sb ss so sb si so sI ss}", "dir", t->dir, "id", t->meta.table_id,
		      "kind", t->kind, "wal", t->meta.wal, "partition_by",
		      schema_by_name(t->meta.partition_by), "timestamp",
		      t->meta.timestamp >= 0
			  ? json_string(t->meta.columns.v[t->meta.timestamp].name)
			  : json_null(),
		      "dedup", schema_dedup(&t->meta), "ttl", t->meta.ttl, "columns",
		      schema_columns(&t->meta), "structure", (json_int_t)t->txn.structure_version,
		      "schema", digest);
	if (t->target)
		json_object_set_new(o, "link", text_json(t->target));
	return o;
}

/* Files a reader of everything holds open: one or two a column and partition, one a Parquet
 * partition. */
static int64_t files_open(const struct table *t, int64_t *ret_parquet)
{
	int64_t parquet = 0, native, each = 0;

	vec_each (&t->txn.partitions, p)
		parquet += p->parquet_bytes >= 0;
	native = (int64_t)t->txn.partitions.n - parquet;
	if (!t->txn.partitions.n)
		native = 1;
	vec_each (&t->meta.columns, c)
		each += schema_two_files(c->type) ? 2 : 1;
	*ret_parquet = parquet;
	return native * each + parquet;
}

static json_t *state_json(const struct table *t, int64_t *ret_fd)
{
	int64_t parquet, fd = files_open(t, &parquet);
	bool empty = !t->txn.rows;
	json_t *o =
	    json_pack("{sI so so sI sI si si sI sI sI}", "rows", (json_int_t)t->txn.rows, "min",
		      empty ? json_null() : json_integer(t->txn.min), "max",
		      empty ? json_null() : json_integer(t->txn.max), "txn", (json_int_t)t->txn.txn,
		      "seq_txn", (json_int_t)t->txn.seq_txn, "lag_txns", t->txn.lag_txns,
		      "lag_rows", t->txn.lag_rows, "partitions", (json_int_t)t->txn.partitions.n,
		      "parquet", (json_int_t)parquet, "fd", (json_int_t)fd);

	if (t->sequenced)
		json_object_set_new(o, "log_txn", json_integer(t->seq.max_txn));
	*ret_fd = fd;
	return o;
}

struct totals {
	int64_t tables, rows, partitions, fd, pending;
};

static void put_user_tables(struct look *k)
{
	json_t *tables = json_object(), *state = json_object(), *internal = json_array(),
	       *pending = json_object();
	struct totals sum = { 0 };

	vec_each (&k->tables.v, t) {
		int64_t fd = 0, left = table_pending(t);

		if (t->internal) {
			json_array_append_new(internal, text_json(t->name));
			continue;
		}
		json_object_set_new(tables, t->name, table_json(t));
		json_object_set_new(state, t->name, state_json(t, &fd));
		if (left)
			json_object_set_new(pending, t->name, json_integer(left));
		sum.tables++;
		sum.rows += t->txn.rows;
		sum.partitions += (int64_t)t->txn.partitions.n;
		sum.fd += fd;
		sum.pending += left;
	}
	pin(k, QF_TABLES, tables, "db/*/_meta");
	observe(k, QF_TABLE_STATE, state, "db/*/_txn");
	observe(k, QF_SYSTEM, internal, "db");
	observe(k, QF_WAL_PENDING, pending, "db/*/txn_seq/_txnlog");
	observe(k, QF_WAL_PENDING_SUM, json_integer(sum.pending), "db/*/txn_seq/_txnlog");
	pin_int(k, QF_TABLES_COUNT, sum.tables, "db");
	observe(k, QF_ROWS, json_integer(sum.rows), "db/*/_txn");
	observe(k, QF_PARTITIONS, json_integer(sum.partitions), "db/*/_txn");
	observe(k, QF_FD_ESTIMATE, json_integer(sum.fd), "db/*/_meta and _txn");
}

static json_t *names_json(char *const *v, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, text_json(v[i]));
	return list;
}

/* The counter as it is after the tables were looked at: a client may have made one meanwhile. */
static int64_t last_id(const struct look *k)
{
	struct disk_db now = { 0 };
	struct err e = ERR_INIT;

	return MAX_OF(facts_int(k->f, QF_DB_LAST_ID, INT64_MAX),
		      disk_db_read(&k->db, &now, &e) < 0 ? 0 : now.last_table_id);
}

static void put_ids(struct look *k)
{
	autojson json_t *by_id = json_object();
	json_t *twice = json_object(), *above = json_array(), *dirs;
	int64_t last = last_id(k);
	const char *id;

	vec_each (&k->tables.v, t) {
		char key[16];

		snprintf(key, sizeof key, "%d", t->meta.table_id);
		if (!json_object_get(by_id, key))
			json_object_set_new(by_id, key, json_array());
		json_array_append_new(json_object_get(by_id, key), text_json(t->dir));
		if (t->meta.table_id > last)
			json_array_append_new(above, text_json(t->dir));
	}
	json_object_foreach(by_id, id, dirs) if (json_array_size(dirs) > 1)
	    json_object_set(twice, id, dirs);
	observe_some(k, QF_TABLE_ID_TWICE, twice, "db/*/_meta");
	observe_some(k, QF_TABLE_ID_ABOVE, above, "db/*/_meta");
}

/* Names that Enterprise's own tables might have: everything it is known to add begins so. */
static bool reserved_name(const char *name)
{
	return !strncmp(name, "sys.", 4) || !strncmp(name, "_", 1) || !strncmp(name, "acl_", 4);
}

static void put_leftovers(struct look *k)
{
	json_t *convert = json_object(), *todo = json_object(), *detached = json_object(),
	       *orphan = json_array();
	json_t *parquet = json_object(), *reserved = json_array();

	vec_each (&k->tables.v, t) {
		if (t->convert)
			json_object_set_new(convert, t->name,
					    json_string(t->convert == 'w'   ? "wal"
							: t->convert == 'b' ? "bypass wal"
									    : "?"));
		/* A running writer has operations of its own in hand. */
		if (t->todo && !t->internal && !k->l.proc.id.pid)
			json_object_set_new(todo, t->name, json_string(t->todo));
		if (t->detached)
			json_object_set_new(detached, t->name,
					    json_integer((json_int_t)t->detached));
		if (strcmp(t->kind, "view") && t->meta.wal != t->sequenced && !t->convert)
			json_array_append_new(orphan, text_json(t->dir));
		if (t->parquet_bad) {
			struct sv why = sv_of(t->parquet_bad), dir = sv_cut(&why, ':');
			autofree char *key = xasprintf("%s/" SV_FMT, t->name, SV_ARG(dir));

			why = sv_trim(why);
			json_object_set_new(parquet, key, json_stringn(why.p, why.n));
		}
		if (!t->internal && reserved_name(t->name))
			json_array_append_new(reserved, text_json(t->name));
	}
	observe_some(k, QF_TABLE_CONVERT, convert, "db/*/_convert");
	observe_some(k, QF_TABLE_TODO, todo, "db/*");
	observe_some(k, QF_TABLE_DETACHED, detached, "db/*");
	observe_some(k, QF_TABLE_ORPHAN_WAL, orphan, "db/*");
	observe_some(k, QF_PARQUET_BAD, parquet, "db/*/_txn");
	observe_some(k, QF_TABLE_SUSPECT, reserved, "db");
}

static void put_broken(struct look *k)
{
	json_t *broken = json_object();

	vec_each (&k->tables.broken, b)
		json_object_set_new(broken, b->dir, text_json(b->why));
	vec_each (&k->tables.v, t)
		if (t->lost && !json_object_get(broken, t->dir))
			json_object_set_new(
			    broken, t->dir,
			    json_sprintf("partition '%s' has no directory", t->lost));
	observe_some(k, QF_TABLE_BROKEN, broken, "db/*");
	observe_some(k, QF_TABLE_NO_META,
		     names_json(k->tables.incomplete.v, k->tables.incomplete.n), "db/*");
	observe_some(k, QF_TABLE_UNREGISTERED,
		     names_json(k->tables.unregistered.v, k->tables.unregistered.n),
		     k->tables.registry ? k->tables.registry : "registry");
	observe(k, QF_DB_EXTRA_FILES, names_json(k->tables.files.v, k->tables.files.n), "readdir");
	if (k->tables.registry)
		observe(k, QF_DB_REGISTRY, json_string(k->tables.registry), "readdir");
}

/* Links of tables join those of the root. */
static void put_links(struct look *k)
{
	json_t *links = json_deep_copy(facts_get(k->f, QF_LINKS));

	vec_each (&k->tables.links, l)
		json_array_append_new(
		    links, json_pack("{so so ss}", "path", json_sprintf("%s/%s", k->l.db, l->rel),
				     "target", text_json(l->target), "kind",
				     strchr(l->rel, '/') ? "partition" : "table"));
	pin(k, QF_LINKS, links, "readlink");
}

/* What only an Enterprise start leaves. None was ever seen: names by the documentation. */
static void put_enterprise_marks(struct look *k)
{
	json_t *marks = json_array();

	vec_each (&k->tables.files, it)
		if (!strcmp(*it, "_replication_sync_id.d"))
			json_array_append_new(marks, text_json(*it));
	vec_each (&k->tables.v, t) {
		if (!strncmp(t->name, "sys.acl", 7) ||
		    !strncmp(t->name, "sys.storage_policies", 20))
			json_array_append_new(marks, text_json(t->name));
	}
	observe_some(k, QF_ENTERPRISE_MARKS, marks, "db");
	facts_unconfirmed(k->f, QF_ENTERPRISE_MARKS);
}

int inspect_tables(struct look *k, struct err *e)
{
	struct err why = ERR_INIT;

	if (!k->has_db)
		err_set(&why, ERR_ABSENT, "the database directory cannot be opened");
	if (!k->has_db || tables_scan(&k->db, k->c->cancel, &k->tables, &why) < 0) {
		if (why.kind == ERR_CANCELED) {
			*e = why;
			return -e->kind;
		}
		missing(k, QF_TABLES, &why);
		facts_miss_after(k->f, QF_TABLE_STATE, QF_TABLES, NULL);
		return 0;
	}
	k->has_tables = true;
	put_user_tables(k);
	put_ids(k);
	put_leftovers(k);
	put_broken(k);
	put_links(k);
	put_enterprise_marks(k);
	return 0;
}
