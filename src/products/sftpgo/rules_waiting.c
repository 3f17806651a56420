#include "products/sftpgo/rules_waiting.h"

#include "products/sftpgo/action_remarks.h"

#define WAITING (1u << REMARK_DELETES | 1u << REMARK_PATTERN)

void rules_waiting_init(struct rules_waiting *w)
{
	*w = (struct rules_waiting){ .actions = json_object(), .rules = json_object() };
}

void rules_waiting_done(struct rules_waiting *w)
{
	json_decref(w->actions);
	json_decref(w->rules);
}

void rules_waiting_action(struct rules_waiting *w, const struct action_use *a, unsigned remarks)
{
	if (a->texts || remarks & WAITING)
		json_object_set_new(w->actions, a->name, json_true());
}

void rules_waiting_rule(struct rules_waiting *w, const struct rule_use *u)
{
	autojson json_t *actions = json_array();
	json_t *one;
	size_t i;

	json_array_foreach((json_t *)u->actions, i, one)
	{
		if (json_object_get(w->actions, json_str(one, "name", "")))
			json_array_append(actions, json_object_get(one, "name"));
	}
	if (u->active && json_array_size(actions))
		json_object_set_new(w->rules, u->name, json_pack("{si sO}", "trigger", u->trigger, "actions", actions));
}

static int add_action(void *arg, const struct action_use *a, struct err *e unused_arg)
{
	rules_waiting_action(arg, a, action_remarks(a, NULL));
	return 0;
}

static int add_rule(void *arg, const struct rule_use *u, struct err *e unused_arg)
{
	rules_waiting_rule(arg, u);
	return 0;
}

int rules_waiting_read(struct provider *db, json_t **ret, struct err *e)
{
	static const enum object_kind kinds[] = { OBJ_EVENT_ACTIONS, OBJ_EVENT_RULES };
	autoruleswaiting struct rules_waiting w;
	const struct census_watch watch = { .action = add_action, .rule = add_rule, .arg = &w };
	struct census unused = { 0 };

	rules_waiting_init(&w);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		autoobjects struct objects *all = NULL;
		const struct object *o;
		int r = objects_open(db, kinds[i], &all, e);

		while (r >= 0 && (r = objects_next(all, &o, e)) > 0)
			if (census_add(&watch, o, &unused, e) < 0)
				return -(int)e->kind;
		if (r < 0)
			return r;
	}
	*ret = json_incref(w.rules);
	return 0;
}
