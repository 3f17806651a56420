/* What people read of a plan: notes and the forecast. */
#include "products/sftpgo/draft.h"

#include <string.h>

#include "base/mem.h"

static void point_note(struct draft *d)
{
	const char *kind = json_str(d->to->restore_point, "kind", "tree");

	if (sftpgo_follows(d->to))
		plan_note(d->plan, "this node follows: a way back brings its old build back, stopped as it is now, and it must stay so until "
			"the node that went first is rolled back");
	else if (!strcmp(kind, "tree"))
		plan_note(d->plan, "point of no return: step 'start', which rewrites the schema; from there only the restore point brings "
			"the old database back");
	else if (!strcmp(kind, "snapshot"))
		plan_note(d->plan, "point of no return: step 'start'; from there only the snapshot brings the old database back, whose "
			"proof is its exit status");
	else
		plan_note(d->plan, "point of no return: step 'start'; from there crossgrade cannot bring the old database back");
}

/* No step changes them; what else does is not undone. */
static void beside_note(struct draft *d)
{
	const json_t *one;
	size_t i;

	if (!window_copies(d->to))
		return;
	json_array_foreach(facts_get(d->now, SF_SCOPE_BESIDE), i, one)
		plan_note(d->plan, "the configuration names what the restore point does not hold, and no step changes: %s; keep a copy of it",
			  json_string_value(one));
}

static void drain_note(struct draft *d)
{
	if (!goal_setting(d->to, "drain", NULL))
		plan_note(d->plan, "transfers under way are cut by the stop; settings.drain waits for them, with a login");
}

static void nodes_note(struct draft *d)
{
	if (plan_step(d->plan, "nodes"))
		plan_note(d->plan, "other nodes are waited for before the stop, at most %s; one that is alive then turns the run back",
			  goal_setting(d->to, "nodes_wait", ""));
}

static void outside_note(struct draft *d)
{
	const json_t *probe = facts_get(d->now, SF_PROBE);

	if (json_int(probe, "sftp", 0) && !json_bool(probe, "banner", true))
		plan_note(d->plan,
			  "host keys are not proved, and SFTP is looked at without a connection: a hook at each one, a rate limit or the "
			  "defender would feel it");
	if (json_bool(probe, "members", false))
		plan_note(d->plan, "HTTP asks for a client's certificate (httpd.bindings client_auth_type): it is only seen to listen, and "
			  "source.login is not taken; a second binding on 127.0.0.1 without it would be asked");
}

static void rules_note(struct draft *d)
{
	autojson json_t *rules = sftpgo_draft_rules(d);
	const json_t *one;
	size_t i;

	json_array_foreach(rules, i, one)
		plan_note(d->plan, "event rule '%s' is set inactive before the stop, and stays so: translate the placeholders of its actions, "
			"then set it active; a way back sets it active again", json_string_value(one));
}

static void hearers_note(struct draft *d)
{
	const json_t *heard = facts_get(d->now, SF_HEARD), *one;
	const char *hook = json_str(heard, "hook", NULL);
	size_t i;

	if (!plan_step(d->plan, "pause-rules") && !plan_step(d->plan, "events"))
		return;
	json_array_foreach(json_object_get(heard, "rules"), i, one)
		plan_note(d->plan, "event rule '%s' hears each save of a rule or an action by this run, as long as it is active",
			  json_string_value(one));
	if (hook)
		plan_note(d->plan, "%s hears each save of a rule or an action by this run", hook);
}

static void enterprise_note(struct draft *d)
{
	if (!strcmp(d->change.to_edition, SFTPGO_ENTERPRISE) || !strcmp(d->change.from_edition ?: "", SFTPGO_ENTERPRISE))
		window_note_unseen_edition(d->plan);
}

/* Whoever shares its network by its id would be left with one that is no more. */
static void container_note(struct draft *d)
{
	plan_note(d->plan, "a container that shares the network of this one by its id keeps the old one's: restart such a one yourself");
	if (sftpgo_conf_is_of_image(d->now))
		plan_note(d->plan, "the configuration is the image's '%s': the new image brings its own; what volumes and variables set stays",
			  facts_str(d->now, SF_CONF_FILE, "?"));
}

void sftpgo_draft_notes(struct draft *d)
{
	point_note(d);
	plan_note(d->plan, "users' files are neither moved nor copied, and a way back leaves them as they are then");
	beside_note(d);
	sftpgo_draft_dump_notes(d);
	if (d->in_container)
		container_note(d);
	else if (sftpgo_draft_is_package(d))
		sftpgo_draft_package_notes(d);
	else if (d->at.taking != TAKE_LINK)
		window_note_old_build(d->plan, d->at.staged);
	window_note_gate(d->plan, d->ports);
	outside_note(d);
	nodes_note(d);
	drain_note(d);
	rules_note(d);
	hearers_note(d);
	enterprise_note(d);
}

/* A login behind the gate, with its file: mostly the server's check of the password. */
#define LOGIN_LOW_MS  50
#define LOGIN_HIGH_MS 500

/* Computed, not measured. Stop 0.01-1 s, start 0.1-3 s with the migration of the schema (0.1 s for 10,000 users on SQLite), a
 * first start makes no host keys; the copy of a database 1 s for 100 MB to 1 GB. Seen on 2.6.4 and 2.7.5. */
void sftpgo_draft_forecast(struct draft *d)
{
	json_int_t bytes = 0, copy_low, copy_high, logins = (json_int_t)sftpgo_draft_logins(d);
	const char *name;
	json_t *room, *parts;

	json_object_foreach((json_t *)facts_get(d->now, SF_ROOM), name, room) bytes += json_int(room, "bytes", 0);
	copy_low = window_copies(d->to) ? bytes / 1000000 : 0;
	copy_high = window_copies(d->to) ? 200 + bytes / 100000 : 0;
	parts = json_pack("{s[II] s[II] s[II]}", "stop_ms", (json_int_t)10, (json_int_t)1000, "final_pass_ms",
			  copy_low, copy_high, "start_ms", (json_int_t)100, (json_int_t)3000);
	if (logins)
		json_object_set_new(parts, "logins_ms",
				    json_pack("[II]", logins * LOGIN_LOW_MS, logins * LOGIN_HIGH_MS));
	plan_forecast(d->plan, "downtime",
		      json_pack("{ss sI sI so}", "how", "computed", "low_ms",
				110 + copy_low + logins * LOGIN_LOW_MS, "high_ms",
				4000 + copy_high + logins * LOGIN_HIGH_MS, "parts", parts));
	plan_forecast(d->plan, "space",
		      json_pack("{ss sI sI}", "how", "computed", "restore_point_bytes",
				window_copies(d->to) ? bytes : 0, "build_bytes",
				(json_int_t)json_int(d->change.artifact, "size", 0) * 3));
}
