/* The databases, by the client in their own container, and Redis. */
#include <string.h>

#include "products/seatable/database.h"
#include "products/seatable/dumps.h"
#include "products/seatable/inside.h"
#include "products/seatable/inspect.h"
#include "products/seatable/merged.h"
#include "products/seatable/survey.h"

#define COUNT_WITHIN (600 * NS_PER_S)   /* operation_log can be large */

static const char *variable(const struct sea_look *k, const char *key, const char *older, const char *absent)
{
	const json_t *environment = facts_get(k->f, SEA_ENVIRONMENT);
	const char *value = json_str(environment, key, NULL);

	return value ? value : json_str(environment, older, absent);
}

static struct sea_schemas schemas_of(const struct sea_look *k)
{
	return (struct sea_schemas){ variable(k, "SEATABLE_MYSQL_DB_DTABLE_DB_NAME", "", "dtable_db"),
				     variable(k, "SEATABLE_MYSQL_DB_CCNET_DB_NAME", "", "ccnet_db"),
				     variable(k, "SEATABLE_MYSQL_DB_SEAFILE_DB_NAME", "", "seafile_db"), NULL };
}

/* ---- where it is ---- */

static bool put_place(struct sea_look *k)
{
	const char *service = sea_merged_database(k->l.config, k->l.server);
	const json_t *seen = sea_layout_container(&k->l, service);
	json_t *at = json_pack("{ss ss ss ss}", "where", service ? "compose" : "external", "host",
			       variable(k, "SEATABLE_MYSQL_DB_HOST", "DB_HOST", ""), "port",
			       variable(k, "SEATABLE_MYSQL_DB_PORT", "", "3306"), "user", variable(k, "SEATABLE_MYSQL_DB_USER", "", "root"));

	if (service)
		json_object_set_new(at, "service", json_string(service));
	if (seen)
		json_object_set_new(at, "db", json_string(sea_container_name(seen)));
	if (k->seen)
		json_object_set_new(at, "server", json_string(sea_container_name(k->seen)));
	sea_pin(k, SEA_DB, at, "docker compose config");
	return seen;
}

static bool has_program(const char *container, const char *name)
{
	const char *argv[] = { name, "--version", NULL };
	struct inside what = { .container = container, .argv = argv, .within_ns = 10 * NS_PER_S };
	struct err ignored = ERR_INIT;

	return inside_run(&what, NULL, &ignored) >= 0;
}

/* Images since 11.0 have the new names only, those before 10.5 the old ones. */
static json_t *tools_of(const char *container)
{
	if (has_program(container, "mariadb-dump"))
		return json_pack("{ss ss}", "client", "mariadb", "dump", "mariadb-dump");
	if (has_program(container, "mysqldump"))
		return json_pack("{ss ss}", "client", "mysql", "dump", "mysqldump");
	return NULL;
}

/* ---- what is in it ---- */

static int rows_of(const struct sea_db *db, struct buf *sql, json_t **ret, struct err *e)
{
	if (buf_check(sql, "the statement", e) < 0)
		return -(int)e->kind;
	if (sql->len)
		return sea_db_rows(db, buf_str(sql), ret, e);
	*ret = json_array();
	return 0;
}

static void put_shapes(struct sea_look *k, const struct sea_db *db, const struct sea_schemas *own)
{
	const char *const names[] = { own->dtable, own->ccnet, own->seafile, own->log };
	json_t *shapes = json_object();
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(names) && names[i]; i++) {
		char digest[DIGEST_TEXT];

		if (dumps_shape(db, names[i], digest, &e) < 0) {
			json_decref(shapes);
			sea_missing(k, SEA_DB_SHAPE, &e);
			return;
		}
		json_object_set_new(shapes, names[i], json_string(digest));
	}
	sea_pin(k, SEA_DB_SHAPE, shapes, "information_schema");
}

/* Of ours, of all that were found. */
static json_t *engines_of(const json_t *survey, const json_t *ours)
{
	json_t *engines = json_array(), *one, *schema;
	const char *unused;
	size_t i;

	json_array_foreach(json_object_get(survey, "engines"), i, one) {
		struct sv rest = sv_of(json_string_value(one)), of = sv_cut(&rest, '.');

		json_object_foreach((json_t *)ours, unused, schema)
			if (json_is_string(schema) && sv_eq(of, json_string_value(schema)))
				json_array_append(engines, one);
	}
	return engines;
}

static void put_survey(struct sea_look *k, const struct sea_schemas *own, const json_t *survey, bool told)
{
	json_t *ours = json_object();
	const json_t *schemas = json_object_get(survey, "schemas");
	const char *const names[][2] = { { "dtable", own->dtable }, { "ccnet", own->ccnet }, { "seafile", own->seafile }, { "log", own->log } };

	for (size_t i = 0; i < ARRAY_LEN(names) && names[i][1]; i++)
		if (json_lists(schemas, names[i][1]))
			json_object_set_new(ours, names[i][0], json_string(names[i][1]));
	if (!told)
		json_object_set_new(ours, "log", json_false());
	sea_pin_str(k, SEA_DB_VERSION, json_str(survey, "version", "?"), "VERSION()");
	sea_pin(k, SEA_DB_SCHEMAS, json_deep_copy(schemas), "information_schema");
	sea_pin(k, SEA_DB_OWN, ours, "information_schema");
	sea_observe(k, SEA_DB_SIZES, json_deep_copy(json_object_get(survey, "sizes")), "information_schema");
	sea_observe_some(k, SEA_DB_ENGINES, engines_of(survey, ours), "information_schema");
}

static void put_counts(struct sea_look *k, const struct sea_schemas *own, const json_t *survey, const json_t *rows)
{
	autojson json_t *counts = sea_counts_read(own, survey, rows);

	sea_observe(k, SEA_USERS, json_incref(json_object_get(counts, "users")), "ccnet");
	sea_observe(k, SEA_COUNTS, json_incref(json_object_get(counts, "counts")), "databases");
	sea_observe_some(k, SEA_UNCOUNTED, json_incref(json_object_get(counts, "missing")), "databases");
	if (json_object_get(counts, "fresh"))
		sea_observe(k, SEA_DB_FRESH, json_incref(json_object_get(counts, "fresh")), "operation_log");
}

/* Where is operation_log? What another server has is not looked for on this one. */
static bool find_log(const struct sea_look *k, const json_t *survey, struct sea_schemas *own)
{
	const json_t *place = facts_get(k->f, SEA_LOG_PLACE);
	const char *host = json_str(place, "host", NULL);

	if (!place)
		return true;
	if (host && strcmp(host, json_str(facts_get(k->f, SEA_DB), "host", "")) != 0)
		return false;
	return sea_survey_log(own, survey, json_str(place, "name", NULL), &own->log);
}

static int read_all(struct sea_look *k, const struct sea_db *db, struct sea_schemas *own, struct err *e)
{
	autobuf struct buf sql = BUF_MAX(256 << 10);
	autojson json_t *rows = NULL, *survey = NULL, *counted = NULL;
	bool told;

	sea_survey_sql(own, &sql);
	if (rows_of(db, &sql, &rows, e) < 0)
		return -(int)e->kind;
	survey = sea_survey_read(rows);
	told = find_log(k, survey, own);
	put_survey(k, own, survey, told);
	put_shapes(k, db, own);
	buf_reset(&sql);
	sea_counts_sql(own, survey, &sql);
	if (rows_of(db, &sql, &counted, e) < 0) {
		sea_missing(k, SEA_USERS, e);
		sea_missing(k, SEA_COUNTS, e);
		err_clear(e);
		return 0;
	}
	put_counts(k, own, survey, counted);
	return 0;
}

static int look(struct sea_look *k, struct err *e)
{
	struct sea_schemas own = schemas_of(k);
	const json_t *at = facts_get(k->f, SEA_DB);
	autojson json_t *with = json_deep_copy(at);
	autoseadb struct sea_db db = { 0 };
	json_t *tools;

	if (!sea_sql_name(own.dtable) || !sea_sql_name(own.ccnet) || !sea_sql_name(own.seafile))
		return err_set(e, ERR_REFUSED, "a name of a schema has characters that are not looked at");
	tools = tools_of(json_str(at, "db", ""));
	if (!tools)
		return err_set(e, ERR_ABSENT, "its container has no client of MariaDB, or does not run");
	json_object_update(with, tools);
	sea_pin(k, SEA_DB_TOOLS, tools, "--version in the container");
	if (sea_db_open(with, &db, e) < 0)
		return -(int)e->kind;
	db.within_ns = COUNT_WITHIN;
	sea_observe(k, SEA_DB_LOGIN, json_true(), "SELECT 1");
	return read_all(k, &db, &own, e);
}

/* ---- Redis ---- */

/* Every byte as \xHH in quotes, whatever it is. */
static void add_quoted(struct buf *b, const char *text)
{
	buf_addc(b, '"');
	for (; *text; text++)
		buf_addf(b, "\\x%02x", (unsigned char)*text);
	buf_addc(b, '"');
}

/* The vendor's own check passes without a password; ours is given, by standard input. */
static void look_at_redis(struct sea_look *k)
{
	static const char *const argv[] = { "redis-cli", NULL };
	const json_t *seen = sea_layout_container(&k->l, "redis");
	const char *password = sea_merged_variable(k->l.config, k->l.server, "REDIS_PASSWORD");
	autobuf struct buf in = BUF_MAX(64 << 10), said = BUF_MAX(64 << 10);
	struct inside what = { .argv = argv, .within_ns = 10 * NS_PER_S };
	struct err e = ERR_INIT;
	bool fine;

	if (!seen)
		return;
	if (password && *password) {
		buf_adds(&in, "AUTH ");
		add_quoted(&in, password);
		buf_addc(&in, '\n');
	}
	buf_adds(&in, "PING\n");
	what.container = sea_container_name(seen);
	what.in = buf_sv(&in);
	fine = inside_run(&what, &said, &e) >= 0 && strstr(buf_str(&said), "PONG");
	secret_wipe(in.data, in.len);
	if (e.kind)
		sea_missing(k, SEA_REDIS, &e);
	else
		sea_observe(k, SEA_REDIS, json_string(fine ? "" : "it does not take the configured password"), "PING");
}

int sea_look_at_databases(struct sea_look *k, struct err *e unused_arg)
{
	struct err why = ERR_INIT;

	if (!k->l.server) {
		facts_miss_after(k->f, SEA_DB, SEA_SERVER, NULL);
		return 0;
	}
	if (!put_place(k)) {
		facts_miss(k->f, SEA_DB_LOGIN, "the database is in no container of this project");
		return 0;
	}
	if (look(k, &why) < 0)
		sea_missing(k, SEA_DB_LOGIN, &why);
	if (k->depth != DEPTH_FROZEN)
		look_at_redis(k);
	return 0;
}
