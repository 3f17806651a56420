/* A real switch of releases, by hand: nothing may be called different that is not, and what was
 * written is counted. */
#include <string.h>

#include "io/file.h"
#include "products/questdb/questdb.h"
#include "real.h"
#include "unit.h"

#define NEW_RELEASE "9.3.4"

static struct real server;
static bool have;
static struct facts frozen;
static json_t *unreadable;

static void need_server(void)
{
	if (!have)
		skip();
}

static void sql(const char *statement)
{
	assert_true(real_call(&server, "sql", server.root, statement));
}

/* Deep facts of the old server, a stop, the frozen facts, the newer release on the same root. */
static int set_up(void **state)
{
	const char *version = getenv("QUESTDB_VERSION");
	autofacts struct facts deep = { 0 };
	struct err e = ERR_INIT;

	have = real_start(&server, version ? version : "9.0.3");
	if (!have)
		return 0;
	real_bind(&server);
	json_object_set_new(server.goal.settings, "proof", json_pack("{ss}", "level", "F3"));
	assert_ok(questdb_inspect(&server.ctx, NULL, DEPTH_DEEP, &deep, &e), &e);
	if (facts_why_missing(&deep, QF_FINGERPRINTS))
		print_message("# %s\n", facts_why_missing(&deep, QF_FINGERPRINTS));
	unreadable = json_deep_copy(facts_get(&deep, QF_TABLE_UNREADABLE));
	assert_true(real_call(&server, "stop", server.root, NULL));
	assert_ok(questdb_inspect(&server.ctx, NULL, DEPTH_FROZEN, &frozen, &e), &e);
	facts_put(&frozen, FACT_OBSERVED, QF_FINGERPRINTS,
		  json_deep_copy(facts_get(&deep, QF_FINGERPRINTS)), "test");
	facts_put_str(&frozen, FACT_PINNED, QF_VERSION, server.version, "test");
	server.version = NEW_RELEASE;
	assert_true(real_again(&server));
	real_bind(&server);
	json_object_set_new(server.goal.target, "version", json_string(NEW_RELEASE));
	json_object_set_new(server.goal.target, "edition", json_string("open-source"));
	json_object_set_new(server.goal.settings, "proof", json_pack("{ss}", "level", "F3"));
	return 0;
}

static int tear_down(void **state)
{
	if (have)
		real_done(&server);
	facts_done(&frozen);
	return 0;
}

static void tell(const struct comparisons *cmp)
{
	vec_each (cmp, c)
		print_message("# %d %s: %s was %s is %s %s %s\n", c->outcome, c->subject, c->what,
			      c->was ? c->was : "-", c->is ? c->is : "-", c->rule ? c->rule : "",
			      c->why ? c->why : "");
	print_message("# same %ju, level %s\n", (uintmax_t)cmp->same, cmp->level);
}

static void verify(enum depth d, enum outcome worst)
{
	struct comparisons cmp = { 0 };
	struct err e = ERR_INIT;

	assert_ok(questdb_verify(&server.ctx, &frozen, &server.goal, d, &cmp, &e), &e);
	if (cmp_worst(&cmp) != worst)
		tell(&cmp);
	assert_int_equal(cmp_worst(&cmp), worst);
	assert_true(cmp.same > 500);
	assert_int_equal(strstr(cmp.level, "files of ") != NULL, d == DEPTH_DEEP);
	comparisons_done(&cmp);
}

static void nothing_differs(void **state)
{
	const char *name;
	json_t *why;

	need_server();
	json_object_foreach(unreadable, name, why)
	    print_message("# %s: %s\n", name, json_string_value(why));
	assert_int_equal(json_object_size(unreadable), 0);
	assert_int_equal(json_object_size(facts_get(&frozen, QF_FINGERPRINTS)),
			 json_object_size(facts_get(&frozen, QF_TABLES)));
	verify(DEPTH_GATE, CMP_EXPLAINED);
	verify(DEPTH_DEEP, CMP_EXPLAINED);
}

static void nothing_was_written(void **state)
{
	struct writes w = { 0 };
	struct err e = ERR_INIT;

	need_server();
	assert_ok(questdb_since(&server.ctx, &frozen, &w, &e), &e);
	vec_each (&w, it)
		print_message("# %s: %jd\n", it->subject, (intmax_t)it->transactions);
	assert_int_equal(w.transactions, 0);
	writes_done(&w);
}

static void writes_are_counted(void **state)
{
	autofree char *to_path = xasprintf("%s/saved", server.home), *csv_path = NULL;
	autobuf struct buf csv = BUF_MAX(1 << 20);
	autodir struct dir to = DIR_NONE;
	struct writes w = { 0 };
	struct err e = ERR_INIT;
	int64_t n = 0;

	need_server();
	sql("insert into by_week values ('AA', 1.5, 1, 1, '2026-01-06')");
	sql("insert into nonwal_none values ('added', 2.5, '2026-03-01')");
	sql("update trades set qty = 1 where n = 1");
	sql("create table made_since (a int, ts timestamp) timestamp(ts) partition by day wal");
	sql("drop table many_columns");
	assert_true(real_call(&server, "drain", server.root, NULL));
	assert_ok(questdb_since(&server.ctx, &frozen, &w, &e), &e);
	vec_each (&w, it)
		n += it->transactions;
	assert_int_equal(n, w.transactions);
	assert_int_equal(w.n, 5);
	assert_int_equal(w.transactions, 5);
	assert_ok(dir_make_path(to_path, 0700, &to, &e), &e);
	assert_ok(questdb_save_since(&server.ctx, &w, &to, &e), &e);
	csv_path = xasprintf("%s/by_week.2026-W02.csv", to_path);
	assert_ok(file_read_path(csv_path, &csv, &e), &e);
	assert_non_null(strstr(buf_str(&csv), "\"AA\",1.5,1,1,\"2026-01-06T00:00:00.000000Z\""));
	assert_null(strstr(buf_str(&csv), "2026-01-12"));
	writes_done(&w);
	verify(DEPTH_DEEP, CMP_DIFFERENT); /* the dropped table */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_differs),
		cmocka_unit_test(nothing_was_written),
		cmocka_unit_test(writes_are_counted),
	};

	return cmocka_run_group_tests_name("questdb worlds (real servers)", tests, set_up,
					   tear_down);
}
