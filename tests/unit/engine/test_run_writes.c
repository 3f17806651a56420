/* What clients wrote, and the ways back, over a toy product: what goes back by itself, what is counted, saved, told or agreed to first, behind
 * a gate and without one, and what only finalize ends. */
#include "toy_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "engine/prober.h"
#include "engine/report.h"
#include "engine/restore_point.h"

/* Behind a gate that holds no client wrote what left no trace of one; without the gate it may have been a client. */
static void what_the_new_server_spoils_behind_a_gate_turns(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	toy_put("gated", "yes");
	toy_put("gate", "old");
	toy_put("fail-start", "yes");
	toy_put("writes", "3");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	toy_put("traceless", "yes");
	assert_int_equal(resume(&end, false), EXIT_TURNED);
	assert_string_equal(toy_world(), "old");
}

/* Of a start that was announced and failed, or was killed. */
static void no_start_again_behind_an_open_gate(void **state)
{
	autofree char *gate = NULL;
	struct run_end end;

	toy_put("snapshot", "yes");
	toy_put("gated", "yes");
	toy_put("gate", "old");
	toy_put("fail-start", "yes");
	toy_put("writes", "3");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	toy_put("fail-start", "");
	toy_put("gate", "old");
	assert_int_equal(resume(&end, false), EXIT_DONE);
	gate = toy_get("gate");
	assert_string_equal(gate, "new");
	assert_non_null(strstr(end.line, "somebody let clients in"));
}

/* It holds again, and held nobody while it was open: what left no trace may be a client's. */
static void what_is_spoilt_behind_a_gate_that_was_open_stands(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	toy_put("gated", "yes");
	toy_put("gate", "old");
	toy_put("fail-start", "yes");
	toy_put("writes", "3");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	toy_put("gate", "old");
	toy_put("traceless", "yes");
	assert_int_equal(resume(&end, false), EXIT_STANDS);
}

/* Nor is it a gate any more that somebody opened. */
static void what_is_spoilt_behind_an_opened_gate_stands(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	gate("yes", "start");
	toy_put("fail-start", "yes");
	toy_put("writes", "3");
	toy_put("traceless", "yes");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	assert_string_equal(toy_world(), "mixed");
}

static void what_is_spoilt_without_a_gate_stands(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	toy_put("fail-start", "yes");
	toy_put("writes", "3");
	toy_put("traceless", "yes");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	assert_string_equal(toy_world(), "mixed");
}

static void a_stuck_way_back_can_be_repeated(void **state)
{
	struct run_end end;

	toy_put("fail-switch", "yes");
	toy_put("stick-stop", "yes");
	assert_int_equal(apply(&end, false), EXIT_STUCK);
	assert_int_equal(resume(&end, false), EXIT_UNFINISHED);
	toy_drop("stick-stop");
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_string_equal(toy_world(), "old");
	assert_int_equal(rollback(&end), EXIT_DONE);
}

/* Nothing of the new world is left when a snapshot is put back: what could not be exported is a loss to be agreed to. */
static void a_snapshot_is_not_put_back_over_unsaved_writes(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	toy_put("snapshot", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	toy_put("writes", "3");
	o.save_writes = "/nowhere";
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_LOSS);
	assert_non_null(strstr(end.err.hint, "over what was written"));
	assert_string_equal(toy_world(), "new");
	o.accept_loss = (const char *const[]){ "new-writes", NULL };
	o.save_writes = NULL;
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_DONE);
	assert_string_equal(toy_world(), "old");
	events_free(ev);
}

static void a_plan_that_keeps_data_goes_back_past_writes(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	toy_put("keeps", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	toy_put("writes", "3");
	o.restore_data = true;
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_USAGE);
	assert_non_null(strstr(end.err.msg, "no copy of the data"));
	assert_string_equal(toy_world(), "new");
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_string_equal(toy_world(), "old");
	events_free(ev);
}

/* Also where the way back was begun without the data, and stuck. */
static void writes_are_counted_when_data_is_wished(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	toy_put("keeps", "yes");
	toy_put("snapshot", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	toy_put("writes", "3");
	o.restore_data = true;
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_LOSS);
	assert_string_equal(toy_world(), "new");
	toy_put("stick-stop", "yes");
	assert_int_equal(rollback(&end), EXIT_STUCK);
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_LOSS);
	toy_drop("stick-stop");
	o.accept_loss = (const char *const[]){ "new-writes", NULL };
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_DONE);
	assert_string_equal(toy_world(), "old");
	events_free(ev);
}

static void a_plan_that_keeps_data_turns_past_writes(void **state)
{
	struct run_end end;

	toy_put("keeps", "yes");
	toy_put("fail-start", "yes");
	toy_put("writes", "3");
	assert_int_equal(apply(&end, false), EXIT_TURNED);
	assert_string_equal(toy_world(), "old");
}

/* Where it would stick, a server that is up is not stopped for it. */
static void a_way_back_that_would_stick_is_not_begun(void **state)
{
	autofree char *start = NULL;
	struct run_end end;

	toy_put("keeps", "yes");
	toy_put("fail-start", "yes");
	toy_put("bar-switch", "yes");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	start = toy_get("start");
	assert_string_equal(start, "new");
	assert_non_null(strstr(end.line, "told to fail"));
	assert_non_null(strstr(end.line, "told to bar the way back"));
	assert_string_equal(end.err.hint, "take the bar away");
	assert_int_equal(rollback(&end), EXIT_FAILED);
	toy_drop("bar-switch");
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_string_equal(toy_world(), "old");
}

/* A look that is mistaken keeps no failed run from going back where the data comes back. */
static void no_look_bars_a_way_back_with_the_data(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	toy_put("fail-start", "yes");
	toy_put("bar-switch", "yes");
	assert_int_equal(apply(&end, false), EXIT_TURNED);
	assert_string_equal(toy_world(), "old");
}

static void make_point(const char *home, const char *run, struct point *ret)
{
	struct scope s = { 0 };
	autojson json_t *about = json_object();
	struct err e = ERR_INIT;

	*vec_push(&s) = (struct scope_root){ .name = xstrdup("root"), .path = xstrdup(toy_root) };
	assert_int_equal(point_make(home, run, &s, about, ret, &e), 0);
	scope_done(&s);
}

/* As backup_final would leave it. */
static void fill_point(const char *home, const char *run)
{
	struct pass_opts opts = { 0 };
	struct point_pass stats;
	struct point p;
	struct err e = ERR_INIT;

	make_point(home, run, &p);
	assert_int_equal(point_fill(&p, PASS_FINAL, &opts, &stats, &e), 0);
	point_done(&p);
}

static char *point_beside_toy(void)
{
	return xasprintf("%.*s/.crossgrade-root", (int)(strrchr(toy_root, '/') - toy_root), toy_root);
}

static enum point_state proved_by_rollback(struct probe says)
{
	autofree char *home = point_beside_toy();
	struct run_end end;
	struct point p;
	struct err e = ERR_INIT;
	enum point_state state;

	toy_put("tree", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	fill_point(home, end.run);
	toy_answers(says);
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_int_equal(point_open(home, end.run, &p, &e), 0);
	state = p.state;
	point_done(&p);
	return state;
}

/* Every second of reading is one without service, unless clients are served meanwhile. */
static void a_point_is_read_in_full_while_clients_are_served(void **state)
{
	assert_int_equal(proved_by_rollback((struct probe){ .serving = true, .answered = true }), POINT_PROVED);
}

static void a_point_is_not_read_while_only_we_are_answered(void **state)
{
	assert_int_equal(proved_by_rollback((struct probe){ .answered = true }), POINT_COMPLETE);
}

/* 'backup restore' has put it live, and was finalized: neither status nor a rollback takes what its server used for the old world. */
static void a_point_that_another_run_used_is_no_way_back(void **state)
{
	autofree char *home = point_beside_toy();
	struct err e = ERR_INIT;
	struct run_end end;
	struct point p;

	toy_put("tree", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	fill_point(home, end.run);
	assert_true(is_possible("rollback"));
	assert_int_equal(point_open(home, end.run, &p, &e), 0);
	p.state = POINT_SPENT;
	json_object_set_new(p.doc, "live_by", json_string("20261121-130000-0002"));
	assert_int_equal(point_save(&p, &e), 0);
	point_done(&p);
	assert_false(is_possible("rollback"));
	assert_int_equal(rollback(&end), EXIT_DIGEST);
	assert_non_null(strstr(end.line, "20261121-130000-0002"));
	assert_string_equal(toy_world(), "new");
	assert_int_equal(finalize_it(true, &end), EXIT_DONE);   /* it is that run's way back */
	assert_non_null(strstr(end.line, "its restore point in '"));
}

/* It says what it left. */
static void finalize(bool point_too, const char *said)
{
	struct run_end end;

	assert_int_equal(finalize_it(point_too, &end), EXIT_DONE);
	assert_non_null(strstr(end.line, said));
}

/* Left behind its gate, the new world is accepted as it is: clients are let in. */
static void finalize_lets_in(void **state)
{
	struct run_end end;

	toy_put("keeps", "yes");
	toy_put("gated", "yes");
	toy_put("gate", "old");
	toy_put("fail-start", "yes");
	toy_put("bar-switch", "yes");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	assert_int_equal(is_at("open", "old"), true);
	finalize(false, "is final");
	assert_int_equal(is_at("open", "new"), true);
}

/* Without a gate the opening lets go of the server alone. */
static void finalize_lets_go_of_the_server(void **state)
{
	struct run_end end;

	toy_put("keeps", "yes");
	toy_put("held", "yes");
	toy_put("fail-start", "yes");
	toy_put("bar-switch", "yes");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	finalize(false, "is final");
	assert_true(is_at("open", "new"));
}

/* Half way back before the point, with no restore point of ours, when somebody starts the new build. */
static void strand(struct run_end *end)
{
	toy_server("nowhere");
	toy_put("fail-switch", "yes");
	toy_put("stick-switch", "yes");
	assert_int_equal(apply(end, false), EXIT_STUCK);
	assert_false(is_possible("finalize"));
	toy_server_starts();
	assert_int_equal(rollback(end), EXIT_LOSS);
	assert_non_null(strstr(end->err.hint, "finalize"));
}

static void what_only_the_operator_can_put_back_is_left_to_him(void **state)
{
	struct run_end end;

	strand(&end);
	assert_int_equal(resume(&end, false), EXIT_UNFINISHED);
	assert_non_null(strstr(end.err.hint, "finalize"));
	assert_false(is_possible("rollback"));
	assert_true(is_possible("finalize"));
	/* What was changed before the stop, too; neither what is staged nor what a server's end ends. */
	finalize(false, "what these steps changed stays: 'final', 'switch'");
	/* Nothing keeps clients, or the server, any more. */
	assert_true(is_at("open", "new"));
	assert_true(is_at("start", "old"));
	assert_false(is_marked());
	assert_int_equal(resume(&end, false), EXIT_DONE);
	assert_non_null(strstr(end.line, "no run is unfinished"));
	finalize(false, "is finalized; it was half way");
	toy_server_ends();
}

/* It is his only way to the old build. */
static void what_was_kept_for_a_way_back_that_is_left_to_hand_stays(void **state)
{
	struct run_end end;

	toy_put("kept-final", "yes");
	strand(&end);
	finalize(false, "'final' (and what it kept of the old world), 'switch'");
	assert_true(is_at("kept-final", "yes"));
	finalize(false, "is finalized");
	assert_true(is_at("kept-final", "yes"));
	toy_server_ends();
}

/* What is not of the old world goes in any case, and the step that left it changed nothing that stays. */
static void what_was_left_for_the_new_server_is_not_of_the_old_world(void **state)
{
	struct run_end end;

	toy_put("kept-final", "for now");
	strand(&end);
	finalize(false, "what these steps changed stays: 'switch'; removed: kept-final");
	assert_true(is_at("kept-final", ""));
	finalize(false, "is finalized; it was half way");
	toy_server_ends();
}

static void what_was_kept_for_a_way_back_goes_with_it(void **state)
{
	struct run_end end;

	toy_put("kept-final", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	finalize(false, "removed: kept-final");
	assert_true(is_at("kept-final", ""));
}

/* Among the run's undo records. */
static bool has_record(const char *run, const char *text)
{
	char digest[DIGEST_TEXT];
	autofree char *path = NULL;

	digest_text(sv_of(text), digest);
	path = xasprintf("%s/../state/undo/%s/%s", toy_root, run, digest);
	return access(path, F_OK) == 0;
}

static json_t *report_of(const char *run)
{
	struct run_opts o = toy_opts(NULL);
	autodir struct dir dir = DIR_NONE;
	struct journal *j = NULL;
	struct err e = ERR_INIT;
	json_t *doc = NULL;

	assert_int_equal(dir_open(o.state_dir, &dir, &e), 0);
	assert_int_equal(journal_open(&dir, DB_READ, &j, &e), 0);
	assert_int_equal(report_make(j, &dir, run, &doc, &e), 0);
	journal_close(j);
	return doc;
}

/* And what is read of a run that is final stays. */
static void what_was_recorded_for_a_way_back_goes_with_it(void **state)
{
	autojson json_t *report = NULL;
	struct run_end end;

	toy_put("secret", "sesame");
	toy_put("unsure", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	assert_true(has_record(end.run, "sesame"));
	finalize(false, "is final; what remains: what 'crossgrade report' tells");
	assert_false(has_record(end.run, "sesame"));
	report = report_of(end.run);
	assert_int_equal(json_array_size(json_object_get(report, "not_proved")), 1);
	finalize(false, "nothing to do");
}

static void what_was_recorded_for_a_way_back_that_is_left_to_hand_stays(void **state)
{
	struct run_end end;

	toy_put("secret", "sesame");
	strand(&end);
	finalize(false, "what remains: its undo records in '");
	assert_true(has_record(end.run, "sesame"));
	toy_server_ends();
}

static bool has_point(const char *home, const char *run)
{
	autofree char *path = xasprintf("%s/%s", home, run);

	return access(path, F_OK) == 0;
}

/* Whether it ever was whole, or not. */
static void what_is_nowhere_else_outlives_finalize(void **state)
{
	autofree char *home = point_beside_toy();
	struct run_end end;
	struct err e = ERR_INIT;
	struct point p;

	toy_put("tree", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	make_point(home, end.run, &p);
	assert_int_equal(point_keep(&p, "what went", &e), 0);
	point_done(&p);
	finalize(false, "what remains: its restore point in '");
	assert_true(has_point(home, end.run));
	finalize(true, "is final; what remains: what 'crossgrade report' tells");
	assert_false(has_point(home, end.run));
	make_point(home, end.run, &p);
	point_done(&p);
	finalize(false, "is final; what remains: what 'crossgrade report' tells");
	assert_false(has_point(home, end.run));
}

/* Also what is told while the journal is being written to: here, that somebody started the new build. */
static void what_is_not_kept_on_the_way_back_is_told(void **state)
{
	autofree char *home = point_beside_toy(), *lines = NULL;
	struct run_end end;

	toy_server("never");
	toy_put("tree", "yes");
	toy_put("fail-switch", "yes");
	toy_put("stick-switch", "yes");
	assert_int_equal(apply(&end, false), EXIT_STUCK);
	fill_point(home, end.run);
	lines = xasprintf("%s/%s/journal.jsonl", home, end.run);
	assert_int_equal(mkdir(lines, 0700), 0);
	toy_server_starts();
	rollback(&end);
	assert_true(was_told(end.run, "the point is passed"));
	assert_true(was_told(end.run, "keep a record of the run beside the restore point"));
	toy_server_ends();
}

static const char *saved_beside(void)
{
	static char path[600];

	snprintf(path, sizeof path, "%s-saved", toy_root);
	return path;
}

/* What goes away with the new world, or with what is kept of the old one, saves nothing: not begun. */
static void nothing_is_saved_in_what_goes_away(void **state)
{
	autofree char *home = point_beside_toy();
	autofree char *in_data = xasprintf("%s/saved/deep", toy_root), *in_home = xasprintf("%s/saved", home);
	const char *const in[] = { in_data, in_home };
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	toy_put("tree", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	toy_put("writes", "3");
	toy_exports();
	fill_point(home, end.run);
	for (size_t i = 0; i < ARRAY_LEN(in); i++) {
		o.save_writes = in[i];
		assert_int_equal(run_rollback(NULL, &o, &end), EXIT_USAGE);
		assert_non_null(strstr(end.err.hint, "outside the data"));
		assert_int_equal(access(in[i], F_OK), -1);
		assert_string_equal(toy_world(), "new");
	}
	o.save_writes = saved_beside();
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_DONE);
	events_free(ev);
}

/* Of a switch whose data has a way back of its own, and where it may be written over, when the switch fails. */
static int agreed_in_place(struct run_end *end)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	int code;

	toy_put("tree", "yes");
	toy_put("data", "old");
	toy_put("loses", "place");
	o.accept_in_place = true;
	code = apply_as(&o, end);
	events_free(ev);
	return code;
}

static void apply_in_place(const char *home, struct run_end *end)
{
	assert_int_equal(agreed_in_place(end), EXIT_DONE);
	fill_point(home, end->run);
}

/* What was written is exported first. */
static int rollback_saving(bool in_place, struct run_end *end)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	int code;

	o.save_writes = saved_beside();
	o.accept_in_place = in_place;
	code = run_rollback(NULL, &o, end);
	events_free(ev);
	return code;
}

static void rollback_exporting(const char *home, bool has_room, struct run_end *end)
{
	apply_in_place(home, end);
	toy_put("writes", "3");
	toy_exports();
	if (!has_room)
		toy_put("bar-data", "yes");
	assert_int_equal(rollback_saving(true, end), EXIT_DONE);
}

/* The export itself may take the room that the way back needs: nothing is stopped then. */
static void room_is_looked_at_behind_the_export(void **state)
{
	autofree char *home = point_beside_toy();
	struct run_end end;

	apply_in_place(home, &end);
	toy_put("writes", "3");
	toy_exports();
	toy_put("export-fills", "yes");
	assert_int_equal(rollback_saving(false, &end), EXIT_FAILED);
	assert_non_null(strstr(end.line, "nothing changed"));
	assert_string_equal(toy_world(), "new");
	toy_drop("export-fills");
	toy_drop("bar-data");
	assert_int_equal(rollback_saving(false, &end), EXIT_DONE);
}

/* Without a gate nobody knows what clients write before the stop. With room it is kept, whatever was agreed to. */
static void writes_behind_the_export_are_told(void **state)
{
	autofree char *home = point_beside_toy(), *trash = NULL;
	struct run_end end;

	rollback_exporting(home, true, &end);
	trash = xasprintf("set aside whole below '%s/trash/%s'", home, end.run);
	assert_true(was_told(end.run, trash));
	assert_true(was_told(end.run, "the new build reads it"));
}

/* ... and which build reads it, where the plan says what is to answer. */
static void who_reads_what_is_set_aside_is_told(void **state)
{
	autofree char *home = point_beside_toy();
	struct run_end end;

	toy_put("ready", "old");
	rollback_exporting(home, true, &end);
	assert_true(was_told(end.run, "Toy 2 (plain) reads it"));
}

/* Put back in place, what was written is nowhere. */
static void writes_in_no_copy_are_told(void **state)
{
	autofree char *home = point_beside_toy();
	struct run_end end;

	rollback_exporting(home, false, &end);
	assert_true(was_told(end.run, "until the server is stopped is in no copy"));
}

/* Where there is no export either, it says so. */
static void what_is_written_over_is_not_said_to_be_set_aside(void **state)
{
	autofree char *home = point_beside_toy();
	struct run_end end;

	apply_in_place(home, &end);
	toy_put("writes", "3");
	assert_int_equal(rollback_saving(true, &end), EXIT_LOSS);
	assert_non_null(strstr(end.err.hint, "set aside whole in any case"));
	toy_put("bar-data", "yes");
	assert_int_equal(rollback_saving(true, &end), EXIT_LOSS);
	assert_non_null(strstr(end.err.hint, "over what was written"));
}

/* Days later it is another thing to agree to, by whoever goes back: the plan's word was for a switch that fails. */
static void who_goes_back_is_asked_again_for_a_restore_in_place(void **state)
{
	autofree char *home = point_beside_toy();
	struct run_end end;

	apply_in_place(home, &end);
	toy_put("bar-data", "yes");
	assert_int_equal(rollback(&end), EXIT_FAILED);
	assert_non_null(strstr(end.line, "nothing changed: undo step 'data'"));
	assert_string_equal(toy_world(), "new");
	toy_put("stick-start", "yes");
	assert_int_equal(rollback_saving(true, &end), EXIT_STUCK);
	toy_drop("stick-start");
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_true(is_at("in-place", "yes"));
}

/* Begun with room, it is not one in place when the room went. */
static void a_way_back_goes_on_as_it_was_begun(void **state)
{
	autofree char *home = point_beside_toy();
	struct run_end end;

	apply_in_place(home, &end);
	toy_put("stick-start", "yes");
	assert_int_equal(rollback(&end), EXIT_STUCK);
	toy_drop("stick-start");
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_true(is_at("in-place", "no"));
}

static int resume_in_place(struct run_end *end)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	int code;

	o.accept_in_place = true;
	code = run_resume(NULL, &o, end);
	events_free(ev);
	return code;
}

/* A call that was refused agreed to nothing: neither one that goes forward, nor one that would lose more. */
static void a_word_with_a_call_that_is_refused_counts_for_nothing(void **state)
{
	autofree char *home = point_beside_toy();
	struct run_end end;

	apply_in_place(home, &end);
	toy_put("writes", "3");
	assert_int_equal(rollback_saving(true, &end), EXIT_LOSS);
	toy_drop("writes");
	toy_put("stick-start", "yes");
	assert_int_equal(rollback(&end), EXIT_STUCK);
	assert_int_equal(resume_in_place(&end), EXIT_UNFINISHED);
	toy_drop("stick-start");
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_true(is_at("in-place", "no"));
}

/* One that was stuck with the new server up: it served on. */
static void a_repeated_way_back_counts_again(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	toy_put("snapshot", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	toy_put("writes", "3");
	toy_put("stick-start", "yes");
	o.accept_loss = (const char *const[]){ "new-writes", NULL };
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_STUCK);
	toy_drop("stick-start");
	/* Agreed to, these are not asked about again; what came since is. */
	toy_put("writes", "5");
	assert_int_equal(rollback(&end), EXIT_LOSS);
	assert_non_null(strstr(end.err.msg, "5 transactions"));
	toy_put("writes", "3");
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_string_equal(toy_world(), "old");
	events_free(ev);
}

/* And open again. */
static void apply_behind_a_gate(struct run_end *end)
{
	toy_put("snapshot", "yes");
	toy_put("gated", "yes");
	toy_put("gate", "old");
	assert_int_equal(apply(end, false), EXIT_DONE);
	toy_put("gate", "old");
}

/* Nothing was written while clients were at the door: what came until it was shut is asked about, and they are let in again. */
static void the_last_count_is_made_behind_the_gate(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	apply_behind_a_gate(&end);
	toy_put("writes-gated", "3");
	assert_int_equal(rollback(&end), EXIT_LOSS);
	assert_int_equal(is_at("gate", "old"), true);
	o.accept_loss = (const char *const[]){ "new-writes", NULL };
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_DONE);
	assert_string_equal(toy_world(), "old");
	events_free(ev);
}

/* Refused with clients at the door, it has shut out nobody. */
static void a_refusal_shuts_nobody_out(void **state)
{
	struct run_end end;

	apply_behind_a_gate(&end);
	toy_put("writes", "3");
	toy_put("writes-gated", "dies");
	assert_int_equal(rollback(&end), EXIT_LOSS);
	assert_int_equal(is_at("gate", "old"), true);
}

/* Whoever opened the gate while the new server was not proved: what then changed without a trace may be a client's, also for the call that
 * goes back over it behind the gate that is closed again. */
static void what_came_by_an_opened_gate_is_nobodys_own_doing(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	toy_put("gated", "yes");
	toy_put("gate", "old");
	toy_put("opens-in", "start");
	toy_put("fail-start", "yes");
	toy_put("writes", "2");
	toy_put("traceless", "yes");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	assert_true(is_at("gate", "new"));
	assert_non_null(strstr(end.line, "clients are kept out by the gate"));
	assert_int_equal(rollback(&end), EXIT_LOSS);
	/* It is the run's own gate: who refuses does not open it. */
	assert_true(is_at("gate", "new"));
}

/* The last line tells it, too, whoever closed the gate again. */
static void an_opened_gate_that_a_count_closed_is_told(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	gate("yes", "start");
	toy_put("fail-start", "yes");
	toy_put("writes", "2");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	assert_true(was_told(end.run, "somebody opened the gate"));
	toy_put("opens-in", "nowhere");
	toy_drop("fail-start");
	assert_int_equal(resume(&end, false), EXIT_DONE);
	assert_non_null(strstr(end.line, "somebody let clients in"));
}

/* And once agreed to, not for ever. */
static void what_cannot_be_counted_is_asked_about_each_time(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	toy_put("snapshot", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	toy_put("writes", "unknown");
	toy_put("stick-start", "yes");
	o.accept_loss = (const char *const[]){ "new-writes", NULL };
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_STUCK);
	toy_drop("stick-start");
	assert_int_equal(rollback(&end), EXIT_LOSS);
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_DONE);
	events_free(ev);
}

/* The wish for the data is the run's: it is counted for, whatever the repeated call was told. */
static void a_repeated_wish_for_the_data_counts_again(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	toy_put("keeps", "yes");
	toy_put("snapshot", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	toy_put("stick-start", "yes");
	o.restore_data = true;
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_STUCK);
	toy_drop("stick-start");
	toy_put("writes", "5");
	assert_int_equal(rollback(&end), EXIT_LOSS);
	events_free(ev);
}

/* A way back opened its gate already, and nobody would open it a second time: it stays open, and is no step that is begun again. */
static void data_is_wished_for_behind_a_gate_that_was_opened(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	toy_put("keeps", "yes");
	toy_put("snapshot", "yes");
	toy_put("gated", "yes");
	toy_put("gate", "old");
	toy_put("fail-start", "yes");
	toy_put("stick-stop", "yes");
	assert_int_equal(apply(&end, false), EXIT_STUCK);
	assert_true(is_at("gate", "old"));
	toy_drop("stick-stop");
	toy_put("writes", "3");
	o.restore_data = true;
	o.accept_loss = (const char *const[]){ "new-writes", NULL };
	if (run_rollback(NULL, &o, &end) != EXIT_DONE)
		fail_msg("%s", end.line);
	assert_true(is_at("gate", "old"));
	assert_string_equal(toy_world(), "old");
	events_free(ev);
}

/* What cannot be counted is in no export. */
static void an_export_saves_only_what_is_counted(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	toy_put("snapshot", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	toy_put("writes", "unknown");
	toy_exports();
	o.save_writes = saved_beside();
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_LOSS);
	assert_non_null(strstr(end.err.msg, "could not be counted"));
	assert_string_equal(toy_world(), "new");
	o.accept_loss = (const char *const[]){ "new-writes", NULL };
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_DONE);
	assert_true(was_told(end.run, "not all could be counted"));
	events_free(ev);
}

/* Nobody has refused a loss: it is no 9. */
static void an_interrupt_of_the_export_says_130(void **state)
{
	static const char *const cases[] = { "seen", "unseen" };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct events *ev = events_new();
		struct run_opts o = toy_opts(ev);
		struct cancel cancel = { 0 };
		struct run_end end;

		apply_behind_a_gate(&end);
		toy_put("writes", "3");
		toy_exports();
		toy_put("interrupts", cases[i]);
		o.save_writes = saved_beside();
		o.cancel = &cancel;
		assert_int_equal(run_rollback(NULL, &o, &end), EXIT_INTERRUPTED);
		assert_string_equal(end.line, "nothing changed: interrupted");
		assert_string_equal(toy_world(), "new");
		assert_true(is_at("gate", "old"));
		toy_drop("interrupts");
		atomic_store(&cancel.asked, false);
		assert_int_equal(run_rollback(NULL, &o, &end), EXIT_DONE);
		assert_string_equal(toy_world(), "old");
		events_free(ev);
		toy_done();
		toy_setup();
	}
}

/* Of one that is on its way back it neither says that nothing has changed, nor agrees to what came since. */
static void an_interrupt_of_a_repeated_way_back_says_where_it_is(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct cancel cancel = { 0 };
	struct run_end end;

	apply_behind_a_gate(&end);
	toy_put("writes", "3");
	toy_put("stick-start", "yes");
	o.accept_loss = (const char *const[]){ "new-writes", NULL };
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_STUCK);
	toy_drop("stick-start");
	o.accept_loss = NULL;
	toy_put("writes", "5");
	toy_exports();
	toy_put("interrupts", "unseen");
	o.save_writes = saved_beside();
	o.cancel = &cancel;
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_INTERRUPTED);
	assert_string_equal(end.line, "the run stays on its way back: interrupted; clients are kept out by the gate");
	assert_true(is_at("gate", "new"));
	assert_int_equal(rollback(&end), EXIT_LOSS);
	assert_non_null(strstr(end.err.msg, "5 transactions"));
	toy_drop("interrupts");
	atomic_store(&cancel.asked, false);
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_DONE);
	assert_string_equal(toy_world(), "old");
	events_free(ev);
}

static void kill_rollback(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct run_end end;

		rollback(&end);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

/* Killed at its last count, a call leaves clients shut out: status says so, and the next call lets them in. */
static void clients_that_a_killed_call_shut_out_are_let_in(void **state)
{
	struct run_end end;

	apply_behind_a_gate(&end);
	assert_false(is_possible("resume"));
	toy_put("writes-gated", "dies");
	kill_rollback();
	assert_int_equal(is_at("gate", "new"), true);
	assert_true(is_possible("resume"));
	assert_int_equal(resume(&end, false), EXIT_DONE);
	assert_int_equal(is_at("gate", "old"), true);
	assert_true(was_told(end.run, "they are let in again"));
	assert_false(is_possible("resume"));
}

/* What the journal says of the run's shut door, as a call of an earlier boot would have written it. */
static void was_shut_before_the_boot(const char *run)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	autodir struct dir d = DIR_NONE;
	autojson json_t *doc = json_pack("{sb ss}", "shut", true, "boot", "another");
	struct journal *j = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(dir_open(o.state_dir, &d, &e), 0);
	assert_int_equal(journal_open(&d, DB_WRITE, &j, &e), 0);
	assert_int_equal(journal_put_doc(j, run, "shut", doc, &e), 0);
	journal_close(j);
	events_free(ev);
}

/* A boot ends the gate, and not the mark of a run that is finished: resume takes it away. */
static void the_mark_of_a_call_killed_before_the_boot_is_taken_away(void **state)
{
	struct run_end end;

	apply_behind_a_gate(&end);
	toy_put("writes-gated", "dies");
	kill_rollback();
	toy_drop("writes-gated");
	toy_put("gate", "old");
	was_shut_before_the_boot(end.run);
	assert_true(is_marked());
	assert_true(is_possible("resume"));
	assert_int_equal(apply(&end, false), EXIT_UNFINISHED);
	assert_int_equal(resume(&end, false), EXIT_DONE);
	assert_true(was_told(end.run, "until the boot"));
	assert_false(is_marked());
	assert_false(is_possible("resume"));
	assert_int_equal(rollback(&end), EXIT_DONE);
}

/* Nothing begins meanwhile. */
static void no_run_begins_while_clients_are_shut_out(void **state)
{
	struct run_end end;

	apply_behind_a_gate(&end);
	toy_put("writes-gated", "dies");
	kill_rollback();
	toy_drop("writes-gated");
	/* Nor with another state directory: the installation is marked. */
	assert_int_equal(apply_elsewhere(&end), EXIT_UNFINISHED);
	assert_int_equal(apply(&end, false), EXIT_UNFINISHED);
	assert_non_null(strstr(end.err.hint, "lets them in again"));
	assert_true(is_at("gate", "new"));
	assert_int_equal(resume(&end, false), EXIT_DONE);
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_int_equal(apply_elsewhere(&end), EXIT_DONE);
}

/* Nor is a gate a shut door where the kernel cannot end connections: what is still answered is counted behind the stop. */
static void what_came_by_a_gate_that_cuts_nobody_is_told(void **state)
{
	struct run_end end;

	apply_behind_a_gate(&end);
	toy_put("uncut", "yes");
	toy_put("writes-stopped", "4");
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_true(was_told(end.run, "this kernel cannot end connections"));
	assert_true(was_told(end.run, "4 transactions came after the last count"));
	assert_string_equal(toy_world(), "old");
}

static int64_t not_served_ms(const char *run)
{
	autofree char *probes = xasprintf("undo/%s/probes", run);
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	autodir struct dir d = DIR_NONE;
	autojson json_t *doc = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(dir_open(o.state_dir, &d, &e), 0);
	assert_int_equal(prober_read(&d, probes, &doc, &e), 0);
	events_free(ev);
	return json_int(doc, "total_ms", -1);
}

/* Also by a call that then ends with nothing done: who is in flight behind a gate that cuts nobody is waited for. */
static void the_time_clients_are_shut_out_is_measured(void **state)
{
	struct run_end end;
	int64_t before;

	toy_answers((struct probe){ .serving = true });
	apply_behind_a_gate(&end);
	before = not_served_ms(end.run);
	toy_put("uncut", "yes");
	toy_put("writes-gated", "3");
	assert_int_equal(rollback(&end), EXIT_LOSS);
	assert_true(not_served_ms(end.run) - before >= 700);
}

/* Nor is a proxy shut for the count. */
static void what_came_by_a_proxy_is_told(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	toy_put("proxied", "yes");
	toy_put("gate", "old");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	toy_put("writes-stopped", "4");
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_true(was_told(end.run, "4 transactions came after the last count"));
}

/* Without a gate clients write until the server is stopped. */
static void what_came_behind_the_last_count_is_told(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	toy_put("writes-stopped", "4");
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_string_equal(toy_world(), "old");
	assert_true(was_told(end.run, "4 transactions came after the last count"));
}

static void a_rollback_without_a_name_takes_the_broken_one(void **state)
{
	struct run_end broken, healthy, end;

	toy_put("fail-start", "yes");
	assert_int_equal(apply(&broken, false), EXIT_STANDS);
	toy_drop("fail-start");
	toy_second();
	assert_int_equal(apply(&healthy, false), EXIT_DONE);
	assert_int_equal(rollback(&end), EXIT_LOSS);    /* the toy has no restore point */
	assert_string_equal(end.run, broken.run);
	toy_again();
	assert_int_equal(resume(&end, false), EXIT_DONE);
	assert_int_equal(rollback(&end), EXIT_USAGE);
	assert_non_null(strstr(end.line, broken.run));
	assert_non_null(strstr(end.line, healthy.run));
}

#ifdef CROSSGRADE_FAULT
/* On a full disk, for a moment, before each thing in turn that the call writes down: nobody is stuck who did not turn, and the new world serves on. */
static void a_rollback_that_cannot_be_written_down_changes_nothing(void **state)
{
	int refused = 0;

	for (int n = 1; n < 12; n++) {
		autofree char *at = xasprintf("db.commit:%d", n);
		struct run_end end;
		int status;

		toy_put("snapshot", "yes");
		assert_int_equal(apply(&end, false), EXIT_DONE);
		status = struck_at(at, "err:ENOSPC", "rollback");
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == EXIT_FAILED) {
			assert_string_equal(toy_world(), "new");
			refused++;
		}
		if (WEXITSTATUS(status) == EXIT_STUCK)
			assert_false(is_possible("finalize"));
		assert_int_equal(rollback(&end), EXIT_DONE);
		assert_string_equal(toy_world(), "old");
		toy_done();
		toy_setup();
	}
	assert_true(refused > 0);
}

/* Killed past the start, it goes on, or is ended, as every verb says: no boot starts the new build over a backup that was put back. */
static void a_run_killed_past_the_start_can_be_ended(void **state)
{
	struct run_end end;

	assert_true(WIFSIGNALED(struck_at("journal.did:6", "kill", "apply")));
	assert_true(is_at("start", "new"));
	assert_true(is_at("open", "old"));
	assert_int_equal(rollback(&end), EXIT_LOSS);
	assert_non_null(strstr(end.err.hint, "'crossgrade resume' finishes it"));
	assert_non_null(strstr(end.err.hint, "'crossgrade finalize'"));
	assert_true(is_possible("resume"));
	assert_true(is_possible("finalize"));
	finalize(false, "what these steps changed stays: 'stop', 'final', 'switch'");
	assert_true(is_at("open", "new"));
	assert_false(is_marked());
	assert_int_equal(resume(&end, true), EXIT_DONE);
	assert_non_null(strstr(end.line, "no run is unfinished"));
}

/* Before it, it is ended by what goes on with it. */
static void a_run_killed_before_the_start_is_not_ended_so(void **state)
{
	struct run_end end;

	assert_true(WIFSIGNALED(struck_at("journal.did:3", "kill", "apply")));
	assert_true(is_at("start", "old"));
	assert_false(is_possible("finalize"));
	assert_int_equal(finalize_it(false, &end), EXIT_UNFINISHED);
	assert_int_equal(rollback(&end), EXIT_DONE);
}

/* Killed between its moves, it is repeated, and says the same. */
static void a_killed_finalize_names_what_stays_when_repeated(void **state)
{
	static const char *const points[] = { "journal.turned:1", "journal.turned:2" };

	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		struct run_end end;

		toy_put("kept-final", "yes");
		strand(&end);
		assert_true(WIFSIGNALED(struck_at(points[i], "kill", "finalize")));
		finalize(false, "stays: 'final' (and what it kept of the old world), 'switch'");
		assert_true(is_at("kept-final", "yes"));
		assert_false(is_marked());
		toy_server_ends();
		toy_done();
		toy_setup();
	}
}

/* A boot goes no further back over a start that somebody else made. */
static void no_boot_goes_back_over_it(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	toy_server("nowhere");
	toy_put("fail-switch", "yes");
	assert_true(WIFSIGNALED(struck_at("journal.turned:1", "kill", "apply")));
	toy_server_starts();
	assert_int_equal(resume(&end, true), EXIT_UNFINISHED);
	assert_non_null(strstr(end.line, "the new build was started by somebody"));
	assert_null(strstr(end.line, "nobody is served"));
	assert_non_null(strstr(end.err.hint, "'crossgrade rollback' finishes it"));
	assert_true(is_at("switch", "new"));
	toy_server_ends();
	assert_int_equal(resume(&end, true), EXIT_UNFINISHED);
	assert_non_null(strstr(end.line, "nobody is served"));
	toy_put("bar-stage", "yes");
	assert_int_equal(rollback(&end), EXIT_FAILED);
	assert_non_null(strstr(end.line, "nothing changed: undo step 'stage': told to bar the way back"));
	assert_true(is_at("switch", "new"));
	toy_put("bar-stage", "");
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_string_equal(toy_world(), "old");
}

/* Nor over what clients wrote since the last count: nobody agreed to that, and a snapshot leaves nothing of it. */
static void no_boot_puts_a_snapshot_over_what_clients_wrote(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	assert_true(WIFSIGNALED(struck_at("journal.turned:1", "kill", "rollback")));
	toy_put("writes", "3");
	assert_int_equal(resume(&end, true), EXIT_UNFINISHED);
	assert_non_null(strstr(end.line, "only a rollback counts"));
	assert_string_equal(toy_world(), "new");
	assert_int_equal(rollback(&end), EXIT_LOSS);
	toy_put("writes", "0");
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_string_equal(toy_world(), "old");
}

/* With them set aside it does, and where the new server is down already. */
static void a_boot_ends_a_way_back_that_loses_nothing(void **state)
{
	static const struct { const char *kind, *point; } cases[] = { { "tree", "journal.turned:1" }, { "snapshot", "journal.undid:3" } };
	autofree char *home = point_beside_toy();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct run_end end;

		toy_put(cases[i].kind, "yes");
		assert_int_equal(apply(&end, false), EXIT_DONE);
		if (!i)
			fill_point(home, end.run);
		assert_true(WIFSIGNALED(struck_at(cases[i].point, "kill", "rollback")));
		assert_int_equal(resume(&end, true), EXIT_TURNED);
		assert_string_equal(toy_world(), "old");
		toy_done();
		toy_setup();
		free(home);
		home = point_beside_toy();
	}
}

/* Without a gate clients are let in by the start; but until the opening no boot starts the new server, and nobody else would start one. */
static void a_boot_ends_what_turned_back_before_the_opening(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	toy_put("held", "yes");
	toy_put("fail-start", "yes");
	assert_true(WIFSIGNALED(struck_at("journal.turned:1", "kill", "apply")));
	assert_int_equal(resume(&end, true), EXIT_TURNED);
	assert_string_equal(toy_world(), "old");
}

/* Who was let in by nobody wrote nothing: what was agreed to is just this, and nobody is served meanwhile. */
static void nobody_is_asked_again_before_clients_were_let_in(void **state)
{
	autofree char *home = point_beside_toy();
	struct run_end end;

	toy_put("gated", "yes");
	toy_put("gate", "old");
	assert_true(WIFSIGNALED(struck_at("journal.did:8", "kill", "in-place")));
	assert_true(is_at("start", "new") && is_at("open", "old"));
	toy_put("bar-data", "yes");
	/* There is room for it, or none is asked for; but nobody has filled its restore point yet. */
	assert_int_equal(rollback(&end), EXIT_DIGEST);
	fill_point(home, end.run);
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_true(is_at("in-place", "yes"));
}

/* Once it started the old server again, the way back finds that one, which may not answer yet, and is no stranger's. */
static void a_boot_behind_the_start_of_the_old_server_ends_the_way_back(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	toy_server("nowhere");
	toy_put("fail-switch", "yes");
	assert_true(WIFSIGNALED(struck_at("journal.undid:4", "kill", "apply")));
	toy_server_starts();
	assert_int_equal(resume(&end, true), EXIT_TURNED);
	assert_string_equal(toy_world(), "old");
	toy_server_ends();
}

static void no_boot_goes_back_without_a_copy(void **state)
{
	struct run_end end;

	toy_server("nowhere");
	toy_put("fail-switch", "yes");
	assert_true(WIFSIGNALED(struck_at("journal.turned:1", "kill", "apply")));
	toy_server_starts();
	assert_int_equal(rollback(&end), EXIT_LOSS);
	assert_int_equal(resume(&end, true), EXIT_UNFINISHED);
	assert_true(is_at("switch", "new"));
	finalize(false, "is final");
	toy_server_ends();
}

/* Killed on its way back, with the new server up. */
static void the_gate_is_closed_until_the_new_server_is_down(void **state)
{
	autofree char *gate = NULL;
	struct run_end end;

	toy_server("nowhere");
	toy_put("keeps", "yes");
	toy_put("gated", "yes");
	toy_put("gate", "old");
	toy_put("fail-start", "yes");
	assert_true(WIFSIGNALED(struck_at("journal.turned:1", "kill", "apply")));
	toy_server_starts();
	assert_int_equal(resume(&end, true), EXIT_TURNED);
	gate = toy_get("gate-at-the-end");
	assert_string_equal(gate, "new");
	toy_server_ends();
}

static void every_kill_before_the_point_can_go_back(void **state)
{
	int n = 1;

	for (;; n++) {
		struct run_end end;
		autofree char *start = NULL;

		if (!killed_at(n, "apply"))
			break;
		start = toy_get("start");
		if (!strcmp(start, "new"))
			break;
		if (rollback(&end) != EXIT_DONE && end.exit != EXIT_LOSS)
			fail_msg("rollback after a kill at %d: %s", n, end.line);
		if (end.exit == EXIT_DONE)
			assert_string_equal(toy_world(), "old");
		toy_done();
		toy_setup();
	}
	assert_true(n > 10);
}

/* Killed behind the announcement, or behind its effect: they are not said to be served. */
static void who_is_shut_out_again_is_not_said_to_be_served(void **state)
{
	static const char *const points[] = { "journal.intended:1", "journal.done:1" };

	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		toy_container(0);
		toy_put("snapshot", "yes");
		toy_put("ready", "old");
		gate("yes", "nowhere");
		assert_true(WIFSIGNALED(struck_at("journal.did:8", "kill", "apply")));
		assert_true(is_at("ready", "new") && clients_are("gated"));
		toy_put("gate", "old");
		assert_true(WIFSIGNALED(struck_at(points[i], "kill", "rollback")));
		assert_true(is_at("gate", i ? "new" : "old") && clients_are("gated"));
		toy_done();
		toy_setup();
	}
}
#endif

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, toy_test_begins, toy_test_ends)
	const struct CMUnitTest tests[] = {
		T(what_the_new_server_spoils_behind_a_gate_turns),
		T(no_start_again_behind_an_open_gate),
		T(what_is_spoilt_behind_a_gate_that_was_open_stands),
		T(what_is_spoilt_behind_an_opened_gate_stands),
		T(what_is_spoilt_without_a_gate_stands),
		T(a_stuck_way_back_can_be_repeated),
		T(a_snapshot_is_not_put_back_over_unsaved_writes),
		T(nothing_is_saved_in_what_goes_away),
		T(a_plan_that_keeps_data_goes_back_past_writes),
		T(writes_are_counted_when_data_is_wished),
		T(a_plan_that_keeps_data_turns_past_writes),
		T(a_way_back_that_would_stick_is_not_begun),
		T(no_look_bars_a_way_back_with_the_data),
		T(a_point_is_read_in_full_while_clients_are_served),
		T(a_point_is_not_read_while_only_we_are_answered),
		T(a_point_that_another_run_used_is_no_way_back),
		T(finalize_lets_in),
		T(finalize_lets_go_of_the_server),
		T(what_only_the_operator_can_put_back_is_left_to_him),
		T(what_was_kept_for_a_way_back_that_is_left_to_hand_stays),
		T(what_was_left_for_the_new_server_is_not_of_the_old_world),
		T(what_was_kept_for_a_way_back_goes_with_it),
		T(what_came_by_an_opened_gate_is_nobodys_own_doing),
		T(an_opened_gate_that_a_count_closed_is_told),
		T(what_cannot_be_counted_is_asked_about_each_time),
		T(a_repeated_wish_for_the_data_counts_again),
		T(no_run_begins_while_clients_are_shut_out),
		T(the_mark_of_a_call_killed_before_the_boot_is_taken_away),
		T(what_came_by_a_gate_that_cuts_nobody_is_told),
		T(the_time_clients_are_shut_out_is_measured),
		T(what_came_by_a_proxy_is_told),
		T(what_was_recorded_for_a_way_back_goes_with_it),
		T(what_was_recorded_for_a_way_back_that_is_left_to_hand_stays),
		T(what_is_nowhere_else_outlives_finalize),
		T(what_is_not_kept_on_the_way_back_is_told),
		T(room_is_looked_at_behind_the_export),
		T(writes_behind_the_export_are_told),
		T(who_reads_what_is_set_aside_is_told),
		T(writes_in_no_copy_are_told),
		T(what_is_written_over_is_not_said_to_be_set_aside),
		T(who_goes_back_is_asked_again_for_a_restore_in_place),
		T(a_way_back_goes_on_as_it_was_begun),
		T(a_word_with_a_call_that_is_refused_counts_for_nothing),
		T(a_repeated_way_back_counts_again),
		T(the_last_count_is_made_behind_the_gate),
		T(a_refusal_shuts_nobody_out),
		T(data_is_wished_for_behind_a_gate_that_was_opened),
		T(an_export_saves_only_what_is_counted),
		T(an_interrupt_of_the_export_says_130),
		T(an_interrupt_of_a_repeated_way_back_says_where_it_is),
		T(clients_that_a_killed_call_shut_out_are_let_in),
		T(what_came_behind_the_last_count_is_told),
		T(a_rollback_without_a_name_takes_the_broken_one),
#ifdef CROSSGRADE_FAULT
		T(a_rollback_that_cannot_be_written_down_changes_nothing),
		T(a_run_killed_past_the_start_can_be_ended),
		T(a_run_killed_before_the_start_is_not_ended_so),
		T(a_killed_finalize_names_what_stays_when_repeated),
		T(no_boot_goes_back_over_it),
		T(no_boot_puts_a_snapshot_over_what_clients_wrote),
		T(a_boot_ends_a_way_back_that_loses_nothing),
		T(a_boot_ends_what_turned_back_before_the_opening),
		T(nobody_is_asked_again_before_clients_were_let_in),
		T(a_boot_behind_the_start_of_the_old_server_ends_the_way_back),
		T(no_boot_goes_back_without_a_copy),
		T(the_gate_is_closed_until_the_new_server_is_down),
		T(every_kill_before_the_point_can_go_back),
		T(who_is_shut_out_again_is_not_said_to_be_served),
#endif
	};

	if (argc > 1 && !strcmp(argv[1], "in-place")) {
		struct run_end end;

		toy_again();
		return agreed_in_place(&end);
	}
	if (argc > 1)
		return one_verb(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
