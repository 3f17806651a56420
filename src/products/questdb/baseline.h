/* The shape of a table at one moment: transactions, rows and partitions, from frozen facts or from
 * its files now, in one form, so that two moments can be compared.
 *
 * Partitions are logical ones: what the server split off ("2026-01-05T120000-000001") counts with
 * its day. The state of a partition names its physical parts with their rows and name transactions:
 * every way of changing one changes its state or the table's column version (seen: append,
 * out-of-order merge, dedup, drop, Parquet; UPDATE moves the column version). */
#pragma once

#include "products/questdb/questdb.h"
#include "products/questdb/tables.h"

struct part {
	char key[48]; /* "2026-01-05", "2026-W02", "default" */
	int64_t rows;
	char *state;
};

struct shape {
	char *name, *dir, *kind;
	bool wal;
	bool has_parts;         /* false: the facts kept no partitions */
	int64_t rows, min, max; /* min and max mean nothing while rows is 0 */
	int64_t txn, seq_txn;   /* committed; applied from the sequencer */
	int64_t log_txn;        /* given out by the sequencer; seq_txn where there is none */
	int64_t column_version;
	int64_t ttl;            /* hours; negative: months; 0 none */
	VEC(struct part) parts; /* ascending */
	const json_t *pinned;   /* its entry in QF_TABLES, borrowed; NULL of files */
};
void shape_done(struct shape *s);
#define autoshape cleanup_with(shape_done)

typedef VEC(struct shape) shapes;
void shapes_done(shapes *s);
#define autoshapes cleanup_with(shapes_done)

/* All tables of QF_FROZEN, or where that is absent of QF_TABLES and QF_TABLE_STATE (facts taken
 * live, then without partitions). ERR_ABSENT when the facts have neither, ERR_FORMAT. */
int shapes_of_facts(const struct facts *f, shapes *ret, struct err *e) must_check;
void shape_of_table(const struct table *t, struct shape *ret);
const struct part *shape_part(const struct shape *s, const char *key); /* NULL: no such partition */

/* Of a partition's name the part that names the logical one: 10 characters of
 * "2026-01-05T120000-000001" by day. */
size_t part_key_length(int32_t partition_by);

/* First timestamp of the logical partition that holds ts, and of the one after it, in the table's
 * unit. */
void part_range(const struct disk_meta *m, int64_t ts, int64_t *ret_from, int64_t *ret_to);

/* Directory of the database of a site, by the frozen facts. */
int baseline_db(struct ctx *c, const struct facts *f, struct dir *ret, struct err *e) must_check;

/* The table of that name, NULL. */
const struct table *tables_named(const struct tables *t, const char *name);
