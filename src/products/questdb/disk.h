/* QuestDB's own files, read without QuestDB: of a running server as well as of a stopped one, and
 * of a damaged one.
 *
 * Nothing here changes anything or trusts a length it read: every count has a ceiling, every offset
 * is checked against the file, and what does not add up is ERR_FORMAT naming the file. A file is
 * little-endian and usually longer than its content. Layouts: QuestDB's TableUtils, TxReader,
 * TableTransactionLogFile; seen with 8.2.0, 9.0.3 and 9.3.4. */
#pragma once

#include "base/map.h"
#include "io/dir.h"

/* ---- a database directory ---- */
struct disk_db {
	bool stamped; /* _upgrade.d is there */
	int32_t table_version, migration_version;
	bool counted; /* _tab_index.d is there */
	int64_t last_table_id;
	char instance[33]; /* its instance hash, 32 hex digits: the identity of the database */
	char data_id[33];  /* .data_id, 32 hex digits; "" while it is not initialised */
};
int disk_db_read(const struct dir *db, struct disk_db *ret, struct err *e) must_check;

/* The registry of WAL tables, mat views and views (tables.d.N): which directories are theirs. A
 * directory that is not there any more in it is a dropped table that waits to be removed. */
enum disk_kind { KIND_TABLE = 1, KIND_MATVIEW = 2, KIND_VIEW = 3 };

struct disk_registered {
	char *name;
	int32_t id, kind; /* enum disk_kind, or one of a later release */
	bool dropped;
};
struct disk_registry {
	char *file;        /* "tables.d.0"; NULL: there is none */
	struct map by_dir; /* directory -> struct disk_registered *, the last word on each */
};
int disk_registry_read(const struct dir *db, struct disk_registry *ret, struct err *e) must_check;
void disk_registry_done(struct disk_registry *r);
#define autoregistry cleanup_with(disk_registry_done)

/* ---- a table directory ---- */
struct disk_column {
	char *name;
	int32_t type; /* schema_type_name() */
	int32_t slot; /* its place among all that ever were, by which _cv knows it */
	bool indexed, dedup_key;
};

enum disk_by {
	BY_DAY,
	BY_MONTH,
	BY_YEAR,
	BY_NONE,
	BY_HOUR,
	BY_WEEK,
	BY_NOTHING
}; /* BY_NOTHING: views */

struct disk_meta {
	VEC(struct disk_column) columns; /* those not dropped, in order */
	int32_t partition_by;            /* enum disk_by */
	int timestamp;                   /* index of the designated timestamp in columns; -1 none */
	int32_t version, table_id;
	int64_t metadata_version;
	bool wal, ns; /* ns: the designated timestamp counts nanoseconds */
	int32_t ttl;  /* hours; negative: months; 0 none */
};
int disk_meta_read(const struct dir *table, struct disk_meta *ret, struct err *e) must_check;
void disk_meta_done(struct disk_meta *m);
#define autometa cleanup_with(disk_meta_done)

struct disk_partition {
	int64_t ts; /* first timestamp it can hold, in the table's unit */
	int64_t rows;
	int64_t name_txn;      /* suffix of its directory; -1 none */
	int64_t parquet_bytes; /* committed length of data.parquet; -1: native */
	bool read_only;
};

struct disk_txn {
	int64_t txn, rows, min, max; /* min and max mean nothing while rows is 0 */
	int64_t structure_version, data_version, partition_version, column_version,
	    truncate_version;
	int64_t seq_txn;            /* sequencer transaction applied last */
	int32_t lag_txns, lag_rows; /* applied into the lag area of the last partition */
	VEC(struct disk_partition)
	partitions; /* the last one with its transient rows; none when not partitioned */
};
/* The committed record, consistent while a server writes: read again until the version stood still.
 * ERR_BUSY when it never did. */
int disk_txn_read(const struct dir *table, struct disk_txn *ret, struct err *e) must_check;
void disk_txn_done(struct disk_txn *t);
#define autotxn cleanup_with(disk_txn_done)

/* Which file of a column a partition uses, and from which row on (_cv). */
struct disk_column_version {
	int64_t partition; /* INT64_MIN: holds for all that have none of their own */
	int64_t slot, name_txn;
	int64_t top; /* rows before the first; for all: the first partition that has the column */
};
struct disk_cv {
	int64_t version;
	VEC(struct disk_column_version) v;
};
/* ERR_ABSENT, ERR_FORMAT, ERR_BUSY as disk_txn_read(). */
int disk_cv_read(const struct dir *table, struct disk_cv *ret, struct err *e) must_check;
void disk_cv_done(struct disk_cv *cv);
#define autocv cleanup_with(disk_cv_done)
/* Rows of the partition before the column's first, -1 when it has none there; and the suffix of its
 * files, -1 none. */
int64_t disk_cv_top(const struct disk_cv *cv, int64_t partition, int32_t slot, int64_t *ret_txn);

struct disk_seq {
	int32_t format;  /* 0: one file, 1: parts */
	int64_t max_txn; /* last transaction the sequencer gave out */
};
/* ERR_ABSENT for a table without sequencer. */
int disk_seq_read(const struct dir *table, struct disk_seq *ret, struct err *e) must_check;

/* Logical name of a table from _name, heap; ERR_ABSENT when there is no such file. */
int disk_name_read(const struct dir *table, char **ret, struct err *e) must_check;

/* Structural operations left in _todo_; 0 when the file is absent or holds none. */
int disk_todo_read(const struct dir *table, int64_t *ret, struct err *e) must_check;
