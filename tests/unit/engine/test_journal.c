/* Legal moves, and that what the journal returns from is there for the next process. */
#include "engine/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "io/file.h"

static char base[64];

static void open_state(struct dir *ret, struct journal **j)
{
	struct err e = ERR_INIT;

	assert_int_equal(dir_open(base, ret, &e), 0);
	assert_int_equal(journal_open(ret, DB_WRITE, j, &e), 0);
}

static int setup(void **state)
{
	snprintf(base, sizeof base, "/tmp/crossgrade-journal-XXXXXX");
	return mkdtemp(base) ? 0 : -1;
}

static int teardown(void **state)
{
	struct err e = ERR_INIT;
	autodir struct dir tmp = DIR_NONE;

	return dir_open("/tmp", &tmp, &e) < 0 || dir_remove_tree(&tmp, base + strlen("/tmp/"), &e) < 0 ? -1 : 0;
}

static void begin(struct journal *j, char **id)
{
	struct err e = ERR_INIT;

	assert_int_equal(journal_begin(j, "toy", "toy", "abcd", SV("{}"), "d1", SV("{}"), id, &e), 0);
}

static int intend(struct journal *j, const char *run, const char *step, const json_t *undo, struct err *e)
{
	struct intent i = { .step = step, .kind = "toy", .version = 1, .undo = undo };

	return journal_intend(j, run, &i, e);
}

static void steps_move_as_the_table_says(void **state)
{
	autofree char *id = NULL;
	autojson json_t *undo = json_pack("{ss}", "was", "x");
	autodir struct dir d = DIR_NONE;
	struct step_rec rec = { 0 };
	struct err e = ERR_INIT;
	struct journal *j;

	open_state(&d, &j);
	begin(j, &id);
	assert_int_equal(journal_done(j, id, "a", NULL, &e), -ERR_BUG);
	err_clear(&e);
	assert_int_equal(journal_undone(j, id, "a", &e), -ERR_BUG);
	err_clear(&e);
	assert_int_equal(intend(j, id, "a", undo, &e), 0);
	assert_int_equal(journal_done(j, id, "a", NULL, &e), 0);
	assert_int_equal(intend(j, id, "a", NULL, &e), 0);
	assert_int_equal(journal_step(j, id, "a", &rec, &e), 0);
	assert_int_equal(rec.state, REC_INTENDED);
	assert_string_equal(json_str(rec.undo, "was", ""), "x");        /* a step made again keeps its undo record */
	step_rec_done(&rec);
	assert_int_equal(journal_undone(j, id, "a", &e), 0);
	assert_int_equal(intend(j, id, "a", undo, &e), -ERR_BUG);
	journal_close(j);
}

static void runs_move_as_the_table_says(void **state)
{
	autofree char *id = NULL;
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;
	struct journal *j;

	open_state(&d, &j);
	begin(j, &id);
	assert_int_equal(journal_turn(j, id, RUN_CLOSED_OLD, NULL, &e), -ERR_BUG);
	err_clear(&e);
	assert_int_equal(journal_turn(j, id, RUN_TURNED, "why", &e), 0);
	assert_int_equal(journal_turn(j, id, RUN_CLOSED_NEW, NULL, &e), -ERR_BUG);
	err_clear(&e);
	assert_int_equal(journal_turn(j, id, RUN_CLOSED_OLD, NULL, &e), 0);
	/* Given up, where neither way goes on. */
	assert_true(run_move_legal(RUN_STUCK, RUN_CLOSED_NEW));
	for (int s = 0; s < RUN__MAX; s++)
		if (s != RUN_CLOSED_OLD)
			assert_false(run_move_legal(RUN_CLOSED_OLD, (enum run_state)s));
	journal_close(j);
}

static void another_process_finds_it(void **state)
{
	autofree char *id = NULL;
	autodir struct dir d = DIR_NONE, again = DIR_NONE;
	const struct intent start = { .step = "start", .kind = "toy", .version = 1, .lets_in = true };
	struct step_rec rec = { 0 };
	struct run_list all = { 0 };
	struct err e = ERR_INIT;
	struct journal *j;

	open_state(&d, &j);
	begin(j, &id);
	assert_int_equal(journal_intend(j, id, &start, &e), 0);
	assert_int_equal(journal_let_in(j, id, &e), 0);
	assert_int_equal(journal_done(j, id, "start", NULL, &e), 0);
	assert_int_equal(journal_settle(j, &e), 0);
	journal_close(j);
	open_state(&again, &j);
	assert_int_equal(journal_runs(j, "abcd", &all, &e), 0);
	assert_int_equal(all.n, 1);
	assert_true(all.v[0].let_in);
	assert_string_equal(all.v[0].id, id);
	assert_int_equal(journal_step(j, id, "start", &rec, &e), 0);
	assert_int_equal(rec.state, REC_DONE);
	step_rec_done(&rec);
	run_list_done(&all);
	assert_int_equal(journal_runs(j, "other", &all, &e), 0);
	assert_int_equal(all.n, 0);
	journal_close(j);
}

static int is_deaf(void *data unused_arg, const json_t *change unused_arg, enum urgency when unused_arg, struct err *e)
{
	return err_set(e, ERR_SPACE, "no room beside the restore point");
}

static bool let_in(struct journal *j, const char *run)
{
	struct run_rec rec = { 0 };
	struct err e = ERR_INIT;
	bool so;

	assert_int_equal(journal_run(j, run, &rec, &e), 0);
	so = rec.let_in;
	run_rec_done(&rec);
	return so;
}

/* The step is not begun then: its run may still turn back by itself. */
static void nobody_is_let_in_of_whom_it_cannot_be_told(void **state)
{
	struct intent i = { .step = "open", .kind = "toy", .version = 1, .lets_in = true };
	autofree char *id = NULL;
	autodir struct dir d = DIR_NONE;
	struct step_rec rec = { 0 };
	struct err e = ERR_INIT;
	struct journal *j;

	open_state(&d, &j);
	begin(j, &id);
	journal_tell(j, is_deaf, NULL);
	assert_int_equal(journal_let_in(j, id, &e), -ERR_SPACE);
	assert_false(let_in(j, id));
	err_clear(&e);
	assert_int_equal(journal_intend(j, id, &i, &e), -ERR_SPACE);
	assert_false(let_in(j, id));
	err_clear(&e);
	assert_int_equal(journal_step(j, id, "open", &rec, &e), 0);
	assert_int_equal(rec.state, REC_NONE);
	step_rec_done(&rec);
	journal_tell(j, NULL, NULL);
	assert_int_equal(journal_intend(j, id, &i, &e), 0);
	assert_true(let_in(j, id));
	journal_close(j);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(steps_move_as_the_table_says),
		T(runs_move_as_the_table_says),
		T(another_process_finds_it),
		T(nobody_is_let_in_of_whom_it_cannot_be_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
