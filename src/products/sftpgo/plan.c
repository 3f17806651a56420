/* The steps of a migration, in order. Same facts, same goal: same bytes. */
#include "products/sftpgo/draft.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "products/sftpgo/doors.h"
#include "products/sftpgo/event_goal.h"
#include "products/sftpgo/trial_goal.h"

json_t *sftpgo_draft_place(struct draft *d, const char *name, const char *path)
{
	return window_place(d->roots, name, path);
}

void sftpgo_draft_step(struct draft *d, enum phase phase, const char *id, const char *kind, unsigned flags, json_t *params,
                const char *why)
{
	plan_add(d->plan, phase, id, kind, flags, params, why);
}

const char *sftpgo_draft_span(const struct draft *d, const char *setting, const char *absent)
{
	return goal_setting(d->to, setting, absent);
}

bool sftpgo_draft_is_process(const struct draft *d)
{
	return !strcmp(facts_str(d->now, SF_SERVICE_KIND, ""), "process");
}

/* Every door that clients come in by: none where no gate is wanted, or none can be had and it was not asked for. With one of them open the
 * others keep nobody's change out, and what leaves no trace of a client could not be told from the server's own doing. */
static json_t *gate_ports(const struct draft *d)
{
	const json_t *doors = facts_get(d->now, SF_DOORS);
	json_t *ports = json_array(), *list, *door;
	const char *name;
	size_t i;

	if (sftpgo_publishes(d->now) || doors_socket(doors) || !window_wants_gate(d->to, facts_bool(d->now, SF_NFT, false)))
		return ports;
	json_object_foreach((json_t *)doors, name, list) json_array_foreach(list, i, door)
	{
		if (strcmp(name, "telemetry") != 0 && json_int(door, "port", 0))
			json_array_append(ports, json_object_get(door, "port"));
	}
	return ports;
}

/* The new server must let in whom the old one let in, where it is asked with the same login; a token ends by itself. */
static bool login_lasts(const struct draft *d, const json_t *login)
{
	const json_t *after = json_object_get(d->to->target, "login");

	return facts_bool(d->now, SF_LOGIN, false) && (json_object_get(login, "password_file") || json_object_get(login, "api_key_file")) &&
	       (!after || json_equal(after, login));
}

static void add_site(struct draft *d)
{
	const json_t *login = json_object_get(d->to->source, "login");
	json_t *doc = json_pack("{sO sO sO}", "roots", d->roots, "service", facts_get(d->now, SF_SERVICE), "probe",
				facts_get(d->now, SF_PROBE));

	if (login)
		json_object_set(doc, "login", (json_t *)login);
	if (login_lasts(d, login))
		json_object_set_new(doc, "login_lasts", json_true());
	if (json_object_get(d->to->target, "login") && d->change.to_version) {
		json_t *after = json_deep_copy(json_object_get(d->to->target, "login"));

		json_object_set_new(after, "version", json_string(d->change.to_version));
		json_object_set_new(doc, "target_login", after);
	}
	plan_site(d->plan, "main", doc);
}

static int enough_is_known(const struct draft *d, struct err *e)
{
	static const char *const needed[] = { SF_ROOT,  SF_EDITION, SF_VERSION, SF_SERVICE, SF_SERVICE_KIND, SF_DOORS,
					      SF_PROBE, SF_DRIVER,  SF_SCHEMA,  SF_SCOPE,   SF_ARTIFACT };
	const char *programs = d->in_container ? FACT_IMAGE : SF_INSTALL;

	if (window_needs(d->now, needed, ARRAY_LEN(needed), e) < 0 || window_needs(d->now, &programs, 1, e) < 0)
		return -(int)e->kind;
	if (!d->change.to_edition || !d->change.to_version)
		return err_set(e, ERR_ABSENT, "neither goal nor artifact tell the edition and version wanted");
	return 0;
}

static int settings_are_good(const struct goal *to, struct err *e)
{
	static const char *const spans[] = { "stop_timeout", "start_timeout", "stall", "drain", "nodes_wait", "dump_timeout",
					     "download_timeout", "lock_timeout" };
	const char *role = goal_setting(to, "role", "leader");

	if (strcmp(role, "leader") != 0 && strcmp(role, "follower") != 0)
		return err_set(e, ERR_USAGE, "'settings.role' is '%s', neither 'leader' nor 'follower'", role);
	return window_settings(to, spans, ARRAY_LEN(spans), e);
}

static void set_roots(struct draft *d)
{
	const char *name;
	json_t *root;

	d->roots = json_object();
	json_object_foreach((json_t *)facts_get(d->now, SF_SCOPE), name, root)
		json_object_set(d->roots, name, json_object_get(root, "path"));
}

static void draft_done(struct draft *d)
{
	sftpgo_placement_done(&d->at);
	json_decref(d->roots);
	json_decref(d->ports);
}

static int draft_steps(struct draft *d, struct err *e)
{
	d->ports = gate_ports(d);
	sftpgo_draft_stage(d);
	sftpgo_draft_freeze(d);
	if (sftpgo_draft_change(d, e) < 0)
		return -(int)e->kind;
	sftpgo_draft_thaw(d);
	sftpgo_draft_prove(d);
	sftpgo_draft_open(d);
	sftpgo_draft_notes(d);
	sftpgo_draft_forecast(d);
	return 0;
}

bool sftpgo_publishes(const struct facts *now)
{
	const json_t *container = facts_get(now, SF_CONTAINER);

	return container && !json_bool(container, "host_network", false);
}

bool sftpgo_conf_is_of_image(const struct facts *now)
{
	return json_bool(facts_get(now, SF_CONTAINER), "conf_of_image", false);
}

bool sftpgo_by_hand(const struct facts *now)
{
	return !strcmp(facts_str(now, SF_KIND, ""), "windows");
}

int sftpgo_plan(const struct facts *now, const struct goal *to, struct plan *ret, struct err *e)
{
	struct draft d = { .now = now, .to = to, .plan = ret, .in_container = container_is(facts_str(now, SF_SERVICE_KIND, NULL)) };
	int r = 0;

	if (sftpgo_by_hand(now))
		return sftpgo_plan_by_hand(now, to, ret, e);
	sftpgo_change(now, to, &d.change);
	if (enough_is_known(&d, e) < 0 || settings_are_good(to, e) < 0 || trial_settings(to, e) < 0 || events_settings(to, e) < 0)
		return -(int)e->kind;
	if (!d.change.nothing && !d.in_container && sftpgo_placement(now, to, &d.change, &d.at, e) < 0)
		return -(int)e->kind;
	set_roots(&d);
	if (d.change.nothing)
		sftpgo_draft_events_put(&d);
	if (d.change.nothing && !ret->steps.n)
		plan_note(ret, "nothing to do: this very version is installed already");
	else if (!d.change.nothing)
		r = draft_steps(&d, e);
	add_site(&d);
	draft_done(&d);
	return r;
}
