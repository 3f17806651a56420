/* Configuration and data provider. */
#include "products/sftpgo/checks.h"

#include <string.h>

#include "base/mem.h"

static bool is_2_6(const struct facts *now)
{
	struct sftpgo_version from;

	return sftpgo_version_parse(facts_str(now, SF_VERSION, ""), &from) && from.minor < 7;
}

/* Its facts are those of a 2.7: a 2.6 has a door that they do not tell of. */
static void judge_emptied(const char *id, const json_t *emptied, struct results *ret)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)emptied, i, one)
		results_add(ret, id, VERDICT_BLOCK, json_str(one, "what", ""),
			    "%s: the list is empty: 2.6 keeps its built-in element, with port %lld, 2.7 takes it away; write an "
			    "element with that port, or with port 0",
			    json_str(one, "where", ""), (long long)json_int(one, "port", 0));
}

CHECK(conf)
{
	static const char id[] = "sftpgo.conf";
	const char *error = facts_str(now, SF_CONF_ERROR, NULL);
	const json_t *conf, *emptied;

	if (error) {
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s", error);
		return;
	}
	if (!need(now, SF_CONF, id, ret, &conf))
		return;
	emptied = is_2_6(now) ? json_object_get(conf, "emptied") : NULL;
	if (emptied)
		judge_emptied(id, emptied, ret);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", facts_str(now, SF_CONF_FILE, "no file, all by default"));
}

/* How long a run waits for the others' end; NULL: they have to have ended. Nobody waits on a Windows host. */
static const char *nodes_wait(const struct facts *now, const struct goal *to)
{
	return to && !sftpgo_by_hand(now) ? goal_setting(to, "nodes_wait", NULL) : NULL;
}

CHECK(nodes)
{
	static const char id[] = "sftpgo.nodes";
	const char *wait = nodes_wait(now, to);
	autofree char *alive = wait ? xasprintf("it is alive on the same provider; before the stop its end is waited for, %s", wait) :
				      xstrdup("it is alive on the same provider");
	const json_t *shared;

	if (!need(now, SF_SHARED, id, ret, &shared))
		return;
	if (!json_is_true(shared) || sftpgo_follows(to)) {
		results_add(ret, id, VERDICT_PASS, NULL, "%s",
			    json_is_true(shared) ? "this node follows: others may serve meanwhile" : "the provider is this server's own");
		if (wait)
			results_add(ret, id, VERDICT_NOTE, "settings.nodes_wait", "there is nobody to wait for");
		return;
	}
	if (!*conf_text(now, "data_provider.node.host"))
		results_add(ret, id, VERDICT_WARN, "unseen",
			    "data_provider.node.host is empty: nodes that do not sign in cannot be seen");
	judge_members(now, SF_NODES, SF_NODES, id, wait ? VERDICT_NOTE : VERDICT_BLOCK, "node", alive, ret);
}

CHECK(update_mode)
{
	static const char id[] = "sftpgo.update-mode";
	long long mode = json_integer_value(conf_value(now, "data_provider.update_mode"));
	const json_t *conf;

	if (!need(now, SF_CONF, id, ret, &conf))
		return;
	if (mode)
		results_add(ret, id, VERDICT_BLOCK, NULL, "update_mode is %lld: the server does not migrate by itself, and ends "
			    "with an error on the old schema", mode);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "the server migrates at its start");
}

/* The flag of the command line, which is started again as it is; NULL without one. */
static const char *loaddata_flag(const struct facts *now)
{
	const json_t *word;
	size_t i;

	json_array_foreach((json_t *)facts_get(now, SF_ARGV), i, word)
	{
		const char *text = json_string_value(word);

		if (text && !strncmp(text, "--loaddata-from", 15))
			return text;
	}
	return NULL;
}

CHECK(loaddata)
{
	static const char id[] = "sftpgo.loaddata";
	const json_t *conf, *variable;
	const char *from;

	if (!need(now, SF_CONF, id, ret, &conf))
		return;
	variable = json_object_get(json_object_get(conf, "variables"), "SFTPGO_LOADDATA_FROM");
	from = loaddata_flag(now) ? loaddata_flag(now) : json_str(variable, "value", "");
	results_add(ret, id, *from ? VERDICT_BLOCK : VERDICT_PASS, NULL, "%s", *from ? from : "nothing is loaded at a start");
}

CHECK(secrets)
{
	static const char id[] = "sftpgo.secrets";
	const json_t *s;
	long long shut;

	if (!need(now, SF_SECRETS, id, ret, &s))
		return;
	shut = json_int(s, "does not open", 0) + json_int(s, "needs a master key", 0);
	if (shut)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%lld stored secrets do not open, the first: %s", shut,
			    json_str(s, "first_shut", "?"));
	else if (json_int(s, "elsewhere", 0))
		results_add(ret, id, VERDICT_WARN, NULL, "%lld are kept by a KMS and cannot be proved here",
			    (long long)json_int(s, "elsewhere", 0));
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%lld open", (long long)json_int(s, "opens", 0));
}
