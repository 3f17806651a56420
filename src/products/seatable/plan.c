/* The steps of a switch, in order. Same facts, same goal: same bytes. */
#include "products/seatable/seatable.h"

#include <string.h>

#include "base/mem.h"
#include "products/seatable/client.h"
#include "products/seatable/draft.h"
#include "products/seatable/gate.h"

static const char *const own_names[] = { "ccnet", "seafile", "dtable", "log" };

json_t *sea_draft_place(struct sea_draft *d, const char *name, const char *path)
{
	return window_place(d->roots, name, path);
}

const char *sea_draft_span(const struct sea_draft *d, const char *setting, const char *absent)
{
	return goal_setting(d->to, setting, absent);
}

bool sea_draft_crosses(const struct sea_draft *d, const char *edition)
{
	return !strcmp(d->to_edition, edition) && strcmp(d->from_edition, edition) != 0;
}

/* ---- what there must be ---- */

static int enough_is_known(const struct facts *now, struct err *e)
{
	static const char *const needed[] = { SEA_ROOT,    SEA_ENV,     SEA_ENV_IMAGE, SEA_SERVER,     SEA_SERVICE,   SEA_EDITION, SEA_VERSION,
					      SEA_DATA,    SEA_RUNNING, SEA_DB,        SEA_DB_OWN,     SEA_TO_EDITION, SEA_TO_VERSION,
					      SEA_TO_IMAGE, SEA_PROBE };

	return window_needs(now, needed, ARRAY_LEN(needed), e);
}

static int settings_are_good(const struct goal *to, struct err *e)
{
	static const char *const spans[] = { "stop_timeout", "start_timeout", "stall", "dump_timeout", "pull_timeout", "big_data_timeout" };
	const char *dump = goal_setting(to, "dump", "running"), *big = goal_setting(to, "big_data", "none");

	if (strcmp(big, "backup-all") != 0 && strcmp(big, "none") != 0)
		return err_set(e, ERR_USAGE, "'settings.big_data' is '%s', neither 'backup-all' nor 'none'", big);
	if (strcmp(dump, "running") != 0 && strcmp(dump, "stopped") != 0)
		return err_set(e, ERR_USAGE, "'settings.dump' is '%s', neither 'running' nor 'stopped'", dump);
	return sea_client_settings(to, e) < 0 ? -(int)e->kind : window_settings(to, spans, ARRAY_LEN(spans), e);
}

/* It would be put back under a database that runs: nobody but the operator can stop that. */
static int point_is_good(const struct goal *to, struct err *e)
{
	if (strcmp(json_str(to->restore_point, "kind", "tree"), "snapshot") != 0)
		return 0;
	err_set(e, ERR_USAGE, "'restore_point.kind: snapshot' is not for SeaTable, whose database runs on in the window");
	return err_hint(e, "leave it at 'tree'; or take a snapshot of your own, by a hook before_stop for instance, and say 'external'");
}

/* ---- the site ---- */

static json_t *database_at(const struct facts *now)
{
	const json_t *db = facts_get(now, SEA_DB), *tools = facts_get(now, SEA_DB_TOOLS);

	return json_pack("{ss ss ss ss}", "db", json_str(db, "db", ""), "server", json_str(db, "server", ""), "client",
			 json_str(tools, "client", "mariadb"), "dump", json_str(tools, "dump", "mariadb-dump"));
}

static json_t *own_schemas(const struct facts *now)
{
	json_t *schemas = json_array();

	for (size_t i = 0; i < ARRAY_LEN(own_names); i++) {
		const char *schema = json_str(facts_get(now, SEA_DB_OWN), own_names[i], NULL);

		if (schema)
			json_array_append_new(schemas, json_string(schema));
	}
	return schemas;
}

/* What looking at the new world needs, too, is in it: database, schemas, container, licence. */
static void add_site(struct sea_draft *d)
{
	const char *license = json_str(facts_get(d->now, SEA_LICENSE), "path", NULL);
	json_t *doc = json_pack("{sO sO sO sO sO ss}", "roots", d->roots, "service", facts_get(d->now, SEA_SERVICE), "probe",
				facts_get(d->now, SEA_PROBE), "database", d->at, "schemas", facts_get(d->now, SEA_DB_OWN), "container",
				json_str(d->at, "server", ""));

	if (license)
		json_object_set_new(doc, "license", sea_draft_place(d, "license", license));
	if (json_object_get(d->to->source, "login"))
		json_object_set(doc, "login", json_object_get(d->to->source, "login"));
	plan_site(d->plan, "main", doc);
}

static void set_roots(struct sea_draft *d)
{
	d->roots = json_object();
	json_object_set_new(d->roots, "root", json_string(facts_str(d->now, SEA_ROOT, "")));
	json_object_set_new(d->roots, "data", json_string(facts_str(d->now, SEA_DATA, "")));
}

/* ---- the gate ---- */

/* The proxy is stopped and started last: its container stays the one it is. */
static int gate_can_be(const struct facts *now, const struct goal *to, struct err *e)
{
	const char *none = sea_no_gate(now);

	if (!none || !window_wants_gate(to, false))
		return 0;
	err_set(e, ERR_USAGE, "'settings.gate: verify' needs a proxy of the project that clients come through: %s", none);
	return err_hint(e, "start it, or leave the setting out: the plan says then that there is no gate");
}

static json_t *door_of(const struct sea_draft *d)
{
	if (sea_no_gate(d->now) || !window_wants_gate(d->to, true))
		return json_object();
	return json_pack("{ss ss ss}", "kind", "compose", "project", json_str(facts_get(d->now, SEA_SERVICE), "project", ""), "service",
			 json_str(facts_get(d->now, SEA_PUBLIC), "proxy", ""));
}

/* ---- the steps ---- */

static void draft_steps(struct sea_draft *d)
{
	plan_keep_data(d->plan);
	sea_draft_stage(d);
	sea_draft_freeze(d);
	sea_draft_change(d);
	sea_draft_thaw(d);
	sea_draft_prove(d);
	sea_draft_open(d);
	sea_draft_notes(d);
	sea_draft_forecast(d);
}

static bool is_nothing(const struct sea_draft *d)
{
	return !strcmp(d->from_edition, d->to_edition) && !strcmp(d->from_version, d->to_version) &&
	       !strcmp(json_str(facts_get(d->now, SEA_IMAGE), "reference", ""), d->image);
}

static void draft_done(struct sea_draft *d)
{
	json_decref(d->roots);
	json_decref(d->at);
	json_decref(d->schemas);
	json_decref(d->door);
}

int seatable_plan(const struct facts *now, const struct goal *to, struct plan *ret, struct err *e)
{
	const json_t *image = facts_get(now, SEA_TO_IMAGE);
	struct sea_draft d = { .now = now,
			       .to = to,
			       .plan = ret,
			       .from_edition = facts_str(now, SEA_EDITION, ""),
			       .from_version = facts_str(now, SEA_VERSION, ""),
			       .to_edition = facts_str(now, SEA_TO_EDITION, ""),
			       .to_version = facts_str(now, SEA_TO_VERSION, ""),
			       .image = json_str(image, "reference", ""),
			       .clones = sea_folders_clone(to),
			       .by_default = json_bool(image, "default", false),
			       .dumps_running = strcmp(goal_setting(to, "dump", "running"), "stopped") != 0 };

	if (enough_is_known(now, e) < 0 || settings_are_good(to, e) < 0 || point_is_good(to, e) < 0 ||
	    sea_folders_of(now, to, &d.folders, e) < 0 || sea_folders_can(now, to, e) < 0 || gate_can_be(now, to, e) < 0)
		return -(int)e->kind;
	if (!window_copies(to)) {
		d.folders = SEA_FOLDERS_NONE;
		d.clones = false;
	}
	set_roots(&d);
	d.at = database_at(now);
	d.schemas = own_schemas(now);
	d.door = door_of(&d);
	if (is_nothing(&d))
		plan_note(ret, "nothing to do: this very edition and version is in force already");
	else
		draft_steps(&d);
	add_site(&d);
	draft_done(&d);
	return 0;
}
