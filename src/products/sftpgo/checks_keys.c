/* Keys of the configuration: those that one side alone knows, and the programs that others name. */
#include "products/sftpgo/checks.h"

#include <string.h>

#include "products/sftpgo/config.h"
#include "products/sftpgo/crossing.h"
#include "products/sftpgo/named.h"

static bool is_set(const json_t *value)
{
	if (json_is_string(value))
		return json_string_length(value) > 0;
	return json_is_true(value) || json_array_size(value) > 0 || json_integer_value(value) != 0;
}

/* What 2.6 ships with, nobody set. src: sftpgo.json of 2.6.4 */
static bool is_meant(const char *key, const json_t *value)
{
	return is_set(value) && !(!strcmp(key, "sftpd.min_dh_group_exchange_key_size") &&
				  json_integer_value(value) == 2048);
}

static bool knows_version(const struct facts *now, const char *key, const char *id,
			  struct results *ret, struct sftpgo_version *v)
{
	const char *text = need_text(now, key, id, ret);

	if (text && !sftpgo_version_parse(text, v))
		results_add(ret, id, VERDICT_UNSURE, NULL, "'%s' is no version that is known here",
			    text);
	return text && sftpgo_version_parse(text, v);
}

CHECK(retention_hook)
{
	static const char id[] = "sftpgo.retention-hook";
	struct sftpgo_version want;
	const json_t *conf;

	if (!knows_version(now, SF_TARGET_VERSION, id, ret, &want) ||
	    !need(now, SF_CONF, id, ret, &conf))
		return;
	if (want.minor < 7 || !*conf_text(now, "common.data_retention_hook"))
		results_add(ret, id, VERDICT_PASS, NULL, "none");
	else
		results_add(ret, id, VERDICT_WARN, NULL,
			    "common.data_retention_hook is called by nobody since 2.7");
}

CHECK(ssh_commands)
{
	static const char id[] = "sftpgo.ssh-commands";
	static const char *const gone[] = { "*", "git-receive-pack", "git-upload-pack",
					    "git-upload-archive", "rsync" };
	const json_t *conf, *enabled, *one;
	struct sftpgo_version want;
	size_t before = ret->n, i;

	if (!knows_version(now, SF_TARGET_VERSION, id, ret, &want) ||
	    !need(now, SF_CONF, id, ret, &conf))
		return;
	enabled = conf_value(now, "sftpd.enabled_ssh_commands");
	json_array_foreach((json_t *)enabled, i, one)
	{
		const char *name = json_is_string(one) ? json_string_value(one) : "";

		for (size_t g = 0; g < ARRAY_LEN(gone) && want.minor >= 7; g++)
			if (!strcmp(name, gone[g]))
				results_add(ret, id, VERDICT_WARN, name, "%s",
					    *name == '*' ? "Git and rsync are no longer among all"
							 : "the target has it no longer");
	}
	if (ret->n == before)
		results_add(ret, id, VERDICT_PASS, NULL, "the target has them all");
}

CHECK(conf_format)
{
	static const char id[] = "sftpgo.conf-format";
	const char *file = facts_str(now, SF_CONF_FILE, NULL);
	struct sftpgo_version want;
	const json_t *conf;

	if (!knows_version(now, SF_TARGET_VERSION, id, ret, &want) || (!file && !need(now, SF_CONF, id, ret, &conf)))
		return;
	if (file && want.minor >= 7 && sftpgo_config_gone_format(file))
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s", file);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", file ? file : "no file, all by default");
}

/* Of those that 2.7 took away, the ones that Enterprise has again. facts/sftpgo 2.3 */
static bool is_back(const char *key)
{
	return !strcmp(key, "sftpd.min_dh_group_exchange_key_size") ||
	       strstr(key, ".tls_session_reuse") || strstr(key, ".ignore_ascii_transfer_type");
}

/* Those of one side alone that are set, as "only" says, but some: heap, NULL none. The hook has a
 * check of its own. */
static char *keys_only(const struct facts *now, const char *only, bool (*but)(const char *key))
{
	struct named found = { 0 };
	autojson json_t *doc = NULL;
	const char *key;
	json_t *setting;

	json_object_foreach(json_object_get(facts_get(now, SF_CONF), "settings"), key, setting)
	{
		if (!strcmp(json_str(setting, "only", ""), only) &&
		    strcmp(key, "common.data_retention_hook") != 0 &&
		    is_meant(key, json_object_get(setting, "value")) && !(but && but(key)))
			named_add(&found, "%s (%s)", key, json_str(setting, "where", "?"));
	}
	doc = named_json(&found);
	return named_text(doc);
}

CHECK(removed_keys)
{
	static const char id[] = "sftpgo.removed-keys";
	struct sftpgo_version from, want;
	const json_t *conf;

	if (!knows_version(now, SF_VERSION, id, ret, &from) ||
	    !knows_version(now, SF_TARGET_VERSION, id, ret, &want) ||
	    !need(now, SF_CONF, id, ret, &conf))
		return;

	bool enterprise = !strcmp(sftpgo_version_edition(&want), SFTPGO_ENTERPRISE);
	autofree char *which =
	    want.minor >= 7 ? keys_only(now, "2.6", enterprise ? is_back : NULL) : NULL;
	bool read_now = from.minor < 7;

	results_add(ret, id,
		    !which     ? VERDICT_PASS
		    : read_now ? VERDICT_WARN
			       : VERDICT_NOTE,
		    NULL, "%s%s", which ? which : "none",
		    !which     ? ""
		    : read_now ? "; without effect from now on"
			       : "; without effect already");
}

static void tell_waking(const char *which, const char *how, struct results *ret)
{
	results_add(ret, "sftpgo.waking-keys", which ? VERDICT_WARN : VERDICT_PASS, NULL, "%s%s", which ? which : "none", which ? how : "");
}

CHECK(waking_keys)
{
	static const char id[] = "sftpgo.waking-keys";
	struct sftpgo_version from, want;
	const json_t *conf;
	struct change c;

	if (!knows_version(now, SF_VERSION, id, ret, &from) || !knows_version(now, SF_TARGET_VERSION, id, ret, &want) ||
	    !need(now, SF_CONF, id, ret, &conf))
		return;
	sftpgo_change(now, to, &c);

	bool newer = from.minor < 7 && want.minor >= 7, crosses = crosses_to_enterprise(&c);
	autofree char *since = newer ? keys_only(now, "2.7", NULL) : NULL, *which = NULL;

	if (since || (newer && !crosses))
		tell_waking(since, "; 2.6 passes over them, 2.7 does not", ret);
	if ((newer && !crosses) || !goes_to_enterprise(now, to, id, ret))
		return;
	which = keys_only(now, "enterprise", NULL);
	if (which || !since)
		tell_waking(which, "; open source passes over them, Enterprise does not", ret);
}

CHECK(ignored_keys)
{
	static const char id[] = "sftpgo.ignored-keys";
	const json_t *conf, *one;
	struct named found = { 0 };
	autojson json_t *doc = NULL;
	size_t i;

	if (!need(now, SF_CONF, id, ret, &conf))
		return;
	json_array_foreach(json_object_get(conf, "ignored"), i, one)
	    named_add(&found, "%s (%s): %s", json_str(one, "what", "?"),
		      json_str(one, "where", "?"), json_str(one, "why", "?"));
	doc = named_json(&found);

	autofree char *which = named_text(doc);

	results_add(ret, id, which ? VERDICT_NOTE : VERDICT_PASS, NULL, "%s",
		    which ? which : "every key is read");
}

/* ---- programs ---- */

/* What a login rests on: without it the server does not start, or lets nobody in. */
static bool is_for_logins(const char *key)
{
	return !strncmp(key, "data_provider.", 14) ||
	       !strcmp(key, "sftpd.keyboard_interactive_auth_hook");
}

CHECK(hooks)
{
	static const char id[] = "sftpgo.hooks";
	const json_t *hooks, *hook;
	size_t before = ret->n;
	const char *key;

	if (!need(now, SF_HOOKS, id, ret, &hooks))
		return;
	json_object_foreach((json_t *)hooks, key, hook)
	{
		const char *state = json_str(hook, "state", "?");

		if (!strcmp(state, "elsewhere"))
			results_add(ret, id, VERDICT_UNSURE, key, "'%s' is on the Windows host: look whether it is there",
				    json_str(hook, "path", "?"));
		else if (!strcmp(state, "of the image"))
			results_add(ret, id, VERDICT_UNSURE, key, "'%s' lies in no volume: look whether the new image has it",
				    json_str(hook, "path", "?"));
		else if (strcmp(state, "there") != 0)
			results_add(ret, id, is_for_logins(key) ? VERDICT_BLOCK : VERDICT_WARN, key,
				    "'%s' is %s", json_str(hook, "path", "?"), state);
	}
	if (!json_object_size(hooks))
		results_add(ret, id, VERDICT_PASS, NULL, "none");
	else if (ret->n == before)
		results_add(ret, id, VERDICT_PASS, NULL, "%zu, all there", json_object_size(hooks));
}

CHECK(plugins)
{
	static const char id[] = "sftpgo.plugins";
	const json_t *plugins, *plugin;
	struct change c;
	size_t i;

	if (!need(now, SF_PLUGINS, id, ret, &plugins))
		return;
	sftpgo_change(now, to, &c);
	if (!json_array_size(plugins))
		results_add(ret, id, VERDICT_PASS, NULL, "none");
	json_array_foreach((json_t *)plugins, i, plugin)
	{
		const char *state = json_str(plugin, "state", "?"),
			   *cmd = json_str(plugin, "cmd", "?");
		const char *type = json_str(plugin, "type", "?");

		if (!strcmp(state, "elsewhere"))
			results_add(ret, id, VERDICT_UNSURE, cmd,
				    "a %s plugin, on the Windows host: look whether it is there", type);
		else if (!strcmp(state, "of the image"))
			results_add(ret, id, VERDICT_UNSURE, cmd, "a %s plugin, in no volume: look whether the new image has it", type);
		else if (strcmp(state, "there") != 0)
			results_add(ret, id, VERDICT_BLOCK, cmd,
				    "it is %s: the server does not start without", state);
		else if (c.to_edition && !strcmp(c.to_edition, SFTPGO_ENTERPRISE))
			results_add(
			    ret, id, VERDICT_WARN, cmd,
			    "a %s plugin: Enterprise has its own, as many as the licence says",
			    type);
		else
			results_add(
			    ret, id, VERDICT_NOTE, cmd,
			    "a %s plugin: it stays as it is, and is not asked for its version",
			    type);
	}
}

/* ---- what else a key means ---- */

CHECK(acme)
{
	static const char id[] = "sftpgo.acme";
	const char *stored = facts_str(now, SF_ACME, NULL);
	const json_t *conf, *counts;
	size_t domains;

	if (!goes_to_enterprise(now, to, id, ret) || !need(now, SF_CONF, id, ret, &conf) ||
	    !need(now, SF_COUNTS, id, ret, &counts))
		return;
	domains = json_array_size(conf_value(now, "acme.domains"));
	if (stored || domains)
		results_add(
		    ret, id, VERDICT_WARN, NULL,
		    "certificates come by ACME%s%s: Enterprise moves them into the database, and "
		    "nothing moves them back",
		    stored ? " for " : "", stored ? stored : "");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "no certificates by ACME");
}

CHECK(roles)
{
	static const char id[] = "sftpgo.roles";
	const json_t *conf, *setting;
	size_t before = ret->n;
	const char *key;

	if (!goes_to_enterprise(now, to, id, ret) || !need(now, SF_CONF, id, ret, &conf))
		return;
	json_object_foreach(json_object_get(conf, "settings"), key, setting)
	{
		const char *field = json_str(setting, "value", "");

		if (strstr(key, ".oidc.role_field") && *field)
			results_add(ret, id, VERDICT_WARN, key,
				    "roles come from '%s', whatever the case of their letters",
				    field);
	}
	if (ret->n == before)
		results_add(ret, id, VERDICT_PASS, NULL, "no roles of an identity provider");
}

CHECK(timezone)
{
	static const char id[] = "sftpgo.timezone";
	bool local = !strcmp(conf_text(now, "common.tz"), "local");
	const json_t *conf;

	if (!need(now, SF_CONF, id, ret, &conf))
		return;
	results_add(ret, id, local ? VERDICT_NOTE : VERDICT_PASS, NULL, "%s",
		    local
			? "common.tz is local: times in event actions and schedules are this host's"
			: "UTC");
}
