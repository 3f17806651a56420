#include "products/questdb/conf_change.h"

#include "base/mem.h"
#include "products/questdb/confkeys.h"

bool access_is_legacy(const struct goal *to)
{
	return !strcmp(goal_setting(to, "access", ""), "legacy");
}

/* The value server.conf has now; NULL when the key is not in it. */
static const char *in_file(const struct facts *now, const char *key)
{
	const json_t *entry = json_object_get(facts_get(now, QF_CONF), key);

	return !strcmp(json_str(entry, "from", ""), "conf") ? json_str(entry, "value", NULL) : NULL;
}

static void edit(json_t *edits, const char *key, const char *old, const char *value)
{
	if (old && value && !strcmp(old, value))
		return;
	json_array_append_new(edits,
			      json_pack("{ss ss? ss?}", "key", key, "old", old, "value", value));
}

/* Enterprise takes HTTP and PGWire logins from its own accounts. Its administrator must never be
 * reachable with the default password, not for a second: name and password are there before its
 * first start. */
static void to_enterprise(const struct facts *now, const struct goal *to, json_t *edits)
{
	const json_t *admin = json_object_get(to->settings, "admin");
	const char *user = json_str(admin, "user", NULL);
	autofree char *file = xasprintf("%s/%s", facts_str(now, QF_ROOT, ""), ADMIN_PASSWORD_FILE);

	if (user)
		edit(edits, "acl.admin.user", in_file(now, "acl.admin.user"), user);
	if (user)
		edit(edits, "acl.admin.password.file", NULL, file);
	/* 9.3.4 reads `<key>.file` and yet refuses it under strict validation (seen). */
	if (facts_bool(now, QF_CONF_STRICT, false))
		edit(edits, "config.validation.strict", in_file(now, "config.validation.strict"),
		     "false");
	if (access_is_legacy(to)) {
		edit(edits, "acl.enabled", in_file(now, "acl.enabled"), "false");
		edit(edits, "line.tcp.acl.enabled", in_file(now, "line.tcp.acl.enabled"), "false");
	}
}

/* Open source refuses, or ignores, what only Enterprise knows. Values that are secrets are not
 * facts, so those keys are the operator's to take out: conf-strict says so. */
static void to_open_source(const struct facts *now, json_t *edits)
{
	const json_t *entry;
	const char *key;

	json_object_foreach((json_t *)facts_get(now, QF_CONF), key, entry)
	{
		autofree char *file_key = xasprintf("%s.file", key);

		if (!conf_key_enterprise(key) || json_object_get(entry, "env"))
			continue;
		if (json_str(entry, "file", NULL))
			edit(edits, file_key, json_str(entry, "file", NULL), NULL);
		else if (in_file(now, key))
			edit(edits, key, in_file(now, key), NULL);
	}
}

json_t *conf_change(const struct facts *now, const struct goal *to, const struct change *c)
{
	json_t *edits = json_array();

	if (c->crossing == CROSS_TO_ENTERPRISE)
		to_enterprise(now, to, edits);
	else if (c->crossing == CROSS_TO_OPEN_SOURCE)
		to_open_source(now, edits);
	return edits;
}

bool conf_changes_key(const json_t *edits, const char *key)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)edits, i, one)
	{
		if (!strcmp(json_str(one, "key", ""), key))
			return true;
	}
	return false;
}
