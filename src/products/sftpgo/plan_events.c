/* Event actions on the way to Enterprise: kept before the stop, and put translated by a second plan, when the new server runs. */
#include <string.h>

#include "products/sftpgo/checks.h"
#include "products/sftpgo/crossing.h"
#include "products/sftpgo/draft.h"
#include "products/sftpgo/event_goal.h"

static bool is_kept(const struct draft *d)
{
	return json_bool(facts_get(d->now, SF_EVENTS), "found", false);
}

/* Where times of the old server were, as its configuration went along; NULL: not known. */
static json_t *local_time(const struct draft *d)
{
	return facts_get(d->now, SF_CONF) ? json_boolean(!strcmp(conf_text(d->now, "common.tz"), "local")) : NULL;
}

void sftpgo_draft_events_keep(struct draft *d)
{
	if (!crosses_to_enterprise(&d->change) || events_wanted(d->to) == EVENTS_LEAVE)
		return;
	if (!is_kept(d))
		sftpgo_draft_step(d, PHASE_FREEZE, "events-keep", "events_keep", 0,
				  json_pack("{so ss sO* so* so}", "file", sftpgo_draft_place(d, "events", events_dump(d->to)), "release",
					    d->change.from_version, "accept", json_object_get(d->to->settings, "events_accept"),
					    "local_time", local_time(d), "paused", sftpgo_draft_rules(d)),
				  "by its changelog the migration rewrites texts of event actions; they are translated from what they were");
	if (events_wanted(d->to) == EVENTS_TRANSLATE)
		plan_note(d->plan, "the event actions are translated by a second plan: once this one is done, 'crossgrade plan' and "
				   "'crossgrade apply' again, with the same migration file");
}

/* The release that the dump is of: what the goal says wins. */
static const char *release_of(const struct draft *d)
{
	return goal_setting(d->to, "events_from", json_str(facts_get(d->now, SF_EVENTS), "from", NULL));
}

void sftpgo_draft_events_put(struct draft *d)
{
	const json_t *dump = facts_get(d->now, SF_EVENTS), *accept = json_object_get(d->to->settings, "events_accept");
	bool enterprise = d->change.to_edition && !strcmp(d->change.to_edition, SFTPGO_ENTERPRISE);

	if (!enterprise || events_wanted(d->to) != EVENTS_TRANSLATE || !is_kept(d))
		return;
	if (events_probe(d->to))
		sftpgo_draft_step(d, PHASE_CHANGE, "events-probe", "events_probe", 0, json_object(),
				  "what the documentation leaves open is settled by asking this server, and used");
	sftpgo_draft_step(d, PHASE_CHANGE, "events", "events_put", 0,
			  json_pack("{so sO ss? sO* so* so* sO*}", "file", sftpgo_draft_place(d, "events", json_str(dump, "file", "")), "sha256",
				    json_object_get(dump, "sha256"), "release", release_of(d), "accept", accept, "settled",
				    events_probe(d->to) ? plan_from("events-probe", "settled") : NULL, "local_time", local_time(d), "rules",
				    json_object_get(dump, "paused")),
			  "texts as Enterprise's templates, translated from what they were before the migration");
	plan_note(d->plan, "translations agree with the vendor's documentation; nobody here has seen an Enterprise build run them. "
			   "'crossgrade convert sftpgo-events' shows each text");
	if (!json_object_get(dump, "paused"))
		plan_note(d->plan, "the dump tells no rules that a migration set inactive: none is set active");
	plan_note(d->plan, "actions that are not the same are left as they are, and their rules inactive; the report names them");
}
