/* What the progress line calls the steps of a run that is resumed or rolled back: its plan, from the journal. */
#pragma once

#include "cli/command.h"

/* run NULL: the unfinished one, else the newest. What cannot be read is left out: this is for the eye only. */
void show_run_plan(struct call *c, const char *run);
