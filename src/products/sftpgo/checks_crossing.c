/* The login, and what a crossing to Enterprise asks for. */
#include <string.h>

#include "products/sftpgo/checks.h"
#include "products/sftpgo/crossing.h"
#include "products/sftpgo/event_goal.h"
#include "products/sftpgo/event_kept.h"

static bool has_login(const struct goal *to)
{
	return to && json_object_get(to->source, "login");
}

CHECK(login)
{
	static const char id[] = "sftpgo.login";
	const char *why = facts_why_missing(now, SF_LOGIN);
	const json_t *running;

	if (left_to_hand(now, id, "a procedure takes no login", ret))
		return;
	if (!need(now, SF_RUNNING, id, ret, &running))
		return;
	if (!to)
		results_add(ret, id, VERDICT_UNSURE, NULL, "no goal was given");
	else if (facts_bool(now, SF_LOGIN, false))
		results_add(ret, id, VERDICT_PASS, NULL, "the server takes it");
	else if (has_login(to))
		results_add(ret, id, json_is_true(running) ? VERDICT_BLOCK : VERDICT_NOTE, NULL, "%s",
			    why ? why : "nobody tried it");
	else if (goal_setting(to, "drain", NULL))
		results_add(ret, id, VERDICT_BLOCK, NULL, "none is given, and settings.drain needs one");
	else
		results_add(ret, id, VERDICT_NOTE, NULL, "none is given: what only the server itself tells is not proved");
}

CHECK(transfers)
{
	static const char id[] = "sftpgo.transfers";
	int64_t active = facts_int(now, SF_TRANSFERS, -1);
	const char *drain = to ? goal_setting(to, "drain", NULL) : NULL;
	const json_t *running;

	if (left_to_hand(now, id, "transfers under way at the stop are cut", ret))
		return;
	if (!need(now, SF_RUNNING, id, ret, &running))
		return;
	if (active < 0)
		results_add(ret, id, VERDICT_NOTE, NULL, "not to be seen without a login: those under way at the stop are cut");
	else if (drain)
		results_add(ret, id, VERDICT_PASS, NULL, "%lld under way; the stop waits %s for them", (long long)active, drain);
	else
		results_add(ret, id, active ? VERDICT_WARN : VERDICT_NOTE, NULL, "%lld under way; those at the stop are cut",
			    (long long)active);
}

static long long kept_elsewhere(const json_t *backends)
{
	long long n = 0;
	const char *name;
	json_t *count;

	json_object_foreach((json_t *)backends, name, count)
		if (strcmp(name, "local") && strcmp(name, "encrypted"))
			n += json_integer_value(count);
	return n;
}

/* Without one Enterprise serves local files only, to two transfers at once. */
static void judge_no_license(const struct facts *now, struct results *ret)
{
	static const char id[] = "sftpgo.license";
	const json_t *backends;

	if (left_to_hand(now, id, "a person types it into a file of env.d before the first start", ret) ||
	    !need(now, SF_BACKENDS, id, ret, &backends))
		return;
	if (kept_elsewhere(backends))
		results_add(ret, id, VERDICT_BLOCK, NULL, "none, and %lld users, folders or groups keep their files elsewhere",
			    kept_elsewhere(backends));
	else
		results_add(ret, id, VERDICT_WARN, NULL, "none: limited mode, two transfers at once, local files, no plugins");
}

CHECK(license)
{
	static const char id[] = "sftpgo.license";
	const json_t *license = facts_get(now, SF_LICENSE);
	const char *set = license_is_set(now), *finding = json_str(license, "finding", NULL);

	if (!goes_to_enterprise(now, to, id, ret))
		return;
	if (!license && set)
		results_add(ret, id, VERDICT_PASS, NULL, "%s", set);
	else if (!license)
		judge_no_license(now, ret);
	else if (finding)
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s: %s", json_str(license, "file", "?"), finding);
	else if (license_is_hidden(now))
		results_add(ret, id, VERDICT_BLOCK, NULL, "%s comes before settings.license_file", set);
	else if (sftpgo_by_hand(now))
		results_add(ret, id, VERDICT_PASS, NULL, "a person types it into a file of env.d before the first start");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "put into env.d before the first start");
}

/* The run keeps them as text with indents, in less room than that. */
#define DUMP_MAX (EVENT_KEPT_MAX / 2)

static void judge_dump(const struct facts *now, const struct goal *to, const char *id, struct results *ret)
{
	int64_t bytes = json_int(facts_get(now, SF_ACTIONS), "dump_bytes", 0);

	if (events_wanted(to) != EVENTS_LEAVE && bytes > DUMP_MAX)
		results_add(ret, id, VERDICT_BLOCK, "settings.events",
			    "actions and rules are %lld MiB, more than a run keeps: leave the setting out, and translate a dump with "
			    "'crossgrade convert sftpgo-events'", (long long)(bytes >> 20));
}

/* Those that are set inactive themselves go first, and hear nothing. */
static void judge_hearers(const struct facts *now, const json_t *rules, const char *id, struct results *ret)
{
	static const char told[] = "hears each save of a rule, when this run sets them inactive, and when they are translated and set active again";
	const json_t *heard = facts_get(now, SF_HEARD), *one;
	const char *hook = json_str(heard, "hook", NULL);
	size_t i;

	json_array_foreach(json_object_get(heard, "rules"), i, one)
	{
		autofree char *subject = xasprintf("rule %s", json_string_value(one));

		if (!json_object_get(rules, json_string_value(one)))
			results_add(ret, id, VERDICT_WARN, subject, "it %s", told);
	}
	if (hook)
		results_add(ret, id, VERDICT_WARN, hook, "it %s", told);
}

CHECK(event_rules)
{
	static const char id[] = "sftpgo.event-rules";
	const json_t *rules, *rule;
	const char *name;

	if (!goes_to_enterprise(now, to, id, ret) || !need(now, SF_RULES, id, ret, &rules))
		return;
	if (!json_object_size(rules))
		results_add(ret, id, VERDICT_PASS, NULL, "no active rule uses an action with placeholders, or one that deletes or copies patterns");
	else
		judge_hearers(now, rules, id, ret);
	judge_dump(now, to, id, ret);
	json_object_foreach((json_t *)rules, name, rule)
	{
		autofree char *subject = xasprintf("rule %s", name), *actions = value_text(json_object_get(rule, "actions"));
		bool able = facts_bool(now, SF_LOGIN, false) || sftpgo_by_hand(now);

		results_add(ret, id, able ? VERDICT_WARN : VERDICT_BLOCK, subject,
			    able ? "set inactive before the stop; translate its actions: %s"
				 : "must be set inactive, which needs a login at the running server; its actions: %s",
			    actions);
	}
}
