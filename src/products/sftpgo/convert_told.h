/* What `crossgrade convert sftpgo-events` tells: its "translation" document, of dumps of any size in bounded memory. Actions and
 * rules are told one by one as long as they fit into CONVERT_TOLD_MAX, those with something to look at first; all of them are
 * counted, and the lists an operator works through (event_tally.h) name the first 10,000 each. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "products/sftpgo/event_tally.h"

#define CONVERT_TOLD_MAX (16u << 20) /* bytes of JSON */

#define RULE_FOUND_MAX 4
struct rule_fate {
	bool active;
	bool stays;             /* nothing of its own holds it */
	unsigned char n_found;
	struct {
		unsigned char reason, class, condition, evidence;
	} found[RULE_FOUND_MAX];
	VEC(const char *) because; /* its actions that are held; names of the caller's */
	VEC(const char *) unknown; /* those of which the dump has the name alone: nobody judged them */
};
void rule_fate_free(void *fate);
/* Active in the dump, and not to be so any more. NULL: not known, not touched. */
bool rule_goes(const struct rule_fate *f);

struct convert_told {
	struct event_tally actions;
	size_t inexact_rules;
	json_t *list;           /* "actions" of the document */
	size_t bytes, untold;
};
void convert_told_init(struct convert_told *t);
void convert_told_done(struct convert_told *t);

/* Returns its verdict. */
unsigned convert_told_action(struct convert_told *t, const struct event_judge *j, const json_t *action, const struct template_action *a);
/* What is to be kept of a rule; rule_fate_free(). */
struct rule_fate *convert_told_rule(struct convert_told *t, const struct event_judge *j, const json_t *rule,
				    const struct template_findings *found) must_check;
/* Of an action of the rule that is held, or unknown. The name is borrowed. */
void convert_told_because(struct convert_told *t, struct rule_fate *f, const char *action, bool known);
/* The whole document: `about` and all that was told. rules: name, struct rule_fate. */
int convert_told_document(struct convert_told *t, const struct event_judge *j, const struct map *rules, const json_t *about, json_t **ret,
			  struct err *e) must_check;
