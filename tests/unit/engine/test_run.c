/* The run loop over a toy product: what each failure means, and, where fault points are built in, that a kill at every one of
 * them leaves a world that resume makes new and rollback makes old. */
#include "toy_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "engine/restore_point.h"
#include "svc/docker.h"

static void a_run_ends_new(void **state)
{
	struct run_end end;

	assert_int_equal(apply(&end, false), EXIT_DONE);
	assert_string_equal(toy_world(), "new");
	assert_int_equal(resume(&end, false), EXIT_DONE);
}

static void a_failure_before_the_point_turns(void **state)
{
	struct run_end end;

	toy_put("fail-switch", "yes");
	assert_int_equal(apply(&end, false), EXIT_TURNED);
	assert_string_equal(toy_world(), "old");
	assert_non_null(strstr(end.line, "told to fail"));
	assert_int_equal(resume(&end, false), EXIT_DONE);       /* nothing is unfinished */
}

static void an_interrupt_turns_and_says_130(void **state)
{
	struct run_end end;

	toy_put("fail-switch", "cancel");
	assert_int_equal(apply(&end, false), EXIT_INTERRUPTED);
	assert_string_equal(toy_world(), "old");
}

static void past_the_point_without_a_restore_point_it_stands(void **state)
{
	struct run_end end;

	toy_put("fail-start", "yes");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	assert_null(strstr(end.err.hint, "rollback"));
	assert_false(is_possible("rollback"));
	assert_true(is_possible("resume"));
}

static void counted_writes_make_it_stand(void **state)
{
	struct run_end end;

	toy_put("fail-start", "yes");
	toy_put("writes", "3");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	assert_string_equal(end.err.hint[0] ? "hint" : "none", "hint");
	toy_drop("fail-start");
	assert_int_equal(apply(&end, false), EXIT_UNFINISHED);
	assert_int_equal(resume(&end, false), EXIT_DONE);
	assert_string_equal(toy_world(), "new");
}

/* Nothing keeps a server down that has neither hold nor lock. */
static void a_server_started_in_the_window_is_seen(void **state)
{
	static const char *const in[] = { "final", "switch" };

	for (size_t i = 0; i < ARRAY_LEN(in); i++) {
		autofree char *start = NULL;
		struct run_end end;

		toy_server(in[i]);
		assert_int_equal(apply(&end, false), i ? EXIT_STANDS : EXIT_TURNED);
		assert_non_null(strstr(end.line, "somebody started"));
		start = toy_get("start");
		assert_string_equal(start, "old");
		toy_server_ends();
		toy_done();
		toy_setup();
	}
}

/* Before the point: nothing was begun that only the restore point brings back. */
static void a_start_that_must_not_be_turns_it_back(void **state)
{
	struct run_end end;

	toy_server("");
	toy_put("taken", "yes");
	assert_int_equal(apply(&end, false), EXIT_TURNED);
	assert_non_null(strstr(end.line, "somebody else has its data"));
	assert_string_equal(toy_world(), "old");
	toy_server_ends();
}

/* Whether somebody started the new build cannot be told: nothing says so, and the way back touches no server here. */
static void a_failure_while_docker_is_away_turns(void **state)
{
	struct run_end end;

	toy_container(0);
	toy_put("goes-in", "switch");
	toy_put("fail-switch", "yes");
	assert_int_equal(apply(&end, false), EXIT_TURNED);
	assert_string_equal(toy_world(), "old");
}

/* Compose's container was started before the step that makes it anew was announced. Who made one of his own may have used the new image. */
static void who_runs_before_the_container_is_made_anew(void **state)
{
	static const struct {
		const char *known, *image, *id;
		int exit;
	} cases[] = {
		{ "sha256:old", "sha256:old", "another", EXIT_TURNED },
		{ "sha256:old", "sha256:new", "another", EXIT_STANDS },
		{ "", "sha256:old", "toy", EXIT_TURNED },
		{ "", "sha256:new", "another", EXIT_STANDS },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct run_end end;

		toy_container(0);
		toy_answers((struct probe){ 0 });
		toy_put("recreates", "yes");
		toy_put("fail-switch", "yes");
		toy_put("known", cases[i].known);
		toy_put("image", cases[i].image);
		toy_put("id", cases[i].id);
		if (apply(&end, false) != cases[i].exit)
			fail_msg("case %zu: %s", i, end.line);
		toy_done();
		toy_setup();
	}
}

/* A comparison that could not be made is no proof; single things without one are counted. */
static void what_was_not_proved_is_not_called_verified(void **state)
{
	struct run_end end;

	toy_put("mute", "yes");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	assert_non_null(strstr(end.line, "could not ask the new world"));
	assert_int_equal(resume(&end, false), EXIT_STANDS);
	toy_drop("mute");
	assert_int_equal(resume(&end, false), EXIT_DONE);
	assert_string_equal(end.line, "the new world is live, whole and verified");
}

/* Nobody was let in to the new server: there is nothing to be told of it. */
static void a_gate_that_is_opened_before_the_start_is_closed_again(void **state)
{
	autofree char *closed = NULL;
	struct run_end end;

	toy_server("nowhere");
	gate("before", "switch");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	assert_string_equal(end.line, "the new world is live, whole and verified");
	assert_true(was_told(end.run, "it is closed again"));
	closed = toy_get("gate");
	assert_string_equal(closed, "new");
	toy_server_ends();
}

/* However it ends, and in a later call, too. */
static void who_was_let_in_too_early_is_told(void **state)
{
	static const char early[] = "; somebody let clients in before it was checked";
	struct run_end end;

	gate("before", "start");
	toy_put("mute", "yes");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	assert_non_null(strstr(end.line, early));
	toy_drop("mute");
	toy_put("unsure", "yes");
	assert_int_equal(resume(&end, false), EXIT_DONE);
	assert_non_null(strstr(end.line, early));
	toy_done();
	toy_setup();
	gate("before", "start");
	toy_put("differs", "yes");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	assert_non_null(strstr(end.line, early));
}

static void single_things_not_proved_are_counted(void **state)
{
	struct run_end end;

	toy_put("unsure", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	assert_non_null(strstr(end.line, "not proved: 1,"));
	assert_null(strstr(end.line, "verified"));
}

static void a_held_run_waits_and_looks_again(void **state)
{
	struct run_end end;

	assert_int_equal(apply(&end, true), EXIT_HELD);
	assert_int_equal(resume(&end, true), EXIT_HELD);        /* the boot service leaves it alone */
	toy_put("config", "edited meanwhile");
	assert_int_equal(resume(&end, false), EXIT_DRIFTED);
	toy_put("config", "");
	assert_int_equal(resume(&end, false), EXIT_DONE);
	assert_string_equal(toy_world(), "new");
}

/* With losses that are agreed to: "sight", and `other` or NULL. */
static int agreeing(const char *other, bool hold, int (*call)(const struct run_opts *o, struct run_end *end), struct run_end *end)
{
	const char *const ids[] = { "sight", other, NULL };
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	int code;

	o.hold = hold;
	o.accept_loss = ids;
	code = call(&o, end);
	events_free(ev);
	return code;
}

static int resume_as(const struct run_opts *o, struct run_end *end) { return run_resume(NULL, o, end); }

/* Something more is lost than on the day of the plan. */
static int apply_of_before(const struct run_opts *o, struct run_end *end)
{
	autogoal struct goal g = { 0 };
	autoplan struct plan p = { 0 };

	toy_goal(&g);
	toy_put("loses", "sight");
	toy_plan(&g, &p);
	toy_put("loses", "rows");
	return run_apply(&p, &g, o, end);
}

static void a_saved_plan_agrees_to_no_later_loss(void **state)
{
	struct run_end end;

	assert_int_equal(agreeing(NULL, false, apply_of_before, &end), EXIT_LOSS);
	assert_non_null(strstr(end.line, "7 rows"));
	assert_non_null(strstr(end.err.hint, "--accept-loss rows"));
	assert_int_equal(resume(&end, false), EXIT_DONE);       /* no run was begun */
	assert_string_equal(toy_world(), "old");
	assert_int_equal(agreeing("rows", false, apply_of_before, &end), EXIT_DONE);
	assert_string_equal(toy_world(), "new");
}

static void a_held_run_agrees_to_no_later_loss(void **state)
{
	struct run_end end;

	toy_put("loses", "sight");
	assert_int_equal(agreeing(NULL, true, apply_as, &end), EXIT_HELD);
	toy_put("loses", "rows");
	assert_int_equal(resume(&end, false), EXIT_LOSS);
	assert_int_equal(resume(&end, true), EXIT_HELD);
	toy_put("loses", "sight");
	assert_int_equal(resume(&end, false), EXIT_DONE);       /* what the plan named was agreed to */
	assert_string_equal(toy_world(), "new");
}

/* Staging takes its time. */
static void what_is_lost_is_counted_before_the_stop(void **state)
{
	autofree char *stop = NULL, *rung = xasprintf("%s/rung", toy_root);
	struct run_end end;

	toy_put("loses", "rows later");
	toy_put("alarm", rung);
	assert_int_equal(agreeing(NULL, false, apply_as, &end), EXIT_LOSS);
	assert_int_equal(access(rung, F_OK), -1);       /* nothing failed */
	assert_non_null(strstr(end.line, "held, nothing was stopped: not agreed to: 7 rows"));
	stop = toy_get("stop");
	assert_string_equal(stop, "old");
	assert_int_equal(resume(&end, false), EXIT_LOSS);
	assert_int_equal(agreeing("rows", false, resume_as, &end), EXIT_DONE);
	assert_string_equal(toy_world(), "new");
}

/* What is staged took hours, and a server that does not answer once is up and serves: it is asked again. */
static void a_last_look_that_cannot_look_holds(void **state)
{
	autofree char *rung = xasprintf("%s/rung", toy_root);
	struct run_end end;

	toy_put("loses", "sight");
	toy_put("blind", "yes");
	toy_put("alarm", rung);
	assert_int_equal(agreeing(NULL, false, apply_as, &end), EXIT_FAILED);
	assert_int_equal(access(rung, F_OK), 0);
	assert_string_equal(end.line, "held, nothing was stopped: 'crossgrade resume' looks again: count once more what is lost: told to be blind");
	assert_string_equal(end.err.hint, "give it eyes");
	assert_true(is_at("stage", "new") && is_at("stop", "old") && is_possible("resume"));
	toy_drop("blind");
	assert_int_equal(resume(&end, false), EXIT_DONE);
	assert_string_equal(toy_world(), "new");
}

static void an_interrupt_of_the_last_look_says_130(void **state)
{
	struct run_end end;

	toy_put("loses", "sight");
	toy_put("blind", "canceled");
	assert_int_equal(agreeing(NULL, false, apply_as, &end), EXIT_INTERRUPTED);
	assert_string_equal(toy_world(), "old");
}

/* The build that is wanted may be there already because an open run put it there. */
static void a_plan_of_no_steps_is_no_end_of_an_open_run(void **state)
{
	struct run_end end;

	toy_put("nothing", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	toy_drop("nothing");
	assert_int_equal(apply(&end, true), EXIT_HELD);
	toy_put("nothing", "yes");
	assert_int_equal(apply(&end, false), EXIT_UNFINISHED);
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_int_equal(apply(&end, false), EXIT_DONE);
}

/* With no restore point of ours, too. */
static void another_state_directory_sees_an_open_run(void **state)
{
	autofree char *beside = xasprintf("%s/../.crossgrade-root", toy_root);
	struct run_end end;

	assert_int_equal(apply(&end, true), EXIT_HELD);
	assert_int_equal(apply_elsewhere(&end), EXIT_UNFINISHED);
	assert_non_null(strstr(end.err.hint, "nothing leads back by itself"));
	assert_int_equal(resume(&end, false), EXIT_DONE);
	assert_int_equal(access(beside, F_OK), -1);
	assert_int_not_equal(apply_elsewhere(&end), EXIT_UNFINISHED);
}

/* With another state directory, and nothing looked at: the server may be down, its configuration half exchanged. */
static int begun_elsewhere(struct run_end *end)
{
	autofree char *elsewhere = xasprintf("%s/../state-2", toy_root);
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	autogoal struct goal g = { 0 };
	int code;

	o.state_dir = elsewhere;
	toy_goal(&g);
	code = run_none_begun(&g, &o, end);
	events_free(ev);
	return code;
}

static void an_open_run_is_seen_by_the_root_alone(void **state)
{
	autofree char *apart = xasprintf("%s/../.crossgrade-apart/run.json", toy_root);
	struct run_end end;

	toy_put("apart", "apart");
	assert_int_equal(begun_elsewhere(&end), 0);
	assert_int_equal(apply(&end, true), EXIT_HELD);
	assert_int_equal(access(apart, F_OK), 0);
	assert_int_equal(begun_elsewhere(&end), EXIT_UNFINISHED);
	assert_non_null(strstr(end.line, "is open for this installation"));
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_int_equal(access(apart, F_OK), -1);
	assert_int_equal(begun_elsewhere(&end), 0);
}

static void a_closed_run_on_its_way_back_is_marked_again(void **state)
{
	struct run_end end;

	toy_put("snapshot", "yes");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	assert_false(is_marked());
	toy_put("stick-switch", "yes");
	assert_int_equal(rollback(&end), EXIT_STUCK);
	assert_true(is_marked());
	assert_int_equal(apply_elsewhere(&end), EXIT_UNFINISHED);
	toy_drop("stick-switch");
	assert_int_equal(rollback(&end), EXIT_DONE);
	assert_false(is_marked());
}

/* A snapshot of the operator's brings it back. */
static void the_marker_of_a_finished_run_forbids_nothing(void **state)
{
	autofree char *beside = xasprintf("%s/../.crossgrade-root", toy_root);
	struct err e = ERR_INIT;
	struct run_end end;

	toy_put("fail-stop", "yes");
	assert_int_equal(apply(&end, false), EXIT_TURNED);
	assert_int_equal(point_marker_put(beside, "/state", end.run, "digest", NULL, NULL, &e), 0);
	toy_drop("fail-stop");
	assert_int_equal(apply(&end, false), EXIT_DONE);
	assert_false(is_marked());
}

/* Where no run was ever begun, nothing of ours appears. */
static void nothing_to_do_makes_nothing(void **state)
{
	autofree char *nowhere = xasprintf("%s/no/state", toy_root);
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	o.state_dir = nowhere;
	assert_int_equal(run_resume(NULL, &o, &end), EXIT_DONE);
	assert_int_equal(run_rollback(NULL, &o, &end), EXIT_DONE);
	assert_int_equal(run_resume("20260101-000000-0000", &o, &end), EXIT_USAGE);
	assert_int_equal(run_rollback("20260101-000000-0000", &o, &end), EXIT_USAGE);
	assert_int_equal(run_finalize(NULL, false, &o, &end), EXIT_USAGE);
	assert_int_equal(run_rollback_from("/nowhere", &o, &end), EXIT_USAGE);
	*strrchr(nowhere, '/') = '\0';
	assert_int_equal(access(nowhere, F_OK), -1);
	events_free(ev);
}

static void drift_refuses_a_plan(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	autogoal struct goal g = { 0 };
	autoplan struct plan p = { 0 };
	struct run_end end;

	toy_goal(&g);
	toy_plan(&g, &p);
	toy_put("config", "edited");
	assert_int_equal(run_apply(&p, &g, &o, &end), EXIT_DRIFTED);
	assert_string_equal(toy_world(), "old");
	events_free(ev);
}

static void a_loss_wants_its_own_word(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	o.accept_no_return = false;
	o.yes = true;
	assert_int_equal(apply_as(&o, &end), EXIT_LOSS);
	assert_string_equal(toy_world(), "old");
	events_free(ev);
}

static void a_restore_in_place_is_agreed_to_by_its_own_flag(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	o.yes = true;
	toy_put("loses", "place");
	assert_int_equal(apply_as(&o, &end), EXIT_LOSS);
	assert_non_null(strstr(end.err.hint, "--accept-in-place-restore"));
	assert_string_equal(toy_world(), "old");
	o.accept_in_place = true;
	assert_int_equal(apply_as(&o, &end), EXIT_DONE);
	events_free(ev);
}

static void a_later_call_knows_what_was_agreed_to(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	o.hold = o.accept_in_place = true;
	toy_put("loses", "place");
	toy_put("fail-switch", "yes");
	assert_int_equal(apply_as(&o, &end), EXIT_HELD);
	assert_int_equal(resume(&end, false), EXIT_TURNED);
	assert_true(is_at("in-place", "yes"));
	events_free(ev);
}

/* Hours of copying may have taken the room. */
static void room_for_a_way_back_from_afar_is_looked_at_before_the_stop(void **state)
{
	struct run_end end;

	toy_put("loses", "place later");
	toy_put("store", "file:///afar");
	assert_int_equal(apply(&end, false), EXIT_LOSS);
	assert_non_null(strstr(end.line, "held, nothing was stopped: not agreed to: "));
	assert_true(is_at("stop", "old"));
}

static int resume_agreeing_in_place(bool hold, struct run_end *end)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	int code;

	o.hold = hold;
	o.accept_loss = (const char *const[]){ "in-place-restore", NULL };
	code = run_resume(NULL, &o, end);
	events_free(ev);
	return code;
}

/* Whichever word says it, and however far the call came that was given it. */
static void what_was_found_later_is_agreed_to_for_every_call(void **state)
{
	struct events *ev = events_new();
	struct run_opts o = toy_opts(ev);
	struct run_end end;

	for (int later = 0; later < 3; later++) {
		toy_put("loses", "place later");
		toy_put("store", "file:///afar");
		toy_put("fail-switch", "yes");
		o.hold = o.accept_in_place = later == 2;
		assert_int_equal(apply_as(&o, &end), later == 2 ? EXIT_HELD : EXIT_LOSS);
		if (later == 1)
			assert_int_equal(resume_agreeing_in_place(true, &end), EXIT_HELD);
		assert_int_equal(later ? resume(&end, false) : resume_agreeing_in_place(false, &end), EXIT_TURNED);
		assert_true(is_at("in-place", "yes"));
		toy_done();
		toy_setup();
	}
	events_free(ev);
}

/* The journal would be set back with the data. */
static void the_state_directory_stands_apart(void **state)
{
	autofree char *inside = xasprintf("%s/deep/state", toy_root);
	struct run_end end;
	struct stat st;

	assert_int_equal(apply_in(inside, &end), EXIT_USAGE);
	assert_string_equal(toy_world(), "old");
	assert_int_equal(stat(inside, &st), -1);
}

/* Where no way back reaches it does no harm. */
static void the_state_directory_beside_what_is_held(void **state)
{
	autofree char *inside = xasprintf("%s/deep/state", toy_root);
	struct run_end end;

	toy_put("only", "stop");
	assert_int_equal(apply_in(inside, &end), EXIT_DONE);
}

static void a_store_in_what_is_held_begins_no_run(void **state)
{
	autofree char *inside = xasprintf("%s/deep", toy_root), *url = xasprintf("file://%s", inside);
	struct run_end end;

	toy_put("tree", "yes");
	toy_put("store", url);
	assert_int_equal(apply(&end, false), EXIT_FAILED);
	assert_non_null(strstr(end.err.hint, "restore_point.store"));
	assert_string_equal(toy_world(), "old");
	assert_int_equal(access(inside, F_OK), -1);
	toy_put("store", "");
	assert_int_equal(apply(&end, false), EXIT_DONE);
}

static void at_boot_every_installation_is_served_again(void **state)
{
	struct run_end end;

	toy_put("fail-start", "yes");
	assert_int_equal(apply(&end, false), EXIT_STANDS);
	toy_drop("fail-start");
	toy_second();
	assert_int_equal(apply(&end, true), EXIT_HELD);
	toy_again();
	assert_int_equal(resume(&end, true), EXIT_HELD);
	assert_string_equal(toy_world(), "new");
}

#ifdef CROSSGRADE_FAULT
/* It is in nobody's way afterwards. */
static void a_run_that_cannot_begin_is_none(void **state)
{
	int n = 1;

	for (;; n++) {
		autofree char *at = xasprintf("dir.sync:%d", n), *stage = NULL;
		struct run_end end;

		toy_put("tree", "yes");
		struck_at(at, "err:EIO", "apply");
		stage = toy_get("stage");
		if (strcmp(stage, "old"))
			break;
		if (apply(&end, false) != EXIT_DONE)
			fail_msg("apply after one whose directory %d could not be synced: %s", n, end.line);
		toy_done();
		toy_setup();
	}
	assert_true(n > 4);
}

static void every_kill_leaves_a_world_that_can_go_on(void **state)
{
	int n = 1;

	for (;; n++) {
		struct run_end end;

		if (!killed_at(n, "apply"))
			break;
		killed_at(1 + n % 7, "resume");
		if (resume(&end, false) != EXIT_DONE)
			fail_msg("resume after a kill at %d: %s", n, end.line);
		if (strcmp(toy_world(), "new") && strcmp(toy_world(), "old"))
			fail_msg("after a kill at %d the world is %s", n, toy_world());
		toy_done();
		toy_setup();
	}
	assert_true(n > 20);
}

/* Wherever the call is killed that found the gate open: before it wrote down that it was, closed it again, or wrote that down, too. */
static void who_was_let_in_is_told_after_any_kill(void **state)
{
	int n;

	for (n = 1; n < 40; n++) {
		char at[32];
		struct run_end end;

		toy_put("snapshot", "yes");
		gate("yes", "start");
		toy_put("fail-start", "yes");
		toy_put("writes", "2");
		snprintf(at, sizeof at, "journal.intended:%d", n);
		if (!WIFSIGNALED(struck_at(at, "kill", "apply")))
			break;
		if (!is_at("start", "old"))
			toy_put("opens-in", "nowhere");
		toy_drop("fail-start");
		if (resume(&end, false) != EXIT_DONE || !strstr(end.line, "; somebody let clients in before it was checked"))
			fail_msg("after a kill at %s: %s", at, end.line);
		toy_done();
		toy_setup();
	}
	assert_true(n > 5);
}

/* Killed behind the stop: the server cannot be asked again what it said before, nor for the baseline. */
static void what_a_server_said_stands_while_it_is_stopped(void **state)
{
	struct run_end end;

	toy_server("nowhere");
	toy_put("looks", "yes");
	toy_put("look", "old");
	assert_true(WIFSIGNALED(struck_at("step.applied:5", "kill", "apply")));
	assert_int_equal(resume(&end, false), EXIT_DONE);
	assert_string_equal(toy_world(), "new");
	toy_server_ends();
}

/* Nor is one asked that is about to end. */
static void what_a_server_said_stands_while_it_ends(void **state)
{
	struct run_end end;

	toy_container(0);
	toy_put("looks", "yes");
	toy_put("look", "old");
	assert_true(WIFSIGNALED(struck_at("step.applied:3", "kill", "apply")));
	toy_container_ends();
	assert_int_equal(resume(&end, false), EXIT_DONE);
	assert_string_equal(toy_world(), "new");
}

/* Killed before the first start of the new server and behind it. */
static void a_docker_that_is_away_for_a_moment_is_waited_for(void **state)
{
	static const char *const points[] = { "step.applied:6", "step.applied:7" };

	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		struct run_end end;

		toy_container(0);
		toy_put("looks", "yes");
		toy_put("look", "old");
		assert_true(WIFSIGNALED(struck_at(points[i], "kill", "apply")));
		toy_container(2);
		docker_await(0);        /* as in a program of its own */
		if (resume(&end, false) != EXIT_DONE)
			fail_msg("behind %s: %s", points[i], end.line);
		assert_string_equal(toy_world(), "new");
		toy_done();
		toy_setup();
	}
}

/* Nor is a server asked whose answer nobody needs any more. */
static void behind_the_first_change_nothing_is_asked_again(void **state)
{
	struct run_end end;

	toy_container(0);
	toy_put("looks", "yes");
	toy_put("look", "old");
	assert_true(WIFSIGNALED(struck_at("step.applied:7", "kill", "apply")));
	toy_container(-1);
	assert_int_equal(resume(&end, false), EXIT_DONE);
}

/* Killed between gate and stop: nobody waits behind the gate for what is made again. The toy cannot stop its server, which is found out
 * behind the stop. */
static void the_gate_is_open_while_the_old_server_is_asked_again(void **state)
{
	struct run_end end;

	toy_server("nowhere");
	toy_server_starts();
	toy_put("gated", "before");
	toy_put("gate", "old");
	toy_put("looks", "yes");
	toy_put("look", "old");
	assert_true(WIFSIGNALED(struck_at("step.applied:4", "kill", "apply")));
	assert_true(clients_are("gated"));
	assert_int_equal(resume(&end, false), EXIT_TURNED);
	if (!strstr(end.line, "step 'final'"))
		fail_msg("%s", end.line);
	assert_string_equal(toy_world(), "old");
	toy_server_ends();
}
#endif

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, toy_test_begins, toy_test_ends)
	const struct CMUnitTest tests[] = {
		T(a_run_ends_new),
		T(a_failure_before_the_point_turns),
		T(an_interrupt_turns_and_says_130),
		T(past_the_point_without_a_restore_point_it_stands),
		T(counted_writes_make_it_stand),
		T(a_server_started_in_the_window_is_seen),
		T(a_start_that_must_not_be_turns_it_back),
		T(a_failure_while_docker_is_away_turns),
		T(who_runs_before_the_container_is_made_anew),
		T(what_was_not_proved_is_not_called_verified),
		T(a_gate_that_is_opened_before_the_start_is_closed_again),
		T(who_was_let_in_too_early_is_told),
		T(single_things_not_proved_are_counted),
		T(a_held_run_waits_and_looks_again),
		T(a_saved_plan_agrees_to_no_later_loss),
		T(a_held_run_agrees_to_no_later_loss),
		T(what_is_lost_is_counted_before_the_stop),
		T(a_last_look_that_cannot_look_holds),
		T(an_interrupt_of_the_last_look_says_130),
		T(a_plan_of_no_steps_is_no_end_of_an_open_run),
		T(another_state_directory_sees_an_open_run),
		T(an_open_run_is_seen_by_the_root_alone),
		T(a_closed_run_on_its_way_back_is_marked_again),
		T(the_marker_of_a_finished_run_forbids_nothing),
		T(nothing_to_do_makes_nothing),
		T(drift_refuses_a_plan),
		T(a_loss_wants_its_own_word),
		T(a_restore_in_place_is_agreed_to_by_its_own_flag),
		T(a_later_call_knows_what_was_agreed_to),
		T(room_for_a_way_back_from_afar_is_looked_at_before_the_stop),
		T(what_was_found_later_is_agreed_to_for_every_call),
		T(the_state_directory_stands_apart),
		T(the_state_directory_beside_what_is_held),
		T(a_store_in_what_is_held_begins_no_run),
		T(at_boot_every_installation_is_served_again),
#ifdef CROSSGRADE_FAULT
		T(a_run_that_cannot_begin_is_none),
		T(every_kill_leaves_a_world_that_can_go_on),
		T(who_was_let_in_is_told_after_any_kill),
		T(what_a_server_said_stands_while_it_is_stopped),
		T(what_a_server_said_stands_while_it_ends),
		T(a_docker_that_is_away_for_a_moment_is_waited_for),
		T(behind_the_first_change_nothing_is_asked_again),
		T(the_gate_is_open_while_the_old_server_is_asked_again),
#endif
	};

	if (argc > 1)
		return one_verb(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
