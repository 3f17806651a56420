/* A table that a server writes to, looked at between two of its steps: what is whole is never
 * called lost, and what is lost is never called moving. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "products/questdb/bytes.h"
#include "products/questdb/fingerprint.h"
#include "stand_in.h"
#include "unit.h"

#define DAY "2026-01-01"
#define DAY_MOVED DAY ".5"
#define LOOKS 60
#define NAMES 3000
#define AREA 1024 /* between the two records of _txn */

enum { TXN_VERSION = 0, TXN_AREAS = 8, TXN_AREA_SIZE = 24, PARTITION_NAME_TXN = 16 };

struct world {
	struct stand_in server;
	struct facts frozen;
	struct comparisons cmp;
	struct dir db, table;
	char *rel; /* of table t0 below the database */
	atomic_bool stop;
	pthread_t mover;
};

static int set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof *w);
	struct err e = ERR_INIT;
	autofree char *db = NULL;

	stand_in_make(&w->server, 3, "9.0.3");
	stand_in_frozen(&w->server, &w->frozen);
	db = xasprintf("%s/db", w->server.root);
	w->rel =
	    xstrdup(json_str(json_object_get(facts_get(&w->frozen, QF_TABLES), "t0"), "dir", NULL));
	assert_ok(dir_open(db, &w->db, &e), &e);
	assert_ok(dir_open_at(&w->db, w->rel, &w->table, &e), &e);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	dir_close(&w->table);
	dir_close(&w->db);
	stand_in_done(&w->server);
	facts_done(&w->frozen);
	comparisons_done(&w->cmp);
	free(w->rel);
	free(w);
	return 0;
}

/* By the files alone: the stand-in is no reader that such a writer spares. */
static bool verify(struct world *w)
{
	struct err e = ERR_INIT;

	comparisons_done(&w->cmp);
	w->cmp = (struct comparisons){ 0 };
	assert_ok(questdb_verify(&w->server.ctx, &w->frozen, NULL, DEPTH_DEEP, &w->cmp, &e), &e);
	vec_each (&w->cmp, c) {
		if (c->outcome == CMP_DIFFERENT)
			print_message("# %s: %s was %s is %s\n", c->subject, c->what, c->was,
				      c->is);
	}
	return cmp_worst(&w->cmp) != CMP_DIFFERENT;
}

/* ---- a writer ---- */

static void must(bool ok)
{
	if (!ok)
		abort(); /* cmocka's asserts are for the first thread */
}

/* The next transaction: the first partition has another directory. As the server writes it: the
 * other record, its place, the version. */
static void commit(int table, int64_t name_txn)
{
	autoclose int fd = openat(table, "_txn", O_RDWR | O_CLOEXEC);
	char head[64], record[AREA];
	int64_t version, txn;
	int32_t area[3]; /* offset, bytes of its two lists */
	size_t length;

	must(fd >= 0 && pread(fd, head, sizeof head, 0) == sizeof head);
	version = le64(head + TXN_VERSION);
	memcpy(area, head + TXN_AREAS + (version & 1 ? TXN_AREA_SIZE : 0), sizeof area);
	length = 132 + (size_t)area[1] + 4 + (size_t)area[2];
	must(length <= sizeof record && pread(fd, record, length, area[0]) == (ssize_t)length);
	txn = le64(record) + 1;
	memcpy(record, &txn, sizeof txn);
	memcpy(record + 132 + area[1] + 4 + PARTITION_NAME_TXN, &name_txn, sizeof name_txn);
	area[0] = area[0] == AREA ? 2 * AREA : AREA;
	version++;
	must(pwrite(fd, record, length, area[0]) == (ssize_t)length &&
	     pwrite(fd, area, sizeof area, TXN_AREAS + (version & 1 ? TXN_AREA_SIZE : 0)) ==
		 sizeof area &&
	     pwrite(fd, &version, sizeof version, TXN_VERSION) == sizeof version);
}

/* Rewrite the first partition: a new directory, a transaction, the old one is removed. */
static void rewrite(const struct dir *table, const char *from, const char *to, int64_t name_txn)
{
	struct dir_names names = { 0 };
	autodir struct dir was = DIR_NONE, is = DIR_NONE;
	struct err e = ERR_INIT;

	must(mkdirat(table->fd, to, 0755) == 0 && dir_open_at(table, from, &was, &e) >= 0 &&
	     dir_open_at(table, to, &is, &e) >= 0 && dir_list(&was, "", 1000, &names, &e) >= 0);
	vec_each (&names, n)
		must(linkat(was.fd, n->name, is.fd, n->name, 0) == 0);
	commit(table->fd, name_txn);
	dir_names_done(&names);
	must(dir_remove_tree(table, from, &e) >= 0);
}

static void *move(void *data)
{
	struct world *w = data;
	bool moved = false;

	while (!atomic_load(&w->stop)) {
		if (moved)
			rewrite(&w->table, DAY_MOVED, DAY, -1);
		else
			rewrite(&w->table, DAY, DAY_MOVED, 5);
		moved = !moved;
		usleep(1000);
	}
	return NULL;
}

static void movers_start(struct world *w)
{
	assert_int_equal(pthread_create(&w->mover, NULL, move, w), 0);
}

static void movers_stop(struct world *w)
{
	atomic_store(&w->stop, true);
	assert_int_equal(pthread_join(w->mover, NULL), 0);
}

/* ---- */

static void a_rewritten_partition_is_not_lost(void **state)
{
	struct world *w = *state;
	bool same = true;

	movers_start(w);
	for (int i = 0; i < LOOKS && same; i++)
		same = verify(w);
	movers_stop(w);
	assert_true(same);
}

/* A long list of names takes long enough for a whole transaction behind it. */
static void nor_does_a_scan_say_so(void **state)
{
	struct world *w = *state;
	size_t lost = 0;

	for (int i = 0; i < NAMES; i++) {
		char name[32];

		snprintf(name, sizeof name, "%d.detached", i);
		assert_int_equal(mkdirat(w->table.fd, name, 0755), 0);
	}
	movers_start(w);
	for (int i = 0; i < LOOKS; i++) {
		autotables struct tables tables = { 0 };
		struct err e = ERR_INIT;

		assert_ok(tables_scan(&w->db, NULL, &tables, &e), &e);
		vec_each (&tables.v, t)
			lost += t->lost != NULL;
		lost += tables.broken.n + tables.incomplete.n;
	}
	movers_stop(w);
	assert_int_equal(lost, 0);
}

static void a_lost_one_is(void **state)
{
	struct world *w = *state;
	struct err e = ERR_INIT;

	assert_true(verify(w));
	assert_ok(dir_remove_tree(&w->table, "2026-01-02", &e), &e);
	assert_false(verify(w));
	movers_start(w); /* beside one that moves, too */
	for (int i = 0; i < 5; i++)
		assert_false(verify(w));
	movers_stop(w);
}

static bool moves_when_looked_at(const struct tables *one, void *data)
{
	struct world *w = data;

	commit(w->table.fd, -1);
	return true;
}

static bool is_wrong(const struct tables *one, void *data)
{
	++*(int *)data;
	return true;
}

static void nobody_knows_of_one_that_never_stands_still(void **state)
{
	struct world *w = *state;
	autotables struct tables moving = { 0 }, still = { 0 };
	int looks = 0;

	assert_false(table_settle(&w->db, w->rel, deadline_in(200 * NS_PER_MS),
				  moves_when_looked_at, w, &moving));
	assert_int_equal(moving.v.n, 1);
	assert_true(
	    table_settle(&w->db, w->rel, deadline_in(60 * NS_PER_S), is_wrong, &looks, &still));
	assert_in_range(looks, 2, 10);
}

static void *put_back(void *data)
{
	struct world *w = data;

	usleep(10000);
	must(renameat(w->table.fd, "_meta.prev", w->table.fd, "_meta") == 0);
	return NULL;
}

/* Changing a column moves the old _meta away before the new one comes. */
static void metadata_between_two_names(void **state)
{
	struct world *w = *state;
	autotables struct tables tables = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(renameat(w->table.fd, "_meta", w->table.fd, "_meta.prev"), 0);
	assert_int_equal(pthread_create(&w->mover, NULL, put_back, w), 0);
	assert_ok(tables_scan(&w->db, NULL, &tables, &e), &e);
	assert_int_equal(pthread_join(w->mover, NULL), 0);
	assert_int_equal(tables.incomplete.n, 0);
	assert_non_null(tables_named(&tables, "t0"));
}

static json_t *print_of(const char *state, const char *cell)
{
	return json_pack("{si s[s] s{s{ss si s[s]}}}", "column_version", 0, "columns", "v DOUBLE",
			 "aggregates", DAY, "state", state, "rows", 1, "cells", cell);
}

/* The files were looked at, then the partition was written to, then its values were read. */
static void values_of_another_moment(void **state)
{
	struct world *w = *state;
	autojson json_t *before = print_of("0:1:-1:0", "1"), *same = print_of("0:1:-1:0", "2"),
			*other = print_of("0:1:5:0", "2");
	struct shape shape = { .name = (char *)"t0", .has_parts = true };
	struct part part = { .key = DAY, .rows = 1, .state = (char *)"0:1:-1:0" };

	*vec_push(&shape.parts) = part;
	fingerprint_compare(before, other, &shape, &shape, 0, &w->cmp);
	assert_int_equal(cmp_worst(&w->cmp), CMP_UNPROVED);
	fingerprint_compare(before, same, &shape, &shape, FINGERPRINT_SAME_MAJOR, &w->cmp);
	assert_int_equal(cmp_worst(&w->cmp), CMP_DIFFERENT);
	vec_done(&shape.parts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_rewritten_partition_is_not_lost, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(nor_does_a_scan_say_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_lost_one_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_knows_of_one_that_never_stands_still, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(metadata_between_two_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(values_of_another_moment, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("questdb tables that move", tests, NULL, NULL);
}
