/* The steps of a migration, in order. Same facts, same goal: same bytes. */
#include "products/questdb/draft.h"

#include "base/clock.h"
#include "base/mem.h"
#include "products/questdb/proof.h"
#include "svc/container.h"

json_t *draft_place(struct draft *d, const char *name, const char *path)
{
	return window_place(d->roots, name, path);
}

void draft_step(struct draft *d, enum phase phase, const char *id, const char *kind, unsigned flags,
		json_t *params, const char *why)
{
	plan_add(d->plan, phase, id, kind, flags, params, why);
}

const char *draft_span(const struct draft *d, const char *setting, const char *absent)
{
	return goal_setting(d->to, setting, absent);
}

json_t *draft_lock(const struct draft *d)
{
	const char *rel = facts_str(d->now, QF_DB_REL, NULL);
	autofree char *below = rel ? xasprintf("%s/tables.d.lock", rel) : NULL;

	return rel ? place_of("root", below) : place_of("db", "tables.d.lock");
}

static json_t *port_of(const struct draft *d, const char *endpoint)
{
	const json_t *p = json_object_get(facts_get(d->now, QF_PORTS), endpoint);

	return json_bool(p, "enabled", false) ? json_integer(json_int(p, "port", 0)) : json_null();
}

/* An address that a server bound to all of them is reached by. */
static const char *own_host(const struct draft *d)
{
	const char *host =
	    json_str(json_object_get(facts_get(d->now, QF_PORTS), "http"), "host", "127.0.0.1");

	return !strcmp(host, "0.0.0.0") || !strcmp(host, "::") || !*host ? "127.0.0.1" : host;
}

/* Login on another edition, and which that is: what the goal says, else its administrator where it
 * gets one. */
static json_t *target_login(const struct draft *d)
{
	const json_t *said = json_object_get(d->to->target, "login");
	const json_t *admin = json_object_get(d->to->settings, "admin");
	json_t *login;

	if (d->change.crossing == CROSS_NONE ||
	    (!said && d->change.crossing == CROSS_TO_OPEN_SOURCE))
		return NULL;
	if (!said && (!admin || access_is_legacy(d->to)))
		return NULL;
	login = json_deep_copy(said ? said : admin);
	json_object_set_new(login, "edition", json_string(d->change.to_edition));
	return login;
}

/* Where this host reaches it: a container publishes some of its ports, at other numbers. */
static json_t *probe_of(const struct draft *d)
{
	static const char *const names[] = { "http", "min", "pg", "ilp" };
	json_t *probe = json_pack("{ss so so so so}", "host", own_host(d), "http", port_of(d, "http"),
				  "min", port_of(d, "min"), "pg", port_of(d, "pg"), "ilp",
				  port_of(d, "ilp"));

	if (d->in_container)
		container_reach(facts_get(d->now, QF_CONTAINER), names, ARRAY_LEN(names), probe);
	return probe;
}

static void add_site(struct draft *d)
{
	json_t *doc = json_pack("{sO sO so so*}", "roots", d->roots, "service",
				facts_get(d->now, QF_SERVICE), "lock", draft_lock(d), "probe",
				probe_of(d));
	json_t *after = target_login(d);

	if (json_object_get(d->to->source, "login"))
		json_object_set(doc, "login", json_object_get(d->to->source, "login"));
	if (after)
		json_object_set_new(doc, "target_login", after);
	plan_site(d->plan, "main", doc);
}

/* Ports the gate closes; none where it is not wanted, or cannot be had and was not asked for. */
static json_t *gate_ports(const struct draft *d)
{
	static const char *const endpoints[] = { "http", "min", "pg", "ilp" };
	json_t *ports = json_array();

	/* What docker publishes does not come through the input hook. */
	if (d->in_container || !window_wants_gate(d->to, facts_bool(d->now, QF_NFT, false)))
		return ports;
	for (size_t i = 0; i < ARRAY_LEN(endpoints); i++) {
		json_t *port = port_of(d, endpoints[i]);

		if (json_is_integer(port))
			json_array_append(ports, port);
		json_decref(port);
	}
	return ports;
}

static int enough_is_known(const struct draft *d, struct err *e)
{
	static const char *const needed[] = { QF_ROOT,         QF_DB,        QF_EDITION,   QF_VERSION,
					      QF_SERVICE,      QF_PORTS,     QF_CONF,      QF_CONF_FILE,
					      QF_SERVICE_KIND, QF_ARTIFACT,  QF_SCOPE };
	const char *programs = d->in_container ? FACT_IMAGE : QF_INSTALL;

	if (window_needs(d->now, needed, ARRAY_LEN(needed), e) < 0 ||
	    window_needs(d->now, &programs, 1, e) < 0)
		return -e->kind;
	if (!d->change.to_edition || !d->change.to_version)
		return err_set(e, ERR_ABSENT,
			       "neither goal nor artifact tell the edition and version wanted");
	return 0;
}

static int settings_are_good(const struct goal *to, struct err *e)
{
	static const char *const spans[] = { "stop_timeout", "start_timeout", "stall", "drain" };
	struct proof_asked proof;

	if (window_settings(to, spans, ARRAY_LEN(spans), e) < 0)
		return -e->kind;
	return proof_of(to, &proof, e);
}

static void set_root(json_t *roots, const char *name, const struct facts *now, const char *key)
{
	json_object_set_new(roots, name, json_string(facts_str(now, key, "/")));
}

static int draft_steps(struct draft *d, struct err *e)
{
	set_root(d->roots, "root", d->now, QF_ROOT);
	if (!facts_get(d->now, QF_DB_REL))
		set_root(d->roots, "db", d->now, QF_DB);
	draft_stage(d);
	draft_freeze(d);
	if (draft_change(d, e) < 0 || draft_command(d, e) < 0)
		return -e->kind;
	draft_thaw(d);
	draft_prove(d);
	draft_open(d);
	draft_notes(d);
	draft_forecast(d);
	add_site(d);
	return 0;
}

static void draft_done(struct draft *d)
{
	placement_done(&d->at);
	json_decref(d->roots);
	json_decref(d->conf_edits);
	json_decref(d->argv);
	json_decref(d->ports);
}

int questdb_plan(const struct facts *now, const struct goal *to, struct plan *ret, struct err *e)
{
	struct draft d = { .now = now, .to = to, .plan = ret };
	int r;

	change_of(now, to, &d.change);
	d.in_container = container_is(facts_str(now, QF_SERVICE_KIND, NULL));
	if (enough_is_known(&d, e) < 0 || settings_are_good(to, e) < 0)
		return -e->kind;
	if (d.change.nothing) {
		d.roots = json_object();
		set_root(d.roots, "root", now, QF_ROOT);
		add_site(&d);
		plan_note(ret, "nothing to do: this very build is installed already");
		draft_done(&d);
		return 0;
	}
	if (!d.in_container && placement_of(now, to, &d.change, &d.at, e) < 0)
		return -e->kind;
	d.roots = json_object();
	d.conf_edits = conf_change(now, to, &d.change);
	d.ports = gate_ports(&d);
	r = draft_steps(&d, e);
	draft_done(&d);
	return r;
}
