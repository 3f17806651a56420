/* Between the files of the journal. */
#pragma once

#include "engine/journal.h"

struct journal {
	struct db   *db;
	char         boot[64];
	char         process[64];       /* as a step_rec has them */
	journal_told told;
	void        *told_data;
};

/* Tell whom journal_tell() named, if anyone, of a step or, with step NULL, of its run. */
int journal_tell_of(struct journal *j, const char *run, const char *step, enum urgency when, struct err *e) must_check;
/* What is told: the row of a step, or with step NULL what changes of a run. */
int journal_change(struct journal *j, const char *run, const char *step, json_t **ret, struct err *e) must_check;

/* Which of n names a row holds. */
int journal_state_of(const char *name, const char *const *names, int n, int *ret, struct err *e) must_check;
/* A document in a column, and text for one: NULL of null. */
int journal_json_col(struct stmt *s, int col, json_t **ret, struct err *e) must_check;
char *journal_json_text(const json_t *doc);

/* Nothing but the mark: told and committed by the caller. */
int journal_mark_let_in(struct journal *j, const char *run, struct err *e) must_check;
