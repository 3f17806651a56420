/* Files of real servers (data/disk, from 8.2.0, 9.0.3 and 9.3.4), whole, cut short and damaged. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "io/file.h"
#include "products/questdb/disk.h"
#include "products/questdb/schema.h"
#include "unit.h"

static void open_data(const char *rel, struct dir *ret)
{
	autofree char *path = xasprintf("%s/disk/%s", DATA_DIR, rel);
	struct err e = ERR_INIT;

	assert_ok(dir_open(path, ret, &e), &e);
}

static void assert_column(const struct disk_meta *m, size_t i, const char *name, const char *type)
{
	autobuf struct buf text = BUF_MAX(256);

	assert_true(i < m->columns.n);
	assert_string_equal(m->columns.v[i].name, name);
	schema_type_name(m->columns.v[i].type, &text);
	assert_string_equal(buf_str(&text), type);
}

static void test_meta(void **state)
{
	static const char *const versions[] = { "8.2.0", "9.3.4" };

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		autofree char *rel = xasprintf("%s/changed", versions[i]);
		autodir struct dir d = DIR_NONE;
		autometa struct disk_meta m = { 0 };
		autofree char *name = NULL;
		struct err e = ERR_INIT;

		open_data(rel, &d);
		assert_ok(disk_meta_read(&d, &m, &e), &e);
		/* dropped: gone; replaced by another type: in the old one's place, not at the end
		 */
		assert_int_equal(m.columns.n, 4);
		assert_column(&m, 0, "a", "LONG");
		assert_column(&m, 1, "renamed", "LONG");
		assert_column(&m, 2, "ts", "TIMESTAMP");
		assert_column(&m, 3, "added", "SYMBOL");
		assert_int_equal(m.timestamp, 2);
		assert_int_equal(m.version, 426);
		assert_true(m.wal);
		assert_int_equal(m.partition_by, BY_DAY);
		assert_ok(disk_name_read(&d, &name, &e), &e);
		assert_string_equal(name, "changed");
	}
}

/* Columns that were added, whose type was changed twice, and that were updated in some partitions.
 */
static void test_column_versions(void **state)
{
	static const struct {
		size_t column;
		const char *day;
		int64_t top, name_txn;
	} want[] = {
		{ 0, "2026-01-01", 0, 6 },  { 1, "2026-01-01", 0, 8 },  { 1, "2026-01-02", 0, 3 },
		{ 2, "2026-01-01", 0, -1 }, { 3, "2026-01-02", -1, 1 }, { 3, "2026-01-03", 24, 1 },
		{ 3, "2026-01-04", 0, 1 },  { 1, "2026-01-04", 0, 8 },
	};
	autodir struct dir d = DIR_NONE;
	autometa struct disk_meta m = { 0 };
	autocv struct disk_cv cv = { 0 };
	struct err e = ERR_INIT;

	open_data("9.0.3/changed", &d);
	assert_ok(disk_meta_read(&d, &m, &e), &e);
	assert_ok(disk_cv_read(&d, &cv, &e), &e);
	assert_int_equal(cv.version, 6);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		int64_t day = (want[i].day[9] - '1') * INT64_C(86400000000), txn;
		int64_t first = INT64_C(1767225600000000);

		assert_int_equal(
		    disk_cv_top(&cv, first + day, m.columns.v[want[i].column].slot, &txn),
		    want[i].top);
		assert_int_equal(txn, want[i].name_txn);
	}
}

static void test_txn(void **state)
{
	autodir struct dir d = DIR_NONE;
	autotxn struct disk_txn t = { 0 };
	autometa struct disk_meta m = { 0 };
	autobuf struct buf dir = BUF_MAX(256);
	struct disk_seq seq = { 0 };
	struct err e = ERR_INIT;

	open_data("9.3.4/parquet", &d);
	assert_ok(disk_meta_read(&d, &m, &e), &e);
	assert_ok(disk_txn_read(&d, &t, &e), &e);
	assert_int_equal(t.rows, 96);
	assert_int_equal(t.partitions.n, 4);
	assert_int_equal(t.partitions.v[0].parquet_bytes, 1250);
	assert_int_equal(t.partitions.v[0].rows, 24);
	assert_int_equal(t.partitions.v[0].name_txn, 2);
	assert_int_equal(t.partitions.v[3].parquet_bytes, -1);
	assert_int_equal(t.partitions.v[3].rows, 24);
	schema_partition_dir(&m, t.partitions.v[0].ts, t.partitions.v[0].name_txn, &dir);
	assert_string_equal(buf_str(&dir), "2026-01-01.2");
	assert_ok(disk_seq_read(&d, &seq, &e), &e);
	assert_int_equal(seq.max_txn, t.seq_txn);
	assert_int_equal(seq.format, 0);
}

static void test_nanoseconds(void **state)
{
	autodir struct dir d = DIR_NONE;
	autotxn struct disk_txn t = { 0 };
	autometa struct disk_meta m = { 0 };
	struct err e = ERR_INIT;

	open_data("9.3.4/nanos", &d);
	assert_ok(disk_meta_read(&d, &m, &e), &e);
	assert_ok(disk_txn_read(&d, &t, &e), &e);
	assert_true(m.ns);
	assert_column(&m, 1, "ts", "TIMESTAMP_NS");
	assert_int_equal(t.min, INT64_C(1767225600123456789));
}

/* A view has the same files, no rows and no partitioning. */
static void test_view(void **state)
{
	autodir struct dir d = DIR_NONE;
	autotxn struct disk_txn t = { 0 };
	autometa struct disk_meta m = { 0 };
	struct err e = ERR_INIT;

	open_data("9.3.4/trades_view", &d);
	assert_ok(disk_meta_read(&d, &m, &e), &e);
	assert_ok(disk_txn_read(&d, &t, &e), &e);
	assert_int_equal(t.rows, 0);
	assert_int_equal(m.columns.n, 3);
}

/* Names as servers gave them: split off partitions carry their time, in each kind. */
static void test_partition_names(void **state)
{
	static const struct {
		int32_t by;
		bool ns;
		int64_t ts;
		const char *name;
	} cases[] = {
		{ BY_DAY, false, 1767571200000000, "2026-01-05" },
		{ BY_DAY, false, 1767574690000001, "2026-01-05T005810-000001" },
		{ BY_DAY, true, 1767574690000000001, "2026-01-05T005810-000000001" },
		{ BY_HOUR, false, 1767571200000000, "2026-01-05T00" },
		{ BY_HOUR, false, 1767574690000001, "2026-01-05T005810-000001" },
		{ BY_WEEK, false, 1767571200000000, "2026-W02" },
		{ BY_WEEK, false, 1767574690000001, "2026-W02-1T005810-000001" },
		{ BY_MONTH, false, 1767225600000000, "2026-01" },
		{ BY_MONTH, false, 1767574690000001, "2026-01-05T005810-000001" },
		{ BY_YEAR, false, 1767225600000000, "2026" },
		{ BY_YEAR, false, -1, "1969-12-31T235959-999999" },
		{ BY_NONE, false, 0, "default" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct disk_meta m = { .partition_by = cases[i].by, .ns = cases[i].ns };
		autobuf struct buf name = BUF_MAX(256);

		schema_partition_dir(&m, cases[i].ts, -1, &name);
		assert_string_equal(buf_str(&name), cases[i].name);
	}
}

static void test_registry(void **state)
{
	autodir struct dir d = DIR_NONE;
	autoregistry struct disk_registry r = { 0 };
	const struct disk_registered *known;
	struct err e = ERR_INIT;

	open_data("9.0.3/db", &d);
	assert_ok(disk_registry_read(&d, &r, &e), &e);
	assert_string_equal(r.file, "tables.d.0");
	known = map_get(&r.by_dir, "to_rename~19");
	assert_string_equal(known->name, "renamed table");
	assert_false(known->dropped);
	known = map_get(&r.by_dir, "trades_hourly~27");
	assert_int_equal(known->kind, KIND_MATVIEW);
	known = map_get(&r.by_dir, "droppy~29");
	assert_true(known->dropped);
	assert_non_null(map_get(&r.by_dir, "größe.2026~20"));
	assert_null(map_get(&r.by_dir, "nonwal_day"));
}

static void test_database(void **state)
{
	autodir struct dir old = DIR_NONE, new = DIR_NONE;
	struct disk_db d;
	struct err e = ERR_INIT;

	open_data("9.0.3/db", &old);
	assert_ok(disk_db_read(&old, &d, &e), &e);
	assert_int_equal(d.table_version, 426);
	assert_int_equal(d.migration_version, 427);
	assert_int_equal(strlen(d.instance), 32);
	assert_string_equal(d.data_id, "");
	open_data("9.3.4/db", &new);
	assert_ok(disk_db_read(&new, &d, &e), &e);
	assert_int_equal(d.migration_version, 426);
	assert_string_equal(d.data_id, "6e618d7694de690a67d7b248073714a7");
}

/* ---- damage ---- */

static char home[] = "/tmp/crossgrade-disk-XXXXXX";
static struct dir work = DIR_NONE;

static void put(const char *name, const char *bytes, size_t n)
{
	int fd = openat(work.fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

static void read_all(struct err *e)
{
	autometa struct disk_meta m = { 0 };
	autotxn struct disk_txn t = { 0 };
	autoregistry struct disk_registry r = { 0 };
	autocv struct disk_cv cv = { 0 };
	autofree char *name = NULL;
	struct disk_seq seq;
	struct disk_db db;
	int64_t todo;
	int results[] = { disk_meta_read(&work, &m, e),     disk_txn_read(&work, &t, e),
			  disk_seq_read(&work, &seq, e),    disk_name_read(&work, &name, e),
			  disk_todo_read(&work, &todo, e),  disk_db_read(&work, &db, e),
			  disk_registry_read(&work, &r, e), disk_cv_read(&work, &cv, e) };

	for (size_t i = 0; i < ARRAY_LEN(results); i++)
		assert_true(results[i] >= 0 || results[i] == -ERR_FORMAT ||
			    results[i] == -ERR_ABSENT);
	vec_each (&t.partitions, p) {
		autobuf struct buf dir = BUF_MAX(256);

		schema_partition_dir(&m, p->ts, p->name_txn, &dir);
	}
	json_decref(schema_columns(&m));
}

static void damage(const char *from, const char *file, const char *as)
{
	autodir struct dir d = DIR_NONE;
	autobuf struct buf good = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;
	size_t n;

	open_data(from, &d);
	assert_ok(file_read(&d, file, &good, &e), &e);
	n = MIN_OF(good.len, (size_t)800);
	for (size_t i = 0; i < n; i++) {
		static const unsigned char values[] = { 0x00, 0xff, 0x7f, 0x80 };
		char was = good.data[i];

		for (size_t v = 0; v < ARRAY_LEN(values); v++) {
			good.data[i] = (char)values[v];
			put(as, good.data, good.len);
			read_all(&e);
		}
		good.data[i] = was;
		put(as, good.data, i);
		read_all(&e);
	}
	put(as, good.data, good.len);
}

static void test_damaged(void **state)
{
	struct err e = ERR_INIT;

	assert_ok(dir_make(&work, "txn_seq", 0700, &e), &e);
	damage("9.3.4/changed", "_meta", "_meta");
	damage("9.3.4/parquet", "_txn", "_txn");
	damage("9.3.4/parquet", "txn_seq/_txnlog", "txn_seq/_txnlog");
	damage("9.3.4/parquet", "_name", "_name");
	damage("9.0.3/changed", "_cv", "_cv");
	damage("9.0.3/db", "tables.d.0", "tables.d.0");
	damage("9.0.3/db", "_tab_index.d", "_tab_index.d");
}

static void expect_format(const char *file, size_t at, int32_t value)
{
	autobuf struct buf bytes = BUF_MAX(1 << 20);
	autometa struct disk_meta m = { 0 };
	autotxn struct disk_txn t = { 0 };
	struct err e = ERR_INIT;

	assert_ok(file_read(&work, file, &bytes, &e), &e);
	memcpy(bytes.data + at, &value, sizeof value);
	put("_bad", bytes.data, bytes.len);
	assert_int_equal(renameat(work.fd, "_bad", work.fd, file), 0);
	if (!strcmp(file, "_meta"))
		assert_fails(disk_meta_read(&work, &m, &e), &e, ERR_FORMAT);
	else
		assert_fails(disk_txn_read(&work, &t, &e), &e, ERR_FORMAT);
	assert_non_null(strstr(e.msg, file));
}

static void test_words_of_damage(void **state)
{
	autodir struct dir d = DIR_NONE;
	autobuf struct buf meta = BUF_MAX(1 << 20), txn = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	open_data("9.3.4/parquet", &d);
	assert_ok(file_read(&d, "_meta", &meta, &e), &e);
	assert_ok(file_read(&d, "_txn", &txn, &e), &e);
	put("_meta", meta.data, meta.len);
	expect_format("_meta", 0, 1000000); /* columns */
	put("_meta", meta.data, meta.len);
	expect_format("_meta", 8, 77); /* timestamp */
	put("_txn", txn.data, txn.len);
	expect_format("_txn", 40, 31); /* bytes of the partitions of record B */
	put("_txn", txn.data, txn.len);
	expect_format("_txn", 32, 1 << 30); /* offset of record B */
}

static int setup(void **state)
{
	struct err e = ERR_INIT;

	assert_non_null(mkdtemp(home));
	assert_ok(dir_open(home, &work, &e), &e);
	return 0;
}

static int teardown(void **state)
{
	autodir struct dir tmp = DIR_NONE;
	struct err e = ERR_INIT;

	dir_close(&work);
	assert_ok(dir_open("/tmp", &tmp, &e), &e);
	assert_ok(dir_remove_tree(&tmp, home + strlen("/tmp/"), &e), &e);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meta),     cmocka_unit_test(test_column_versions),
		cmocka_unit_test(test_txn),      cmocka_unit_test(test_nanoseconds),
		cmocka_unit_test(test_view),     cmocka_unit_test(test_partition_names),
		cmocka_unit_test(test_registry), cmocka_unit_test(test_database),
		cmocka_unit_test(test_damaged),  cmocka_unit_test(test_words_of_damage),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
