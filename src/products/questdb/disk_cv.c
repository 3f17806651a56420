/* _cv: versions of columns, kept twice like _txn. ColumnVersionReader. */
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "io/file.h"
#include "products/questdb/bytes.h"
#include "products/questdb/disk.h"

#define CV_MAX (64u << 20)
#define CV_TRIES 200
#define CV_RECORD 32

enum { CV_VERSION = 0, CV_A = 8, CV_B = 24, CV_HEADER = 40 };

void disk_cv_done(struct disk_cv *cv) { vec_done(&cv->v); }

static int parse(struct sv bytes, struct disk_cv *ret, struct err *e)
{
	int64_t version, at, size;
	const char *area;

	if (bytes.n < CV_HEADER)
		return err_set(e, ERR_FORMAT, "it is too short: %zu bytes", bytes.n);
	version = le64(bytes.p + CV_VERSION);
	area = bytes.p + (version & 1 ? CV_B : CV_A);
	at = le64(area);
	size = le64(area + 8);
	/* One that was never written to has neither. */
	if (!size) {
		*ret = (struct disk_cv){ .version = version };
		return 0;
	}
	if (at < CV_HEADER || size < 0 || size % CV_RECORD || at > (int64_t)bytes.n ||
	    size > (int64_t)bytes.n - at)
		return err_set(e, ERR_FORMAT, "its records are at %jd, %jd bytes", (intmax_t)at,
			       (intmax_t)size);
	ret->version = version;
	for (const char *p = bytes.p + at; p < bytes.p + at + size; p += CV_RECORD)
		*vec_push(&ret->v) = (struct disk_column_version){ le64(p), le64(p + 8),
								   le64(p + 16), le64(p + 24) };
	return 0;
}

/* Read twice: a writer fills the other area, then turns the version. */
int disk_cv_read(const struct dir *table, struct disk_cv *ret, struct err *e)
{
	for (int i = 0; i < CV_TRIES; i++) {
		autobuf struct buf before = BUF_MAX(CV_MAX), after = BUF_MAX(CV_MAX);

		if (file_read(table, "_cv", &before, e) < 0 ||
		    file_read(table, "_cv", &after, e) < 0)
			return -e->kind;
		if (before.len == after.len && !memcmp(before.data, after.data, before.len)) {
			if (parse(buf_sv(&before), ret, e) < 0)
				return err_wrap(e, "file '_cv' of '%s'", table->path);
			return 0;
		}
		clock_sleep_ns(NS_PER_MS);
	}
	return err_set(e, ERR_BUSY, "file '_cv' of '%s' never stood still", table->path);
}

int64_t disk_cv_top(const struct disk_cv *cv, int64_t partition, int32_t slot, int64_t *ret_txn)
{
	int64_t top = 0;

	*ret_txn = -1;
	vec_each (&cv->v, it) {
		if (it->slot != slot)
			continue;
		if (it->partition == partition) {
			*ret_txn = it->name_txn;
			return it->top;
		}
		if (it->partition == INT64_MIN) {
			*ret_txn = it->name_txn;
			top = partition >= it->top ? 0 : -1;
		}
	}
	return top;
}
