#include "products/sftpgo/event_rest.h"

#include <string.h>

#include "base/fault.h"
#include "products/sftpgo/event_kept.h"
#include "products/sftpgo/objects.h"

/* ---- rules ---- */

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

void event_rule_digest(const json_t *rule, char ret[65])
{
	autojson json_t *bare = rule_sent(rule, EVENT_RULE_OFF);
	struct object o = { .kind = OBJ_EVENT_RULES, .fields = bare };

	object_digest(&o, ret);
}

int events_dump_get(struct rest *api, json_t **ret, struct err *e)
{
	static const char *const query[] = { "output-data", "1", "scopes", "actions,rules", NULL };
	int r;

	api->max = EVENT_KEPT_MAX;
	r = rest_query(api, "/api/v2/dumpdata", query, ret, e);
	api->max = 0;
	return r;
}

/* ERR_CHANGED when it is not there any more. */
int event_rule_get(struct rest *api, const char *name, json_t **ret, struct err *e)
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

int event_rule_save(struct rest *api, const char *name, const json_t *rule, int status, struct err *e)
{
	autofree char *path = rest_path("/api/v2/eventrules/", name);
	autojson json_t *sent = NULL;

	if (json_int(rule, "status", -1) == status)
		return 0;
	sent = rule_sent(rule, status);
	fault_point("event_rest.save");
	return rest_put(api, path, sent, e) < 0 ? err_wrap(e, "event rule '%s'", name) : 0;
}

/* ---- actions ---- */

/* What a save sends and what is told from another's: without ids, back-references, and the envelope of a password, which a
 * server that is asked shows without its key and keeps when it is sent so. */
static json_t *bare_action(const json_t *action)
{
	static const char *const kept[] = { "name", "description", "type", "options" };
	json_t *bare = json_object();

	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		if (json_object_get(action, kept[i]))
			json_object_set_new(bare, kept[i], json_deep_copy(json_object_get(action, kept[i])));
	}
	return bare;
}

static json_t *http_of(const json_t *action)
{
	return json_object_get(json_object_get(action, "options"), "http_config");
}

void event_action_digest(const json_t *action, char ret[65])
{
	autojson json_t *bare = bare_action(action);
	struct object o = { .kind = OBJ_EVENT_ACTIONS };

	json_object_del(http_of(bare), "password");
	o.fields = json_prune(bare);
	object_digest(&o, ret);
}

int event_action_get(struct rest *api, const char *name, json_t **ret, struct err *e)
{
	autofree char *path = rest_path("/api/v2/eventactions/", name);

	return rest_get(api, path, ret, e) < 0 ? err_wrap(e, "event action '%s'", name) : 0;
}

json_t *event_action_with(const json_t *action, const json_t *options)
{
	json_t *made = bare_action(action), *password = json_object_get(http_of(action), "password");

	json_object_set_new(made, "options", json_deep_copy(options));
	if (!http_of(made))
		return made;
	if (password)
		json_object_set(http_of(made), "password", password);
	else
		json_object_del(http_of(made), "password");
	return made;
}

int event_action_save(struct rest *api, const json_t *action, struct err *e)
{
	const char *name = json_str(action, "name", "");
	autofree char *path = rest_path("/api/v2/eventactions/", name);
	autojson json_t *sent = bare_action(action);

	fault_point("event_rest.save");
	return rest_put(api, path, sent, e) < 0 ? err_wrap(e, "event action '%s'", name) : 0;
}
