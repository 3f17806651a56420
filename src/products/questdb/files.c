#include "products/questdb/files.h"

#include <inttypes.h>
#include <string.h>

#include "products/questdb/schema.h"

struct looking {
	const struct table *t;
	const struct dir *table;
	const struct disk_cv *cv;
	struct comparisons *ret;
	uint64_t same;
};

static void differs(struct looking *k, const char *dir, const char *file, int64_t want, int64_t is)
{
	autofree char *subject = xasprintf("table %s", k->t->name),
		      *what = xasprintf("file %s/%s", dir, file),
		      *was = xasprintf("at least %" PRId64 " bytes", want),
		      *now = is < 0 ? NULL : xasprintf("%" PRId64 " bytes", is);

	cmp_add(k->ret, CMP_DIFFERENT, subject, what, was, now, NULL, NULL);
}

static void look_at(struct looking *k, const struct dir *part, const char *dir, const char *file,
		    int64_t want)
{
	struct err absent = ERR_INIT;
	struct stat st;

	if (dir_stat(part, file, &st, &absent) < 0)
		differs(k, dir, file, want, -1);
	else if (st.st_size < want)
		differs(k, dir, file, want, st.st_size);
	else
		k->same++;
}

/* A column that came later has no file where it holds no row. */
static void look_at_column(struct looking *k, const struct dir *part, const char *dir,
			   const struct disk_partition *p, const struct disk_column *c)
{
	int64_t txn, top = disk_cv_top(k->cv, p->ts, c->slot, &txn);
	bool offsets = schema_two_files(c->type);
	autofree char *suffix = txn < 0 ? xstrdup("") : xasprintf(".%" PRId64, txn);
	autofree char *data = xasprintf("%s.d%s", c->name, suffix),
		      *other = xasprintf("%s.i%s", c->name, suffix);

	if (top < 0 || top >= p->rows)
		return;
	look_at(k, part, dir, offsets ? other : data, (p->rows - top) * schema_row_bytes(c->type));
	if (offsets)
		look_at(k, part, dir, data, 0);
}

static void look_at_part(struct looking *k, const struct disk_partition *p)
{
	autobuf struct buf dir = BUF_MAX(256);
	autodir struct dir part = DIR_NONE;
	struct err e = ERR_INIT;

	schema_partition_dir(&k->t->meta, p->ts, p->name_txn, &dir);
	if (dir_open_at(k->table, buf_str(&dir), &part, &e) < 0) {
		/* A link to elsewhere is not followed here; tables_scan() saw that it leads
		 * somewhere. */
		if (e.kind == ERR_ABSENT)
			differs(k, buf_str(&dir), "", 0, -1);
	} else if (p->parquet_bytes >= 0) {
		look_at(k, &part, buf_str(&dir), "data.parquet", p->parquet_bytes);
	} else {
		vec_each (&k->t->meta.columns, c)
			look_at_column(k, &part, buf_str(&dir), p, c);
	}
}

/* The table's own partition record when it is not partitioned. */
static void look_at_only_part(struct looking *k)
{
	struct disk_partition p = {
		.rows = k->t->txn.rows, .name_txn = -1, .parquet_bytes = -1, .ts = 0
	};

	if (p.rows)
		look_at_part(k, &p);
}

static bool stands(const struct shape *then, const struct shape *now, const char *key)
{
	const struct part *was = shape_part(then, key), *is = shape_part(now, key);

	return was && is && !strcmp(was->state, is->state);
}

static void look_at_parts(struct looking *k, const struct shape *then, const struct shape *now)
{
	size_t length = part_key_length(k->t->meta.partition_by);

	if (k->t->meta.partition_by == BY_NONE) {
		if (stands(then, now, "default"))
			look_at_only_part(k);
		return;
	}
	vec_each (&k->t->txn.partitions, p) {
		autobuf struct buf name = BUF_MAX(256);
		char key[48];

		schema_partition_dir(&k->t->meta, p->ts, -1, &name);
		snprintf(key, sizeof key, "%.*s", (int)length, buf_str(&name));
		if (p->rows && stands(then, now, key))
			look_at_part(k, p);
	}
}

int files_compare(const struct dir *dbdir, const struct table *t, const struct shape *then,
		  const struct shape *now, struct comparisons *ret)
{
	autocv struct disk_cv cv = { 0 };
	autodir struct dir table = DIR_NONE;
	struct looking k = { .t = t, .table = &table, .cv = &cv, .ret = ret };
	struct err e = ERR_INIT;

	if (!then->has_parts || then->column_version != now->column_version ||
	    !strcmp(t->kind, "view"))
		return 0;
	if (dir_open_at(dbdir, t->dir, &table, &e) < 0)
		return 0; /* a link to a volume, or gone: told by others */
	/* Moved meanwhile: then its partitions say nothing of its files. */
	if (disk_cv_read(&table, &cv, &e) < 0 || cv.version != now->column_version) {
		autofree char *subject = xasprintf("table %s", t->name);

		cmp_add(ret, CMP_UNPROVED, subject, "files", NULL, NULL, NULL,
			e.kind ? e.msg : "its columns changed while they were looked at");
		return 0;
	}
	look_at_parts(&k, then, now);
	cmp_same(ret, k.same);
	return 1;
}
