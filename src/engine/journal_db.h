/* Between the files of the journal. */
#pragma once

#include "engine/journal.h"

struct db *journal_db(struct journal *j);
/* What journal_tell() tells: the row of a step, or with step NULL what changes of a run. */
int journal_change(struct journal *j, const char *run, const char *step, json_t **ret, struct err *e) must_check;
