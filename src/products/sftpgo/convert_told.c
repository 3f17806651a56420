#include "products/sftpgo/convert_told.h"

#define BECAUSE_NAMED 100 /* actions that hold a rule, of each kind */

/* ---- rules ---- */

void rule_fate_free(void *fate)
{
	struct rule_fate *f = fate;

	vec_done(&f->because);
	vec_done(&f->unknown);
	free(f);
}

bool rule_goes(const struct rule_fate *f)
{
	return f && f->active && (f->because.n || f->unknown.n || !f->stays);
}

struct rule_fate *convert_told_rule(struct convert_told *t, const struct event_judge *j, const json_t *rule,
				    const struct template_findings *found)
{
	unsigned verdict = event_verdict(j, json_str(rule, "name", ""), found);
	struct rule_fate *f = xcalloc(1, sizeof *f);

	f->active = json_int(rule, "status", 0) == 1;
	f->stays = !(verdict & EVENT_HELD);
	vec_each (found, it) {
		if (f->n_found < RULE_FOUND_MAX)
			f->found[f->n_found++] = (typeof(*f->found)){ it->reason, it->class, it->condition, it->evidence };
	}
	t->inexact_rules += (verdict & EVENT_INEXACT) != 0;
	return f;
}

void convert_told_because(struct convert_told *t, struct rule_fate *f, const char *action, bool known)
{
	if (known) {
		*vec_push(&f->because) = action;
		return;
	}
	*vec_push(&f->unknown) = action;
	t->inexact_rules++;
}

static json_t *found_json(const struct event_judge *j, const char *name, const struct rule_fate *f)
{
	struct template_finding found[RULE_FOUND_MAX] = { 0 };
	const struct template_findings all = { .v = found, .n = f->n_found };

	for (size_t i = 0; i < all.n; i++)
		found[i] = (struct template_finding){ .reason = f->found[i].reason, .class = f->found[i].class,
						      .condition = f->found[i].condition, .evidence = f->found[i].evidence };
	return all.n ? event_findings_json(j, name, &all) : NULL;
}

static json_t *names_json(const char *const *names, size_t n)
{
	json_t *list = n ? json_array() : NULL;

	for (size_t i = 0; i < MIN_OF(n, (size_t)BECAUSE_NAMED); i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *rule_json(const struct event_judge *j, const char *name, const struct rule_fate *f)
{
	return json_pack("{ss sb sb so? sI so? sI so?}", "name", name, "active", f->active, "set_inactive", rule_goes(f), "because",
			 names_json(f->because.v, f->because.n), "because_in_all", (json_int_t)f->because.n, "unknown",
			 names_json(f->unknown.v, f->unknown.n), "unknown_in_all", (json_int_t)f->unknown.n, "findings",
			 found_json(j, name, f));
}

/* ---- actions ---- */

void convert_told_init(struct convert_told *t)
{
	*t = (struct convert_told){ .list = json_array() };
	event_tally_init(&t->actions);
}

void convert_told_done(struct convert_told *t)
{
	event_tally_done(&t->actions);
	json_decref(t->list);
}

/* Into a list, if it fits; the reference is stolen. */
static void tell(struct convert_told *t, json_t *list, json_t *one, size_t max, size_t *untold)
{
	size_t bytes = json_dumpb(one, NULL, 0, JSON_COMPACT);

	if (t->bytes + bytes > max) {
		++*untold;
		json_decref(one);
		return;
	}
	t->bytes += bytes;
	json_array_append_new(list, one);
}

#define FINDING_LEAST 200 /* bytes of its JSON, */
#define CHANGE_LEAST  60  /* and of a field's, without its texts */

/* About how large it would be, before it is made: in memory it is ten times that. */
static size_t bytes_of(const struct template_action *a)
{
	size_t n = a->findings.n * FINDING_LEAST;

	vec_each (&a->changes, c)
		n += CHANGE_LEAST + c->before_len + c->after_len;
	return n;
}

/* Half of the room is kept for what has to be looked at. */
unsigned convert_told_action(struct convert_told *t, const struct event_judge *j, const json_t *action, const struct template_action *a)
{
	unsigned verdict = event_tally_add(&t->actions, j, json_str(action, "name", ""), a);
	size_t max = verdict & EVENT_HELD ? CONVERT_TOLD_MAX : CONVERT_TOLD_MAX / 2;
	json_t *about = t->bytes + bytes_of(a) <= max ? event_action_json(j, action, a) : NULL;

	if (about)
		tell(t, t->list, about, max, &t->untold);
	else
		t->untold += a->changes.n || a->findings.n;
	return verdict;
}

/* ---- all of it ---- */

struct rules_told {
	json_t *list, *inactive; /* inactive: names */
	size_t n_inactive, untold;
};

static struct rules_told rules_told(struct convert_told *t, const struct event_judge *j, const struct map *rules)
{
	struct rules_told r = { .list = json_array(), .inactive = json_array() };

	map_each (rules, it) {
		const struct rule_fate *f = it->value;

		if (rule_goes(f) && r.n_inactive++ < EVENT_LISTED_MAX)
			json_array_append_new(r.inactive, json_string(it->key));
		if (f->because.n || f->unknown.n || f->n_found)
			tell(t, r.list, rule_json(j, it->key, f), CONVERT_TOLD_MAX, &r.untold);
	}
	return r;
}

static json_t *counts_json(const struct convert_told *t, const struct map *rules, const struct rules_told *r)
{
	const struct event_tally *a = &t->actions;

	return json_pack("{sI sI sI sI sI sI sI sI sI sI sI sI}", "actions", (json_int_t)a->actions, "unchanged", (json_int_t)a->unchanged,
			 "exact", (json_int_t)a->by_class[TEMPLATE_EXACT], "conditional", (json_int_t)a->by_class[TEMPLATE_EXACT_IF],
			 "not_translatable", (json_int_t)a->by_class[TEMPLATE_NOT], "held", (json_int_t)a->held, "blocking",
			 (json_int_t)a->blocking, "fields", (json_int_t)a->fields, "rules", (json_int_t)rules->n, "rules_set_inactive",
			 (json_int_t)r->n_inactive, "not_shown", (json_int_t)t->untold, "rules_not_shown", (json_int_t)r->untold);
}

static json_t *evidence_json(const struct event_tally *a)
{
	json_t *tokens = json_object();

	for (int i = 0; i < TEMPLATE_EVIDENCE__MAX; i++)
		json_object_set_new(tokens, template_evidence_name((enum template_evidence)i), json_integer((json_int_t)a->tokens[i]));
	return tokens;
}

int convert_told_document(struct convert_told *t, const struct event_judge *j, const struct map *rules, const json_t *about, json_t **ret,
			  struct err *e)
{
	struct rules_told r = rules_told(t, j, rules);
	autojson json_t *told = json_pack("{so so s{sO sO so} sO so}", "counts", counts_json(t, rules, &r), "evidence",
					  evidence_json(&t->actions), "lists", "blocking", t->actions.blocking_list, "held",
					  t->actions.held_list, "set_inactive", r.inactive, "actions", t->list, "rules", r.list);

	if (!told || !about)
		return err_set(e, ERR_BUG, "what is told of the conversion is no JSON");
	*ret = json_copy((json_t *)about);
	json_object_update(*ret, told);
	return 0;
}
