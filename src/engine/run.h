/* Carrying out a plan: forward, backward, recover. The only loop that touches the installation.
 *
 * What a step does next is decided by its journal state, not by looking. A failing run turns backward by itself only while
 * no client write can have been accepted; docs/decisions and engine.md tell the rest. Exit codes are crossgrade(1)'s. */
#pragma once

#include "engine/event.h"
#include "engine/journal.h"
#include "engine/product.h"

enum exit_code {
	EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_BLOCKED = 3, EXIT_DRIFTED = 4, EXIT_TURNED = 5,
	EXIT_UNFINISHED = 6, EXIT_STUCK = 7, EXIT_STANDS = 8, EXIT_LOSS = 9, EXIT_PENDING = 10, EXIT_LOCKED = 11,
	EXIT_DIGEST = 12, EXIT_HELD = 13, EXIT_INTERRUPTED = 130
};

struct run_opts {
	const char          *state_dir;
	struct events       *events;
	const struct cancel *cancel;
	bool                 hold;              /* apply --hold */
	bool                 unattended;        /* boot service: never pass the point */
	bool                 force;             /* rollback --force */
	bool                 prove_all;         /* rollback --prove */
	bool                 accept_in_place;
	bool                 restore_data;      /* rollback --restore-data */
	const char          *save_writes;       /* rollback --save-new-writes DIR */
	const char          *side;              /* of inspect --save, verify --against: see struct ctx */
	const char *const   *accept;            /* --accept ID ..., NULL-ended */
	const char *const   *accept_loss;       /* --accept-loss ID ..., NULL-ended */
	bool                 accept_no_backup, accept_no_return, accept_open;
	uint64_t             io_limit;
	bool                 yes;
	ask_fn               ask;               /* NULL without a terminal, and with --yes */
	void                *ask_data;
};

/* What a call ended with: the exit code, one line, and the error when there is one. */
struct run_end {
	int        exit;
	char       run[64];
	char       line[512];
	struct err err;
};

/* Each returns the exit code too. The lock is taken inside. */
int run_apply(const struct plan *p, const struct goal *g, const struct run_opts *o, struct run_end *ret);
int run_resume(const char *run /* NULL: the unfinished one */, const struct run_opts *o, struct run_end *ret);
int run_rollback(const char *run /* NULL: the newest not finalized */, const struct run_opts *o, struct run_end *ret);
int run_rollback_from(const char *point_dir, const struct run_opts *o, struct run_end *ret);    /* without a journal */
int run_finalize(const char *run, bool restore_point_too, const struct run_opts *o, struct run_end *ret);
int run_verify(const char *run, const struct facts *against /* NULL: the run's */, const struct goal *g, enum depth d,
               const struct run_opts *o, struct comparisons *cmp, struct run_end *ret);

/* Before anything is looked at: no run of this installation is at work or unfinished, by the journal or by a marker beside its data. Found by
 * what the goal alone says, because in the middle of a run neither a server nor its configuration may be there. Exit code, 0 to go
 * on. */
int run_none_begun(const struct goal *g, const struct run_opts *o, struct run_end *ret);

/* Looking and thinking for the verbs before apply (world.c). */
int world_inspect(const struct goal *g, enum depth d, const struct run_opts *o, struct facts *ret, struct err *e) must_check;
int world_plan(const struct goal *g, const struct facts *now, struct plan *ret, struct err *e) must_check;
/* Status of this host (the "status" document's body): runs, the unfinished one first, what is possible now. */
int world_status(const struct run_opts *o, json_t **ret, struct err *e) must_check;

int backup_create(const struct goal *g, const struct run_opts *o, json_t **ret_point, struct run_end *ret);
int backup_restore(const struct goal *g, const char *id, const struct run_opts *o, struct run_end *ret);

const char *exit_meaning(int code);     /* the contract's words */
