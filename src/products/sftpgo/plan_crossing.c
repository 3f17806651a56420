/* Before the stop, what only the running server can do; and what a crossing to Enterprise has beside. */
#include <string.h>

#include "base/mem.h"
#include "products/sftpgo/crossing.h"
#include "products/sftpgo/draft.h"

#define PROVIDER_EVENT 2 /* trigger of rules that listen for saves of objects, also for ours */

static bool has_login(const struct draft *d)
{
	return json_object_get(d->to->source, "login") != NULL;
}

static void add_names(const json_t *rules, bool listening, json_t *ret)
{
	const char *name;
	json_t *rule;

	json_object_foreach((json_t *)rules, name, rule)
		if ((json_int(rule, "trigger", 0) == PROVIDER_EVENT) == listening)
			json_array_append_new(ret, json_string(name));
}

json_t *sftpgo_draft_rules(const struct draft *d)
{
	json_t *names = json_array();

	if (crosses_to_enterprise(&d->change)) {
		add_names(facts_get(d->now, SF_RULES), true, names);
		add_names(facts_get(d->now, SF_RULES), false, names);
	}
	return names;
}

/* Undone last: the old server runs by then, on the old database. */
static void scan_quotas(struct draft *d)
{
	const json_t *settings = json_object_get(facts_get(d->now, SF_CONF), "settings");
	const json_t *track = json_object_get(json_object_get(settings, "data_provider.track_quota"), "value");

	if (facts_bool(d->now, SF_RUNNING, false) && window_copies(d->to) && json_integer_value(track) != 0)
		sftpgo_draft_step(d, PHASE_FREEZE, "quotas", "quota_scan", 0, json_object(),
			   "users' files stay on a way back, and the old database counts them as they were");
}

void sftpgo_draft_quiet(struct draft *d)
{
	autojson json_t *rules = sftpgo_draft_rules(d);

	scan_quotas(d);
	if (!facts_bool(d->now, SF_RUNNING, false) || !has_login(d))
		return;
	sftpgo_draft_events_keep(d);
	if (json_array_size(rules))
		sftpgo_draft_step(d, PHASE_FREEZE, "pause-rules", "rules_pause", 0, json_pack("{sO}", "rules", rules),
			   "Enterprise reads placeholders as templates, and deletes and copies more than open source: rules whose actions do so wait");
	/* The last of them: what begins after it is cut unnamed. */
	sftpgo_draft_step(d, PHASE_FREEZE, "drain", "transfers_drain", STEP_AGAIN,
		   json_pack("{ss}", "within", sftpgo_draft_span(d, "drain", "0s")),
		   "what is still under way at the stop is cut, and named");
}

void sftpgo_draft_license(struct draft *d)
{
	const json_t *license = facts_get(d->now, SF_LICENSE);

	if (license && crosses_to_enterprise(&d->change))
		sftpgo_draft_step(d, PHASE_CHANGE, "license", "file_put", STEP_IN_WINDOW,
			   json_pack("{so ss ss ss sO?}", "file", place_of("root", "env.d/" LICENSE_FILE), "from",
				     json_str(license, "file", ""), "prefix", LICENSE_VARIABLE "=", "mode", "0600", "owner",
				     facts_get(d->now, SF_ACCOUNT)),
			   "without a licence the first start is one in limited mode");
}

void sftpgo_draft_left(struct draft *d)
{
	if (plan_step(d->plan, "drain"))
		sftpgo_draft_step(d, PHASE_AFTER, "uploads-left", "uploads_left", 0,
			   json_pack("{so}", "cut", plan_from("drain", "cut")), "they are the users' files: nothing is removed");
}
