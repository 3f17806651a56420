/* Looking at real servers: what the files say must be what the server says. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "products/questdb/questdb.h"
#include "products/questdb/schema.h"
#include "products/questdb/sql.h"
#include "products/questdb/tables.h"
#include "real.h"
#include "unit.h"

static struct real server;
static bool have;

static void need_server(void)
{
	if (!have)
		skip();
}

static void scan(struct tables *t)
{
	autofree char *path = xasprintf("%s/db", server.root);
	autodir struct dir db = DIR_NONE;
	struct err e = ERR_INIT;

	assert_ok(dir_open(path, &db, &e), &e);
	assert_ok(tables_scan(&db, NULL, t, &e), &e);
}

static void open_sql(struct sql *db)
{
	struct err e = ERR_INIT;

	real_bind(&server);
	assert_ok(sql_open(&server.site, db, &e), &e);
}

/* Row of a column: in the order of the files, but for 8.x, which shows one whose type was changed
 * last. */
static size_t row_of(const struct sql_rows *r, size_t at, const char *name)
{
	if (strncmp(server.version, "8.", 2) != 0)
		return at;
	for (at = 0; at < r->n && strcmp(sql_text(r, at, "column"), name) != 0;)
		at++;
	return at;
}

static void compare_columns(const struct sql *db, const struct table *t)
{
	autofree char *name = sql_quote(t->name);
	autorows struct sql_rows r = { 0 };
	struct err e = ERR_INIT;

	assert_ok(sql_askf(db, 0, &r, &e, "table_columns(%s)", name), &e);
	assert_int_equal(r.n, t->meta.columns.n);
	for (size_t i = 0; i < r.n; i++) {
		const struct disk_column *c = &t->meta.columns.v[i];
		autobuf struct buf type = BUF_MAX(1024);

		size_t row = row_of(&r, i, c->name);

		schema_type_name(c->type, &type);
		assert_string_equal(sql_text(&r, row, "column"), c->name);
		assert_string_equal(sql_text(&r, row, "type"), buf_str(&type));
		assert_int_equal(sql_bool(&r, row, "indexed", false), c->indexed);
		assert_int_equal(sql_bool(&r, row, "upsertKey", false), c->dedup_key);
		assert_int_equal(sql_bool(&r, row, "designated", false),
				 (int)i == t->meta.timestamp);
	}
}

static void compare_partitions(const struct sql *db, const struct table *t)
{
	autofree char *name = sql_quote(t->name);
	autorows struct sql_rows r = { 0 };
	struct err e = ERR_INIT;
	size_t at = 0;

	assert_ok(
	    sql_askf(db, 0, &r, &e, "select * from table_partitions(%s) where attached", name), &e);
	vec_each (&t->txn.partitions, p) {
		autobuf struct buf dir = BUF_MAX(256);

		assert_true(at < r.n);
		schema_partition_dir(&t->meta, p->ts, -1, &dir);
		assert_string_equal(sql_text(&r, at, "name"), buf_str(&dir));
		assert_int_equal(sql_int(&r, at, "numRows", -1), p->rows);
		assert_int_equal(sql_bool(&r, at, "isParquet", false), p->parquet_bytes >= 0);
		if (p->parquet_bytes >= 0)
			assert_int_equal(sql_int(&r, at, "parquetFileSize", -1), p->parquet_bytes);
		at++;
	}
	/* An empty table that is not partitioned is shown with one partition all the same. */
	if (t->txn.rows)
		assert_int_equal(at, r.n);
}

static void compare_rows(const struct sql *db, const struct table *t)
{
	autofree char *name = sql_quote(t->name);
	autorows struct sql_rows r = { 0 };
	struct err e = ERR_INIT;

	assert_ok(sql_askf(db, 0, &r, &e, "select count() as n from %s", name), &e);
	assert_int_equal(sql_int(&r, 0, "n", -1), t->txn.rows);
}

static void test_files_are_what_sql_says(void **state)
{
	autosql struct sql db = { 0 };
	autorows struct sql_rows list = { 0 };
	autotables struct tables t = { 0 };
	struct err e = ERR_INIT;
	size_t user = 0, theirs = 0;

	need_server();
	open_sql(&db);
	scan(&t);
	assert_int_equal(t.broken.n, 0);
	assert_int_equal(t.incomplete.n, 0);
	assert_ok(sql_ask(&db, "select * from tables()", 0, &list, &e), &e);
	for (size_t i = 0; i < list.n; i++)
		theirs += !questdb_system_table(sql_text(&list, i, "table_name"));
	vec_each (&t.v, it) {
		if (it->internal)
			continue;
		user++;
		assert_null(it->lost);
		assert_null(it->parquet_bad);
		compare_columns(&db, it);
		if (strcmp(it->kind, "view") != 0) {
			compare_partitions(&db, it);
			compare_rows(&db, it);
		}
	}
	assert_int_equal(user, theirs);
	assert_true(user >= 20);
}

static void test_tables_by_attribute(void **state)
{
	autosql struct sql db = { 0 };
	autorows struct sql_rows list = { 0 };
	autotables struct tables t = { 0 };
	struct err e = ERR_INIT;

	need_server();
	open_sql(&db);
	scan(&t);
	assert_ok(sql_ask(&db, "select * from tables()", 0, &list, &e), &e);
	for (size_t i = 0; i < list.n; i++) {
		const char *name = sql_text(&list, i, "table_name");
		const struct table *found = NULL;

		vec_each (&t.v, it)
			if (!strcmp(it->name, name))
				found = it;
		if (questdb_system_table(name))
			continue;
		assert_non_null(found);
		assert_int_equal(sql_int(&list, i, "id", -1), found->meta.table_id);
		assert_string_equal(sql_text(&list, i, "directoryName"), found->dir);
		assert_int_equal(sql_bool(&list, i, "dedup", false), schema_dedup(&found->meta));
		if (strcmp(found->kind, "view") != 0) {
			assert_string_equal(sql_text(&list, i, "partitionBy"),
					    schema_by_name(found->meta.partition_by));
			assert_int_equal(sql_bool(&list, i, "walEnabled", false), found->meta.wal);
		}
		if (sql_has(&list, "ttlValue") && !strcmp(name, "kept"))
			assert_int_equal(found->meta.ttl, 240000);
	}
}

static const json_t *want(const struct facts *f, const char *key)
{
	const json_t *v = facts_get(f, key);

	if (!v) {
		print_error("no fact '%s': %s\n", key,
			    facts_why_missing(f, key) ? facts_why_missing(f, key) : "");
		fail();
	}
	return v;
}

static void look(enum depth d, struct facts *ret)
{
	struct err e = ERR_INIT;

	real_bind(&server);
	assert_ok(questdb_inspect(&server.ctx, NULL, d, ret, &e), &e);
	assert_ok(facts_check_size(ret, &e), &e);
	if (getenv("SHOW_FACTS"))
		json_dumpf(ret->doc, stderr, JSON_INDENT(1));
}

static void test_live_facts(void **state)
{
	static const char *const there[] = { QF_RUNNING,
					     QF_PID,
					     QF_EDITION,
					     QF_VERSION,
					     QF_BUILD,
					     QF_MAIN_CLASS,
					     QF_JAVA,
					     QF_LOGIN,
					     QF_ROOT_ID,
					     QF_DB_INSTANCE,
					     QF_DB_TABLE_VERSION,
					     QF_SCOPE,
					     QF_IN_USE_BY,
					     QF_INSTALL,
					     QF_INSTALL_JAR,
					     QF_INSTALL_ARTIFACT,
					     QF_SERVICE,
					     QF_LAUNCH_MAIN,
					     QF_LAUNCH_MODULES,
					     QF_CONF,
					     QF_CONF_SHA,
					     QF_PORTS,
					     QF_LISTENING,
					     QF_CLIENTS,
					     QF_TABLES,
					     QF_TABLE_STATE,
					     QF_WAL_SUSPENDED,
					     QF_WAL_PENDING,
					     QF_CHECKPOINT,
					     QF_VIEWS,
					     QF_CONF_LIVE,
					     QF_HEALTH_STATUS,
					     QF_HOST_GLIBC,
					     QF_MAX_MAP_COUNT,
					     QF_NOFILE_HARD,
					     QF_FS,
					     QF_FS_ROOM,
					     QF_SIZES,
					     QF_OTHERS,
					     QF_TEXTS,
					     NULL };
	static const char *const not_there[] = { QF_TABLE_BROKEN,
						 QF_TABLE_NO_META,
						 QF_TABLE_ID_TWICE,
						 QF_TABLE_ID_ABOVE,
						 QF_TABLE_UNREGISTERED,
						 QF_TABLE_ORPHAN_WAL,
						 QF_TABLE_UNREADABLE,
						 QF_PARQUET_BAD,
						 QF_VIEWS_INVALID,
						 QF_TRIGGERS,
						 QF_CHECKPOINT_DIRS,
						 QF_CRASH_LOGS,
						 QF_SHARED,
						 QF_CONF_ERROR,
						 QF_CONTAINER,
						 NULL };
	autofacts struct facts f = { 0 };

	need_server();
	look(DEPTH_LIVE, &f);
	for (size_t i = 0; there[i]; i++)
		want(&f, there[i]);
	for (size_t i = 0; not_there[i]; i++)
		if (facts_get(&f, not_there[i])) {
			print_error("fact '%s'\n", not_there[i]);
			fail();
		}
	assert_string_equal(facts_str(&f, QF_EDITION, ""), "open-source");
	assert_string_equal(facts_str(&f, QF_VERSION, ""), server.version);
	assert_string_equal(facts_str(&f, QF_LOGIN, ""), "none needed");
	assert_string_equal(facts_str(&f, QF_INSTALL_KIND, ""), "no-jre");
	assert_string_equal(json_str(want(&f, QF_INSTALL_ARTIFACT), "version", ""), server.version);
	assert_int_equal(facts_int(&f, QF_DB_TABLE_VERSION, 0), 426);
	assert_int_equal(facts_int(&f, QF_HEALTH_STATUS, 0), 200);
	assert_int_equal(facts_int(&f, QF_WAL_PENDING_SUM, -1), 0);
	assert_int_equal(json_object_size(want(&f, QF_TABLES)), facts_int(&f, QF_TABLES_COUNT, -1));
	assert_int_equal(json_int(want(&f, QF_TABLE_DETACHED), "dropped_parts", 0), 1);
}

/* Two looks at an idle server pin the same. */
static void test_pinned_stands_still(void **state)
{
	autofacts struct facts a = { 0 }, b = { 0 };
	autojson json_t *x = NULL, *y = NULL;

	need_server();
	look(DEPTH_LIVE, &a);
	look(DEPTH_LIVE, &b);
	x = facts_pinned(&a);
	y = facts_pinned(&b);
	assert_true(json_equal(x, y));
	assert_true(json_object_size(x) > 40);
}

static void test_probe(void **state)
{
	struct probe p = { 0 };
	struct err e = ERR_INIT;

	need_server();
	real_bind(&server);
	assert_ok(questdb_probe(&server.site, true, 60 * NS_PER_S, &p, &e), &e);
	assert_true(p.serving && p.answered);
	assert_ok(questdb_probe(&server.site, false, 60 * NS_PER_S, &p, &e), &e);
	assert_string_equal(p.version, server.version);
	assert_string_equal(p.edition, "open-source");
}

static void test_found(void **state)
{
	struct instances all = { 0 };
	struct host h = { 0 };
	struct err e = ERR_INIT;
	bool found = false;

	need_server();
	assert_ok(questdb_find(&h, &all, &e), &e);
	vec_each (&all, it) {
		if (!strcmp(it->root, server.root)) {
			found = true;
			assert_string_equal(json_str(it->doc, "version", ""), server.version);
			assert_true(json_bool(it->doc, "running", false));
		}
		free(it->root);
		json_decref(it->doc);
	}
	vec_done(&all);
	assert_true(found);
}

static bool in_progress(void)
{
	autosql struct sql db = { 0 };
	autorows struct sql_rows r = { 0 };
	struct err e = ERR_INIT;

	/* Not a new context: this one holds the checkpoint. */
	assert_ok(sql_open(&server.site, &db, &e), &e);
	assert_ok(sql_ask(&db, "select * from checkpoint_status()", 0, &r, &e), &e);
	return sql_bool(&r, 0, "in_progress", false);
}

static void test_checkpoint(void **state)
{
	autojson json_t *hold = NULL, *second = NULL;
	struct err e = ERR_INIT;

	need_server();
	real_bind(&server);
	assert_ok(questdb_copy_begin(&server.ctx, NULL, &hold, &e), &e);
	assert_true(in_progress());
	assert_fails(questdb_copy_begin(&server.ctx, NULL, &second, &e), &e, ERR_BUSY);
	err_clear(&e);
	assert_ok(questdb_copy_end(&server.ctx, hold, &e), &e);
	assert_false(in_progress());
	assert_fails(questdb_copy_end(&server.ctx, hold, &e), &e, ERR_CHANGED);
}

/* A holder that is killed leaves nothing behind. */
static void test_checkpoint_outlived(void **state)
{
	struct deadline d = deadline_in(60 * NS_PER_S);
	int status;
	pid_t pid;

	need_server();
	real_bind(&server);
	pid = fork();
	if (!pid) {
		struct err e = ERR_INIT;
		json_t *hold = NULL;

		if (questdb_copy_begin(&server.ctx, NULL, &hold, &e) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	while (in_progress() && !deadline_passed(d))
		clock_sleep_ns(50 * NS_PER_MS);
	assert_false(in_progress());
}

/* Reading while the server writes: never a torn record. */
static void test_read_under_writers(void **state)
{
	autosql struct sql db = { 0 };
	struct err e = ERR_INIT;
	pid_t pid;

	need_server();
	open_sql(&db);
	pid = fork();
	if (!pid) {
		for (;;) {
			struct sql_rows r = { 0 };

			if (sql_ask(&db, "insert into nonwal_day (n, ts) values (1, '2026-01-11')",
				    0, &r, &e) < 0)
				_exit(1);
			sql_rows_done(&r);
		}
	}
	for (int i = 0; i < 60; i++) {
		autotables struct tables t = { 0 };

		scan(&t);
		assert_int_equal(t.broken.n, 0);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_frozen(void **state)
{
	autofacts struct facts live = { 0 }, frozen = { 0 };
	const json_t *base, *was;
	const char *name;
	json_t *t;

	need_server();
	assert_true(real_call(&server, "drain", server.root, NULL));
	look(DEPTH_LIVE, &live);
	assert_true(real_call(&server, "stop", server.root, NULL));
	server.running = false;
	look(DEPTH_FROZEN, &frozen);
	base = want(&frozen, QF_FROZEN);
	was = want(&live, QF_TABLE_STATE);
	assert_int_equal(json_object_size(base), json_object_size(was));
	json_object_foreach((json_t *)base, name, t)
	{
		const json_t *before = json_object_get(was, name);

		assert_non_null(before);
		assert_int_equal(json_int(t, "rows", -1), json_int(before, "rows", -2));
		assert_int_equal(json_int(t, "seq_txn", -1), json_int(before, "seq_txn", -2));
		assert_int_equal(json_array_size(json_object_get(t, "partitions")),
				 json_int(before, "partitions", -1));
		if (json_bool(t, "wal", false))
			assert_int_equal(json_int(t, "log_txn", -1), json_int(t, "seq_txn", -2));
	}
	assert_false(facts_bool(&frozen, QF_RUNNING, true));
	assert_string_equal(facts_str(&frozen, QF_DB_INSTANCE, "a"),
			    facts_str(&live, QF_DB_INSTANCE, "b"));
}

/* After a stop everything that can be seen of a stopped server is seen. */
static void test_stopped(void **state)
{
	autofacts struct facts f = { 0 };
	struct probe p = { 0 };
	struct err e = ERR_INIT;

	need_server();
	look(DEPTH_LIVE, &f);
	assert_false(facts_bool(&f, QF_RUNNING, true));
	assert_non_null(facts_why_missing(&f, QF_WAL_SUSPENDED));
	want(&f, QF_TABLES);
	want(&f, QF_WAL_PENDING);
	assert_null(facts_get(&f, QF_TABLE_TODO));
	assert_ok(questdb_probe(&server.site, true, 60 * NS_PER_S, &p, &e), &e);
	assert_false(p.serving || p.answered);
}

static int setup(void **state)
{
	have = real_start(&server,
			  getenv("QUESTDB_VERSION") ? getenv("QUESTDB_VERSION") : "9.0.3") > 0;
	return 0;
}

static int teardown(void **state)
{
	real_done(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_are_what_sql_says),
		cmocka_unit_test(test_tables_by_attribute),
		cmocka_unit_test(test_live_facts),
		cmocka_unit_test(test_pinned_stands_still),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_checkpoint),
		cmocka_unit_test(test_checkpoint_outlived),
		cmocka_unit_test(test_read_under_writers),
		cmocka_unit_test(test_frozen),
		cmocka_unit_test(test_stopped),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
