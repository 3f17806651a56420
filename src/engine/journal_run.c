/* Runs: from their beginning to their end. */
#include "engine/journal_db.h"

#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/fault.h"

static const char *const run_names[RUN__MAX] = { "open",  "held",       "turned",    "stands",
	                                         "stuck", "closed-new", "closed-old" };

/* Row: from; column: to. */
static const bool run_moves[RUN__MAX][RUN__MAX] = {
	[RUN_OPEN] = { [RUN_HELD] = 1, [RUN_TURNED] = 1, [RUN_STANDS] = 1, [RUN_STUCK] = 1, [RUN_CLOSED_NEW] = 1 },
	[RUN_HELD] = { [RUN_OPEN] = 1, [RUN_TURNED] = 1 },
	[RUN_TURNED] = { [RUN_STUCK] = 1, [RUN_CLOSED_OLD] = 1 },
	[RUN_STANDS] = { [RUN_OPEN] = 1, [RUN_TURNED] = 1, [RUN_CLOSED_NEW] = 1 },
	[RUN_STUCK] = { [RUN_OPEN] = 1, [RUN_TURNED] = 1, [RUN_CLOSED_NEW] = 1 },
	[RUN_CLOSED_NEW] = { [RUN_TURNED] = 1 },
	[RUN_CLOSED_OLD] = { 0 },
};

const char *run_state_name(enum run_state s)
{
	return run_names[s];
}

bool run_move_legal(enum run_state from, enum run_state to)
{
	return run_moves[from][to];
}

bool run_unfinished(enum run_state s)
{
	return s != RUN_CLOSED_NEW && s != RUN_CLOSED_OLD;
}

static char *new_id(void)
{
	char day[32];
	time_t now = (time_t)(clock_wall_ns() / NS_PER_S);
	unsigned r = 0;
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(day, sizeof day, "%Y%m%d-%H%M%S", &tm);
	if (getrandom(&r, sizeof r, 0) != sizeof r)
		r = (unsigned)clock_mono_ns();
	return xasprintf("%s-%04x", day, r & 0xffff);
}

int journal_begin(struct journal *j, const char *product, const char *name, const char *site_hash, struct sv plan,
                  const char *plan_digest, struct sv goal, char **ret_id, struct err *e)
{
	autofree char *id = new_id();
	autofree char *plan_text = sv_dup(plan);
	autofree char *goal_text = sv_dup(goal);

	fault_point("journal.begin");
	if (db_run(j->db, e,
	           "insert into run(id, product, name, site_hash, plan, plan_digest, goal, tool, state, begun)"
	           " values(?,?,?,?,?,?,?,?,'open',?)",
	           "tttttttti", id, product, name, site_hash, plan_text, plan_digest, goal_text, CROSSGRADE_VERSION,
	           clock_wall_ns()) < 0)
		return err_wrap(e, "begin a run");
	fault_point("journal.begun");
	*ret_id = take_ptr(id);
	return 0;
}

#define RUN_COLS                                                                                              \
	"id, product, name, site_hash, plan_digest, tool, state, let_in, finalized, begun, ended, exit, outcome"

static int run_of_row(struct stmt *s, struct run_rec *ret, struct err *e)
{
	int state = 0;

	if (journal_state_of(stmt_col_text(s, 6), run_names, RUN__MAX, &state, e) < 0)
		return -e->kind;
	*ret = (struct run_rec){
		.id = xstrdup(stmt_col_text(s, 0)),
		.product = xstrdup(stmt_col_text(s, 1)),
		.name = xstrdup(stmt_col_text(s, 2)),
		.site_hash = xstrdup(stmt_col_text(s, 3)),
		.plan_digest = xstrdup(stmt_col_text(s, 4)),
		.tool = xstrdup(stmt_col_text(s, 5)),
		.state = (enum run_state)state,
		.let_in = stmt_col_int(s, 7) != 0,
		.finalized = stmt_col_int(s, 8) != 0,
		.begun_ns = stmt_col_int(s, 9),
		.ended_ns = stmt_col_int(s, 10),
		.exit = (int)stmt_col_int(s, 11),
		.outcome = xstrdup(stmt_col_text(s, 12)),
	};
	return 0;
}

void run_rec_done(struct run_rec *r)
{
	free(r->id);
	free(r->product);
	free(r->name);
	free(r->site_hash);
	free(r->plan_digest);
	free(r->tool);
	free(r->outcome);
	*r = (struct run_rec){ 0 };
}

void run_list_done(struct run_list *l)
{
	vec_each(l, it)
		run_rec_done(it);
	vec_done(l);
}

int journal_runs(struct journal *j, const char *site_hash, struct run_list *ret, struct err *e)
{
	autostmt struct stmt *s = NULL;
	int more;

	if (db_stmt(j->db, "select " RUN_COLS " from run where ?1 is null or site_hash = ?1 order by rowid desc", &s,
	            e) < 0)
		return -e->kind;
	stmt_text(s, 1, site_hash);
	while ((more = stmt_step(s, e)) > 0) {
		struct run_rec r;

		if (run_of_row(s, &r, e) < 0)
			return -e->kind;
		*vec_push(ret) = r;
	}
	return more;
}

int journal_run(struct journal *j, const char *id, struct run_rec *ret, struct err *e)
{
	autostmt struct stmt *s = NULL;
	int more;

	if (db_stmt(j->db, "select " RUN_COLS " from run where id = ?", &s, e) < 0)
		return -e->kind;
	stmt_text(s, 1, id);
	more = stmt_step(s, e);
	if (more < 0)
		return more;
	if (!more) {
		err_set(e, ERR_ABSENT, "there is no run '%s'", id);
		return err_hint(e, "'crossgrade status' lists the runs of this host");
	}
	return run_of_row(s, ret, e);
}

int journal_plan(struct journal *j, const char *id, struct buf *ret_plan, struct buf *ret_goal, struct err *e)
{
	autostmt struct stmt *s = NULL;
	int more;

	if (db_stmt(j->db, "select plan, goal from run where id = ?", &s, e) < 0)
		return -e->kind;
	stmt_text(s, 1, id);
	more = stmt_step(s, e);
	if (more <= 0)
		return more < 0 ? more : err_set(e, ERR_ABSENT, "there is no run '%s'", id);
	buf_adds(ret_plan, stmt_col_text(s, 0));
	buf_adds(ret_goal, stmt_col_text(s, 1));
	return 0;
}

static int set_state(struct journal *j, const char *run, enum run_state to, const char *outcome, struct err *e)
{
	struct run_rec now = { 0 };
	enum run_state from;

	if (journal_run(j, run, &now, e) < 0)
		return -e->kind;
	from = now.state;
	run_rec_done(&now);
	if (from != to && !run_move_legal(from, to))
		return err_set(e, ERR_BUG, "a run cannot move from %s to %s", run_names[from], run_names[to]);
	fault_point("journal.turn");
	if (db_run(j->db, e, "update run set state = ?, outcome = coalesce(?, outcome) where id = ?", "ttt",
	           run_names[to], outcome, run) < 0)
		return err_wrap(e, "turn run '%s'", run);
	return 0;
}

int journal_turn(struct journal *j, const char *run, enum run_state to, const char *outcome, struct err *e)
{
	if (set_state(j, run, to, outcome, e) < 0)
		return -e->kind;
	fault_point("journal.turned");
	return journal_tell_of(j, run, NULL, TOLD_AFTER, e);
}

int journal_turn_with(struct journal *j, const char *run, enum run_state to, const char *outcome, const char *name, const json_t *doc,
                      struct err *e)
{
	if (db_begin(j->db, e) < 0)
		return -e->kind;
	if (journal_put_doc(j, run, name, doc, e) < 0 || set_state(j, run, to, outcome, e) < 0 || db_commit(j->db, e) < 0) {
		db_rollback(j->db);
		return -e->kind;
	}
	fault_point("journal.turned");
	return journal_tell_of(j, run, NULL, TOLD_AFTER, e);
}

int journal_mark_let_in(struct journal *j, const char *run, struct err *e)
{
	return db_run(j->db, e, "update run set let_in = 1 where id = ?", "t", run);
}

/* Told before it is committed: where it cannot be told nobody is let in, and the run may turn back by itself. */
static int let_in(struct journal *j, const char *run, struct err *e)
{
	if (db_begin(j->db, e) < 0)
		return -e->kind;
	if (journal_mark_let_in(j, run, e) >= 0 && journal_tell_of(j, run, NULL, TOLD_AHEAD, e) >= 0 && db_commit(j->db, e) >= 0)
		return 0;
	db_rollback(j->db);
	return -e->kind;
}

int journal_let_in(struct journal *j, const char *run, struct err *e)
{
	struct run_rec now = { 0 };
	bool so;

	if (journal_run(j, run, &now, e) < 0)
		return -e->kind;
	so = now.let_in;
	run_rec_done(&now);
	if (so)
		return 0;
	fault_point("journal.let-in");
	return let_in(j, run, e);
}

int journal_ended(struct journal *j, const char *run, int exit, const char *outcome, struct err *e)
{
	if (db_run(j->db, e, "update run set exit = ?, ended = ?, outcome = ? where id = ?", "iitt", (int64_t)exit,
	           clock_wall_ns(), outcome, run) < 0)
		return -e->kind;
	return journal_tell_of(j, run, NULL, TOLD_AFTER, e);
}

int journal_finalize(struct journal *j, const char *run, struct err *e)
{
	if (db_run(j->db, e, "update run set finalized = 1 where id = ?", "t", run) < 0)
		return -e->kind;
	return journal_tell_of(j, run, NULL, TOLD_AFTER, e);
}
