/* Runs, steps and undo records. What these functions return from is durable (SQLite, WAL, synchronous=FULL), but for two things that
 * a power cut may take back until something else is written: that a step is done, which it is then done again, and the intent of a step
 * that is harmless.
 *
 * Legal moves stand in one table each (journal_step.c, journal_run.c) and every change goes through it: a step from none to intended, to done,
 * back to intended (effect gone, made again), to undone; a run from open to held, turned, stands, stuck, closed-new,
 * closed-old. Anything else is ERR_BUG and changes nothing. */
#pragma once

#include "base/vec.h"
#include "io/db.h"
#include "io/json.h"

enum run_state { RUN_OPEN, RUN_HELD, RUN_TURNED, RUN_STANDS, RUN_STUCK, RUN_CLOSED_NEW, RUN_CLOSED_OLD, RUN__MAX };
enum rec_state { REC_NONE, REC_INTENDED, REC_DONE, REC_SKIPPED, REC_UNDONE, REC__MAX };

const char *run_state_name(enum run_state s);   /* "open" ... "closed-old" */
const char *rec_state_name(enum rec_state s);
bool run_move_legal(enum run_state from, enum run_state to);
bool rec_move_legal(enum rec_state from, enum rec_state to);
bool run_unfinished(enum run_state s);          /* open, held, turned, stands, stuck */

struct step_rec {
	char          *step;
	enum rec_state state;
	json_t        *undo, *result;
	char          *boot;            /* boot id when it became done */
	char          *process;         /* "pid:start ticks" of the crossgrade that did it */
	int64_t        intended_ns, done_ns;    /* wall clock */
};

struct run_rec {
	char          *id, *product, *name, *site_hash, *plan_digest, *tool;
	enum run_state state;
	bool           let_in;          /* clients may have been let in: durable before the effect */
	bool           finalized;
	int64_t        begun_ns, ended_ns;
	int            exit;            /* what the last call of it ended with, -1 none yet */
	char          *outcome;         /* one line for people */
};
struct run_list {
	struct run_rec *v;
	size_t          n, room;
};

struct journal;

#define JOURNAL_FILE "journal.sqlite"

int  journal_open(const struct dir *state, enum db_mode mode, struct journal **ret, struct err *e) must_check;
void journal_close(struct journal *j);

/* Begin a run: state open, plan stored. The id is made from wall time and random bits: "20261121-114502-3f9a". */
int journal_begin(struct journal *j, const char *product, const char *name, const char *site_hash, struct sv plan,
                  const char *plan_digest, struct sv goal, char **ret_id, struct err *e) must_check;
int journal_runs(struct journal *j, const char *site_hash /* NULL: all */, struct run_list *ret, struct err *e) must_check;
void run_list_done(struct run_list *l);
void run_rec_done(struct run_rec *r);
int journal_run(struct journal *j, const char *id, struct run_rec *ret, struct err *e) must_check;
int journal_plan(struct journal *j, const char *id, struct buf *ret_plan, struct buf *ret_goal, struct err *e) must_check;

int journal_turn(struct journal *j, const char *run, enum run_state to, const char *outcome, struct err *e) must_check;
/* The same with a document of the run: both, or neither. */
int journal_turn_with(struct journal *j, const char *run, enum run_state to, const char *outcome, const char *name, const json_t *doc,
                      struct err *e) must_check;
int journal_let_in(struct journal *j, const char *run, struct err *e) must_check;       /* nothing to do when it is so already */
int journal_ended(struct journal *j, const char *run, int exit, const char *outcome, struct err *e) must_check;
int journal_finalize(struct journal *j, const char *run, struct err *e) must_check;

int journal_step(struct journal *j, const char *run, const char *step, struct step_rec *ret, struct err *e) must_check;
void step_rec_done(struct step_rec *r);
struct intent {
	const char   *step, *kind;
	unsigned      version;
	const json_t *undo;             /* NULL keeps the record there is */
	bool          harmless;         /* lost, the step counts as not begun, and nothing of it is to be undone */
	bool          lets_in;          /* journal_let_in() in the same breath */
};
/* none, or done again -> intended. */
int journal_intend(struct journal *j, const char *run, const struct intent *i, struct err *e) must_check;
int journal_done(struct journal *j, const char *run, const char *step, const json_t *result, struct err *e) must_check;
int journal_skip(struct journal *j, const char *run, const char *step, struct err *e) must_check;
int journal_undone(struct journal *j, const char *run, const char *step, struct err *e) must_check;

/* Is the effect of a step that is DONE gone for an unknown time: done under another boot (asked when `boot`), or by another
 * process of ours (asked when `process`)? */
bool journal_effect_gone(const struct journal *j, const struct step_rec *r, bool boot, bool process);

/* Facts and documents of a run by name: "facts", "roots", "began", "writes", "released", "started-since", "in-place". */
int journal_put_doc(struct journal *j, const char *run, const char *name, const json_t *doc, struct err *e) must_check;
int journal_get_doc(struct journal *j, const char *run, const char *name, json_t **ret, struct err *e) must_check; /* ERR_ABSENT */
int journal_add_events(struct journal *j, const char *run, const json_t *events, struct err *e) must_check;       /* one commit */
int journal_events(struct journal *j, const char *run, json_t **ret, struct err *e) must_check;

/* As while a journal_told is called of what lies ahead: events cannot be added yet. */
bool journal_in_transaction(const struct journal *j);

/* Before a window: what is written next becomes durable in less time. */
int journal_settle(struct journal *j, struct err *e) must_check;

/* Everything of one run as JSON, for the restore point, and back into an empty journal. */
int journal_export(struct journal *j, const char *run, json_t **ret, struct err *e) must_check;
int journal_import(struct journal *j, const json_t *doc, struct err *e) must_check;

/* Who is told of every later change to a run or one of its steps: {"step": row} or {"run": columns}. Of what was done once it is
 * committed here, of what lies ahead before. */
enum urgency {
	TOLD_AFTER,     /* of what was done */
	TOLD_EARLY,     /* to be durable with what is told next */
	TOLD_AHEAD      /* an effect follows that only this record can undo: to be durable now */
};
/* When the teller fails of what lies ahead the change has failed for its caller. */
typedef int (*journal_told)(void *data, const json_t *change, enum urgency when, struct err *e);
void journal_tell(struct journal *j, journal_told told, void *data);
/* Bring such a change into an exported run. A change of nothing it knows is ERR_FORMAT. */
int journal_merge(json_t *doc, const json_t *change, struct err *e) must_check;
