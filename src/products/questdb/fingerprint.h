/* Values of tables, read once through a server and kept as facts, to be read again through another.
 *
 * Levels: F0 schema, F1 rows of each partition, F2 aggregates of each column in each partition, F3
 * the content of each partition. This is F2 and F3. F2 is one pass of the server over the table, a
 * group a partition, columns in batches. Aggregates are chosen so that releases agree on them: LONG
 * sums wrap alike everywhere, DOUBLE goes in as a sum of scaled integers, which does not depend on
 * the order of adding; texts appear as digests only, because facts are no place for customers'
 * words. F3 is content.h.
 *
 * A table as JSON: {"txn","seq_txn","wal","column_version","columns":["price DOUBLE",...],
 *	"aggregates":{"2026-01-05":{"state","rows","cells":["24|0.5|11.5|12345","#<digest>",...],
 *	"content":sha256}}}
 * `columns` names the cells; ["*"] where a table has too many of them: then one cell stands for all
 * columns of a partition. `content` is absent where only F2 was read. A partition that moved while
 * it was read is left out. */
#pragma once

#include "products/questdb/baseline.h"
#include "products/questdb/sql.h"

struct fingerprint_opts {
	int64_t within_ns; /* for one table; 0: ten minutes */
	const struct cancel *cancel;
	size_t *texts_left; /* how many cells may still be kept as text; NULL: all as digests */
	size_t *cells_left; /* how many cells in all before tables are folded; NULL: no end */
	bool fold;          /* one cell a partition, because the one to compare with is so */
	bool content;       /* F3 too */
	size_t *contents_left; /* of how many partitions; NULL: no end */
	const json_t
	    *like; /* "aggregates" to compare with: content where they have it; NULL: all */
};

/* How much a full read of it takes: bytes of its rows, about. */
int64_t fingerprint_bytes(const struct table *t);
void fingerprint_digest(struct sv text, char ret[20]); /* a cell as its digest */

bool fingerprint_folded(const json_t *print);

/* New reference. ERR_REFUSED with the server's words when it cannot read the table. */
int fingerprint_take(const struct sql *db, const struct dir *dbdir, const struct table *t,
		     const struct fingerprint_opts *o, json_t **ret, struct err *e) must_check;

/* Compare the table now with what was taken before, partition by partition: those whose state is
 * still that of the fingerprint in `then` (the frozen shape) and in `now` must be equal; the others
 * are recorded as not proved. `now_print` is a fresh fingerprint of the table. */
enum fingerprint_how {
	FINGERPRINT_SAME_MAJOR = 1, /* numbers are written alike */
	FINGERPRINT_CONTENT = 2,    /* F3 was asked for: without it a partition is not proved */
};
void fingerprint_compare(const json_t *before, const json_t *now_print, const struct shape *then,
			 const struct shape *now, unsigned how, struct comparisons *ret);
