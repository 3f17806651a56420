/* What a probe of the target settled (step_events_probe.c), as another translation uses it. The form is the run's own report,
 * as `crossgrade report RUN --output json` writes it: its events_probe step has, beside its notes,
 *
 *	"settled": {"json-escape": true, "provider-name": false}
 *
 * names of conditions (template_condition_about()) and whether they hold; those that are not there are open. */
#pragma once

#include "products/sftpgo/event_judge.h"

/* {condition: bool} of the report at an operator's path; new reference. ERR_FORMAT: no report of a run of SFTPGo's, or one with a
 * condition that no probe asks (template_condition_about.unasked); ERR_USAGE: its run asked no server. */
int event_settled_read(const char *path, json_t **ret, struct err *e) must_check;
/* Conditions that nobody knows or no probe asks, and values that are no bool, are passed over. NULL: nothing is settled. */
void event_judge_settle(struct event_judge *j, const json_t *settled);
