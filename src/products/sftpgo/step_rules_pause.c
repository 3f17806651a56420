/* rules_pause: set event rules inactive, by the server's own API while it still runs, and put them back to work on the way back.
 * params {"rules":[name, ...]} in the order to go; undo record {"rules":{name: digest}}: of a rule without its status and times,
 * so that somebody's edit since is told from ours and no secret of an action is kept. result {"paused":[name]}. A save moves a
 * rule's updated_at, and is itself an event of the server: rules that listen for such events go first. */
#include "engine/step.h"

#include <string.h>

#include "base/fault.h"
#include "products/sftpgo/objects.h"
#include "products/sftpgo/rest.h"

enum { PAUSED = 0, ACTIVE = 1 };

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	const json_t *name;
	size_t i;

	buf_adds(ret, "set event rules inactive:");
	json_array_foreach(json_object_get(params, "rules"), i, name)
		buf_addf(ret, "%s '%s'", i ? "," : "", json_string_value(name));
	return buf_check(ret, "the description", e);
}

/* What a save sends: the rule as it is, its actions by name, as the server stores them. */
static json_t *rule_sent(const json_t *rule, int status)
{
	static const char *const kept[] = { "name", "description", "trigger", "conditions" };
	static const char *const of_action[] = { "name", "order", "relation_options" };
	json_t *sent = json_object(), *actions = json_array(), *one;
	size_t i;

	for (i = 0; i < ARRAY_LEN(kept); i++)
		if (json_object_get(rule, kept[i]))
			json_object_set(sent, kept[i], json_object_get(rule, kept[i]));
	json_array_foreach(json_object_get(rule, "actions"), i, one)
	{
		json_t *action = json_object();

		for (size_t j = 0; j < ARRAY_LEN(of_action); j++)
			if (json_object_get(one, of_action[j]))
				json_object_set(action, of_action[j], json_object_get(one, of_action[j]));
		json_array_append_new(actions, action);
	}
	json_object_set_new(sent, "actions", actions);
	json_object_set_new(sent, "status", json_integer(status));
	return sent;
}

static void rule_digest(const json_t *rule, char ret[65])
{
	autojson json_t *bare = rule_sent(rule, PAUSED);
	struct object o = { .kind = OBJ_EVENT_RULES, .fields = bare };

	object_digest(&o, ret);
}

/* ERR_CHANGED when it is not there any more. */
static int get_rule(struct rest *api, const char *name, json_t **ret, struct err *e)
{
	autofree char *path = rest_path("/api/v2/eventrules/", name);
	struct err why = ERR_INIT;

	if (rest_get(api, path, ret, &why) >= 0)
		return 0;
	if (why.kind == ERR_ABSENT)
		return err_set(e, ERR_CHANGED, "event rule '%s' is gone", name);
	*e = why;
	return -(int)e->kind;
}

static int set_status(struct rest *api, const char *name, const json_t *rule, int status, struct err *e)
{
	autofree char *path = rest_path("/api/v2/eventrules/", name);
	autojson json_t *sent = NULL;

	if (json_int(rule, "status", -1) == status)
		return 0;
	sent = rule_sent(rule, status);
	fault_point("rules_pause.save");
	return rest_put(api, path, sent, e) < 0 ? err_wrap(e, "event rule '%s'", name) : 0;
}

static int login(struct ctx *c, const json_t *params, struct rest *ret, struct err *e)
{
	struct site *s;

	return ctx_site_of(c, params, &s, e) < 0 ? -(int)e->kind : rest_login(s, ret, e);
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autojson json_t *rules = json_object();
	autorest struct rest api = { 0 };
	const json_t *name;
	char digest[65];
	size_t i;

	if (login(c, params, &api, e) < 0)
		return -(int)e->kind;
	json_array_foreach(json_object_get(params, "rules"), i, name)
	{
		autojson json_t *rule = NULL;

		if (get_rule(&api, json_string_value(name), &rule, e) < 0)
			return -(int)e->kind;
		if (json_int(rule, "status", -1) != ACTIVE)
			return err_set(e, ERR_CHANGED, "event rule '%s' is not active any more", json_string_value(name));
		rule_digest(rule, digest);
		json_object_set_new(rules, json_string_value(name), json_string(digest));
	}
	*ret_undo = json_pack("{sO}", "rules", rules);
	return 0;
}

/* 1 when it is the rule that was captured, whatever its status; 0: somebody edited it since. */
static bool is_captured(const json_t *undo, const char *name, const json_t *rule)
{
	char digest[65];

	rule_digest(rule, digest);
	return !strcmp(json_str(json_object_get(undo, "rules"), name, ""), digest);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	autorest struct rest api = { 0 };
	const json_t *name;
	size_t i;

	if (login(c, params, &api, e) < 0)
		return -(int)e->kind;
	json_array_foreach(json_object_get(params, "rules"), i, name)
	{
		const char *text = json_string_value(name);
		autojson json_t *rule = NULL;

		if (get_rule(&api, text, &rule, e) < 0)
			return -(int)e->kind;
		if (!is_captured(undo, text, rule))
			return err_set(e, ERR_CHANGED, "somebody edited event rule '%s' meanwhile", text);
		if (set_status(&api, text, rule, PAUSED, e) < 0)
			return -(int)e->kind;
	}
	*ret_result = json_pack("{sO}", "paused", json_object_get(params, "rules"));
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	autorest struct rest api = { 0 };
	const json_t *name;
	size_t i;

	*ret = STEP_NOT_DONE;
	if (login(c, params, &api, e) < 0)
		return -(int)e->kind;
	json_array_foreach(json_object_get(params, "rules"), i, name)
	{
		autojson json_t *rule = NULL;

		if (get_rule(&api, json_string_value(name), &rule, e) < 0)
			return -(int)e->kind;
		if (json_int(rule, "status", -1) != PAUSED)
			return 0;
	}
	*ret = STEP_IS_DONE;
	return 0;
}

static int put_back(struct ctx *c, struct rest *api, const json_t *undo, const char *name, struct err *e)
{
	autojson json_t *rule = NULL;
	struct err gone = ERR_INIT;

	if (get_rule(api, name, &rule, &gone) < 0) {
		if (gone.kind == ERR_CHANGED && c->force)
			return 0;
		*e = gone;
		return -(int)e->kind;
	}
	if (!is_captured(undo, name, rule) && !c->force) {
		err_set(e, ERR_CHANGED, "somebody edited event rule '%s' since", name);
		return err_hint(e, "--force keeps the edit and sets the rule active");
	}
	return set_status(api, name, rule, ACTIVE, e);
}

/* In the other order: what listens for a save comes back last. */
static int undo_pause(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	const json_t *rules = json_object_get(params, "rules");
	autorest struct rest api = { 0 };

	if (login(c, params, &api, e) < 0)
		return -(int)e->kind;
	for (size_t i = json_array_size(rules); i-- > 0;)
		if (put_back(c, &api, undo, json_string_value(json_array_get(rules, i)), e) < 0)
			return -(int)e->kind;
	return 0;
}

const struct step_kind step_rules_pause = { "rules_pause", 1, LIFE_DURABLE, describe, capture, apply, verify, undo_pause };
