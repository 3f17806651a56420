/* One run as one JSON document ("report"): its steps with times and bytes, the downtime as measured from outside, the
 * forecast beside what happened, differences, what was not proved, the restore point and the way back. */
#pragma once

#include "engine/journal.h"

int report_make(struct journal *j, const struct dir *state, const char *run, json_t **ret, struct err *e) must_check;
