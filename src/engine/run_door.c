/* The door that clients come through, shut while what they wrote is counted for the last time before a way back. The journal says that it
 * is: a call that is killed there leaves the table behind, and the next one, or status, knows whose it is. */
#include <string.h>

#include "base/clock.h"
#include "engine/run_world.h"
#include "io/proc.h"

#define SHUT      "shut"
#define IN_FLIGHT NS_PER_S      /* a request that came in before the gate is answered, and may be written, behind it */

/* No proxy: it would stay down over every boot. */
static const struct step *door_of(const struct world *w)
{
	const struct step *gate = step_of_kind(w, "gate_close");

	return gate && !json_object_get(gate->params, "proxy") ? gate : NULL;
}

static int note(struct world *w, bool shut, struct err *e)
{
	autojson json_t *doc = NULL;
	char boot[64];

	if (proc_boot_id(boot, e) < 0)
		return -(int)e->kind;
	doc = json_pack("{sb ss}", "shut", shut, "boot", boot);
	return journal_put_doc(w->journal, w->run, SHUT, doc, e);
}

static bool was_noted_shut(struct world *w, const struct run_rec *rec, bool *ret_this_boot)
{
	autojson json_t *doc = NULL;
	struct err none = ERR_INIT;
	char boot[64];

	if (rec->state == RUN_CLOSED_OLD || journal_get_doc(w->journal, rec->id, SHUT, &doc, &none) < 0 || !json_bool(doc, "shut", false))
		return false;
	*ret_this_boot = proc_boot_id(boot, &none) >= 0 && !strcmp(boot, json_str(doc, "boot", ""));
	return true;
}

bool run_is_gated(struct world *w, const struct run_rec *rec)
{
	bool this_boot;

	return was_noted_shut(w, rec, &this_boot) && this_boot;
}

bool run_is_shut(struct world *w, const struct run_rec *rec)
{
	bool any_boot;

	return rec->state != RUN_TURNED && rec->state != RUN_STUCK && was_noted_shut(w, rec, &any_boot);
}

static void say_uncut(struct world *w)
{
	event_emit(w->o->events, "warning",
	           json_pack("{ss}", "text", "this kernel cannot end connections: who asked before the gate was closed may still be answered"));
	clock_sleep_ns(IN_FLIGHT);
}

/* Before clients are let in it is the run's own, and stays; where somebody opened it, that is durable before it hides again. */
static int remember(struct world *w, const struct step *gate, bool *ret_was_open, struct err *e)
{
	struct err unmarked = ERR_INIT;
	struct run_rec rec = { 0 };
	bool let_in;

	if (journal_run(w->journal, w->run, &rec, e) < 0)
		return -(int)e->kind;
	let_in = rec.let_in;
	run_rec_done(&rec);
	if (ctx_gate_holds(&w->ctx))
		return 0;
	*ret_was_open = !let_in;
	if (!let_in)
		return run_note_open(w, gate, e);
	if (note(w, true, e) < 0)
		return -(int)e->kind;
	/* A finished run has no mark, and whoever loses the state directory now would never hear of the gate. */
	if (run_mark(w, &unmarked) < 0)
		event_emit(w->o->events, "warning", json_pack("{ss}", "text", unmarked.msg));
	return 0;
}

static int unmark_finished(struct world *w, struct err *e)
{
	struct run_rec rec = { 0 };
	int r = journal_run(w->journal, w->run, &rec, e);

	if (r >= 0 && !run_unfinished(rec.state))
		r = run_unmark(w, e);
	run_rec_done(&rec);
	return r;
}

/* By this way back, which does not come by it again: closed once more it would stay so. */
static int was_taken_back(struct world *w, const struct step *gate, bool *ret, struct err *e)
{
	struct step_rec rec = { 0 };

	if (journal_step(w->journal, w->run, gate->id, &rec, e) < 0)
		return -(int)e->kind;
	*ret = rec.state == REC_UNDONE;
	step_rec_done(&rec);
	return 0;
}

int run_shut_out(struct world *w, struct err *e)
{
	const struct step *gate = door_of(w);
	autojson json_t *result = NULL;
	struct err why = ERR_INIT;
	bool was_open = false, taken_back = false, window = w->window;

	if (!gate)
		return 0;
	if (was_taken_back(w, gate, &taken_back, e) < 0)
		return -(int)e->kind;
	if (taken_back)
		return 0;
	if (remember(w, gate, &was_open, e) < 0)
		return -(int)e->kind;
	loop_window(w, true);
	if (gate->kind->apply(&w->ctx, gate->params, NULL, &result, &why) < 0) {
		loop_window(w, window);
		event_emit(w->o->events, "warning", json_pack("{ss ss}", "text", "clients cannot be kept out", "why", why.msg));
		return 0;
	}
	if (was_open && run_closed_again(w, gate, result, e) < 0)
		return -(int)e->kind;
	event_emit(w->o->events, "note", json_pack("{ss}", "text", "clients are kept out while what they wrote is counted"));
	if (json_bool(result, "cut", true))
		return 1;
	say_uncut(w);
	return 0;
}

int run_let_in_again(struct world *w, struct err *e)
{
	const struct step *gate = door_of(w);
	struct step_rec rec = { 0 };
	int r = 0;

	if (!gate)
		return 0;
	r = journal_step(w->journal, w->run, gate->id, &rec, e);
	if (r >= 0)
		r = gate->kind->undo(&w->ctx, gate->params, rec.undo, e);
	if (r >= 0)
		loop_window(w, false);
	if (r >= 0)
		r = unmark_finished(w, e);
	if (r >= 0)
		r = note(w, false, e);
	step_rec_done(&rec);
	return r < 0 ? err_wrap(e, "clients are kept out still, by the gate that a call left closed") : 0;
}
