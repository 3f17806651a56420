/* Steps: intended, done, undone. */
#include "engine/journal_db.h"

#include <string.h>

#include "base/clock.h"
#include "base/fault.h"

static const char *const rec_names[REC__MAX] = { "none", "intended", "done", "skipped", "undone" };

/* Row: from; column: to. */
static const bool rec_moves[REC__MAX][REC__MAX] = {
	[REC_NONE] = { [REC_INTENDED] = 1, [REC_SKIPPED] = 1 },
	[REC_INTENDED] = { [REC_INTENDED] = 1, [REC_DONE] = 1, [REC_UNDONE] = 1 },
	[REC_DONE] = { [REC_INTENDED] = 1, [REC_UNDONE] = 1 },
	[REC_SKIPPED] = { 0 },
	[REC_UNDONE] = { [REC_UNDONE] = 1 },
};

const char *rec_state_name(enum rec_state s)
{
	return rec_names[s];
}

bool rec_move_legal(enum rec_state from, enum rec_state to)
{
	return rec_moves[from][to];
}

int journal_step(struct journal *j, const char *run, const char *step, struct step_rec *ret, struct err *e)
{
	autostmt struct stmt *s = NULL;
	autojson json_t *undo = NULL, *result = NULL;
	int more, state = 0;

	if (db_stmt(j->db,
	            "select state, undo, result, boot, process, intended, done from step where run = ? and step = ?", &s,
	            e) < 0)
		return -e->kind;
	stmt_text(s, 1, run);
	stmt_text(s, 2, step);
	more = stmt_step(s, e);
	if (more < 0)
		return more;
	if (!more) {
		*ret = (struct step_rec){ .step = xstrdup(step) };
		return 0;
	}
	if (journal_state_of(stmt_col_text(s, 0), rec_names, REC__MAX, &state, e) < 0 || journal_json_col(s, 1, &undo, e) < 0 ||
	    journal_json_col(s, 2, &result, e) < 0)
		return -e->kind;
	*ret = (struct step_rec){ .step = xstrdup(step),
		                  .state = (enum rec_state)state,
		                  .undo = take_ptr(undo),
		                  .result = take_ptr(result),
		                  .boot = xstrdup(stmt_col_text(s, 3)),
		                  .process = xstrdup(stmt_col_text(s, 4)),
		                  .intended_ns = stmt_col_int(s, 5),
		                  .done_ns = stmt_col_int(s, 6) };
	return 0;
}

void step_rec_done(struct step_rec *r)
{
	free(r->step);
	free(r->boot);
	free(r->process);
	json_decref(r->undo);
	json_decref(r->result);
	*r = (struct step_rec){ 0 };
}

static int move_legal(struct journal *j, const char *run, const char *step, enum rec_state to, enum rec_state *ret_from,
                      struct err *e)
{
	struct step_rec now = { 0 };
	enum rec_state from = REC_NONE;

	if (journal_step(j, run, step, &now, e) < 0)
		return -e->kind;
	from = now.state;
	step_rec_done(&now);
	if (!rec_move_legal(from, to))
		return err_set(e, ERR_BUG, "step '%s' cannot move from %s to %s", step, rec_names[from], rec_names[to]);
	*ret_from = from;
	return 0;
}

static int note_intent(struct journal *j, const char *run, const struct intent *i, enum rec_state from, struct err *e)
{
	autofree char *undo = journal_json_text(i->undo);

	if (from != REC_NONE)
		return db_run(j->db, e,
		              "update step set state = 'intended', undo = coalesce(?, undo), intended = ?"
		              " where run = ? and step = ?",
		              "titt", undo, clock_wall_ns(), run, i->step);
	return db_run(j->db, e,
	              "insert into step(run, step, kind, version, state, undo, intended)"
	              " values(?,?,?,?,'intended',?,?)",
	              "tttiti", run, i->step, i->kind, (int64_t)i->version, undo, clock_wall_ns());
}

static int tell_intent(struct journal *j, const char *run, const struct intent *i, struct err *e)
{
	if (i->lets_in && journal_tell_of(j, run, NULL, TOLD_EARLY, e) < 0)
		return -e->kind;
	return journal_tell_of(j, run, i->step, i->harmless ? TOLD_EARLY : TOLD_AHEAD, e);
}

/* As let_in() has it. */
static int write_intent(struct journal *j, const char *run, const struct intent *i, enum rec_state from, struct err *e)
{
	if (db_begin(j->db, e) < 0)
		return -e->kind;
	if ((!i->lets_in || journal_mark_let_in(j, run, e) >= 0) && note_intent(j, run, i, from, e) >= 0 && tell_intent(j, run, i, e) >= 0 &&
	    db_commit(j->db, e) >= 0)
		return 0;
	db_rollback(j->db);
	return -e->kind;
}

/* What was written while commits were deferred ended so. */
static int ends_deferring(struct journal *j, int r, struct err *e)
{
	struct err own = ERR_INIT;

	if (db_defer(j->db, false, &own) >= 0 || r < 0)
		return r;
	*e = own;
	return -e->kind;
}

int journal_intend(struct journal *j, const char *run, const struct intent *i, struct err *e)
{
	enum rec_state from = REC_NONE;
	int r;

	if (move_legal(j, run, i->step, REC_INTENDED, &from, e) < 0 || (i->harmless && db_defer(j->db, true, e) < 0))
		return -e->kind;
	fault_point("journal.intend");
	r = write_intent(j, run, i, from, e);
	if (i->harmless)
		r = ends_deferring(j, r, e);
	fault_point("journal.intended");
	return r;
}

int journal_done(struct journal *j, const char *run, const char *step, const json_t *result, struct err *e)
{
	autofree char *text = journal_json_text(result);
	enum rec_state from = REC_NONE;
	int r;

	if (move_legal(j, run, step, REC_DONE, &from, e) < 0 || db_defer(j->db, true, e) < 0)
		return -e->kind;
	fault_point("journal.done");
	r = db_run(j->db, e,
	           "update step set state = 'done', result = ?, done = ?, boot = ?, process = ?"
	           " where run = ? and step = ?",
	           "titttt", text, clock_wall_ns(), j->boot, j->process, run, step);
	r = ends_deferring(j, r, e);
	fault_point("journal.did");
	return r < 0 ? r : journal_tell_of(j, run, step, TOLD_AFTER, e);
}

int journal_skip(struct journal *j, const char *run, const char *step, struct err *e)
{
	enum rec_state from = REC_NONE;

	if (move_legal(j, run, step, REC_SKIPPED, &from, e) < 0)
		return -e->kind;
	return db_run(j->db, e,
	              "insert into step(run, step, kind, version, state) values(?,?,'',0,'skipped')", "tt", run, step);
}

int journal_undone(struct journal *j, const char *run, const char *step, struct err *e)
{
	enum rec_state from = REC_NONE;
	int r;

	if (move_legal(j, run, step, REC_UNDONE, &from, e) < 0)
		return -e->kind;
	fault_point("journal.undone");
	r = db_run(j->db, e, "update step set state = 'undone', done = ?, boot = ?, process = ? where run = ? and step = ?",
	           "itttt", clock_wall_ns(), j->boot, j->process, run, step);
	fault_point("journal.undid");
	return r < 0 ? r : journal_tell_of(j, run, step, TOLD_AFTER, e);
}

bool journal_effect_gone(const struct journal *j, const struct step_rec *r, bool boot, bool process)
{
	return (boot && (!r->boot || strcmp(r->boot, j->boot))) ||
	       (process && (!r->process || strcmp(r->process, j->process)));
}
