/* The verbs: one table, one file cmd_<verb>.c each. */
#pragma once

#include "cli/options.h"
#include "cli/output.h"
#include "cli/ui.h"
#include "engine/run.h"

struct call {
	struct args     args;
	struct out      out;            /* stdout: the answer */
	struct ui       ui;             /* stderr: the talk */
	struct run_opts opts;
	struct events  *events;
	const char    **accept, **accept_loss;
	char           *state_dir, *save_writes;
};

enum command_flags {
	CMD_SUBJECT = 1 << 0,           /* takes -f or the subject's flags */
	CMD_TOUCHES = 1 << 1,           /* changes something: Ctrl-C waits for the next safe point */
	CMD_ID      = 1 << 2,           /* its last operand is not a product: an id, a file */
	CMD_MAKES   = 1 << 3            /* makes a file: ends as that did, whether the answer could be told or not */
};

struct command {
	const char     *name;           /* "plan", "backup create" */
	const char     *operands;       /* "[PRODUCT]", "" */
	const char     *help;           /* one line */
	unsigned        max_operands;
	unsigned        flags;
	const enum opt *opts;           /* its own, ends with OPT__MAX; NULL: none */
	/* Returns the exit code. A failure that has not been told yet is left in e (kind not ERR_OK). */
	int           (*run)(struct call *c, struct err *e);
	const char     *interrupted;    /* of CMD_TOUCHES: what Ctrl-C makes it do; NULL: it turns back */
	const char     *more;           /* lines of its --help before the options; NULL: none */
};

extern const struct command commands[];         /* ends with .name = NULL */
/* What the contract names but this version does not have; NULL-ended. */
extern const char *const not_built_verbs[], *const not_built_options[], *const not_built_outputs[];

int cmd_init(struct call *c, struct err *e);
int cmd_inspect(struct call *c, struct err *e);
int cmd_check(struct call *c, struct err *e);
int cmd_plan(struct call *c, struct err *e);
int cmd_backup_create(struct call *c, struct err *e);
int cmd_backup_list(struct call *c, struct err *e);
int cmd_backup_show(struct call *c, struct err *e);
int cmd_backup_prove(struct call *c, struct err *e);
int cmd_backup_restore(struct call *c, struct err *e);
int cmd_backup_prune(struct call *c, struct err *e);
int cmd_apply(struct call *c, struct err *e);
int cmd_status(struct call *c, struct err *e);
int cmd_resume(struct call *c, struct err *e);
int cmd_rollback(struct call *c, struct err *e);
int cmd_verify(struct call *c, struct err *e);
int cmd_finalize(struct call *c, struct err *e);
int cmd_report(struct call *c, struct err *e);
int cmd_convert(struct call *c, struct err *e);
int cmd_explain(struct call *c, struct err *e);

/* Output and talk, as soon as the line is parsed; then everything a run needs. */
void call_begin(struct call *c);
int  call_options(struct call *c, struct err *e) must_check;
void call_done(struct call *c);
/* The operand at i, or NULL. */
const char *call_operand(const struct call *c, size_t i);
/* Agreed: 0. --yes, or a person's word; ERR_USAGE when there is nobody to ask, ERR_REFUSED when the answer is no. */
int  call_confirm(struct call *c, const char *question, struct err *e) must_check;
/* Exit code of a failure that no run has judged. */
int  exit_of(const struct err *e);
/* Tell what a run ended with: the "run" document, or its line and how to go on. Returns its exit code. */
int  call_end(struct call *c, const struct run_end *end);
/* The same for a verb that makes no run and is in the way of one: what it says becomes the error. */
int  call_begun(const struct run_end *begun, struct err *e);
