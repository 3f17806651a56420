/* One run as one JSON document ("report"), and as text for people. */
#pragma once

#include "engine/journal.h"

int  report_make(struct journal *j, const struct dir *state, const char *run, json_t **ret, struct err *e) must_check;
void report_text(const json_t *report, struct buf *ret);
