/* What a way back needs of databases: dumps that are whole, nothing lost that is nowhere else, and what was written counted. Docker is a stand-in. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/event.h"
#include "engine/plan.h"
#include "engine/point_of.h"
#include "io/file.h"
#include "laws/kinds/seatable_bench.h"
#include "products/seatable/baseline.h"
#include "products/seatable/bases.h"
#include "products/seatable/dump_rows.h"
#include "products/seatable/seatable.h"
#include "unit.h"

#define POINT "world/.crossgrade-root/20260101-000000-0001"

static struct bench b;

static int setup(void **state)
{
	bench_make(&b);
	return 0;
}

static int teardown(void **state)
{
	bench_close(&b);
	return 0;
}

/* ---- rows of a dump ---- */

static json_t *rows_of(const char *text)
{
	autofree char *path = bench_path(&b, "dump");
	autoclose int fd = -1;
	struct err e = ERR_INIT;
	json_t *rows = NULL;

	bench_put(&b, "dump", text);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_ok(dump_rows(fd, "dump", &rows, &e), &e);
	return rows;
}

static void rows_are_counted_whatever_they_say(void **state)
{
	autojson json_t *rows = rows_of(
		"-- INSERT INTO `none` VALUES (1);\n"
		"CREATE TABLE `a` (\n  `b` text DEFAULT '(1);'\n);\n"
		"INSERT INTO `a` VALUES\n(1,'x'),\n(2,'it''s (\\';),(\\\\'),(3,_binary '\n(\\\"'),(4,NULL);\n"
		"INSERT INTO `a` VALUES (5,0x2829);\n"
		"INSERT INTO `t``k` (`V(`, `b`) VALUES (1,now()),(2,'VALUES (');\n"
		"DELIMITER ;;\nCREATE TRIGGER `x` BEFORE INSERT ON `a` FOR EACH ROW BEGIN\n"
		"INSERT INTO `a` VALUES (6);\nEND */;;\nDELIMITER ;\n"
		"INSERT INTO `c` VALUES (1);\n-- Dump completed\n");

	assert_int_equal(json_int(rows, "a", 0), 5);
	assert_int_equal(json_int(rows, "t`k", 0), 2);
	assert_int_equal(json_int(rows, "c", 0), 1);
	assert_int_equal(json_object_size(rows), 3);
}

static void a_dump_that_is_cut_has_no_rows(void **state)
{
	autofree char *path = bench_path(&b, "dump");
	autoclose int fd = -1;
	struct err e = ERR_INIT;
	json_t *rows = NULL;

	bench_put(&b, "dump", "INSERT INTO `a` VALUES (1),(2,'x");
	fd = open(path, O_RDONLY);
	assert_fails(dump_rows(fd, "dump", &rows, &e), &e, ERR_FORMAT);
}

/* ---- the way back ---- */

static int point(int (*call)(struct ctx *, const json_t *, const json_t *, struct err *), struct err *e)
{
	b.ctx.backward = true;
	return call(&b.ctx, b.params, NULL, e);
}

static void with_dump(void)
{
	b.params = sea_bench_point(&b);
	bench_pass_point(&b);
}

/* The dump of another world: the same one with a base more, and edits. */
static void edited(const char *more)
{
	sea_bench_databases(&b, "1, 2", "7, 8, 9", more);
}

static void what_goes_is_not_removed_with_the_restore_point(void **state)
{
	const struct step_kind *k = step_kind_named("seatable_point"), *live = step_kind_named("backup_live");
	autofree char *gone = bench_path(&b, POINT "/gone-1-dtable_db.sql");
	struct point p = { .dir = DIR_NONE };
	struct err e = ERR_INIT;

	with_dump();
	sea_bench_migrate(&b);
	assert_ok(point(k->undo, &e), &e);
	assert_int_equal(access(gone, F_OK), 0);
	assert_ok(live->undo(&b.ctx, b.params, NULL, &e), &e);
	assert_int_equal(access(gone, F_OK), 0);
	assert_ok(point_of_run(&b.ctx, false, &p, &e), &e);
	assert_non_null(point_kept(&p));
	point_done(&p);
}

/* It is in no dump: who wrote it agrees first. */
static void what_was_written_is_not_put_over(void **state)
{
	const struct step_kind *k = step_kind_named("seatable_point");
	autofree char *before = NULL, *after = NULL;
	struct err e = ERR_INIT;

	with_dump();
	sea_bench_moved(&b, "1", "7, 8, 9");
	assert_fails(point(k->undo_look, &e), &e, ERR_CHANGED);
	assert_non_null(strstr(e.msg, "edits of bases"));
	err_clear(&e);
	sea_bench_moved(&b, "1, 2", "7, 8");
	before = bench_get(&b, SEA_DATABASES);
	assert_fails(point(k->undo_look, &e), &e, ERR_CHANGED);
	assert_non_null(strstr(e.msg, "table dtable_db.dtables"));
	err_clear(&e);
	assert_fails(point(k->undo, &e), &e, ERR_CHANGED);
	after = bench_get(&b, SEA_DATABASES);
	assert_string_equal(before, after);
}

static void what_a_killed_load_left_is_put_out(void **state)
{
	const struct step_kind *k = step_kind_named("seatable_point");
	autofree char *text = NULL;
	struct err e = ERR_INIT;

	with_dump();
	edited(", \"connections\": [{\"id\": 5, \"db\": \"dtable_db\"}, {\"id\": 6, \"db\": \"scheduler\"}]");
	b.ctx.restore_data = true;
	assert_ok(point(k->undo, &e), &e);
	text = bench_get(&b, SEA_DATABASES);
	assert_null(strstr(text, "\"id\": 5"));
	assert_non_null(strstr(text, "\"id\": 6"));
}

static void rows_that_came_twice_are_seen(void **state)
{
	const struct step_kind *k = step_kind_named("seatable_point");
	struct err e = ERR_INIT;
	json_t *about;

	with_dump();
	about = json_object_get(json_object_get(b.params, "dumps"), "dtable_db");
	assert_int_equal(json_int(json_object_get(about, "rows"), "operation_log", 0), 2);
	json_object_set_new(json_object_get(about, "rows"), "operation_log", json_integer(1));
	b.ctx.restore_data = true;
	assert_fails(point(k->undo, &e), &e, ERR_CHANGED);
	assert_non_null(strstr(e.msg, "has 2 rows, not 1"));
}

static void what_would_fail_later_is_found_while_the_server_serves(void **state)
{
	const struct step_kind *k = step_kind_named("seatable_point");
	autofree char *dump = bench_path(&b, POINT "/dtable_db.sql");
	struct err e = ERR_INIT;

	with_dump();
	b.ctx.restore_data = true;
	edited(", \"bytes\": 1000");
	assert_ok(point(k->undo_look, &e), &e);
	edited(", \"bytes\": 4000000000000000");
	assert_fails(point(k->undo_look, &e), &e, ERR_SPACE);
	err_clear(&e);
	edited("");
	assert_int_equal(truncate(dump, 20), 0);
	assert_fails(point(k->undo_look, &e), &e, ERR_FORMAT);
}

/* ---- what was written since ---- */

static void bind_site(void)
{
	autofree char *root = bench_path(&b, "world/root");
	autofree char *data = bench_path(&b, "world/data");
	autojson json_t *doc = json_pack("{s{ss ss} s{ss ss} s{ss} s{ss ss} ss}", "roots", "root", root, "data", data, "database", "db",
					 "mariadb", "server", "seatable-server", "schemas", "dtable", "dtable_db", "service", "kind",
					 "container", "name", "seatable-server", "container", "seatable-server");
	struct err e = ERR_INIT;

	sea_bench_docker(&b);
	bench_put(&b, "world/data/seatable/storage-data/a", "base");
	bench_put(&b, "world/data/seatable/conf/a", "b");
	site_done(&b.site);
	assert_ok(site_bind("main", doc, &b.site, &e), &e);
}

/* The operator's own backup is nothing that we could put back, and the old release is not started on what moved. */
static void what_moved_is_seen_without_dumps(void **state)
{
	const struct step_kind *k = step_kind_named("seatable_point");
	struct err e = ERR_INIT;

	bind_site();
	bench_put(&b, "world/data/seatable/conf/current_version.txt", "6.1.8\n");
	with_dump();
	json_object_del(b.params, "dumps");
	json_object_del(b.params, "of");
	edited("");
	assert_ok(point(k->undo_look, &e), &e);
	assert_ok(point(k->undo, &e), &e);
	sea_bench_migrate(&b);
	assert_fails(point(k->undo_look, &e), &e, ERR_CHANGED);
	assert_non_null(strstr(e.msg, "no dump was made"));
	err_clear(&e);
	assert_fails(point(k->undo, &e), &e, ERR_CHANGED);
	err_clear(&e);
	b.ctx.force = true;
	assert_ok(point(k->undo_look, &e), &e);
	assert_ok(point(k->undo, &e), &e);
}

static const struct write_count *count_of(const struct writes *w, const char *subject)
{
	vec_each (w, it)
		if (!strcmp(it->subject, subject))
			return it;
	return NULL;
}

static void baseline(struct facts *ret)
{
	struct err e = ERR_INIT;

	facts_init(ret, "seatable", "main");
	assert_ok(sea_baseline_data(&b.ctx, NULL, ret, &e), &e);
}

static void count(const struct facts *frozen, struct writes *ret)
{
	struct err e = ERR_INIT;

	*ret = (struct writes){ 0 };
	assert_ok(seatable_since(&b.ctx, frozen, ret, &e), &e);
}

static void all_that_a_restore_takes_is_counted(void **state)
{
	autofacts struct facts frozen = { 0 };
	struct writes w;

	bind_site();
	baseline(&frozen);
	count(&frozen, &w);
	assert_int_equal(w.transactions, 0);
	writes_done(&w);
	edited("");
	bench_put(&b, "world/data/seatable/storage-data/b", "upload");
	count(&frozen, &w);
	assert_int_equal(count_of(&w, "base b1")->transactions, 1);
	assert_int_equal(count_of(&w, "table dtable_db.dtables")->transactions, 1);
	assert_int_equal(count_of(&w, "table dtable_db.dtables")->rows_now, 2);
	assert_null(count_of(&w, "folder storage-data"));
	writes_done(&w);
	plan_add(&b.plan, PHASE_CHANGE, "data", "data_point", 0, json_object(), "folders go, too");
	sea_bench_databases(&b, "3", "7, 8", "");
	count(&frozen, &w);
	assert_null(count_of(&w, "base b1"));
	assert_int_equal(count_of(&w, "table dtable_db.dtables")->rows_now, 1);
	assert_int_equal(count_of(&w, "folder storage-data")->transactions, 1);
	writes_done(&w);
	sea_bench_databases(&b, "1", "", "");
	count(&frozen, &w);
	assert_int_equal(count_of(&w, "base b1")->rows_now, 0);
	writes_done(&w);
	plan_done(&b.plan);
}

static int saved(const struct writes *w, struct buf *ret)
{
	autodir struct dir to = DIR_NONE;
	struct err e = ERR_INIT;
	int lines = 0;

	assert_ok(dir_open(b.base, &to, &e), &e);
	assert_ok(seatable_save_since(&b.ctx, w, &to, &e), &e);
	assert_ok(file_read(&to, "edits.tsv", ret, &e), &e);
	for (const char *p = buf_str(ret); (p = strchr(p, '\n')); p++)
		lines++;
	return lines;
}

static void every_edit_is_saved(void **state)
{
	autobuf struct buf edits = BUF_MAX(8 << 20), lines = BUF_MAX(8 << 20);
	autofacts struct facts frozen = { 0 };
	struct writes w;

	bind_site();
	baseline(&frozen);
	buf_adds(&edits, "7, 8");
	for (int i = 0; i < 120000; i++)
		buf_addf(&edits, ", %d", 100 + i);
	sea_bench_databases(&b, "1", buf_str(&edits), "");
	count(&frozen, &w);
	assert_int_equal(w.transactions, 120000);
	assert_int_equal(saved(&w, &lines), 1 + 120000);
	writes_done(&w);
	assert_non_null(strstr(buf_str(&lines), "b1\t120099\t"));
	assert_non_null(strstr(buf_str(&lines), "b1\t100\t"));
	assert_null(strstr(buf_str(&lines), "b1\t8\t"));
}

/* The server clears the oldest away each night, with new ones behind them. */
static void new_edits_are_told_by_their_numbers(void **state)
{
	autobuf struct buf some = BUF_MAX(4096), most = BUF_MAX(4096);
	autofacts struct facts frozen = { 0 };
	struct writes w;

	bind_site();
	baseline(&frozen);
	sea_bench_databases(&b, "1", "8, 9, 10, 11", "");
	count(&frozen, &w);
	assert_int_equal(w.transactions, 3);
	assert_int_equal(saved(&w, &some), 1 + 3);
	assert_non_null(strstr(buf_str(&some), "b1\t9\t"));
	assert_null(strstr(buf_str(&some), "b1\t8\t"));
	writes_done(&w);
	sea_bench_databases(&b, "1", "10, 11", "");
	count(&frozen, &w);
	assert_int_equal(w.transactions, 2);
	assert_int_equal(saved(&w, &most), 1 + 2);
	writes_done(&w);
}

static void a_table_too_large_to_be_counted_is_no_reason_to_stop(void **state)
{
	autofacts struct facts frozen = { 0 };

	bind_site();
	sea_bench_databases(&b, "1", "7", ", \"large\": {\"operation_log\": 900000000}, \"slow\": \"operation_log\"");
	baseline(&frozen);
	assert_int_equal(json_int(facts_get(&frozen, BASE_TABLES), "dtable_db.dtables", -1), 1);
	assert_int_equal(json_int(facts_get(&frozen, BASE_TABLES), "dtable_db.operation_log", -1), -1);
	assert_non_null(strstr(json_str(facts_get(&frozen, BASE_UNCOUNTED), "dtable_db.operation_log", ""), "max_statement_time"));
}

static void bases_are_listed_where_some_went(void **state)
{
	autofacts struct facts frozen = { 0 }, as_before = { 0 }, fewer = { 0 };
	struct err e = ERR_INIT;

	bind_site();
	sea_bench_databases(&b, "1, 2", "7", "");
	baseline(&frozen);
	assert_string_equal(json_str(json_object_get(json_object_get(facts_get(&frozen, BASE_BASES), "bases"), "b2"), "in", ""), "1");
	facts_init(&as_before, "seatable", "main");
	assert_ok(sea_baseline_data(&b.ctx, &frozen, &as_before, &e), &e);
	assert_null(facts_get(&as_before, BASE_BASES));
	sea_bench_databases(&b, "1", "7", "");
	facts_init(&fewer, "seatable", "main");
	assert_ok(sea_baseline_data(&b.ctx, &frozen, &fewer, &e), &e);
	assert_true(sea_base_vanished(facts_get(&frozen, BASE_BASES), facts_get(&fewer, BASE_BASES), "b2"));
	assert_false(sea_base_vanished(facts_get(&frozen, BASE_BASES), facts_get(&fewer, BASE_BASES), "b1"));
}

/* As long as nobody waits for it. */
static void a_large_table_is_read_for_its_checksum(void **state)
{
	static const char large[] = ", \"large\": {\"dtables\": 900000000}", torn[] = ", \"large\": {\"dtables\": 900000000}, \"torn\": \"dtables\"";
	autofacts struct facts frozen = { 0 }, still = { 0 };
	struct err e = ERR_INIT;
	struct writes w;

	bind_site();
	sea_bench_databases(&b, "1", "7", large);
	baseline(&frozen);
	assert_non_null(json_object_get(facts_get(&frozen, BASE_SUMS), "dtable_db.dtables"));
	assert_null(facts_get(&frozen, BASE_UNSUMMED));
	facts_init(&still, "seatable", "main");
	facts_put_bool(&still, FACT_OBSERVED, BASE_STILL, true, "test");
	assert_ok(sea_baseline_data(&b.ctx, NULL, &still, &e), &e);
	assert_null(json_object_get(facts_get(&still, BASE_SUMS), "dtable_db.dtables"));
	assert_non_null(strstr(json_str(facts_get(&still, BASE_UNSUMMED), "dtable_db.dtables", ""), "clients would have waited"));
	count(&frozen, &w);
	assert_int_equal(w.transactions, 0);
	writes_done(&w);
	sea_bench_databases(&b, "9", "7", large);
	count(&frozen, &w);
	assert_int_equal(count_of(&w, "table dtable_db.dtables")->transactions, 1);
	writes_done(&w);
	sea_bench_databases(&b, "1", "7", torn);
	count(&frozen, &w);
	assert_int_equal(count_of(&w, "table dtable_db.dtables")->transactions, 1);
	writes_done(&w);
}

/* Neither look can tell whether anybody wrote there. */
static void what_cannot_be_read_counts_as_written(void **state)
{
	static const char large[] = ", \"large\": {\"dtables\": 900000000}, \"slow\": \"dtables\"", unsummed[] = ", \"torn\": \"dtables\"";
	autofree char *folder = bench_path(&b, "world/data/seatable/seafile-data");
	autofacts struct facts frozen = { 0 }, torn = { 0 };
	struct writes w;

	bind_site();
	plan_add(&b.plan, PHASE_CHANGE, "data", "data_point", 0, json_object(), "folders go, too");
	sea_bench_databases(&b, "1", "7, 8", large);
	assert_int_equal(symlink("/", folder), 0);
	baseline(&frozen);
	count(&frozen, &w);
	assert_int_equal(count_of(&w, "table dtable_db.dtables")->transactions, 1);
	assert_int_equal(count_of(&w, "folder seafile-data")->transactions, 1);
	assert_int_equal(w.transactions, 2);
	writes_done(&w);
	assert_int_equal(unlink(folder), 0);
	sea_bench_databases(&b, "1", "7, 8", unsummed);
	baseline(&torn);
	assert_non_null(facts_why_missing(&torn, BASE_SUMS));
	count(&torn, &w);
	assert_int_equal(count_of(&w, "content of tables, which cannot be counted")->transactions, 1);
	assert_int_equal(w.transactions, 1);
	writes_done(&w);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(rows_are_counted_whatever_they_say),
		T(a_dump_that_is_cut_has_no_rows),
		T(what_goes_is_not_removed_with_the_restore_point),
		T(what_was_written_is_not_put_over),
		T(what_moved_is_seen_without_dumps),
		T(what_a_killed_load_left_is_put_out),
		T(rows_that_came_twice_are_seen),
		T(what_would_fail_later_is_found_while_the_server_serves),
		T(all_that_a_restore_takes_is_counted),
		T(every_edit_is_saved),
		T(new_edits_are_told_by_their_numbers),
		T(a_table_too_large_to_be_counted_is_no_reason_to_stop),
		T(bases_are_listed_where_some_went),
		T(a_large_table_is_read_for_its_checksum),
		T(what_cannot_be_read_counts_as_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
