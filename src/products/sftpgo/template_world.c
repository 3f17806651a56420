/* Who uses an action, and who listens to what actions do. */
#include "base/map.h"
#include "products/sftpgo/template_in.h"

#define NODES_MAX 1000000 /* actions, rules, and uses, each */

struct rule_node;
struct action_node {
	char *name;
	int type; /* 0: only a rule named it so far */
	VEC(struct rule_node *) rules;
};
/* When an action of a rule runs, whatever its order among the others says. */
enum turn { TURN_SYNC, TURN_ASYNC, TURN_FAILURE };

struct rule_use {
	struct action_node *action;
	enum turn turn;
	int64_t order; /* within its turn */
	bool stops;    /* the rule, when it fails */
};
struct rule_node {
	char *name;
	unsigned trigger;
	VEC(struct rule_use) uses; /* in the order they run */
};
struct template_world {
	struct map actions;
	VEC(struct rule_node *) rules;
	size_t n_uses;
	unsigned heard;
};

struct template_world *template_world_new(void)
{
	return xcalloc(1, sizeof(struct template_world));
}

static void action_free(void *p)
{
	struct action_node *n = p;

	free(n->name);
	vec_done(&n->rules);
	free(n);
}

void template_world_free(struct template_world *w)
{
	if (!w)
		return;
	map_done(&w->actions, action_free);
	vec_each (&w->rules, r) {
		free((*r)->name);
		vec_done(&(*r)->uses);
		free(*r);
	}
	vec_done(&w->rules);
	free(w);
}

/* ---- filling it ---- */

static struct action_node *node_of(struct template_world *w, const char *name)
{
	struct action_node *n = map_get(&w->actions, name);

	if (n)
		return n;
	n = xcalloc(1, sizeof *n);
	n->name = xstrdup(name);
	(void)map_put(&w->actions, name, n);
	return n;
}

static int too_many(struct err *e)
{
	return err_set(e, ERR_SPACE, "more than %d event actions or rules", NODES_MAX);
}

int template_world_action(struct template_world *w, const json_t *action, struct err *e)
{
	const char *name = json_str(action, "name", NULL);

	if (!name)
		return err_set(e, ERR_FORMAT, "an event action has no name");
	if (w->actions.n >= NODES_MAX)
		return too_many(e);
	node_of(w, name)->type = (int)json_int(action, "type", 0);
	return 0;
}

static int by_turn(const void *a, const void *b)
{
	const struct rule_use *x = a, *y = b;

	if (x->turn != y->turn)
		return x->turn < y->turn ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static enum turn turn_of(const json_t *use)
{
	const json_t *options = json_object_get(use, "relation_options");

	if (json_bool(options, "is_failure_action", false))
		return TURN_FAILURE;
	return json_bool(options, "execute_sync", false) ? TURN_SYNC : TURN_ASYNC;
}

static bool stops(const json_t *use)
{
	return json_bool(json_object_get(use, "relation_options"), "stop_on_failure", false);
}

static void uses_add(struct template_world *w, struct rule_node *r, const json_t *actions)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)actions, i, one)
	{
		const char *name = json_str(one, "name", NULL);
		struct action_node *n;

		if (!name)
			continue;
		n = node_of(w, name);
		*vec_push(&r->uses) =
		    (struct rule_use){ n, turn_of(one), json_int(one, "order", (int64_t)i),
				       stops(one) };
		if (!n->rules.n || *vec_last(&n->rules) != r)
			*vec_push(&n->rules) = r;
	}
	vec_sort(&r->uses, by_turn);
	w->n_uses += r->uses.n;
}

static bool names_any(const json_t *list, const char *const *words)
{
	if (!json_array_size(list))
		return true;
	for (; *words; words++) {
		if (json_lists(list, *words))
			return true;
	}
	return false;
}

/* No protocol or object named means all. */
static unsigned heard_by(unsigned trigger, const json_t *conditions)
{
	static const char *const retention[] = { "DataRetention", NULL };
	static const char *const users[] = { "user", NULL }, *const admins[] = { "admin", NULL };
	const json_t *options = json_object_get(conditions, "options");
	const json_t *events = json_object_get(conditions, "fs_events");
	const json_t *objects = json_object_get(options, "provider_objects");
	unsigned heard = 0;

	if (trigger == TEMPLATE_ON_FS &&
	    names_any(json_object_get(options, "protocols"), retention)) {
		if (json_lists(events, "delete") || json_lists(events, "pre-delete"))
			heard |= TEMPLATE_HEARS_DELETE;
		if (json_lists(events, "rmdir"))
			heard |= TEMPLATE_HEARS_RMDIR;
	}
	if (trigger == TEMPLATE_ON_PROVIDER) {
		heard |= names_any(objects, users) ? TEMPLATE_HEARS_USER : 0;
		heard |= names_any(objects, admins) ? TEMPLATE_HEARS_ADMIN : 0;
	}
	return heard;
}

int template_world_rule(struct template_world *w, const json_t *rule, struct err *e)
{
	const char *name = json_str(rule, "name", NULL);
	int64_t trigger = json_int(rule, "trigger", 0);
	struct rule_node *r;

	if (!name || trigger < 1 || trigger > 7)
		return err_set(e, ERR_FORMAT, "an event rule has no name or no trigger");
	if (w->rules.n >= NODES_MAX || w->n_uses >= NODES_MAX)
		return too_many(e);
	r = xcalloc(1, sizeof *r);
	r->name = xstrdup(name);
	r->trigger = 1u << trigger;
	*vec_push(&w->rules) = r;
	uses_add(w, r, json_object_get(rule, "actions"));
	if (json_int(rule, "status", 1) == 1)
		w->heard |= heard_by(r->trigger, json_object_get(rule, "conditions"));
	return 0;
}

/* ---- asking it ---- */

static unsigned before_in(const struct rule_node *r, const struct action_node *n)
{
	unsigned before = 0;

	vec_each (&r->uses, u) {
		if (u->action == n)
			break;
		before |= u->action->type == ACTION_BACKUP ? TEMPLATE_AFTER_BACKUP : 0;
		before |= u->action->type == ACTION_RETENTION ? TEMPLATE_AFTER_RETENTION : 0;
	}
	return before;
}

/* Does the rule do otherwise when the action fails? What is synchronous is waited for; actions for
 * failures come last. */
static bool asks_outcome(const struct rule_node *r, const struct action_node *n)
{
	vec_each (&r->uses, u) {
		if (u->action == n && (u->stops || u->turn == TURN_SYNC ||
				       (u->turn == TURN_ASYNC && vec_last(&r->uses)->turn == TURN_FAILURE)))
			return true;
	}
	return false;
}

void template_world_ask(const struct template_world *w, const char *action,
			struct template_asked *a)
{
	const struct action_node *n = map_get(&w->actions, action);

	a->triggers = 0;
	a->outcome = false;
	a->heard = w->heard;
	for (size_t i = 0; n && i < n->rules.n; i++) {
		a->triggers |= n->rules.v[i]->trigger | before_in(n->rules.v[i], n);
		a->outcome = a->outcome || asks_outcome(n->rules.v[i], n);
	}
}

int template_world_type(const struct template_world *w, const char *action)
{
	const struct action_node *n = map_get(&w->actions, action);

	return n ? n->type : 0;
}

size_t template_world_rules(const struct template_world *w, const char *action, const char **ret,
			    size_t max)
{
	const struct action_node *n = map_get(&w->actions, action);

	for (size_t i = 0; n && i < n->rules.n && i < max; i++)
		ret[i] = n->rules.v[i]->name;
	return n ? n->rules.n : 0;
}
