/* All tables of a database directory, as their own files say. */
#pragma once

#include "base/clock.h"
#include "base/pool.h"
#include "products/questdb/disk.h"

struct table_link {
	char *rel; /* below DB: "trades~5", "trades~5/2026-01-01" */
	char *target;
};
typedef VEC(struct table_link) table_links;

struct table {
	char *name, *dir;
	const char *kind; /* "table", "view", "matview", "live" */
	bool internal;    /* changes by itself: never compared */
	char *target;     /* of the link that `dir` is; NULL: none */
	struct disk_meta meta;
	struct disk_txn txn;
	bool sequenced; /* txn_seq/_txnlog was read */
	struct disk_seq seq;
	char convert;      /* 'w' to WAL, 'b' bypass, '?'; 0: no _convert */
	const char *todo;  /* "_meta.swp", "_todo_" or NULL */
	size_t detached;   /* *.detached and *.attachable */
	bool has_wal;      /* a wal<N> directory */
	char *parquet_bad; /* first partition whose data.parquet is missing or short, and why */
	char *lost;        /* first partition whose directory is missing */
	bool moving; /* it never stood still: whether one of the two before is, is not known */
};

struct table_fault {
	char *dir, *why;
};

struct tables {
	VEC(struct table) v;            /* sorted by name */
	VEC(struct table_fault) broken; /* files that could not be read or do not add up */
	VEC(char *) incomplete;         /* directories without _meta or _txn */
	VEC(char *) unregistered;       /* WAL tables the registry does not know */
	VEC(char *) files;              /* plain files directly in DB, locks left out */
	table_links links;              /* tables and partitions that are links */
	char *registry;                 /* its file; NULL none */
};
#define autotables cleanup_with(tables_done)

/* One pass over the directory, a running server's too: what looks wrong is there after
 * table_settle(). A table that cannot be read is in `broken`, not an error. */
int tables_scan(const struct dir *db, const struct cancel *cancel, struct tables *ret,
		struct err *e) must_check;
void tables_done(struct tables *t);

/* One look at one of them, by its directory: it is alone in *ret, or nothing is when it is gone. */
void table_look(const struct dir *db, const char *dir, struct tables *ret);

/* A look catches a server at work between two of its steps: names are listed, then a transaction
 * gives a partition another directory and the old one is removed; _meta is away between two names.
 * So what looks wrong is looked at again until it does not, or was so in several looks with no
 * transaction inside. False where it stayed wrong and `until` passed without one such look: then
 * nobody knows. *ret is what was judged last, whatever the answer. */
typedef bool table_judge(const struct tables *one, void *data);
bool table_settle(const struct dir *db, const char *dir, struct deadline until, table_judge *wrong,
		  void *data, struct tables *ret) must_check;

/* Transactions that the sequencer gave out and the table has not applied. */
int64_t table_pending(const struct table *t);
