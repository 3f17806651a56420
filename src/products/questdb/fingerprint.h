/* Values of tables, read once through a server and kept as facts, to be read again through another.
 *
 * Levels: F0 schema, F1 rows of each partition, F2 aggregates of each column in each partition. This
 * is F2: one pass of the server over the table, a group a partition, columns in batches. Aggregates
 * are chosen so that releases agree on them: LONG sums wrap alike everywhere, DOUBLE goes in as a sum
 * of scaled integers, which does not depend on the order of adding; texts appear as digests only,
 * because facts are no place for customers' words.
 *
 * A table as JSON: {"txn","seq_txn","wal","column_version","columns":["price DOUBLE",...],
 *	"aggregates":{"2026-01-05":{"state","rows","cells":["24|0.5|11.5|12345","#<digest>",...]}}}
 * `columns` names the cells; ["*"] where a table has too many of them: then one cell stands for all
 * columns of a partition. A partition that moved while it was read is left out. */
#pragma once

#include "products/questdb/baseline.h"
#include "products/questdb/sql.h"

struct fingerprint_opts {
	int64_t within_ns; /* for one table; 0: ten minutes */
	const struct cancel *cancel;
	size_t *texts_left; /* how many cells may still be kept as text; NULL: all as digests */
	size_t *cells_left; /* how many cells in all before tables are folded; NULL: no end */
	bool fold;          /* one cell a partition, because the one to compare with is so */
};

bool fingerprint_folded(const json_t *print);

/* New reference. ERR_REFUSED with the server's words when it cannot read the table. */
int fingerprint_take(const struct sql *db, const struct dir *dbdir, const struct table *t,
		     const struct fingerprint_opts *o, json_t **ret, struct err *e) must_check;

/* Compare the table now with what was taken before, partition by partition: those whose state is
 * still that of the fingerprint in `then` (the frozen shape) and in `now` must be equal; the others
 * are recorded as not proved. `now_print` is a fresh fingerprint of the table. same_major: numbers
 * are written alike. */
void fingerprint_compare(const json_t *before, const json_t *now_print, const struct shape *then,
			 const struct shape *now, bool same_major, struct comparisons *ret);
