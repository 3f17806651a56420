#include <string.h>

#include "products/questdb/inspect.h"

#define ASK_WITHIN (20 * NS_PER_S)

/* A function that an older release does not have is no fact. */
static bool ask(struct look *k, const char *key, const char *statement, struct sql_rows *ret)
{
	struct err e = ERR_INIT;

	if (sql_ask(&k->sql, statement, ASK_WITHIN, ret, &e) >= 0)
		return true;
	missing(k, key, &e);
	return false;
}

static void put_wal(struct look *k)
{
	autorows struct sql_rows r = { 0 };
	json_t *state = (json_t *)facts_get(k->f, QF_TABLE_STATE), *suspended, *pending;
	int64_t sum = 0;

	if (!ask(k, QF_WAL_SUSPENDED, "select * from wal_tables()", &r))
		return;
	suspended = json_object();
	pending = json_object();
	for (size_t i = 0; i < r.n; i++) {
		const char *name = sql_text(&r, i, "name"), *tag = sql_text(&r, i, "errorTag");
		const char *words = sql_text(&r, i, "errorMessage");
		int64_t done = sql_int(&r, i, "writerTxn", 0),
			given = sql_int(&r, i, "sequencerTxn", 0);
		bool halted = sql_bool(&r, i, "suspended", false);
		json_t *t = name ? json_object_get(state, name) : NULL;

		if (!name || questdb_system_table(name))
			continue;
		if (halted)
			json_object_set_new(suspended, name,
					    json_pack("{so so sI sI}", "tag", text_json(tag),
						      "message", text_json(words), "writer_txn",
						      (json_int_t)done, "sequencer_txn",
						      (json_int_t)given));
		if (given > done) {
			json_object_set_new(pending, name, json_integer(given - done));
			sum += given - done;
		}
		if (t) {
			json_object_set_new(t, "suspended", json_boolean(halted));
			json_object_set_new(t, "writer_txn", json_integer(done));
			json_object_set_new(t, "sequencer_txn", json_integer(given));
		}
	}
	observe(k, QF_WAL_SUSPENDED, suspended, "wal_tables()");
	observe(k, QF_WAL_PENDING, pending, "wal_tables()");
	observe(k, QF_WAL_PENDING_SUM, json_integer(sum), "wal_tables()");
}

static void add_views(const struct sql_rows *r, const char *kind, json_t *views, json_t *invalid)
{
	for (size_t i = 0; i < r->n; i++) {
		const char *name = sql_text(r, i, "view_name"),
			   *status = sql_text(r, i, "view_status");
		const char *why = sql_text(r, i, "invalidation_reason");

		if (!name)
			continue;
		json_object_set_new(views, name,
				    json_pack("{ss so so}", "kind", kind, "base",
					      text_json(sql_text(r, i, "base_table_name")), "sql",
					      text_json(sql_text(r, i, "view_sql"))));
		if (status && !strcmp(status, "invalid"))
			json_object_set_new(invalid, name,
					    text_json(why && *why ? why : "invalid"));
	}
}

/* Which functions there are differs by release: 9.0 has materialized_views(), 9.3 also views(). */
static void put_views(struct look *k)
{
	static const struct {
		const char *statement, *kind;
	} lists[] = { { "select * from materialized_views()", "matview" },
		      { "select * from views()", "view" } };
	json_t *views = json_object(), *invalid = json_object();

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		autorows struct sql_rows r = { 0 };
		struct err ignored = ERR_INIT;

		if (sql_ask(&k->sql, lists[i].statement, ASK_WITHIN, &r, &ignored) >= 0)
			add_views(&r, lists[i].kind, views, invalid);
	}
	pin(k, QF_VIEWS, views, "materialized_views(), views()");
	observe_some(k, QF_VIEWS_INVALID, invalid, "materialized_views(), views()");
}

static void put_checkpoint(struct look *k)
{
	autorows struct sql_rows r = { 0 };

	if (!ask(k, QF_CHECKPOINT, "select * from checkpoint_status()", &r) || !r.n)
		return;
	observe(k, QF_CHECKPOINT, json_boolean(sql_bool(&r, 0, "in_progress", false)),
		"checkpoint_status()");
	observe(k, QF_CHECKPOINT_OURS, json_boolean(questdb_copy_held(k->c)), "this process");
	if (sql_text(&r, 0, "started_at"))
		observe(k, QF_CHECKPOINT_SINCE, text_json(sql_text(&r, 0, "started_at")),
			"checkpoint_status()");
}

static void put_warnings(struct look *k)
{
	autojson json_t *list = NULL;
	struct err e = ERR_INIT;

	if (sql_get(&k->sql, "/warnings", ASK_WITHIN, &list, &e) < 0)
		missing(k, QF_WARNINGS, &e);
	else
		observe(k, QF_WARNINGS, take_ptr(list), "/warnings");
}

/* Settings as the server took them. A secret shows as "****" and is left out, its name too: QF_CONF
 * has it. */
static void put_parameters(struct look *k)
{
	autorows struct sql_rows r = { 0 };
	autojson json_t *known = json_object();
	json_t *live, *unknown, *entry;
	const char *key;

	if (!ask(k, QF_CONF_LIVE, "show parameters", &r))
		return;
	live = json_object();
	unknown = json_array();
	for (size_t i = 0; i < r.n; i++) {
		const char *path = sql_text(&r, i, "property_path"),
			   *from = sql_text(&r, i, "value_source");

		if (!path)
			continue;
		json_object_set_new(known, path, json_true());
		if (from && strcmp(from, "default") && !sql_bool(&r, i, "sensitive", false) &&
		    !conf_is_secret(path))
			json_object_set_new(live, path,
					    json_pack("{so ss}", "value",
						      text_json(sql_text(&r, i, "value")), "from",
						      from));
	}
	json_object_foreach(k->l.conf.keys, key, entry) if (!json_object_get(known, key))
	    json_array_append_new(unknown, json_string(key));
	observe(k, QF_CONF_LIVE, live, "SHOW PARAMETERS");
	observe_some(k, QF_CONF_UNKNOWN, unknown, "SHOW PARAMETERS");
}

static void put_health(struct look *k)
{
	const json_t *min = json_object_get(facts_get(k->f, QF_PORTS), "min");
	struct http h = k->sql.http;
	struct http_ask ask_it = {
		.method = "GET", .path = "/", .within_ns = 5 * NS_PER_S, .max = 1 << 20
	};
	struct http_answer answer = { 0 };
	struct err e = ERR_INIT;

	h.port = (uint16_t)json_int(min, "port", 0);
	if (!json_bool(min, "enabled", false) || !h.port) {
		facts_miss(k->f, QF_HEALTH_STATUS, "the health port is off");
		return;
	}
	if (http_do(&h, &ask_it, &answer, &e) < 0)
		missing(k, QF_HEALTH_STATUS, &e);
	else
		observe(k, QF_HEALTH_STATUS, json_integer(answer.status),
			"GET / of the health port");
	http_answer_done(&answer);
}

void inspect_live(struct look *k)
{
	put_wal(k);
	put_checkpoint(k);
	if (k->depth == DEPTH_GATE)
		return;
	put_views(k);
	put_warnings(k);
	put_parameters(k);
	put_health(k);
}
