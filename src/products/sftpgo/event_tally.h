/* What many translations of event actions come to: counts, and the lists that an operator works through. Of any number of actions
 * the first EVENT_LISTED_MAX of each list are named; all are counted. Pure. */
#pragma once

#include "products/sftpgo/event_judge.h"

#define EVENT_LISTED_MAX 10000

struct event_tally {
	size_t actions, unchanged;      /* unchanged: nothing is to be told of them */
	size_t by_class[TEMPLATE_CLASS__MAX];
	size_t tokens[TEMPLATE_EVIDENCE__MAX]; /* that were translated, by how their translation is known */
	size_t fields;                  /* whose text became another */
	size_t held, blocking, inexact; /* blocking ones are held, too */
	json_t *blocking_list, *held_list; /* [{"name","findings":[name to agree by]}]; one that blocks is not in both */
};
#define auto_event_tally cleanup_with(event_tally_done)

void event_tally_init(struct event_tally *t);
void event_tally_done(struct event_tally *t);
/* Returns the verdict. */
unsigned event_tally_add(struct event_tally *t, const struct event_judge *j, const char *name, const struct template_action *a);
