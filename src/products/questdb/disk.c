#include "products/questdb/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "io/file.h"
#include "products/questdb/bytes.h"

#define META_MAX (16u << 20)
#define COLUMNS_MAX 100000
#define TXN_TRIES 200
#define TXN_HEADER 64
#define TXN_RECORD 132 /* fixed part: up to and with the symbol count */
#define SYMBOLS_MAX (8 * COLUMNS_MAX)
#define PARTITIONS_MAX (32 << 20) /* a million partitions of 32 bytes */

/* Offsets in _meta: TableUtils.META_OFFSET_* */
enum {
	META_COUNT = 0,
	META_PARTITION_BY = 4,
	META_TIMESTAMP = 8,
	META_VERSION = 12,
	META_TABLE_ID = 16,
	META_METADATA_VERSION = 32,
	META_WAL = 40,
	META_MINOR = 41,
	META_TTL = 45,
	META_COLUMNS = 128,
	META_COLUMN_SIZE = 32
};
/* Offsets in a column's entry of _meta. */
enum { COLUMN_TYPE = 0, COLUMN_FLAGS = 4, COLUMN_REPLACES = 24 };
/* Offsets in a record of _txn: TableUtils.TX_OFFSET_* */
enum {
	TX_TXN = 0,
	TX_TRANSIENT = 8,
	TX_FIXED = 16,
	TX_MIN = 24,
	TX_MAX = 32,
	TX_STRUCTURE = 40,
	TX_DATA = 48,
	TX_PARTITION = 56,
	TX_COLUMN = 64,
	TX_TRUNCATE = 72,
	TX_SEQ = 80,
	TX_LAG_TXNS = 92,
	TX_LAG_ROWS = 96,
	TX_SYMBOLS = 128
};
/* The second word of a partition: rows below, flags above. TxReader.PARTITION_* */
#define PART_ROWS INT64_C(0xfffffffffff)
#define PART_READ_ONLY (INT64_C(1) << 62)
#define PART_PARQUET (INT64_C(1) << 61)

#define COLUMN_INDEXED 1
#define COLUMN_DEDUP 8
#define TYPE_TIMESTAMP_NS (1 << 18 | 8)

static void hex(const char *bytes, size_t n, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		ret[2 * i] = digits[(unsigned char)bytes[i] >> 4];
		ret[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret[2 * n] = '\0';
}

/* Up to n bytes from `at`; what the file does not have is not in *ret_got. */
static int read_at(int fd, void *to, size_t n, off_t at, const char *what, size_t *ret_got,
		   struct err *e)
{
	size_t got = 0;

	while (got < n) {
		ssize_t more = pread(fd, (char *)to + got, n - got, at + (off_t)got);

		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return err_sys(e, errno, "read '%s'", what);
		if (!more)
			break;
		got += (size_t)more;
	}
	*ret_got = got;
	return 0;
}

/* The first n bytes of a file. 1 read, 0 no such file; shorter than `least`: ERR_FORMAT. */
static int read_head(const struct dir *d, const char *rel, char *to, size_t n, size_t least,
		     size_t *ret_got, struct err *e)
{
	autoclose int fd = dir_openat(d, rel, O_RDONLY, 0, e);

	if (fd < 0) {
		if (e->kind != ERR_ABSENT)
			return -e->kind;
		err_clear(e);
		return 0;
	}
	if (read_at(fd, to, n, 0, rel, ret_got, e) < 0)
		return -e->kind;
	if (*ret_got < least)
		return err_set(e, ERR_FORMAT, "file '%s' of '%s' is too short: %zu bytes", rel,
			       d->path, *ret_got);
	return 1;
}

int disk_db_read(const struct dir *db, struct disk_db *ret, struct err *e)
{
	struct disk_db found = { 0 };
	char bytes[24];
	size_t n = 0;
	int has;

	if ((has = read_head(db, "_upgrade.d", bytes, 8, 8, &n, e)) < 0)
		return has;
	if ((found.stamped = has)) {
		found.table_version = le32(bytes);
		found.migration_version = le32(bytes + 4);
	}
	if ((has = read_head(db, "_tab_index.d", bytes, 24, 24, &n, e)) < 0)
		return has;
	if ((found.counted = has)) {
		found.last_table_id = le64(bytes);
		hex(bytes + 8, 16, found.instance);
	}
	/* Absent, empty or short is "not initialised" to the server too. */
	if ((has = read_head(db, ".data_id", bytes, 17, 0, &n, e)) < 0)
		return has;
	if (has && n == 16)
		hex(bytes, 16, found.data_id);
	*ret = found;
	return 0;
}

void disk_meta_done(struct disk_meta *m)
{
	vec_each (&m->columns, c)
		free(c->name);
	vec_done(&m->columns);
}

/* Whether the fields after the WAL flag are of whoever wrote the columns: an old release that
 * rewrites _meta leaves them stale, and their checksum tells. TableUtils.isMetaFormatUpToDate */
static bool minor_fields_hold(const char *p, int32_t columns, int64_t metadata_version)
{
	uint32_t folded = (uint32_t)metadata_version ^ (uint32_t)((uint64_t)metadata_version >> 32);
	uint32_t sum = 13 * folded + 37 * (uint32_t)columns;
	uint32_t field = (uint32_t)le32(p + META_MINOR);

	return (field & 0xffff) == ((sum ^ sum >> 16) & 0xffff) && field >> 16 >= 1;
}

/* A column as it stands in the file, and the place it is shown at: one whose type was changed is
 * written anew at the end and takes the place of the one it replaces. */
struct placed {
	struct disk_column column;
	int32_t place, index;
	bool live;
};
typedef VEC(struct placed) placed_list;

static void placed_done(placed_list *list)
{
	vec_each (list, it)
		free(it->column.name);
	vec_done(list);
}

static int by_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	return x->place != y->place  ? (x->place < y->place ? -1 : 1)
	       : x->index < y->index ? -1
				     : x->index > y->index;
}

static int placed_column(struct sv bytes, int32_t i, size_t *at, placed_list *list, struct err *e)
{
	const char *entry = bytes.p + META_COLUMNS + (size_t)i * META_COLUMN_SIZE;
	int32_t type = le32(entry + COLUMN_TYPE);
	int64_t flags = le64(entry + COLUMN_FLAGS),
		replaces = le32(entry + COLUMN_REPLACES) - INT64_C(1);
	struct placed p = { .place = i, .index = i, .live = type > 0 };

	if (bytes_string(bytes, at, &p.column.name, e) < 0)
		return err_wrap(e, "column %d", i);
	p.column.type = type;
	p.column.slot = i;
	p.column.indexed = flags & COLUMN_INDEXED;
	p.column.dedup_key = flags & COLUMN_DEDUP;
	/* Older releases left bytes of no meaning there. */
	if (replaces >= 0 && replaces < i)
		p.place = list->v[replaces].place;
	*vec_push(list) = p;
	return 0;
}

/* The replaced column hands its place on even when its successor was replaced again: list->v[] has
 * them all. */
static int meta_columns(struct sv bytes, int32_t count, int32_t timestamp, struct disk_meta *m,
			struct err *e)
{
	size_t at = META_COLUMNS + (size_t)count * META_COLUMN_SIZE;
	placed_list list = { 0 };

	for (int32_t i = 0; i < count; i++) {
		if (placed_column(bytes, i, &at, &list, e) < 0) {
			placed_done(&list);
			return -e->kind;
		}
	}
	vec_sort(&list, by_place);
	vec_each (&list, it) {
		if (!it->live)
			continue;
		if (it->index == timestamp) {
			m->timestamp = (int)m->columns.n;
			m->ns = it->column.type == TYPE_TIMESTAMP_NS;
		}
		*vec_push(&m->columns) = it->column;
		it->column.name = NULL;
	}
	placed_done(&list);
	return 0;
}

static int meta_parse(struct sv bytes, struct disk_meta *m, struct err *e)
{
	int32_t count, timestamp;

	if (bytes.n < META_COLUMNS)
		return err_set(e, ERR_FORMAT, "it is too short: %zu bytes", bytes.n);
	count = le32(bytes.p + META_COUNT);
	if (count < 0 || count > COLUMNS_MAX ||
	    META_COLUMNS + (size_t)count * META_COLUMN_SIZE > bytes.n)
		return err_set(e, ERR_FORMAT, "it has %d columns", count);
	m->partition_by = le32(bytes.p + META_PARTITION_BY);
	m->timestamp = -1;
	m->version = le32(bytes.p + META_VERSION);
	m->table_id = le32(bytes.p + META_TABLE_ID);
	m->metadata_version = le64(bytes.p + META_METADATA_VERSION);
	m->wal = bytes.p[META_WAL];
	if (minor_fields_hold(bytes.p, count, m->metadata_version))
		m->ttl = le32(bytes.p + META_TTL);
	timestamp = le32(bytes.p + META_TIMESTAMP);
	if (timestamp < -1 || timestamp >= count)
		return err_set(e, ERR_FORMAT, "its timestamp is column %d of %d", timestamp, count);
	if (m->partition_by < BY_DAY || m->partition_by > BY_NOTHING)
		return err_set(e, ERR_FORMAT, "it is partitioned by kind %d", m->partition_by);
	return meta_columns(bytes, count, timestamp, m, e);
}

int disk_meta_read(const struct dir *table, struct disk_meta *ret, struct err *e)
{
	autobuf struct buf bytes = BUF_MAX(META_MAX);
	autometa struct disk_meta found = { 0 };

	if (file_read(table, "_meta", &bytes, e) < 0)
		return -e->kind;
	if (meta_parse(buf_sv(&bytes), &found, e) < 0)
		return err_wrap(e, "file '_meta' of '%s'", table->path);
	*ret = found;
	found = (struct disk_meta){ 0 };
	return 0;
}

void disk_txn_done(struct disk_txn *t) { vec_done(&t->partitions); }

struct txn_area {
	int32_t at, symbols, partitions; /* offset of the record, bytes of its two lists */
};

static int txn_area(const char *header, struct txn_area *ret, struct err *e)
{
	const char *p = header + (le64(header) & 1 ? 32 : 8);
	struct txn_area a = { le32(p), le32(p + 4), le32(p + 8) };

	if (a.at < TXN_HEADER || a.symbols < 0 || a.symbols > SYMBOLS_MAX || a.symbols % 8 ||
	    a.partitions < 0 || a.partitions > PARTITIONS_MAX || a.partitions % 32)
		return err_set(e, ERR_FORMAT, "its record is at %d with lists of %d and %d bytes",
			       a.at, a.symbols, a.partitions);
	*ret = a;
	return 0;
}

static int txn_partitions(const char *p, size_t n, int64_t transient, struct disk_txn *t,
			  struct err *e)
{
	for (size_t i = 0; i < n; i++, p += 32) {
		int64_t size = le64(p + 8);
		struct disk_partition part = {
			.ts = le64(p),
			.rows = i + 1 < n ? size & PART_ROWS : transient,
			.name_txn = le64(p + 16),
			.parquet_bytes = size & PART_PARQUET ? le64(p + 24) : -1,
			.read_only = size & PART_READ_ONLY,
		};

		if (part.name_txn < -1 || (i && part.ts < vec_last(&t->partitions)->ts))
			return err_set(e, ERR_FORMAT,
				       "partition %zu does not follow the one before it", i);
		*vec_push(&t->partitions) = part;
	}
	return 0;
}

static int txn_parse(const char *p, const struct txn_area *a, struct disk_txn *t, struct err *e)
{
	int64_t transient = le64(p + TX_TRANSIENT), fixed = le64(p + TX_FIXED);

	if (transient < 0 || fixed < 0 || transient > PART_ROWS || fixed > INT64_MAX / 2)
		return err_set(e, ERR_FORMAT, "it counts %jd and %jd rows", (intmax_t)transient,
			       (intmax_t)fixed);
	if (le32(p + TX_SYMBOLS) * INT64_C(8) != a->symbols ||
	    le32(p + TXN_RECORD + a->symbols) != a->partitions)
		return err_set(e, ERR_FORMAT, "its lists are not as long as it says");
	t->txn = le64(p + TX_TXN);
	t->rows = transient + fixed;
	t->min = le64(p + TX_MIN);
	t->max = le64(p + TX_MAX);
	t->structure_version = le64(p + TX_STRUCTURE);
	t->data_version = le64(p + TX_DATA);
	t->partition_version = le64(p + TX_PARTITION);
	t->column_version = le64(p + TX_COLUMN);
	t->truncate_version = le64(p + TX_TRUNCATE);
	t->seq_txn = le64(p + TX_SEQ);
	t->lag_txns = le32(p + TX_LAG_TXNS);
	t->lag_rows = le32(p + TX_LAG_ROWS);
	return txn_partitions(p + TXN_RECORD + a->symbols + 4, (size_t)a->partitions / 32,
			      transient, t, e);
}

/* Header, record, header again: the writer fills the other area and then turns the version, so an
 * unmoved version means an untouched record. 1 read, 0 it moved. */
static int txn_try(int fd, struct disk_txn *ret, struct err *e)
{
	char before[TXN_HEADER], after[TXN_HEADER];
	autofree char *record = NULL;
	struct txn_area a = { 0 };
	size_t got = 0, again = 0, want = 0, have = 0;
	int r, parsed;

	if (read_at(fd, before, sizeof before, 0, "_txn", &got, e) < 0)
		return -e->kind;
	if (got < sizeof before)
		return err_set(e, ERR_FORMAT, "it is too short: %zu bytes", got);
	r = txn_area(before, &a, e);
	if (!r) {
		want = TXN_RECORD + (size_t)a.symbols + 4 + (size_t)a.partitions;
		record = xmalloc(want);
		if (read_at(fd, record, want, a.at, "_txn", &have, e) < 0)
			return -e->kind;
	}
	if (read_at(fd, after, sizeof after, 0, "_txn", &again, e) < 0)
		return -e->kind;
	if (again < sizeof after || memcmp(before, after, sizeof before) != 0)
		return 0;
	if (r < 0)
		return r;
	if (have < want)
		return err_set(e, ERR_FORMAT, "it ends inside its record");
	parsed = txn_parse(record, &a, ret, e);
	return parsed < 0 ? parsed : 1;
}

int disk_txn_read(const struct dir *table, struct disk_txn *ret, struct err *e)
{
	autoclose int fd = dir_openat(table, "_txn", O_RDONLY, 0, e);

	if (fd < 0)
		return -e->kind;
	for (int i = 0; i < TXN_TRIES; i++) {
		autotxn struct disk_txn found = { 0 };
		int r = txn_try(fd, &found, e);

		if (r < 0)
			return err_wrap(e, "file '_txn' of '%s'", table->path);
		if (r) {
			*ret = found;
			found = (struct disk_txn){ 0 };
			return 0;
		}
		err_clear(e);
		clock_sleep_ns(NS_PER_MS);
	}
	return err_set(e, ERR_BUSY, "file '_txn' of '%s' never stood still", table->path);
}

int disk_seq_read(const struct dir *table, struct disk_seq *ret, struct err *e)
{
	char head[24];
	size_t n = 0;
	int has = read_head(table, "txn_seq/_txnlog", head, sizeof head, sizeof head, &n, e);

	if (has < 0)
		return has;
	if (!has)
		return err_set(e, ERR_ABSENT, "no file 'txn_seq/_txnlog' in '%s'", table->path);
	if (le32(head) < 0 || le32(head) > 1 || le64(head + 4) < 0)
		return err_set(e, ERR_FORMAT,
			       "file 'txn_seq/_txnlog' of '%s' has format %d and %jd transactions",
			       table->path, le32(head), (intmax_t)le64(head + 4));
	*ret = (struct disk_seq){ .format = le32(head), .max_txn = le64(head + 4) };
	return 0;
}

int disk_name_read(const struct dir *table, char **ret, struct err *e)
{
	autobuf struct buf bytes = BUF_MAX(64 << 10);
	size_t at = 0;

	if (file_read(table, "_name", &bytes, e) < 0)
		return -e->kind;
	if (bytes_string(buf_sv(&bytes), &at, ret, e) < 0)
		return err_wrap(e, "file '_name' of '%s'", table->path);
	return 0;
}

int disk_todo_read(const struct dir *table, int64_t *ret, struct err *e)
{
	char head[40];
	size_t n = 0;
	int has = read_head(table, "_todo_", head, sizeof head, 0, &n, e);

	if (has < 0)
		return has;
	/* i64 txn, i64 hash, i64 hash, i64 txn again, i64 count: when the two differ nothing
	 * counts. */
	*ret = n == sizeof head && le64(head) == le64(head + 24) ? le64(head + 32) : 0;
	return 0;
}
