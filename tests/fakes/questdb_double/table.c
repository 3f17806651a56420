#include "double.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u
#define TXN_HEADER 64u
#define TXN_AREA 2016u /* two records fit one page */
#define PARTITIONS_MAX 58u
#define LOG_HEADER 76u
#define LOG_RECORD 28u
#define EVENT_RECORD 50u
#define NEVER_MIN INT64_MAX
#define NEVER_MAX INT64_MIN

const struct column_kind column_kinds[N_COLUMNS] = {
	[COL_TS] = { "ts", "TIMESTAMP", 8 },
	[COL_WRITER] = { "writer", "LONG", 6 },
	[COL_SEQ] = { "seq", "LONG", 6 },
	[COL_V] = { "v", "DOUBLE", 10 },
};

static int64_t row_cell(const struct row *r, int column)
{
	int64_t bits;

	switch (column) {
	case COL_TS:
		return r->ts;
	case COL_WRITER:
		return r->writer;
	case COL_SEQ:
		return r->seq;
	default:
		memcpy(&bits, &r->v, sizeof bits);
		return bits;
	}
}

static int64_t day_of(int64_t ts) { return ts - (ts % US_PER_DAY + US_PER_DAY) % US_PER_DAY; }

void day_name(int64_t ts, char *ret, size_t n)
{
	time_t s = (time_t)(day_of(ts) / 1000000);
	struct tm tm;

	strftime(ret, n, "%Y-%m-%d", gmtime_r(&s, &tm));
}

char *stamp_text(int64_t us, char *ret, size_t n)
{
	time_t s = (time_t)((us - (us % 1000000 + 1000000) % 1000000) / 1000000);
	char text[32];
	struct tm tm;

	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", gmtime_r(&s, &tm));
	snprintf(ret, n, "%s.%06dZ", text, (int)((us % 1000000 + 1000000) % 1000000));
	return ret;
}

/* ---- creation ---- */

static void meta_bytes(struct buf *b, int32_t id, bool wal)
{
	le_add(b, N_COLUMNS, 4);
	le_add(b, 0, 4); /* by day */
	le_add(b, COL_TS, 4);
	le_add(b, 426, 4);
	le_add(b, id, 4);
	le_add(b, 500000, 4);
	le_add(b, 600000000, 8);
	le_add(b, 0, 8);
	le_add(b, wal, 1);
	le_add(b, 0x10000 | 37 * N_COLUMNS,
	       4); /* the checksum that vouches for the fields behind it */
	while (b->len < 128)
		buf_addc(b, 0);
	for (int i = 0; i < N_COLUMNS; i++) {
		le_add(b, column_kinds[i].code, 4);
		le_add(b, 0, 8); /* flags */
		le_add(b, 0, 4);
		le_add(b, 256, 4);
		while (b->len % 32)
			buf_addc(b, 0);
	}
	for (int i = 0; i < N_COLUMNS; i++)
		utf16_add(b, column_kinds[i].name);
}

static void sequencer_meta_bytes(struct buf *b, int32_t id, bool with_order)
{
	autobuf struct buf body = BUF_MAX(PAGE);

	le_add(&body, 0, 8); /* structure version */
	le_add(&body, N_COLUMNS, 4);
	le_add(&body, COL_TS, 4);
	le_add(&body, id, 4);
	le_add(&body, 0, 1); /* not suspended */
	for (int i = 0; i < N_COLUMNS; i++) {
		le_add(&body, column_kinds[i].code, 4);
		utf16_add(&body, column_kinds[i].name);
	}
	if (with_order) {
		buf_add(&body, "\x6d\x39\x3f\x51\x81\x77\xfd\xff", 8);
		le_add(&body, N_COLUMNS, 4);
		for (int i = 0; i < N_COLUMNS; i++)
			le_add(&body, i, 4);
	}
	le_add(b, (int64_t)body.len + 8, 4);
	le_add(b, 0, 4);
	buf_add(b, body.data, body.len);
}

static bool page_put(int dirfd, const char *rel, struct buf *b)
{
	while (b->len < PAGE)
		buf_addc(b, 0);
	return file_put(dirfd, rel, b->data, b->len);
}

static bool sequencer_make(int fd, int32_t id)
{
	autobuf struct buf meta = BUF_MAX(PAGE), meta0 = BUF_MAX(PAGE), log = BUF_MAX(PAGE),
			   zero = BUF_MAX(PAGE);

	if (mkdirat(fd, "txn_seq", 0755) < 0)
		return false;
	sequencer_meta_bytes(&meta, id, true);
	meta_bytes(&meta0, id, true);
	le_add(&log, 0, 4);
	le_add(&log, 0, 8);
	le_add(&log, clock_wall_ns() / 1000, 8);
	return page_put(fd, "txn_seq/_meta", &meta) &&
	       file_put(fd, "txn_seq/_meta.0", meta0.data, meta0.len) &&
	       page_put(fd, "txn_seq/_txnlog", &log) &&
	       page_put(fd, "txn_seq/_txnlog.meta.d", &zero) &&
	       page_put(fd, "txn_seq/_txnlog.meta.i", &zero) &&
	       page_put(fd, "txn_seq/_wal_index.d", &zero);
}

static int32_t lag_checksum(const struct table *t)
{
	const uint64_t parts[] = { (uint64_t)NEVER_MIN,
				   (uint64_t)NEVER_MAX,
				   (uint64_t)t->txn,
				   (uint64_t)t->seq_txn,
				   0,
				   0 };
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		sum = sum * 31 + parts[i];
	return (int32_t)(sum ^ sum >> 32);
}

/* The record goes to the area not in use; turning the version, which is the transaction, makes it
 * the committed one. */
static void txn_commit(struct table *t)
{
	struct mapped *m = &t->txn_file;
	int64_t last = t->partitions.n ? vec_last(&t->partitions)->rows : 0;
	size_t slot = t->txn & 1 ? 32 : 8, at = TXN_HEADER + (t->txn & 1 ? TXN_AREA : 0);

	put32(m, slot, (int32_t)at);
	put32(m, slot + 4, 0);
	put32(m, slot + 8, (int32_t)(32 * t->partitions.n));
	put64(m, at, t->txn);
	put64(m, at + 8, last);
	put64(m, at + 16, table_rows(t) - last);
	put64(m, at + 24, t->min);
	put64(m, at + 32, t->max);
	put64(m, at + 56, (int64_t)t->partitions.n);
	put64(m, at + 80, t->seq_txn);
	put32(m, at + 88, lag_checksum(t));
	put32(m, at + 92, 0);
	put32(m, at + 96, 0);
	put64(m, at + 100, NEVER_MIN);
	put64(m, at + 108, NEVER_MAX);
	put32(m, at + 128, 0);
	put32(m, at + 132, (int32_t)(32 * t->partitions.n));
	for (size_t i = 0; i < t->partitions.n; i++) {
		size_t entry = at + 136 + 32 * i;

		put64(m, entry, t->partitions.v[i].ts);
		put64(m, entry + 8, t->partitions.v[i].rows);
		put64(m, entry + 16, -1);
		put64(m, entry + 24, -1);
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	put64(m, 0, t->txn);
}

bool table_make(int dbfd, const char *dir, const char *name, int32_t id, bool wal)
{
	static const char todo[40] = { [0] = 1, [24] = 1 };
	autobuf struct buf meta = BUF_MAX(PAGE), names = BUF_MAX(1024), zero = BUF_MAX(PAGE),
			   todos = BUF_MAX(PAGE);
	autoclose int fd = -1;
	struct table t = { .min = NEVER_MIN, .max = NEVER_MAX, .txn_file = MAPPED_NONE };

	if (mkdirat(dbfd, dir, 0755) < 0 ||
	    (fd = openat(dbfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return false;
	meta_bytes(&meta, id, wal);
	utf16_add(&names, name);
	buf_addc(&names, 0);
	buf_add(&todos, todo, sizeof todo);
	if (!page_put(fd, "_meta", &meta) || !file_put(fd, "_name", names.data, names.len) ||
	    !page_put(fd, "_cv", &zero) || !page_put(fd, "_todo_", &todos) ||
	    (wal && !sequencer_make(fd, id)) || !mapped_open(&t.txn_file, fd, "_txn", PAGE))
		return false;
	txn_commit(&t);
	mapped_close(&t.txn_file, PAGE);
	return true;
}

/* ---- life ---- */

static bool txn_load(struct table *t)
{
	struct mapped *m = &t->txn_file;
	size_t at, n;

	t->partitions.n = 0;
	at = (size_t)get32(m, get64(m, 0) & 1 ? 32 : 8);
	if (at + 136 > m->size)
		return false;
	t->txn = get64(m, at);
	t->min = get64(m, at + 24);
	t->max = get64(m, at + 32);
	t->seq_txn = get64(m, at + 80);
	n = (size_t)get32(m, at + 132) / 32;
	if (n > PARTITIONS_MAX || at + 136 + 32 * n > m->size)
		return false;
	for (size_t i = 0; i < n; i++) {
		size_t entry = at + 136 + 32 * i;

		*vec_push(&t->partitions) =
		    (struct partition){ get64(m, entry),
					i + 1 < n ? get64(m, entry + 8) : get64(m, at + 8) };
	}
	return true;
}

static char *table_name(int fd, const char *dir)
{
	autoclose int name = openat(fd, "_name", O_RDONLY | O_CLOEXEC);
	char bytes[512], ret[256];
	ssize_t n = name < 0 ? -1 : read(name, bytes, sizeof bytes);
	size_t len = 0;

	for (ssize_t i = 4; i + 1 < n && len < sizeof ret - 1 && bytes[i]; i += 2)
		ret[len++] = bytes[i];
	ret[len] = '\0';
	return xstrdup(len ? ret : dir);
}

struct table *table_open(int dbfd, const char *dir)
{
	struct table *t = xcalloc(1, sizeof *t);
	struct mapped meta = MAPPED_NONE;
	bool ok;

	*t = (struct table){ .dir = xstrdup(dir),
			     .open_ts = INT64_MIN,
			     .txn_file = MAPPED_NONE,
			     .seq_log = MAPPED_NONE,
			     .wal_event = MAPPED_NONE,
			     .wal_index = MAPPED_NONE };
	for (int i = 0; i < N_COLUMNS; i++)
		t->column[i] = t->wal_column[i] = (struct mapped)MAPPED_NONE;
	t->dirfd = openat(dbfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = t->dirfd >= 0 && faccessat(t->dirfd, "_meta", R_OK, 0) == 0 &&
	     faccessat(t->dirfd, "_txn", R_OK, 0) == 0 &&
	     mapped_open(&meta, t->dirfd, "_meta", PAGE) &&
	     mapped_open(&t->txn_file, t->dirfd, "_txn", PAGE) && txn_load(t);
	if (ok) {
		t->id = get32(&meta, 16);
		t->wal = meta.p[40];
		t->name = table_name(t->dirfd, dir);
		ok = !t->wal || mapped_open(&t->seq_log, t->dirfd, "txn_seq/_txnlog", PAGE);
	}
	mapped_close(&meta, PAGE);
	if (!ok) {
		table_close(t);
		return NULL;
	}
	return t;
}

int64_t table_rows(const struct table *t)
{
	int64_t n = 0;

	vec_each (&t->partitions, p)
		n += p->rows;
	return n;
}

int64_t table_sequencer(const struct table *t) { return t->wal ? get64(&t->seq_log, 4) : 0; }

int64_t table_pending(const struct table *t)
{
	return t->wal ? table_sequencer(t) - t->seq_txn : 0;
}

static struct partition *partition_of(struct table *t, int64_t ts)
{
	int64_t day = day_of(ts);
	size_t at = t->partitions.n;

	while (at && t->partitions.v[at - 1].ts > day)
		at--;
	if (at && t->partitions.v[at - 1].ts == day)
		return &t->partitions.v[at - 1];
	if (t->partitions.n == PARTITIONS_MAX)
		return NULL;
	(void)vec_push(&t->partitions);
	memmove(&t->partitions.v[at + 1], &t->partitions.v[at],
		(t->partitions.n - 1 - at) * sizeof t->partitions.v[0]);
	t->partitions.v[at] = (struct partition){ .ts = day };
	return &t->partitions.v[at];
}

/* As the real one: the last partition keeps whole pages, the others are cut to their rows. */
static void partition_close(struct table *t)
{
	for (size_t i = 0; t->open_ts != INT64_MIN && i < t->partitions.n; i++) {
		size_t length = (size_t)t->partitions.v[i].rows * 8;

		if (t->partitions.v[i].ts != t->open_ts)
			continue;
		if (i + 1 == t->partitions.n)
			length = (length + PAGE - 1) / PAGE * PAGE;
		for (int c = 0; c < N_COLUMNS; c++)
			mapped_close(&t->column[c], length);
	}
	t->open_ts = INT64_MIN;
}

static bool partition_open(struct table *t, int64_t day)
{
	char name[32], rel[64];

	if (t->open_ts == day)
		return true;
	partition_close(t);
	day_name(day, name, sizeof name);
	mkdirat(t->dirfd, name, 0755);
	for (int c = 0; c < N_COLUMNS; c++) {
		snprintf(rel, sizeof rel, "%s/%s.d", name, column_kinds[c].name);
		if (!mapped_open(&t->column[c], t->dirfd, rel, PAGE))
			return false;
	}
	t->open_ts = day;
	return true;
}

static bool row_add(struct table *t, const struct row *r)
{
	struct partition *p = partition_of(t, r->ts);

	if (!p || !partition_open(t, p->ts))
		return false;
	for (int c = 0; c < N_COLUMNS; c++) {
		mapped_need(&t->column[c], (size_t)(p->rows + 1) * 8);
		put64(&t->column[c], (size_t)p->rows * 8, row_cell(r, c));
	}
	p->rows++;
	t->min = MIN_OF(t->min, r->ts);
	t->max = MAX_OF(t->max, r->ts);
	return true;
}

struct row *table_read(const struct table *t, const struct partition *p)
{
	struct row *ret = xcalloc((size_t)p->rows + 1, sizeof *ret);
	int64_t *cells = xcalloc((size_t)p->rows + 1, sizeof *cells);
	char name[32], rel[64];
	bool ok = true;

	day_name(p->ts, name, sizeof name);
	for (int c = 0; ok && c < N_COLUMNS; c++) {
		size_t want = (size_t)p->rows * 8;
		int fd;

		snprintf(rel, sizeof rel, "%s/%s.d", name, column_kinds[c].name);
		fd = openat(t->dirfd, rel, O_RDONLY | O_CLOEXEC);
		ok = fd >= 0 && pread(fd, cells, want, 0) == (ssize_t)want;
		if (fd >= 0)
			close(fd);
		for (int64_t i = 0; ok && i < p->rows; i++)
			memcpy((char *)&ret[i] + 8 * c, &cells[i], 8);
	}
	free(cells);
	if (ok)
		return ret;
	free(ret);
	return NULL;
}

bool table_lose_row(struct table *t)
{
	if (!t->partitions.n || !vec_last(&t->partitions)->rows)
		return false;
	vec_last(&t->partitions)->rows--;
	txn_commit(t);
	return true;
}

bool table_change_value(struct table *t)
{
	if (!t->partitions.n || !partition_open(t, t->partitions.v[0].ts))
		return false;
	put64(&t->column[COL_V], 0, get64(&t->column[COL_V], 0) + 1);
	return true;
}

/* ---- the write-ahead log ---- */

static void wal_close(struct table *t)
{
	if (!t->wal_id)
		return;
	for (int c = 0; c < N_COLUMNS; c++)
		mapped_close(&t->wal_column[c], (size_t)t->wal_rows * (c == COL_TS ? 16 : 8));
	mapped_close(&t->wal_event, 12 + EVENT_RECORD * (size_t)t->wal_txns);
	mapped_close(&t->wal_index, 8 + 8 * (size_t)t->wal_txns);
	t->wal_id = 0;
}

static bool wal_open(struct table *t)
{
	struct mapped index = MAPPED_NONE;
	autobuf struct buf meta = BUF_MAX(PAGE);
	char dir[32], rel[64];

	if (t->wal_id)
		return true;
	if (!mapped_open(&index, t->dirfd, "txn_seq/_wal_index.d", PAGE))
		return false;
	put32(&index, 0, get32(&index, 0) + 1);
	t->wal_id = get32(&index, 0);
	mapped_close(&index, PAGE);
	snprintf(dir, sizeof dir, "wal%d", t->wal_id);
	mkdirat(t->dirfd, dir, 0755);
	snprintf(rel, sizeof rel, "%s.lock", dir);
	file_put(t->dirfd, rel, "", 0);
	snprintf(rel, sizeof rel, "%s/0", dir);
	mkdirat(t->dirfd, rel, 0755);
	for (int c = 0; c < N_COLUMNS; c++) {
		snprintf(rel, sizeof rel, "%s/0/%s.d", dir, column_kinds[c].name);
		if (!mapped_open(&t->wal_column[c], t->dirfd, rel, PAGE))
			return false;
	}
	sequencer_meta_bytes(&meta, t->id, false);
	snprintf(rel, sizeof rel, "%s/0/_meta", dir);
	if (!file_put(t->dirfd, rel, meta.data, meta.len))
		return false;
	t->wal_rows = t->wal_txns = 0;
	snprintf(rel, sizeof rel, "%s/0/_event", dir);
	if (!mapped_open(&t->wal_event, t->dirfd, rel, PAGE))
		return false;
	put32(&t->wal_event, 0, -1);
	put32(&t->wal_event, 8, -1);
	snprintf(rel, sizeof rel, "%s/0/_event.i", dir);
	if (!mapped_open(&t->wal_index, t->dirfd, rel, PAGE))
		return false;
	put64(&t->wal_index, 0, 8);
	return true;
}

static void wal_event(struct table *t, int64_t from, int64_t to, int64_t min, int64_t max)
{
	struct mapped *m = &t->wal_event;
	size_t at = 8 + EVENT_RECORD * (size_t)t->wal_txns;

	mapped_need(m, at + EVENT_RECORD + 4);
	put32(m, at, EVENT_RECORD);
	put64(m, at + 4, t->wal_txns);
	m->p[at + 12] = 0;
	put64(m, at + 13, from);
	put64(m, at + 21, to);
	put64(m, at + 29, min);
	put64(m, at + 37, max);
	m->p[at + 45] = 0;
	put32(m, at + 46, -1);
	put32(m, at + EVENT_RECORD, -1);
	put32(m, 0, t->wal_txns++);
	mapped_need(&t->wal_index, 8 + 8 * (size_t)t->wal_txns);
	put64(&t->wal_index, 8 * (size_t)t->wal_txns, (int64_t)(at + EVENT_RECORD));
}

static bool wal_add(struct table *t, const struct row *rows, size_t n)
{
	int64_t from, min = NEVER_MIN, max = NEVER_MAX, next;
	struct mapped *log = &t->seq_log;
	size_t at;

	if (!wal_open(t))
		return false;
	from = t->wal_rows;
	for (size_t i = 0; i < n; i++, t->wal_rows++) {
		for (int c = 0; c < N_COLUMNS; c++) {
			size_t width = c == COL_TS ? 16 : 8,
			       end = (size_t)(t->wal_rows + 1) * width;

			mapped_need(&t->wal_column[c], end);
			put64(&t->wal_column[c], end - width, row_cell(&rows[i], c));
			if (c == COL_TS)
				put64(&t->wal_column[c], end - 8, t->wal_rows);
		}
		min = MIN_OF(min, rows[i].ts);
		max = MAX_OF(max, rows[i].ts);
	}
	wal_event(t, from, t->wal_rows, min, max);
	next = table_sequencer(t) + 1;
	at = LOG_HEADER + LOG_RECORD * (size_t)(next - 1);
	mapped_need(log, at + LOG_RECORD);
	put64(log, at, 0);
	put32(log, at + 8, t->wal_id);
	put32(log, at + 12, 0);
	put32(log, at + 16, t->wal_txns - 1);
	put64(log, at + 20, clock_wall_ns() / 1000);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	put64(log, 4, next);
	return true;
}

static int64_t file_i64(int dirfd, const char *rel, off_t at)
{
	autoclose int fd = openat(dirfd, rel, O_RDONLY | O_CLOEXEC);
	int64_t v = -1;

	return fd >= 0 && pread(fd, &v, sizeof v, at) == sizeof v ? v : -1;
}

/* Rows of one logged transaction into partitions; one commit. */
static bool wal_replay(struct table *t, int32_t wal, int32_t segment_txn)
{
	off_t event = 8 + (off_t)EVENT_RECORD * segment_txn;
	char rel[64];
	int64_t from, to;

	snprintf(rel, sizeof rel, "wal%d/0/_event", wal);
	from = file_i64(t->dirfd, rel, event + 13);
	to = file_i64(t->dirfd, rel, event + 21);
	if (from < 0 || to < from)
		return false;
	for (int64_t i = from; i < to; i++) {
		struct row r;

		for (int c = 0; c < N_COLUMNS; c++) {
			int64_t cell;

			snprintf(rel, sizeof rel, "wal%d/0/%s.d", wal, column_kinds[c].name);
			cell = file_i64(t->dirfd, rel, i * (c == COL_TS ? 16 : 8));
			memcpy((char *)&r + 8 * c, &cell, 8);
		}
		if (!row_add(t, &r))
			return false;
	}
	return true;
}

bool table_apply_one(struct table *t)
{
	size_t at = LOG_HEADER + LOG_RECORD * (size_t)t->seq_txn;

	if (t->suspended || table_pending(t) <= 0)
		return false;
	if (!wal_replay(t, get32(&t->seq_log, at + 8), get32(&t->seq_log, at + 16))) {
		t->suspended = true;
		return false;
	}
	t->seq_txn++;
	t->txn++;
	txn_commit(t);
	return true;
}

bool table_add(struct table *t, const struct row *rows, size_t n)
{
	if (t->wal)
		return wal_add(t, rows, n);
	for (size_t i = 0; i < n; i++) {
		if (row_add(t, &rows[i]))
			continue;
		(void)txn_load(t); /* what was added before the failure was not committed */
		return false;
	}
	t->txn++;
	txn_commit(t);
	return true;
}

void table_close(struct table *t)
{
	if (!t)
		return;
	partition_close(t);
	wal_close(t);
	if (t->seq_log.fd >= 0)
		mapped_close(&t->seq_log,
			     (LOG_HEADER + LOG_RECORD * (size_t)table_sequencer(t) + PAGE - 1) /
				 PAGE * PAGE);
	mapped_close(&t->txn_file, PAGE);
	if (t->dirfd >= 0)
		close(t->dirfd);
	vec_done(&t->partitions);
	free(t->name);
	free(t->dir);
	free(t);
}
