/* What changes for an action or a rule although its texts do not. Source: facts sftpgo 5.9;
 * sftpgo-real 8; SFTPGo 2.7.5, eventmanager.go: handleFsEvent leaves out what file actions do. */
#include "products/sftpgo/template_in.h"

#define LONGEST_WAIT 120 /* seconds of a request, by documentation of Enterprise */

/* ---- paths that become patterns ---- */

struct last_part {
	bool pattern, template, value; /* value: a template that is no mere brace */
};

/* Of a path as the target would keep it: clean, so that the last part ends with the text. */
static struct last_part last_part_of(struct sv path)
{
	struct last_part found = { 0 };

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	for (size_t i = 0; i < path.n; i++) {
		struct sv rest = { path.p + i, path.n - i };
		const char *end = sv_starts(rest, "{{") ? memmem(rest.p, rest.n, "}}", 2) : NULL;

		if (end) {
			found.template = true;
			found.value = found.value || !sv_starts(rest, "{{ \"");
			i += (size_t)(end - rest.p) + 1;
			continue;
		}
		if (path.p[i] == '/')
			found = (struct last_part){ 0 };
		found.pattern = found.pattern || (path.p[i] && strchr("*?[", path.p[i]));
	}
	return found;
}

struct pattern_reasons {
	enum template_reason pattern, value;
};

static void path_findings(const struct template_asked *a, const json_t *path, const char *field,
			  struct pattern_reasons as, struct template_action *ret)
{
	struct sv text = { json_string_value(path), json_string_length(path) };
	struct last_part last;

	if (!json_is_string(path))
		return;
	last = last_part_of(text);
	if (last.pattern)
		action_finding(ret, a, as.pattern, TEMPLATE_IF_NONE, field);
	if (last.pattern && last.template)
		action_finding(ret, a, TEMPLATE_PATTERN_TOKEN, TEMPLATE_IF_NONE, field);
	if (!last.pattern && last.value)
		action_finding(ret, a, as.value, TEMPLATE_IF_PATTERN_FREE, field);
}

static const json_t *paths_of(const struct template_action *t, const char *list)
{
	return json_object_get(json_object_get(t->options, "fs_config"), list);
}

static void deletes(const struct template_asked *a, struct template_action *ret)
{
	static const struct pattern_reasons as = { TEMPLATE_DELETES_PATTERN,
						   TEMPLATE_DELETES_VALUE };
	const json_t *one;
	char field[64];
	size_t i;

	action_finding(ret, a, TEMPLATE_DELETES_TREES, TEMPLATE_IF_NONE, NULL);
	json_array_foreach(paths_of(ret, "deletes"), i, one)
	{
		snprintf(field, sizeof field, "fs_config.deletes[%zu]", i);
		path_findings(a, one, field, as, ret);
	}
}

static void copies(const struct template_asked *a, struct template_action *ret)
{
	static const struct pattern_reasons as = { TEMPLATE_PATTERN, TEMPLATE_PATTERN_VALUE };
	const json_t *one;
	char field[64];
	size_t i;

	json_array_foreach(paths_of(ret, "copy"), i, one)
	{
		snprintf(field, sizeof field, "fs_config.copy[%zu].key", i);
		path_findings(a, json_object_get(one, "key"), field, as, ret);
	}
}

/* ---- what an action makes happen by itself ---- */

static unsigned makes_heard(int type)
{
	switch (type) {
	case ACTION_RETENTION:
		return TEMPLATE_HEARS_DELETE | TEMPLATE_HEARS_RMDIR;
	case ACTION_IDP_CHECK:
		return TEMPLATE_HEARS_USER | TEMPLATE_HEARS_ADMIN;
	case ACTION_INACTIVITY:
		return TEMPLATE_HEARS_USER;
	default:
		return 0;
	}
}

static bool has_files(const json_t *config)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(config, "parts"), i, one)
	{
		if (*json_str(one, "filepath", ""))
			return true;
	}
	return false;
}

void action_changes(const struct template_asked *a, const json_t *action, const json_t *config,
		    struct template_action *ret)
{
	int type = (int)json_int(action, "type", 0), fs = (int)json_int(config, "type", 0);

	if (type == ACTION_FILESYSTEM && fs == FS_DELETE)
		deletes(a, ret);
	if (type == ACTION_FILESYSTEM && fs == FS_COPY)
		copies(a, ret);
	if (makes_heard(type) & a->heard)
		action_finding(ret, a, TEMPLATE_CHAIN, TEMPLATE_IF_NONE, NULL);
	if (type == ACTION_BACKUP)
		action_finding(ret, a, TEMPLATE_BACKUP_NAME, TEMPLATE_IF_NONE, NULL);
	if (type == ACTION_IDP_CHECK)
		action_finding(ret, a, TEMPLATE_LICENSE, TEMPLATE_IF_NONE, NULL);
	if (type == ACTION_HTTP && !has_files(config) &&
	    json_int(config, "timeout", 0) > LONGEST_WAIT)
		action_finding(ret, a, TEMPLATE_TIMEOUT, TEMPLATE_IF_NONE, "http_config.timeout");
	if (type == ACTION_HTTP && a->outcome)
		action_finding(ret, a, TEMPLATE_HTTP_ANSWER, TEMPLATE_IF_NONE, NULL);
}

/* ---- rules ---- */

static bool lists_or_all(const json_t *list, const char *word)
{
	return !json_array_size(list) || json_lists(list, word);
}

static void rule_finding(struct template_findings *ret, const struct template_asked *a,
			 enum template_reason reason, enum template_condition condition)
{
	struct finding_at where = { .field = NULL };

	finding_add(ret, a, reason, condition, &where);
}

int template_rule(const struct template_asked *a, const json_t *rule, struct template_findings *ret,
		  struct err *e)
{
	const json_t *conditions = json_object_get(rule, "conditions");
	const json_t *objects =
	    json_object_get(json_object_get(conditions, "options"), "provider_objects");
	int64_t trigger = json_int(rule, "trigger", 0);

	if (!json_is_object(rule) || trigger < 1 || trigger > 7)
		return err_set(e, ERR_FORMAT, "an event rule is no object with a trigger");
	if (1u << trigger == TEMPLATE_ON_PROVIDER && lists_or_all(objects, "user") &&
	    json_lists(json_object_get(conditions, "provider_events"), "update"))
		rule_finding(ret, a, TEMPLATE_FAN_OUT, TEMPLATE_IF_NONE);
	if (1u << trigger == TEMPLATE_ON_SCHEDULE)
		rule_finding(ret, a, TEMPLATE_MINUTE, TEMPLATE_IF_MINUTE);
	return 0;
}
