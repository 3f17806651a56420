/* The laws of a step kind (engine/step.h), over every kind of the registry:
 *
 *	describe, capture and verify change nothing; capture refuses when the old value is gone; apply and undo may be
 *	repeated; undo brings the old state back from untouched, half done and done, and leaves a third value alone; verify
 *	says done only when it is so; a harmless step may be forgotten.
 *
 * Half done is what a kill leaves: this program is run again on the same bench and killed at its n-th fault point; at every one, or with
 * LAWS_EVERY=m at one in m, from the one that SEED draws. */
#include "laws/fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/sv.h"
#include "unit/unit.h"

#define KINDS_MAX 64
#define POINTS_MAX 400

static const struct fixture *const all[] = { file_fixtures, service_fixtures, data_fixtures, package_fixtures,
                                            questdb_fixtures, sftpgo_fixtures, database_fixtures, container_fixtures, seatable_fixtures };

static void same_world(struct bench *b, const struct fixture *fx, const char *want, const char *when)
{
	autofree char *is = bench_world(b);

	if (fx->left && !fx->left(b))
		fail_msg("%s: %s: what is left out was touched", fx->name, when);
	if (strcmp(is, want))
		fail_msg("%s: %s:\n--- wanted\n%s--- is\n%s", fx->name, when, want, is);
}

static bool verified(struct bench *b, const struct fixture *fx, const struct step_kind *k)
{
	autofree char *before = bench_world(b);
	enum step_state seen = STEP_UNSURE;
	struct err e = ERR_INIT;

	assert_ok(k->verify(&b->ctx, b->params, b->result, &seen, &e), &e);
	same_world(b, fx, before, "verify changed the world");
	return seen == STEP_IS_DONE;
}

static bool is_done(struct bench *b, const struct fixture *fx, const char *new_world)
{
	autofree char *now = bench_world(b);

	return !strcmp(now, new_world) && (!fx->done || fx->done(b));
}

static void capture(struct bench *b, const struct fixture *fx, const struct step_kind *k)
{
	autofree char *before = bench_world(b);
	struct err e = ERR_INIT;

	assert_ok(k->capture(&b->ctx, b->params, &b->undo, &e), &e);
	assert_true(json_is_object(b->undo));
	same_world(b, fx, before, "capture changed the world");
}

/* A new bench with the old world, not yet captured; its listing. */
static char *begin(struct bench *b, const struct fixture *fx)
{
	bench_make(b);
	b->params = fx->params(b);
	assert_true(json_is_object(b->params));
	return bench_world(b);
}

static void apply(struct bench *b, const struct step_kind *k)
{
	struct err e = ERR_INIT;

	json_decref(b->result);
	b->result = NULL;
	assert_ok(k->apply(&b->ctx, b->params, b->undo, &b->result, &e), &e);
	assert_true(json_is_object(b->result));
}

static void undo(struct bench *b, const struct step_kind *k)
{
	struct err e = ERR_INIT;

	b->ctx.backward = true;
	assert_ok(k->undo(&b->ctx, b->params, b->undo, &e), &e);
}

/* Undo, twice, ends in the old world. */
static void undo_brings_back(struct bench *b, const struct fixture *fx, const struct step_kind *k, const char *old,
                             const char *from)
{
	undo(b, k);
	same_world(b, fx, old, from);
	undo(b, k);
	same_world(b, fx, old, "undo repeated changed the world");
	json_decref(b->result);
	b->result = NULL;
	assert_false(verified(b, fx, k));
}

/* ---- the laws ---- */

static void looking_changes_nothing(const struct fixture *fx, const struct step_kind *k)
{
	autobench struct bench b;
	autofree char *old = begin(&b, fx);
	autobuf struct buf text = BUF_MAX(4096);
	struct err e = ERR_INIT;

	assert_ok(k->describe(b.params, &text, &e), &e);
	assert_true(text.len > 0);
	assert_null(strchr(buf_str(&text), '\n'));
	capture(&b, fx, k);
	assert_false(verified(&b, fx, k));
	same_world(&b, fx, old, "looking changed the world");
	undo_brings_back(&b, fx, k, old, "undo of what was never done");
}

static void capture_refuses_another_world(const struct fixture *fx, const struct step_kind *k)
{
	autobench struct bench b;
	autofree char *old = begin(&b, fx);
	struct err e = ERR_INIT;

	if (!fx->drift)
		return;
	fx->drift(&b);
	free(take_ptr(old));
	old = bench_world(&b);
	assert_fails(k->capture(&b.ctx, b.params, &b.undo, &e), &e, ERR_CHANGED);
	same_world(&b, fx, old, "a refused capture changed the world");
}

/* The world after the step, for comparison; heap. */
static char *there_and_back(const struct fixture *fx, const struct step_kind *k)
{
	autobench struct bench b;
	autofree char *old = begin(&b, fx), *new = NULL;

	capture(&b, fx, k);
	apply(&b, k);
	assert_true(verified(&b, fx, k));
	new = bench_world(&b);
	if (!(fx->flags & FX_NO_EFFECT) && !fx->done && !strcmp(old, new))
		fail_msg("%s: apply changed nothing", fx->name);
	assert_true(is_done(&b, fx, new));
	apply(&b, k);
	assert_true(verified(&b, fx, k));
	same_world(&b, fx, new, "apply repeated changed the world");
	if (fx->then)
		fx->then(&b);
	undo_brings_back(&b, fx, k, old, "undo of what was done");
	return take_ptr(new);
}

/* A power cut may take the whole record of a harmless step back: then nothing is undone, and the step begins anew. */
static void a_harmless_step_may_be_forgotten(const struct fixture *fx, const struct step_kind *k)
{
	autobench struct bench b;
	autofree char *old = begin(&b, fx);

	if (!k->harmless)
		return;
	capture(&b, fx, k);
	apply(&b, k);
	same_world(&b, fx, old, "a harmless step changed the world");
	json_decref(take_ptr(b.undo));
	capture(&b, fx, k);
	apply(&b, k);
	assert_true(verified(&b, fx, k));
}

static void a_third_value_is_left_alone(const struct fixture *fx, const struct step_kind *k)
{
	autobench struct bench b;
	autofree char *old = begin(&b, fx), *third = NULL;
	struct err e = ERR_INIT;

	if (!fx->meddle)
		return;
	capture(&b, fx, k);
	apply(&b, k);
	fx->meddle(&b);
	third = bench_world(&b);
	b.ctx.backward = true;
	if (k->undo_look)
		assert_fails(k->undo_look(&b.ctx, b.params, b.undo, &e), &e, ERR_CHANGED);
	err_clear(&e);
	assert_fails(k->undo(&b.ctx, b.params, b.undo, &e), &e, ERR_CHANGED);
	same_world(&b, fx, third, "undo overwrote a third value");
	b.ctx.force = true;
	err_clear(&e);
	if (k->undo_look && fx->flags & FX_FORCE)
		assert_ok(k->undo_look(&b.ctx, b.params, b.undo, &e), &e);
	if (fx->flags & (FX_FORCE | FX_LEAVES))
		undo_brings_back(&b, fx, k, fx->flags & FX_FORCE ? old : third, "undo with force");
}

/* Whoever gives the way back up keeps the new world, and may do so twice. */
static void what_is_kept_is_given_up(const struct fixture *fx, const struct step_kind *k)
{
	autobench struct bench b;
	autofree char *gone = NULL, *again = NULL;
	struct err e = ERR_INIT;

	free(begin(&b, fx));
	if (!k->give_up || (fx->flags & FX_NO_EFFECT && !fx->then))
		return;
	capture(&b, fx, k);
	apply(&b, k);
	if (fx->then)
		fx->then(&b);
	assert_ok(k->give_up(&b.ctx, b.params, b.undo, &gone, &e), &e);
	assert_non_null(gone);
	assert_true(verified(&b, fx, k));
	assert_ok(k->give_up(&b.ctx, b.params, b.undo, &again, &e), &e);
	assert_null(again);
}

static void a_struck_program_is_called_again(const struct fixture *fx, const struct step_kind *k, const char *new, bool forward)
{
	autobench struct bench b;
	autofree char *old = begin(&b, fx);
	struct err e = ERR_INIT;

	if (!fx->strike)
		return;
	capture(&b, fx, k);
	fx->strike(&b);
	assert_true(k->apply(&b.ctx, b.params, b.undo, &b.result, &e) < 0);
	if (forward) {
		apply(&b, k);
		assert_true(verified(&b, fx, k));
		same_world(&b, fx, new, "apply after a program was killed did not end in the new world");
	}
	undo_brings_back(&b, fx, k, old, "undo after a program was killed");
}

#ifdef CROSSGRADE_FAULT
/* Ends of a kill: all there were, and those in a world that may be. */
static struct {
	long kills, legal;
} counted;

static void write_json(struct bench *b, const char *rel, const json_t *doc)
{
	autobuf struct buf text = BUF_MAX(16 << 20);

	json_pretty(doc, &text);
	bench_put(b, rel, buf_str(&text));
}

/* A world, captured, and ready for programs to be killed on it. */
static char *begin_captured(struct bench *b, const struct fixture *fx, const struct step_kind *k)
{
	char *old = begin(b, fx);

	capture(b, fx, k);
	write_json(b, "params.json", b->params);
	write_json(b, "undo.json", b->undo);
	return old;
}

/* Run this program again on the bench; true when it was killed at its n-th fault point. */
static bool killed_at(struct bench *b, const struct fixture *fx, const char *verb, int n)
{
	char number[16];
	int status;
	pid_t pid;

	snprintf(number, sizeof number, "%d", n);
	pid = fork();
	if (!pid) {
		setenv("CROSSGRADE_FAULT", number, 1);
		execl("/proc/self/exe", "test_laws_steps", verb, fx->kind, fx->name, b->base, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status) && WEXITSTATUS(status))
		fail_msg("%s: %s on its own ended with %d", fx->name, verb, WEXITSTATUS(status));
	counted.kills += WIFSIGNALED(status);
	return WIFSIGNALED(status);
}

/* True while there are points to be killed at. */
static bool half_done(const struct fixture *fx, const struct step_kind *k, const char *new, int n, bool forward)
{
	autobench struct bench b;
	autofree char *old = begin_captured(&b, fx, k);
	bool killed = killed_at(&b, fx, "apply", n);

	if (killed && verified(&b, fx, k) && !is_done(&b, fx, new))
		fail_msg("%s: killed at %d, half done, and verify says done", fx->name, n);
	if (forward) {
		apply(&b, k);
		assert_true(verified(&b, fx, k));
		same_world(&b, fx, new, "apply after a kill did not end in the new world");
		assert_true(is_done(&b, fx, new));
	}
	if (forward && fx->then)
		fx->then(&b);
	undo_brings_back(&b, fx, k, old, "undo after a kill");
	counted.legal += killed;
	return killed;
}

static bool half_undone(const struct fixture *fx, const struct step_kind *k, int n)
{
	autobench struct bench b;
	autofree char *old = begin_captured(&b, fx, k);
	bool killed;

	apply(&b, k);
	if (fx->then)
		fx->then(&b);
	ctx_drop_fds(&b.ctx);
	killed = killed_at(&b, fx, "undo", n);
	undo_brings_back(&b, fx, k, old, "undo after its own kill");
	counted.legal += killed;
	return killed;
}

static int number_in(const char *variable, int absent)
{
	const char *said = getenv(variable);
	int64_t n;

	return said && sv_i64(sv_of(said), &n) ? (int)(n % 1000000) : absent;
}

static int every_nth(void) { return MAX_OF(number_in("LAWS_EVERY", 1), 1); }

static void say_counts(void)
{
	printf("# counted: %ld kills, at one in %d of the fault points, %ld illegal\n", counted.kills, every_nth(),
	       counted.kills - counted.legal);
}

static void kills(const struct fixture *fx, const struct step_kind *k, const char *new)
{
	int every = every_nth(), first = 1 + number_in("SEED", 0) % every, n;

	for (n = first; n < POINTS_MAX && half_done(fx, k, new, n, false) && half_done(fx, k, new, n, true);)
		n += every;
	assert_true(n < POINTS_MAX);
	for (n = first; n < POINTS_MAX && half_undone(fx, k, n);)
		n += every;
	assert_true(n < POINTS_MAX);
}
#else
static void say_counts(void)
{
}

static void kills(const struct fixture *fx, const struct step_kind *k, const char *new)
{
}
#endif

static bool holds(const struct fixture *fx, const struct step_kind *k)
{
	autofree char *new = NULL;

	if (fx->flags & FX_NET && !bench_own_net()) {
		print_message("# skip %s: %s\n", fx->name, bench_no_net);
		return false;
	}
	if (fx->can && !fx->can())
		return false;
	looking_changes_nothing(fx, k);
	capture_refuses_another_world(fx, k);
	new = there_and_back(fx, k);
	a_harmless_step_may_be_forgotten(fx, k);
	a_third_value_is_left_alone(fx, k);
	what_is_kept_is_given_up(fx, k);
	a_struck_program_is_called_again(fx, k, new, false);
	a_struck_program_is_called_again(fx, k, new, true);
	if (!(fx->flags & FX_NOT_KILLED))
		kills(fx, k, new);
	return true;
}

static void laws_of_kind(void **state)
{
	const struct step_kind *k = *state;
	size_t found = 0, held = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		for (const struct fixture *fx = all[i]; fx->kind; fx++) {
			if (strcmp(fx->kind, k->name))
				continue;
			found++;
			held += holds(fx, k);
		}
	if (!found)
		fail_msg("step kind '%s' has no fixture in tests/laws/kinds", k->name);
	if (!held)
		skip();
}

static int clean(void **state)
{
	bench_forget();
	return 0;
}

static int end_servers(void **state)
{
	container_fixtures_end();
	database_fixtures_end();
	package_fixtures_end();
	return 0;
}

static void fixtures_are_of_known_kinds(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		for (const struct fixture *fx = all[i]; fx->kind; fx++)
			if (!step_kind_named(fx->kind))
				fail_msg("fixture '%s' is of the unknown kind '%s'", fx->name, fx->kind);
}

/* The program that is killed: one verb on a bench that is there. */
static int one_verb(const char *verb, const char *kind, const char *base)
{
	const struct step_kind *k = step_kind_named(kind);
	struct err e = ERR_INIT;
	struct bench b;
	int r;

	bench_open(&b, base);
	b.ctx.backward = !strcmp(verb, "undo");
	r = b.ctx.backward ? k->undo(&b.ctx, b.params, b.undo, &e) :
	                     k->apply(&b.ctx, b.params, b.undo, &b.result, &e);
	if (r < 0)
		fprintf(stderr, "# %s: %s\n", kind, e.msg);
	bench_leave(&b);
	return r < 0;
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[KINDS_MAX] = { { .name = "fixtures_are_of_known_kinds",
		                                 .test_func = fixtures_are_of_known_kinds } };
	size_t n = 1;
	int failed;

	if (argc == 5)
		return one_verb(argv[1], argv[2], argv[4]);
	if (argc == 2)
		cmocka_set_test_filter(argv[1]);        /* one kind alone */
	(void)bench_own_net();
	for (size_t i = 0; step_kinds[i] && n < KINDS_MAX; i++)
		tests[n++] = (struct CMUnitTest){ .name = step_kinds[i]->name,
			                          .test_func = laws_of_kind,
			                          .teardown_func = clean,
			                          .initial_state = (void *)step_kinds[i] };
	failed = _cmocka_run_group_tests("laws of step kinds", tests, n, NULL, end_servers);
	say_counts();
	return failed;
}
