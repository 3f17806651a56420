/* What a translation of event actions (template.h) means for whoever has to put it to work: which actions may run unseen, which
 * are held back, which are not to be had without an operator's word; and how all of it is told. Pure.
 *
 * A finding is agreed to by the name of its reason or of its condition ("deletes-trees", "one-email"), of one action or rule alone
 * by that and its name ("one-email:mail to owner"). What is not exact and not agreed to holds the action back, unless it means the
 * same whichever way it is (template_condition_about.same_meaning). */
#pragma once

#include "products/sftpgo/template.h"

struct event_judge {
	struct template_asked asked;            /* release, what is settled; triggers are filled in for each action */
	const struct template_world *world;
	const char *const *accept;              /* NULL-ended, or NULL */
};

/* ERR_USAGE when something that is no name of a reason or condition is agreed to. Whose actions and rules are named is not looked at. */
int event_judge_accepts(const char *const *accept, struct err *e) must_check;
/* The name by which a finding is agreed to and explained: its reason's, or its condition's where the reason says no more. */
const char *event_finding_name(const struct template_finding *f);
/* The action or rule that is agreed to alone; NULL: all of them. */
const char *event_accepted_name(const char *accepted);

enum event_verdict {
	EVENT_CLEAN = 0,
	EVENT_INEXACT = 1,      /* bits: not the same bytes under all conditions, */
	EVENT_HELD = 2,         /* and not to be put to work unseen, */
	EVENT_BLOCKING = 4,     /* and data may be lost, or the target would not take it */
};
/* Of the action or rule of that name. */
unsigned event_finding_verdict(const struct event_judge *j, const char *name, const struct template_finding *f);
unsigned event_verdict(const struct event_judge *j, const char *name, const struct template_findings *f);

/* template_action() of one action among the rules of the world, or of a copy of it that a rule holds, which may be without its
 * type. An error names the action. */
int event_translate(const struct event_judge *j, const json_t *action, struct template_action *ret, struct err *e) must_check;

/* An element of "actions" of the "translation" document; what looks like a secret is "***" in it. NULL when nothing is to be
 * told: no text changes and nothing was found. */
json_t *event_action_json(const struct event_judge *j, const json_t *action, const struct template_action *t) must_check;
json_t *event_findings_json(const struct event_judge *j, const char *name, const struct template_findings *f) must_check;
