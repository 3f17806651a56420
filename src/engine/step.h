/* The step contract. Whatever changes the world is a step of some kind; engine/run.c is the only loop that calls them.
 *
 * Laws (one test runs them over every kind): describe, capture and verify change nothing. capture refuses with ERR_CHANGED
 * when the expected old value is gone and runs once; its record is durable before apply. apply may be repeated from any
 * state after capture and returns when its effect is durable, or as its lifetime says; what is not idempotent by nature
 * first looks who is where. undo brings back the old state from untouched, half done or done, may be repeated, and never
 * overwrites a third value (ERR_CHANGED, unless ctx->force). verify says DONE only for what it saw, and of whom. */
#pragma once

#include "base/pool.h"
#include "engine/facts.h"
#include "engine/goal.h"
#include "engine/results.h"
#include "engine/site.h"

enum lifetime { LIFE_DURABLE, LIFE_BOOT, LIFE_PROCESS };        /* what the effect survives */
enum phase { PHASE_STAGE, PHASE_FREEZE, PHASE_CHANGE, PHASE_THAW, PHASE_PROVE, PHASE_OPEN, PHASE_AFTER, PHASE__MAX };
const char *phase_name(enum phase p);

enum step_flags {
	STEP_IN_WINDOW = 1 << 0,        /* clients are not served while it runs */
	STEP_POINT     = 1 << 1,        /* the first start of a target build */
	STEP_LETS_IN   = 1 << 2,        /* clients can write to the new server from here: durable mark before its effect */
	STEP_NO_UNDO   = 1 << 3,
	STEP_AGAIN     = 1 << 4,        /* made again after an interruption before the first CHANGE step */
	STEP_CLOSES_WINDOW = 1 << 5     /* clients are served when it is done */
};

enum step_state { STEP_NOT_DONE, STEP_IS_DONE, STEP_UNSURE };

struct ctx;

struct step_kind {
	const char   *name;
	unsigned      version;          /* of params, undo and result; the journal keeps it */
	enum lifetime lifetime;
	/* One line for people: "stop questdb.service and keep it stopped". */
	int (*describe)(const json_t *params, struct buf *ret, struct err *e);
	int (*capture)(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e);
	int (*apply)(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e);
	int (*verify)(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e);
	int (*undo)(struct ctx *c, const json_t *params, const json_t *undo, struct err *e);
	/* Changes nothing: ERR_CHANGED when undo would meet a third value, so that a rollback can refuse while a server still
	 * serves. NULL: nobody else can have changed it, or only undo itself can tell. */
	int (*undo_look)(struct ctx *c, const json_t *params, const json_t *undo, struct err *e);
	/* Lost with its record, what apply did needs no undo: its announcement has not to be durable before it, only before that of a step
	 * that is not harmless. Every fsync in the window is downtime. */
	bool harmless;
	/* Asks the old server while it serves, where the step is not STEP_IN_WINDOW: what it was told stands while the run itself keeps that
	 * server stopped, also of STEP_AGAIN. */
	bool served;
	/* The way back was given up: what was kept for it alone, outside of crossgrade's own places, is removed. May be repeated. ret_gone:
	 * what it was, for people, heap; NULL: it is gone already. NULL: such a kind keeps nothing. */
	int (*give_up)(struct ctx *c, const json_t *params, const json_t *undo, char **ret_gone, struct err *e);
	/* What it keeps is of the old world: it stays, and is named, where the way back is left to a person. Of another kind with give_up
	 * nothing stays then. */
	bool keeps_old;
};

/* capture() of a kind whose undo asks nothing of the old world. */
int step_capture_nothing(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e);
/* apply() of a kind that is there for its undo; verify() of one that is done as soon as it has a result. */
int step_apply_nothing(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e);
int step_verify_result(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e);

struct step {
	char                   *id;
	enum phase              phase;
	unsigned                flags;
	char                   *site;
	const struct step_kind *kind;
	json_t                 *params;
	char                   *why;
	int                     weight; /* of progress, relative to the other steps; 0 counts as 1 */
};

/* The registry tools/discover.sh generates: every kind of engine/steps/ and of the products. NULL when unknown. */
const struct step_kind *step_kind_named(const char *name);
extern const struct step_kind *const step_kinds[];      /* ends with NULL */

struct product;
struct plan;
struct events;

/* Somebody at a terminal: 1 yes, 0 no. */
typedef int (*ask_fn)(void *data, const char *question);

/* All a step may reach. */
struct ctx {
	const struct product *product;
	const struct goal    *goal;
	const struct plan    *plan;
	const json_t         *known;            /* pinned facts of the plan that is looked at again, NULL none: of what is dear to look at and
	                                         * has the digest that it had */
	const char           *run;              /* id; names trash, restore point, hold */
	struct site          *sites;
	size_t                n_sites;
	struct dir            state;            /* the state directory */
	struct dir            blobs;            /* state/undo/<run> */
	const char           *scratch;          /* path of the state directory, there or not: room for what is private; NULL: none */
	const char           *side;             /* directory of what saved facts name by its digest; NULL: nothing is saved */
	struct events        *events;
	const struct cancel  *cancel;
	uint64_t              io_limit;         /* bytes a second while the server runs; 0: none */
	bool                  point_passed;     /* by the journal: a POINT step was ever intended */
	bool                  backward;         /* undo is running */
	bool                  let_in;           /* on the way back: clients may have been let in, by the journal */
	bool                  force;            /* --force: undo may overwrite a third value */
	ask_fn                ask;              /* NULL: nobody is there to be asked */
	void                 *ask_data;
	bool                  prove_all;        /* --prove */
	bool                  afterwards;       /* verify of a run that made its own comparison when it ended */
	bool                  accept_in_place;  /* --accept-in-place-restore, of this call or an earlier one of the run */
	bool                  restore_data;     /* --restore-data: what a plan keeps on its way back is put back, too */
	const char           *save_writes;      /* --save-new-writes DIR or NULL */
	struct held_fd       *held;             /* ctx_hold_fd() */
	size_t                n_held;
	json_t               *results;          /* {step id: result} of the steps done, for {"from","key"} */
};

struct site *ctx_site(struct ctx *c, const char *name);         /* NULL: the first */
/* The site named by params' "site" (default "main"). */
int  ctx_site_of(struct ctx *c, const json_t *params, struct site **ret, struct err *e) must_check;
/* Name of the hold file of this installation below the state directory: "hold/<lock hash>". */
char *ctx_hold_path(struct ctx *c, const struct site *s) must_check;
/* Does the way back leave the data where it is? */
bool ctx_keeps_data(const struct ctx *c);
/* Looks: does the plan's gate keep clients out now? No gate holds nobody. */
bool ctx_gate_holds(struct ctx *c);
/* By the results: did somebody else let clients in before the new server was checked? */
bool ctx_was_opened(const struct ctx *c);
/* Keep a descriptor for the life of this process (a lock, a watcher's pipe); replaces one of the same name. */
void ctx_hold_fd(struct ctx *c, const char *name, int fd);
bool ctx_holds(const struct ctx *c, const char *name);
void ctx_drop_fd(struct ctx *c, const char *name);
void ctx_drop_fds(struct ctx *c);                                /* all of them: the call ends */
void ctx_progress(struct ctx *c, uint64_t done, uint64_t total, const char *unit);
