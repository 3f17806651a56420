#include "products/seatable/baseline.h"

#include <string.h>

#include "base/mem.h"
#include "products/seatable/baseline_files.h"
#include "products/seatable/dumps.h"
#include "products/seatable/layout.h"
#include "products/seatable/license_place.h"
#include "products/seatable/outside.h"
#include "products/seatable/running.h"
#include "svc/compose.h"

#define SQL_MAX   (1u << 20)
#define LARGE     (256 * 1024 * 1024LL)  /* a table of more is asked for by itself, and not read for its checksum */
#define SUM_BYTES (1024 * 1024 * 1024LL) /* all that are read for it together, the smallest first */
#define WITHIN    (3600 * NS_PER_S)
#define BASES_MAX 20000
#define PATIENCE  (20 * NS_PER_S) /* for a program of the new server that is not up yet */

/* Logs, sessions, statistics and job queues. Source: tables of dtable-events 5.3 to 6.1 (1b33a1e) and docs/maintenance/database-cleanup
 * of the admin docs, read 2026-11-22. */
static const char *const always[] = { "operation_log",    "delete_operation_log", "activities",     "session_log",       "django_session",
				      "email_sending_log", "user_activity_statistics", "dtables_stats", "big_data_storage_stats",
				      "api_calls_stats",  "dtable_snapshot",      "UserLastLogin",  "sysadmin_userloginlog", "TotalStorageStat",
				      "UserTraffic",      "RepoSize",             "RepoFileCount",  "GarbageRepos" };

bool sea_is_written_always(const char *table)
{
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		if (!strcmp(table, always[i]))
			return true;
	return false;
}

static const char *cell(const json_t *row, size_t i)
{
	return json_string_value(json_array_get(row, i)) ?: "";
}

static int64_t number(const json_t *row, size_t i)
{
	int64_t n;

	return sv_i64(sv_of(cell(row, i)), &n) ? n : 0;
}

/* ---- tables ---- */

struct look {
	struct ctx *c;
	struct site *site;
	const json_t *own;      /* {"dtable","ccnet","seafile": schema} */
	struct sea_db db;
	json_t *tables;         /* rows of schema, table, bytes */
	json_t *containers;     /* of the project, as docker describes them */
	struct facts *ret;
};

static int list_tables(struct look *l, struct err *e)
{
	autobuf struct buf sql = BUF_MAX(SQL_MAX);
	const char *role;
	const json_t *schema;
	int n = 0;

	buf_adds(&sql, "SELECT table_schema, table_name, IFNULL(data_length, 0) FROM information_schema.tables WHERE table_type = 'BASE TABLE' "
		       "AND table_schema IN (");
	json_object_foreach((json_t *)l->own, role, schema)
	{
		autofree char *text = sea_db_text(json_string_value(schema));

		buf_addf(&sql, "%s%s", n++ ? ", " : "", text);
	}
	buf_adds(&sql, ") ORDER BY 3, 1, 2");
	return buf_check(&sql, "the names of the schemas", e) < 0 ? -(int)e->kind : sea_db_rows(&l->db, buf_str(&sql), &l->tables, e);
}

static void add_table(struct buf *sql, const json_t *row)
{
	autofree char *schema = sea_db_name(cell(row, 0));
	autofree char *table = sea_db_name(cell(row, 1));

	buf_addf(sql, "%s.%s", schema, table);
}

/* {"schema.table": number} of rows "schema.table" and a number, which a table that went meanwhile has not. */
static void add_numbers(const json_t *rows, json_t *ret)
{
	const json_t *row;
	int64_t n;
	size_t i;

	json_array_foreach((json_t *)rows, i, row)
		if (sv_i64(sv_of(cell(row, 1)), &n))
			json_object_set_new(ret, cell(row, 0), json_integer((json_int_t)n));
}

static void add_count(struct buf *sql, const json_t *row)
{
	autofree char *name = xasprintf("%s.%s", cell(row, 0), cell(row, 1));
	autofree char *text = sea_db_text(name);

	buf_addf(sql, "%sSELECT %s, COUNT(*) FROM ", sql->len ? " UNION ALL " : "", text);
	add_table(sql, row);
}

static int ask_counts(struct look *l, struct buf *sql, json_t *ret, struct err *e)
{
	autojson json_t *rows = NULL;

	if (!sql->len)
		return 0;
	if (buf_check(sql, "the names of the tables", e) < 0 || sea_db_rows(&l->db, buf_str(sql), &rows, e) < 0)
		return err_wrap(e, "count the rows");
	add_numbers(rows, ret);
	return 0;
}

/* One that cannot be counted in its time is no reason to leave the others. */
static void count_large(struct look *l, const json_t *row, bool quick, json_t *tables, json_t *uncounted)
{
	autofree char *name = xasprintf("%s.%s", cell(row, 0), cell(row, 1));
	autobuf struct buf sql = BUF_MAX(4096);
	struct err why = ERR_INIT;

	if (quick)
		err_set(&why, ERR_TIMEOUT, "it is large, and counted later");
	add_count(&sql, row);
	if (quick || ask_counts(l, &sql, tables, &why) < 0)
		json_object_set_new(uncounted, name, json_text(why.msg));
}

static int count_rows(struct look *l, bool quick, struct err *e)
{
	autojson json_t *tables = json_object(), *uncounted = json_object();
	autobuf struct buf sql = BUF_MAX(SQL_MAX);
	const json_t *row;
	size_t i;

	if (!json_array_size(l->tables))
		return err_set(e, ERR_ABSENT, "the schemas have no tables");
	json_array_foreach(l->tables, i, row)
		if (number(row, 2) <= LARGE)
			add_count(&sql, row);
	if (ask_counts(l, &sql, tables, e) < 0)
		return -(int)e->kind;
	json_array_foreach(l->tables, i, row)
		if (number(row, 2) > LARGE)
			count_large(l, row, quick, tables, uncounted);
	facts_put(l->ret, FACT_OBSERVED, BASE_TABLES, json_incref(tables), "SELECT COUNT(*)");
	if (json_object_size(uncounted))
		facts_put(l->ret, FACT_OBSERVED, BASE_UNCOUNTED, json_incref(uncounted), "SELECT COUNT(*)");
	return 0;
}

/* A statement for each, as each has its time. Without them the proof is weaker, and a server need not stay unmoved for that. */
static void sum_tables(struct look *l)
{
	autobuf struct buf sql = BUF_MAX(SQL_MAX);
	autojson json_t *rows = NULL, *sums = json_object();
	struct err why = ERR_INIT;
	int64_t bytes = 0;
	const json_t *row;
	size_t i;

	json_array_foreach(l->tables, i, row)
	{
		if (sea_is_written_always(cell(row, 1)) || number(row, 2) > LARGE)
			continue;
		bytes += number(row, 2);
		if (bytes > SUM_BYTES)
			break;
		buf_adds(&sql, "CHECKSUM TABLE ");
		add_table(&sql, row);
		buf_adds(&sql, ";\n");
	}
	if (!sql.len)
		return;
	if (buf_check(&sql, "the names of the tables", &why) < 0 || sea_db_rows(&l->db, buf_str(&sql), &rows, &why) < 0) {
		facts_miss(l->ret, BASE_SUMS, why.msg);
		return;
	}
	add_numbers(rows, sums);
	facts_put(l->ret, FACT_OBSERVED, BASE_SUMS, json_incref(sums), "CHECKSUM TABLE");
}

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
		json_object_set_new(edits, cell(row, 0),
				    json_pack("{sI sI}", "edits", (json_int_t)number(row, 1), "newest", (json_int_t)number(row, 2)));
	*ret = take_ptr(edits);
	return 0;
}

static void read_edits(struct look *l)
{
	const char *schema = json_str(l->own, "dtable", "");
	struct err why = ERR_INIT;
	json_t *edits = NULL;

	if (sea_edits(&l->db, schema, &edits, &why) < 0)
		facts_miss(l->ret, BASE_EDITS, why.msg);
	else
		facts_put(l->ret, FACT_OBSERVED, BASE_EDITS, edits, "operation_log");
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
		  json_pack("{sI sO*}", "active", (json_int_t)number(json_array_get(rows, 0), 0), "licensed", most), "EmailUser");
}

static int read_databases(struct look *l, bool quick, struct err *e)
{
	if (sea_db_open(json_object_get(l->site->doc, "database"), &l->db, e) < 0)
		return -(int)e->kind;
	if (goal_span(l->c->goal, "dump_timeout", WITHIN, &l->db.within_ns, e) < 0 || list_tables(l, e) < 0 || count_rows(l, quick, e) < 0 ||
	    read_shapes(l, e) < 0)
		return -(int)e->kind;
	if (!quick)
		sum_tables(l);
	read_edits(l);
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

static void read_running(struct look *l)
{
	const char *container = json_str(l->site->doc, "container", "");
	const json_t *seen = sea_container_in(l->containers, container);
	json_t *running, *log = NULL;
	struct err why = ERR_INIT;

	if (!seen) {
		facts_miss(l->ret, BASE_RUNNING, "the server has no container");
		facts_miss_after(l->ret, BASE_LOG, BASE_RUNNING, NULL);
		return;
	}
	running = sea_running_of(seen);
	facts_put(l->ret, FACT_OBSERVED, BASE_RUNNING, running, "docker inspect");
	if (sea_running_log(container, running, &log, &why) < 0)
		facts_miss(l->ret, BASE_LOG, why.msg);
	else
		facts_put(l->ret, FACT_OBSERVED, BASE_LOG, log, "docker logs");
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
static void read_project(struct look *l, const struct facts *before)
{
	struct err why = ERR_INIT;

	if (compose_containers(json_str(json_object_get(l->site->doc, "service"), "project", ""), &l->containers, &why) < 0) {
		facts_miss(l->ret, BASE_CONTAINERS, why.msg);
		facts_miss_after(l->ret, BASE_RUNNING, BASE_CONTAINERS, NULL);
		facts_miss_after(l->ret, BASE_LOG, BASE_CONTAINERS, NULL);
	} else {
		read_containers(l);
		read_running(l);
	}
	read_outside(l, before);
	json_decref(l->containers);
}

int sea_baseline(struct ctx *c, bool quick, const struct facts *before, struct facts *ret, struct err *e)
{
	struct look l = { .c = c, .site = ctx_site(c, NULL), .ret = ret };
	int r;

	l.own = json_object_get(l.site->doc, "schemas");
	read_still(&l);
	r = read_databases(&l, quick, e);
	sea_db_done(&l.db);
	json_decref(l.tables);
	if (r < 0)
		return err_wrap(e, "read the baseline");
	read_project(&l, before);
	sea_baseline_files(c, l.site, quick, before, ret);
	return 0;
}

int sea_baseline_data(struct ctx *c, const struct facts *before, struct facts *ret, struct err *e)
{
	struct look l = { .c = c, .site = ctx_site(c, NULL), .ret = ret };
	int r;

	l.own = json_object_get(l.site->doc, "schemas");
	r = read_databases(&l, false, e);
	sea_db_done(&l.db);
	json_decref(l.tables);
	if (r >= 0)
		sea_baseline_files(c, l.site, false, before, ret);
	return r;
}
