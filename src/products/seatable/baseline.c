#include "products/seatable/baseline.h"

#include <string.h>

#include "base/mem.h"
#include "products/seatable/baseline_files.h"
#include "products/seatable/baseline_tables.h"
#include "products/seatable/bases.h"
#include "products/seatable/dumps.h"
#include "products/seatable/layout.h"
#include "products/seatable/license_place.h"
#include "products/seatable/log_files.h"
#include "products/seatable/outside.h"
#include "products/seatable/running.h"
#include "products/seatable/seatable.h"
#include "svc/compose.h"
#include "svc/container.h"

#define WITHIN    (3600 * NS_PER_S)
#define BASES_MAX 20000
#define PATIENCE  (20 * NS_PER_S) /* for a program of the new server that is not up yet */
#define HEALTH    (120 * NS_PER_S) /* for docker's health check to come to an end; clients are served meanwhile */
#define AGAIN     (500 * NS_PER_MS)

struct look {
	struct ctx *c;
	struct site *site;
	const json_t *own;      /* SEA_DB_OWN */
	struct sea_db db;
	json_t *containers;     /* of the project, as docker describes them */
	struct facts *ret;
};

/* ---- databases ---- */

static int read_shapes(struct look *l, struct err *e)
{
	autojson json_t *shapes = json_object();
	const char *role;
	const json_t *schema;

	json_object_foreach((json_t *)l->own, role, schema)
	{
		char shape[DIGEST_TEXT];

		if (dumps_shape(&l->db, json_string_value(schema), shape, e) < 0)
			return -(int)e->kind;
		json_object_set_new(shapes, json_string_value(schema), json_string(shape));
	}
	facts_put(l->ret, FACT_OBSERVED, BASE_SHAPES, json_incref(shapes), "information_schema");
	return 0;
}

int sea_edits(const struct sea_db *db, const char *schema, json_t **ret, struct err *e)
{
	autofree char *name = sea_db_name(schema);
	autofree char *sql = xasprintf("SELECT dtable_uuid, COUNT(*), MAX(op_id) FROM %s.operation_log GROUP BY dtable_uuid ORDER BY 1 LIMIT %d",
				       name, BASES_MAX + 1);
	autojson json_t *rows = NULL, *edits = json_object();
	const json_t *row;
	size_t i;

	if (sea_db_rows(db, sql, &rows, e) < 0)
		return err_wrap(e, "count the edits in operation_log");
	if (json_array_size(rows) > BASES_MAX)
		return err_set(e, ERR_SPACE, "operation_log holds edits of more than %d bases", BASES_MAX);
	json_array_foreach(rows, i, row)
		json_object_set_new(edits, sea_db_cell(row, 0),
				    json_pack("{sI sI}", "edits", (json_int_t)sea_db_number(row, 1), "newest", (json_int_t)sea_db_number(row, 2)));
	*ret = take_ptr(edits);
	return 0;
}

static void read_edits(struct look *l)
{
	const char *schema = sea_log_schema(l->own);
	struct err why = ERR_INIT;
	json_t *edits = NULL;

	if (!schema)
		facts_miss(l->ret, BASE_EDITS, "which schema has operation_log cannot be told");
	else if (sea_edits(&l->db, schema, &edits, &why) < 0)
		facts_miss(l->ret, BASE_EDITS, why.msg);
	else
		facts_put(l->ret, FACT_OBSERVED, BASE_EDITS, edits, "operation_log");
}

/* By what is counted anyhow: the list is asked for in the window, where a question takes its time. */
static bool some_went(const struct look *l, const struct facts *before)
{
	autofree char *table = xasprintf("%s.dtables", json_str(l->own, "dtable", ""));
	const json_t *edits = facts_get(l->ret, BASE_EDITS), *unused;
	const char *uuid;

	if (json_int(facts_get(l->ret, BASE_TABLES), table, 0) < json_int(facts_get(before, BASE_TABLES), table, 0))
		return true;
	json_object_foreach((json_t *)facts_get(before, BASE_EDITS), uuid, unused)
		if (!json_object_get(edits, uuid))
			return true;
	return false;
}

static void read_bases(struct look *l, const struct facts *before)
{
	struct err why = ERR_INIT;
	json_t *bases = NULL;

	if (before && (!facts_get(before, BASE_BASES) || !some_went(l, before)))
		return;
	if (sea_bases_look(&l->db, json_str(l->own, "dtable", ""), &bases, &why) < 0)
		facts_miss(l->ret, BASE_BASES, why.msg);
	else
		facts_put(l->ret, FACT_OBSERVED, BASE_BASES, bases, "dtables");
}

/* Users that count, and how many the licence in place is for. */
static void read_seats(struct look *l)
{
	autofree char *schema = sea_db_name(json_str(l->own, "ccnet", ""));
	autofree char *sql = xasprintf("SELECT COUNT(*) FROM %s.EmailUser WHERE is_active = 1", schema);
	const json_t *place = json_object_get(l->site->doc, "license"), *most;
	autojson json_t *rows = NULL, *license = NULL;
	struct err why = ERR_INIT;

	if (sea_db_rows(&l->db, sql, &rows, &why) < 0 || json_array_size(rows) != 1) {
		facts_miss(l->ret, BASE_SEATS, why.kind ? why.msg : "the active users could not be counted");
		return;
	}
	most = place && sea_license_place_read(l->site, place, &license, &why) >= 0 ? json_object_get(license, "max_users") : NULL;
	facts_put(l->ret, FACT_OBSERVED, BASE_SEATS,
		  json_pack("{sI sO*}", "active", (json_int_t)sea_db_number(json_array_get(rows, 0), 0), "licensed", most), "EmailUser");
}

static int read_databases(struct look *l, bool quick, const struct facts *before, struct err *e)
{
	if (sea_db_open(json_object_get(l->site->doc, "database"), &l->db, e) < 0)
		return -(int)e->kind;
	if (goal_span(l->c->goal, "dump_timeout", WITHIN, &l->db.within_ns, e) < 0 ||
	    sea_baseline_tables(&l->db, l->own, quick, before, l->ret, e) < 0 || read_shapes(l, e) < 0)
		return -(int)e->kind;
	read_edits(l);
	read_bases(l, before);
	read_seats(l);
	return 0;
}

/* ---- the other containers ---- */

static void read_containers(struct look *l)
{
	autojson json_t *others = json_object();
	const json_t *one;
	size_t i;

	json_array_foreach(l->containers, i, one)
		if (strcmp(sea_container_name(one), json_str(l->site->doc, "container", "")) != 0)
			json_object_set_new(others, sea_container_name(one),
					    json_pack("{ss ss}", "id", json_str(one, "Id", ""), "image", json_str(one, "Image", "")));
	facts_put(l->ret, FACT_OBSERVED, BASE_CONTAINERS, json_incref(others), "docker inspect");
}

/* One that runs may be asked to write between any two of these looks. */
static void read_still(struct look *l)
{
	struct svc_state now = { 0 };
	struct err why = ERR_INIT;
	struct service *service;
	bool known = site_service(l->site, &service, &why) >= 0 && service->ops->state(service, &now, &why) >= 0;

	facts_put_bool(l->ret, FACT_OBSERVED, BASE_STILL, known && (now.run == SVC_STOPPED || now.run == SVC_FAILED), "docker inspect");
}

/* ---- the server, as its clients and docker see it ---- */

/* Docker calls a container "starting" for as long as the vendor's file says, half a minute and more. */
static char *await_health(const char *container, const json_t *seen, int64_t patience_ns)
{
	struct deadline until = deadline_in(patience_ns);
	char *health = xstrdup(sea_health_of(seen));

	while (!strcmp(health, "starting") && !deadline_passed(until)) {
		autojson json_t *now = NULL;
		struct err gone = ERR_INIT;

		clock_sleep_ns(AGAIN);
		if (container_inspect(container, &now, &gone) < 0)
			break;
		free(health);
		health = xstrdup(sea_health_of(now));
	}
	return health;
}

static void read_health(struct look *l, const char *container, const json_t *seen, bool waits)
{
	autofree char *health = await_health(container, seen, waits ? HEALTH : 0);

	if (*health)
		facts_put_str(l->ret, FACT_OBSERVED, BASE_HEALTH, health, "docker inspect");
}

static void read_running(struct look *l, bool waits)
{
	const char *container = json_str(l->site->doc, "container", "");
	const json_t *seen = sea_container_in(l->containers, container);
	json_t *log = NULL;
	struct err why = ERR_INIT;

	if (!seen) {
		facts_miss(l->ret, BASE_RUNNING, "the server has no container");
		facts_miss_after(l->ret, BASE_LOG, BASE_RUNNING, NULL);
		return;
	}
	facts_put(l->ret, FACT_OBSERVED, BASE_RUNNING, sea_running_of(seen), "docker inspect");
	read_health(l, container, seen, waits);
	if (sea_running_log(seen, &log, &why) < 0)
		facts_miss(l->ret, BASE_LOG, why.msg);
	else
		facts_put(l->ret, FACT_OBSERVED, BASE_LOG, log, "docker logs");
}

static void read_log_files(struct look *l, const struct facts *before)
{
	const json_t *seen = sea_container_in(l->containers, json_str(l->site->doc, "container", ""));
	struct err why = ERR_INIT;
	json_t *files = sea_log_files(l->site, seen, before ? facts_get(before, BASE_LOG_FILES) : NULL, &why);

	if (files)
		facts_put(l->ret, FACT_OBSERVED, BASE_LOG_FILES, files, "seatable/logs");
	else
		facts_miss(l->ret, BASE_LOG_FILES, why.msg);
}

/* A server that is stopped was looked at before. */
static void read_outside(struct look *l, const struct facts *before)
{
	const json_t *seen = json_object_get(json_object_get(l->c->results, SEA_OUTSIDE_STEP), "seen");

	if (before || !facts_bool(l->ret, BASE_STILL, false))
		facts_put(l->ret, FACT_OBSERVED, BASE_OUTSIDE,
			  sea_outside_look(l->c, l->site, l->containers, before ? facts_get(before, BASE_OUTSIDE) : NULL, before ? PATIENCE : 0), "its doors");
	else if (seen)
		facts_put(l->ret, FACT_OBSERVED, BASE_OUTSIDE, json_deep_copy(seen), "its doors");
	else
		facts_miss(l->ret, BASE_OUTSIDE, "the server was stopped");
}

/* The containers of the project, and what is seen of the server from without. */
static void read_project(struct look *l, bool quick, const struct facts *before)
{
	struct err why = ERR_INIT;

	if (compose_containers(json_str(json_object_get(l->site->doc, "service"), "project", ""), &l->containers, &why) < 0) {
		facts_miss(l->ret, BASE_CONTAINERS, why.msg);
		facts_miss_after(l->ret, BASE_RUNNING, BASE_CONTAINERS, NULL);
		facts_miss_after(l->ret, BASE_LOG, BASE_CONTAINERS, NULL);
	} else {
		read_containers(l);
		read_running(l, before && !quick);
	}
	read_outside(l, before);
	read_log_files(l, before);
	json_decref(l->containers);
}

int sea_baseline(struct ctx *c, bool quick, const struct facts *before, struct facts *ret, struct err *e)
{
	struct look l = { .c = c, .site = ctx_site(c, NULL), .ret = ret };
	int r;

	l.own = json_object_get(l.site->doc, "schemas");
	read_still(&l);
	r = read_databases(&l, quick, before, e);
	sea_db_done(&l.db);
	if (r < 0)
		return err_wrap(e, "read the baseline");
	read_project(&l, quick, before);
	sea_baseline_files(c, l.site, quick, before, ret);
	return 0;
}

int sea_baseline_data(struct ctx *c, const struct facts *before, struct facts *ret, struct err *e)
{
	struct look l = { .c = c, .site = ctx_site(c, NULL), .ret = ret };
	int r;

	l.own = json_object_get(l.site->doc, "schemas");
	r = read_databases(&l, false, before, e);
	sea_db_done(&l.db);
	if (r >= 0)
		sea_baseline_files(c, l.site, false, before, ret);
	return r;
}
