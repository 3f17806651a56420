#include "products/sftpgo/event_tally.h"

void event_tally_init(struct event_tally *t)
{
	*t = (struct event_tally){ .blocking_list = json_array(), .held_list = json_array() };
}

void event_tally_done(struct event_tally *t)
{
	json_decref(t->blocking_list);
	json_decref(t->held_list);
	*t = (struct event_tally){ 0 };
}

/* By what names whoever wants the action at work would have to agree; each once. */
static json_t *names_of(const struct event_judge *j, const char *action, const struct template_findings *all, unsigned wanted)
{
	json_t *names = json_array();

	vec_each (all, f) {
		const char *name = event_finding_name(f);

		if (event_finding_verdict(j, action, f) & wanted && !json_lists(names, name))
			json_array_append_new(names, json_string(name));
	}
	return names;
}

static void list(json_t *to, const char *name, json_t *findings /* stolen */)
{
	if (json_array_size(to) < EVENT_LISTED_MAX)
		json_array_append_new(to, json_pack("{ss sO}", "name", name, "findings", findings));
	json_decref(findings);
}

unsigned event_tally_add(struct event_tally *t, const struct event_judge *j, const char *name, const struct template_action *a)
{
	unsigned verdict = event_verdict(j, name, &a->findings);

	t->actions++;
	t->unchanged += !a->changes.n && !a->findings.n;
	t->by_class[a->class]++;
	t->fields += a->changes.n;
	vec_each (&a->findings, f)
		t->tokens[f->evidence] += f->token && f->template && f->class != TEMPLATE_NOT;
	t->inexact += (verdict & EVENT_INEXACT) != 0;
	t->held += (verdict & EVENT_HELD) != 0;
	t->blocking += (verdict & EVENT_BLOCKING) != 0;
	if (verdict & EVENT_BLOCKING)
		list(t->blocking_list, name, names_of(j, name, &a->findings, EVENT_HELD));
	else if (verdict & EVENT_HELD)
		list(t->held_list, name, names_of(j, name, &a->findings, EVENT_HELD));
	return verdict;
}
