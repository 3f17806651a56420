/* Active event rules that may not meet Enterprise before somebody looked at them: SF_RULES. Beside placeholders, which it reads as
 * templates, their actions delete or copy what open source did not. */
#pragma once

#include "products/sftpgo/objects_census.h"

struct rules_waiting {
	json_t *actions; /* {name: true}: whose rules wait */
	json_t *rules;   /* {name: {"trigger","actions":[name]}} */
};
#define autoruleswaiting cleanup_with(rules_waiting_done)

void rules_waiting_init(struct rules_waiting *w);
void rules_waiting_done(struct rules_waiting *w);
/* Actions come before the rules that use them: enum object_kind. remarks: of action_remarks(). */
void rules_waiting_action(struct rules_waiting *w, const struct action_use *a, unsigned remarks);
void rules_waiting_rule(struct rules_waiting *w, const struct rule_use *u);
/* Of a database, without a look at its other objects. *ret is as `rules` above, to be released. */
int rules_waiting_read(struct provider *db, json_t **ret, struct err *e) must_check;
