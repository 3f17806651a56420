/* A run's records as one document, and back into an empty journal: everything a way back needs is the same. */
#include "engine/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "unit/unit.h"

static char base[64];

static int setup(void **state)
{
	snprintf(base, sizeof base, "/tmp/crossgrade-copy-XXXXXX");
	return mkdtemp(base) ? 0 : -1;
}

static int teardown(void **state)
{
	struct err e = ERR_INIT;
	autodir struct dir tmp = DIR_NONE;

	return dir_open("/tmp", &tmp, &e) < 0 || dir_remove_tree(&tmp, base + strlen("/tmp/"), &e) < 0 ? -1 : 0;
}

static struct journal *open_journal(const char *name)
{
	autofree char *path = xasprintf("%s/%s", base, name);
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;
	struct journal *j;

	assert_ok(dir_make_path(path, 0700, &d, &e), &e);
	assert_ok(journal_open(&d, DB_WRITE, &j, &e), &e);
	return j;
}

static int intend(struct journal *j, const char *run, const char *step, const char *kind, const json_t *undo, struct err *e)
{
	struct intent i = { .step = step, .kind = kind, .version = 3, .undo = undo };

	return journal_intend(j, run, &i, e);
}

static char *some_run(struct journal *j, const char *name)
{
	autojson json_t *undo = json_pack("{ss}", "was", "it's \"old\""), *result = json_pack("{si}", "pid", 7);
	autojson json_t *facts = json_pack("{ss}", "schema", "f");
	struct err e = ERR_INIT;
	char *id;

	assert_ok(journal_begin(j, "toy", name, "abcd", SV("{\"plan\":1}"), "digest", SV("{\"goal\":1}"), &id, &e), &e);
	assert_ok(intend(j, id, "stop", "service_stop", undo, &e), &e);
	assert_ok(journal_done(j, id, "stop", result, &e), &e);
	assert_ok(intend(j, id, "switch", "file_swap", undo, &e), &e);
	assert_ok(journal_skip(j, id, "drain", &e), &e);
	assert_ok(journal_put_doc(j, id, "facts", facts, &e), &e);
	assert_ok(journal_let_in(j, id, &e), &e);
	assert_ok(journal_turn(j, id, RUN_TURNED, "it failed", &e), &e);
	return id;
}

static void same_step(struct journal *a, struct journal *b, const char *run, const char *step)
{
	struct step_rec x = { 0 }, y = { 0 };
	struct err e = ERR_INIT;

	assert_ok(journal_step(a, run, step, &x, &e), &e);
	assert_ok(journal_step(b, run, step, &y, &e), &e);
	assert_int_equal(x.state, y.state);
	assert_true(x.undo == y.undo || json_equal(x.undo, y.undo));
	assert_true(x.result == y.result || json_equal(x.result, y.result));
	assert_true(x.boot == y.boot || !strcmp(x.boot, y.boot));
	assert_int_equal(x.intended_ns, y.intended_ns);
	assert_int_equal(x.done_ns, y.done_ns);
	step_rec_done(&x);
	step_rec_done(&y);
}

static void another_journal_can_go_on(void **state)
{
	struct journal *from = open_journal("from"), *to = open_journal("to");
	autofree char *id = some_run(from, "one"), *other = some_run(from, "two");
	autobuf struct buf plan = BUF_MAX(4096), goal = BUF_MAX(4096);
	autojson json_t *doc = NULL, *facts = NULL, *again = NULL;
	struct run_list all = { 0 };
	struct err e = ERR_INIT;

	assert_ok(journal_export(from, id, &doc, &e), &e);
	assert_ok(journal_import(to, doc, &e), &e);
	assert_ok(journal_runs(to, NULL, &all, &e), &e);
	assert_int_equal(all.n, 1);     /* and nothing of the other run */
	assert_string_equal(all.v[0].id, id);
	assert_string_equal(all.v[0].outcome, "it failed");
	assert_int_equal(all.v[0].state, RUN_TURNED);
	assert_true(all.v[0].let_in);
	run_list_done(&all);
	same_step(from, to, id, "stop");
	same_step(from, to, id, "switch");
	same_step(from, to, id, "drain");
	same_step(from, to, id, "never");
	assert_ok(journal_plan(to, id, &plan, &goal, &e), &e);
	assert_string_equal(buf_str(&plan), "{\"plan\":1}");
	assert_string_equal(buf_str(&goal), "{\"goal\":1}");
	assert_ok(journal_get_doc(to, id, "facts", &facts, &e), &e);
	assert_ok(journal_undone(to, id, "switch", &e), &e);
	assert_ok(journal_export(to, other, &again, &e), &e);
	assert_int_equal(json_array_size(json_object_get(again, "run")), 0);
	journal_close(from);
	journal_close(to);
}

struct told {
	json_t *changes;
	size_t  ahead;
	bool    fails;
};

static int note(void *data, const json_t *change, enum urgency when, struct err *e)
{
	struct told *t = data;

	t->ahead += when == TOLD_AHEAD;
	json_array_append_new(t->changes, json_deep_copy(change));
	return t->fails ? err_set(e, ERR_SPACE, "no room") : 0;
}

/* What was exported early, and every change since then, are the records as they are. */
static void changes_lead_to_the_same_records(void **state)
{
	struct journal *j = open_journal("from");
	autofree char *id = some_run(j, "one");
	autojson json_t *early = NULL, *late = NULL, *undo = json_pack("{ss}", "was", "older"), *none = json_object();
	const struct intent open = { .step = "unlock", .kind = "gate_open", .version = 1, .lets_in = true },
			    look = { .step = "verify", .kind = "verify_world", .version = 1, .harmless = true };
	struct told told = { .changes = json_array() };
	struct err e = ERR_INIT;
	json_t *change;
	size_t at;

	assert_ok(journal_export(j, id, &early, &e), &e);
	journal_tell(j, note, &told);
	assert_ok(intend(j, id, "thaw", "service_start", undo, &e), &e);
	assert_ok(journal_intend(j, id, &open, &e), &e);
	assert_int_equal(told.ahead, 2);
	assert_ok(journal_intend(j, id, &look, &e), &e);
	assert_int_equal(told.ahead, 2);        /* harmless: durable with the next one */
	assert_ok(journal_done(j, id, "thaw", undo, &e), &e);
	assert_ok(journal_undone(j, id, "switch", &e), &e);
	assert_ok(journal_turn(j, id, RUN_CLOSED_OLD, "back", &e), &e);
	assert_ok(journal_ended(j, id, 5, "turned back", &e), &e);
	assert_ok(journal_finalize(j, id, &e), &e);
	assert_int_equal(told.ahead, 2);
	assert_ok(journal_export(j, id, &late, &e), &e);
	json_array_foreach(told.changes, at, change)
		assert_ok(journal_merge(early, change, &e), &e);
	assert_true(json_equal(early, late));
	assert_fails(journal_merge(early, none, &e), &e, ERR_FORMAT);
	json_decref(told.changes);
	journal_close(j);
}

static void a_step_nobody_could_be_told_of_fails(void **state)
{
	struct journal *j = open_journal("from");
	autofree char *id = some_run(j, "one");
	struct told told = { .changes = json_array(), .fails = true };
	struct err e = ERR_INIT;

	journal_tell(j, note, &told);
	assert_fails(intend(j, id, "start", "service_start", NULL, &e), &e, ERR_SPACE);
	json_decref(told.changes);
	journal_close(j);
}

static size_t runs(struct journal *j)
{
	struct run_list all = { 0 };
	struct err e = ERR_INIT;
	size_t n;

	assert_ok(journal_runs(j, NULL, &all, &e), &e);
	n = all.n;
	run_list_done(&all);
	return n;
}

static void a_broken_document_leaves_nothing(void **state)
{
	struct journal *from = open_journal("from"), *to = open_journal("to");
	autofree char *id = some_run(from, "one");
	autojson json_t *doc = NULL;
	struct err e = ERR_INIT;

	assert_ok(journal_export(from, id, &doc, &e), &e);
	json_object_set_new(doc, "schema", json_string("crossgrade/journal/2"));
	assert_fails(journal_import(to, doc, &e), &e, ERR_FORMAT);
	err_clear(&e);
	json_object_set_new(doc, "schema", json_string("crossgrade/journal/1"));
	json_object_set_new(json_array_get(json_object_get(doc, "step"), 1), "kind", json_null());
	assert_true(journal_import(to, doc, &e) < 0);
	assert_int_equal(runs(to), 0);
	json_object_set_new(json_array_get(json_object_get(doc, "step"), 1), "kind", json_string("file_swap"));
	json_object_del(doc, "doc");
	err_clear(&e);
	assert_fails(journal_import(to, doc, &e), &e, ERR_FORMAT);
	assert_int_equal(runs(to), 0);
	journal_close(from);
	journal_close(to);
}

static void a_known_run_is_not_overwritten(void **state)
{
	struct journal *j = open_journal("from");
	autofree char *id = some_run(j, "one");
	autojson json_t *doc = NULL;
	struct err e = ERR_INIT;

	assert_ok(journal_export(j, id, &doc, &e), &e);
	assert_true(journal_import(j, doc, &e) < 0);
	assert_int_equal(runs(j), 1);
	journal_close(j);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(another_journal_can_go_on),
		T(changes_lead_to_the_same_records),
		T(a_step_nobody_could_be_told_of_fails),
		T(a_broken_document_leaves_nothing),
		T(a_known_run_is_not_overwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
