#include "engine/journal_db.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/fault.h"
#include "io/file.h"
#include "io/proc.h"

/* Another run of this host holds it while its records are put beside a restore point on a slow store; giving up turns a run back. */
#define LOCK_WAIT (120 * NS_PER_S)

static const char *const run_names[RUN__MAX] = { "open",  "held",       "turned",    "stands",
	                                         "stuck", "closed-new", "closed-old" };
static const char *const rec_names[REC__MAX] = { "none", "intended", "done", "skipped", "undone" };

/* Row: from; column: to. */
static const bool run_moves[RUN__MAX][RUN__MAX] = {
	[RUN_OPEN] = { [RUN_HELD] = 1, [RUN_TURNED] = 1, [RUN_STANDS] = 1, [RUN_STUCK] = 1, [RUN_CLOSED_NEW] = 1 },
	[RUN_HELD] = { [RUN_OPEN] = 1, [RUN_TURNED] = 1 },
	[RUN_TURNED] = { [RUN_STUCK] = 1, [RUN_CLOSED_OLD] = 1 },
	[RUN_STANDS] = { [RUN_OPEN] = 1, [RUN_TURNED] = 1, [RUN_CLOSED_NEW] = 1 },
	[RUN_STUCK] = { [RUN_OPEN] = 1, [RUN_TURNED] = 1 },
	[RUN_CLOSED_NEW] = { [RUN_TURNED] = 1 },
	[RUN_CLOSED_OLD] = { 0 },
};
static const bool rec_moves[REC__MAX][REC__MAX] = {
	[REC_NONE] = { [REC_INTENDED] = 1, [REC_SKIPPED] = 1 },
	[REC_INTENDED] = { [REC_INTENDED] = 1, [REC_DONE] = 1, [REC_UNDONE] = 1 },
	[REC_DONE] = { [REC_INTENDED] = 1, [REC_UNDONE] = 1 },
	[REC_SKIPPED] = { 0 },
	[REC_UNDONE] = { [REC_UNDONE] = 1 },
};

static const char *const migrations[] = {
	"create table run(id text primary key, product text not null, name text not null, site_hash text not null,"
	" plan text not null, plan_digest text not null, goal text not null, tool text not null, state text not null,"
	" let_in integer not null default 0, finalized integer not null default 0, begun integer not null,"
	" ended integer not null default 0, exit integer not null default -1, outcome text) strict;"
	"create table step(run text not null references run(id), step text not null, kind text not null,"
	" version integer not null, state text not null, undo text, result text, boot text, process text,"
	" intended integer not null default 0, done integer not null default 0, primary key(run, step)) strict;"
	"create table doc(run text not null references run(id), name text not null, body text not null,"
	" primary key(run, name)) strict;"
	"create table event(run text not null references run(id), seq integer not null, body text not null) strict;"
	"create index event_run on event(run);",
};

struct journal {
	struct db   *db;
	char         boot[64];
	char         process[64];
	journal_told told;
	void        *told_data;
};

const char *run_state_name(enum run_state s)
{
	return run_names[s];
}

const char *rec_state_name(enum rec_state s)
{
	return rec_names[s];
}

bool run_move_legal(enum run_state from, enum run_state to)
{
	return run_moves[from][to];
}

bool rec_move_legal(enum rec_state from, enum rec_state to)
{
	return rec_moves[from][to];
}

bool run_unfinished(enum run_state s)
{
	return s != RUN_CLOSED_NEW && s != RUN_CLOSED_OLD;
}

static int state_of(const char *name, const char *const *names, int n, int *ret, struct err *e)
{
	for (int i = 0; name && i < n; i++)
		if (!strcmp(names[i], name)) {
			*ret = i;
			return 0;
		}
	return err_set(e, ERR_FORMAT, "the journal holds the unknown state '%s'", name ? name : "");
}

int journal_open(const struct dir *state, enum db_mode mode, struct journal **ret, struct err *e)
{
	struct journal *j = xcalloc(1, sizeof *j);
	autofree char *path = xasprintf("%s/" JOURNAL_FILE, state->path);
	uint64_t ticks = 0;

	if (db_open(path, mode, migrations, ARRAY_LEN(migrations), LOCK_WAIT, &j->db, e) < 0 ||
	    proc_boot_id(j->boot, e) < 0 || process_start_ticks(getpid(), &ticks, e) < 0) {
		journal_close(j);
		return err_wrap(e, "open the journal in '%s'", state->path);
	}
	snprintf(j->process, sizeof j->process, "%d:%llu", (int)getpid(), (unsigned long long)ticks);
	*ret = j;
	return 0;
}

struct db *journal_db(struct journal *j)
{
	return j->db;
}

bool journal_in_transaction(const struct journal *j)
{
	return db_in_transaction(j->db);
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	db_close(j->db);
	free(j);
}

void journal_tell(struct journal *j, journal_told told, void *data)
{
	j->told = told;
	j->told_data = data;
}

static int tell(struct journal *j, const char *run, const char *step, enum urgency when, struct err *e)
{
	autojson json_t *change = NULL;

	if (!j->told)
		return 0;
	if (journal_change(j, run, step, &change, e) < 0)
		return -e->kind;
	return j->told(j->told_data, change, when, e);
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

	if (state_of(stmt_col_text(s, 6), run_names, RUN__MAX, &state, e) < 0)
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
	return tell(j, run, NULL, TOLD_AFTER, e);
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
	return tell(j, run, NULL, TOLD_AFTER, e);
}

static int mark_let_in(struct journal *j, const char *run, struct err *e)
{
	return db_run(j->db, e, "update run set let_in = 1 where id = ?", "t", run);
}

/* Told before it is committed: where it cannot be told nobody is let in, and the run may turn back by itself. */
static int let_in(struct journal *j, const char *run, struct err *e)
{
	if (db_begin(j->db, e) < 0)
		return -e->kind;
	if (mark_let_in(j, run, e) >= 0 && tell(j, run, NULL, TOLD_AHEAD, e) >= 0 && db_commit(j->db, e) >= 0)
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
	return tell(j, run, NULL, TOLD_AFTER, e);
}

int journal_finalize(struct journal *j, const char *run, struct err *e)
{
	if (db_run(j->db, e, "update run set finalized = 1 where id = ?", "t", run) < 0)
		return -e->kind;
	return tell(j, run, NULL, TOLD_AFTER, e);
}

static int json_col(struct stmt *s, int col, json_t **ret, struct err *e)
{
	const char *text = stmt_col_text(s, col);

	*ret = NULL;
	return text ? json_parse(sv_of(text), "a journal record", ret, e) : 0;
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
	if (state_of(stmt_col_text(s, 0), rec_names, REC__MAX, &state, e) < 0 || json_col(s, 1, &undo, e) < 0 ||
	    json_col(s, 2, &result, e) < 0)
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

static char *dump(const json_t *doc)
{
	return doc ? json_dumps(doc, JSON_COMPACT) : NULL;
}

static int note_intent(struct journal *j, const char *run, const struct intent *i, enum rec_state from, struct err *e)
{
	autofree char *undo = dump(i->undo);

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
	if (i->lets_in && tell(j, run, NULL, TOLD_EARLY, e) < 0)
		return -e->kind;
	return tell(j, run, i->step, i->harmless ? TOLD_EARLY : TOLD_AHEAD, e);
}

/* As let_in() has it. */
static int write_intent(struct journal *j, const char *run, const struct intent *i, enum rec_state from, struct err *e)
{
	if (db_begin(j->db, e) < 0)
		return -e->kind;
	if ((!i->lets_in || mark_let_in(j, run, e) >= 0) && note_intent(j, run, i, from, e) >= 0 && tell_intent(j, run, i, e) >= 0 &&
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
	autofree char *text = dump(result);
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
	return r < 0 ? r : tell(j, run, step, TOLD_AFTER, e);
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
	return r < 0 ? r : tell(j, run, step, TOLD_AFTER, e);
}

bool journal_effect_gone(const struct journal *j, const struct step_rec *r, bool boot, bool process)
{
	return (boot && (!r->boot || strcmp(r->boot, j->boot))) ||
	       (process && (!r->process || strcmp(r->process, j->process)));
}

int journal_settle(struct journal *j, struct err *e)
{
	return db_rewind(j->db, e);
}

int journal_put_doc(struct journal *j, const char *run, const char *name, const json_t *doc, struct err *e)
{
	autofree char *text = dump(doc);

	return db_run(j->db, e, "insert or replace into doc(run, name, body) values(?,?,?)", "ttt", run, name, text);
}

int journal_get_doc(struct journal *j, const char *run, const char *name, json_t **ret, struct err *e)
{
	autostmt struct stmt *s = NULL;
	int more;

	if (db_stmt(j->db, "select body from doc where run = ? and name = ?", &s, e) < 0)
		return -e->kind;
	stmt_text(s, 1, run);
	stmt_text(s, 2, name);
	more = stmt_step(s, e);
	if (more <= 0)
		return more < 0 ? more : err_set(e, ERR_ABSENT, "run '%s' has no '%s'", run, name);
	return json_col(s, 0, ret, e);
}

int journal_add_events(struct journal *j, const char *run, const json_t *events, struct err *e)
{
	json_t *event;
	size_t at;

	if (db_begin(j->db, e) < 0)
		return -e->kind;
	json_array_foreach((json_t *)events, at, event) {
		autofree char *text = dump(event);

		if (db_run(j->db, e, "insert into event(run, seq, body) values(?,?,?)", "tit", run,
		           json_int(event, "seq", 0), text) < 0) {
			db_rollback(j->db);
			return -e->kind;
		}
	}
	return db_commit(j->db, e);
}

int journal_events(struct journal *j, const char *run, json_t **ret, struct err *e)
{
	autostmt struct stmt *s = NULL;
	autojson json_t *list = json_array();
	int more;

	if (db_stmt(j->db, "select body from event where run = ? order by rowid", &s, e) < 0)
		return -e->kind;
	stmt_text(s, 1, run);
	while ((more = stmt_step(s, e)) > 0) {
		json_t *event;

		if (json_col(s, 0, &event, e) < 0)
			return -e->kind;
		json_array_append_new(list, event);
	}
	if (more < 0)
		return more;
	*ret = take_ptr(list);
	return 0;
}
