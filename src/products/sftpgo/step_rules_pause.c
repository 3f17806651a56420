/* rules_pause: set event rules inactive, by the server's own API while it still runs, and put them back to work on the way back.
 * params {"rules":[name, ...]} in the order to go; undo record {"rules":{name: digest}}: of a rule without its status and times,
 * so that somebody's edit since is told from ours and no secret of an action is kept. result {"paused":[name]}. A save moves a
 * rule's updated_at, and is itself an event of the server: rules that listen for such events go first. */
#include "engine/step.h"

#include <string.h>

#include "products/sftpgo/event_rest.h"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	const json_t *name;
	size_t i;

	buf_adds(ret, "set event rules inactive:");
	json_array_foreach(json_object_get(params, "rules"), i, name)
		buf_addf(ret, "%s '%s'", i ? "," : "", json_string_value(name));
	return buf_check(ret, "the description", e);
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

		if (event_rule_get(&api, json_string_value(name), &rule, e) < 0)
			return -(int)e->kind;
		if (json_int(rule, "status", -1) != EVENT_RULE_ON)
			return err_set(e, ERR_CHANGED, "event rule '%s' is not active any more", json_string_value(name));
		event_rule_digest(rule, digest);
		json_object_set_new(rules, json_string_value(name), json_string(digest));
	}
	*ret_undo = json_pack("{sO}", "rules", rules);
	return 0;
}

/* 1 when it is the rule that was captured, whatever its status; 0: somebody edited it since. */
static bool is_captured(const json_t *undo, const char *name, const json_t *rule)
{
	char digest[65];

	event_rule_digest(rule, digest);
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

		if (event_rule_get(&api, text, &rule, e) < 0)
			return -(int)e->kind;
		if (!is_captured(undo, text, rule))
			return err_set(e, ERR_CHANGED, "somebody edited event rule '%s' meanwhile", text);
		if (event_rule_save(&api, text, rule, EVENT_RULE_OFF, e) < 0)
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

		if (event_rule_get(&api, json_string_value(name), &rule, e) < 0)
			return -(int)e->kind;
		if (json_int(rule, "status", -1) != EVENT_RULE_OFF)
			return 0;
	}
	*ret = STEP_IS_DONE;
	return 0;
}

static int put_back(struct ctx *c, struct rest *api, const json_t *undo, const char *name, struct err *e)
{
	autojson json_t *rule = NULL;
	struct err gone = ERR_INIT;

	if (event_rule_get(api, name, &rule, &gone) < 0) {
		if (gone.kind == ERR_CHANGED && c->force)
			return 0;
		*e = gone;
		return -(int)e->kind;
	}
	if (!is_captured(undo, name, rule) && !c->force) {
		err_set(e, ERR_CHANGED, "somebody edited event rule '%s' since", name);
		return err_hint(e, "--force keeps the edit and sets the rule active");
	}
	return event_rule_save(api, name, rule, EVENT_RULE_ON, e);
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
