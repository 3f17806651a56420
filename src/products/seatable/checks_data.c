/* The data folder and the databases: are they the ones, and whole. */
#include "products/seatable/checks.h"

#include <string.h>

#include "products/seatable/plain.h"

CHECK(conf)
{
	static const char id[] = "seatable.conf";
	const json_t *conf;

	if (!need(now, SEA_DATA_CONF, id, ret, &conf))
		return;
	if (!json_int(conf, "entries", 0))
		results_add(ret, id, VERDICT_BLOCK, NULL, "seatable/conf is empty: the container would set up a new system over the databases");
	else if (!json_bool(conf, "settings", false))
		results_add(ret, id, VERDICT_BLOCK, NULL, "seatable/conf has no dtable_web_settings.py");
	else if (json_bool(conf, "controller", false))
		results_add(ret, id, VERDICT_BLOCK, NULL, "seatable/conf has a seatable-controller.conf: a special setup, which is started otherwise");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%lld entries", (long long)json_int(conf, "entries", 0));
}

CHECK(conf_syntax)
{
	static const char id[] = "seatable.conf-syntax";
	const json_t *syntax;
	const char *said;

	if (!need_if_any(now, SEA_CONF_SYNTAX, SEA_DATA_CONF, id, ret, &syntax))
		return;
	said = json_is_string(syntax) ? json_string_value(syntax) : "";
	if (!syntax)
		results_add(ret, id, VERDICT_NOTE, NULL, "there is no Python in a running container that could read dtable_web_settings.py");
	else
		results_add(ret, id, *said ? VERDICT_BLOCK : VERDICT_PASS, NULL, "%s", *said ? said : "dtable_web_settings.py is Python");
}

CHECK(data_mount)
{
	static const char id[] = "seatable.data-mount";
	const char *configured = need_text(now, SEA_DATA, id, ret);
	const json_t *mounted;

	if (!configured || !need_if_any(now, SEA_DATA_MOUNTED, SEA_DATA, id, ret, &mounted))
		return;
	if (json_is_string(mounted) && !sea_same_path(json_string_value(mounted), configured))
		results_add(ret, id, VERDICT_BLOCK, NULL, "the configuration mounts %s, and the container that runs has %s", configured,
			    json_string_value(mounted));
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", configured);
}

CHECK(nginx)
{
	static const char id[] = "seatable.nginx";
	const json_t *nginx;
	const char *state;

	if (!need_if_any(now, SEA_NGINX, SEA_BINDS, id, ret, &nginx))
		return;
	state = json_is_string(nginx) ? json_string_value(nginx) : "not mounted";
	if (!strcmp(state, "file") || !nginx)
		results_add(ret, id, VERDICT_PASS, NULL, "%s", state);
	else
		results_add(ret, id, VERDICT_BLOCK, NULL, "config/seatable-nginx.conf is %s%s", !strcmp(state, "directory") ? "a " : "", state);
}

CHECK(plugins)
{
	static const char id[] = "seatable.plugins";
	const json_t *conf;

	if (!need(now, SEA_DATA_CONF, id, ret, &conf))
		return;
	if (json_int(conf, "plugins_repo", 0) > 1)
		results_add(ret, id, VERDICT_WARN, NULL, "PLUGINS_REPO_ID is assigned %lld times", (long long)json_int(conf, "plugins_repo", 0));
	else if (!json_int(conf, "plugins_repo", 0) && json_bool(conf, "plugins_commented", false))
		results_add(ret, id, VERDICT_WARN, NULL, "PLUGINS_REPO_ID is commented out: the server takes it for set");
	else
		results_add(ret, id, VERDICT_PASS, NULL, "%s", json_int(conf, "plugins_repo", 0) ? "one" : "none yet: the server makes it");
}

CHECK(old_conf)
{
	static const char id[] = "seatable.old-conf";
	static const struct sea_version moved = { 6, 2, 0, "" };
	const char *version = need_text(now, SEA_VERSION, id, ret);
	const json_t *conf, *old;
	autofree char *names = NULL;
	struct sea_version v;

	if (!version || !need(now, SEA_DATA_CONF, id, ret, &conf))
		return;
	old = json_object_get(conf, "old");
	names = value_text(old);
	if (json_array_size(old) && sea_version_parse(version, &v) && sea_version_cmp_minor(&v, &moved) >= 0)
		results_add(ret, id, VERDICT_WARN, NULL, "files that 6.2 no longer reads are there: %s", names);
	else
		results_add(ret, id, VERDICT_PASS, NULL, "none");
}

/* ---- databases ---- */

/* Compose waits for "healthy" before each start of the server that is not ours, the operator's next 'up -d' among them. */
static bool is_unhealthy(const struct facts *now, const char *service)
{
	return !strcmp(json_str(json_object_get(facts_get(now, SEA_STATES), service), "health", ""), "unhealthy");
}

CHECK(database)
{
	static const char id[] = "seatable.database";
	const json_t *login, *db = facts_get(now, SEA_DB);
	const char *service = json_str(db, "service", "?");

	if (!strcmp(json_str(db, "where", ""), "external"))
		results_add(ret, id, VERDICT_BLOCK, NULL, "the database is at %s, in no container of this project: it cannot be dumped from here",
			    json_str(db, "host", "?"));
	else if (is_unhealthy(now, service))
		results_add(ret, id, VERDICT_BLOCK, NULL, "docker calls the container of %s unhealthy, whatever it answers: 'docker compose up' does "
			    "not start the server beside it", service);
	else if (need(now, SEA_DB_LOGIN, id, ret, &login))
		results_add(ret, id, VERDICT_PASS, NULL, "%s takes the password", service);
}

static void judge_log_place(const json_t *place, const json_t *log, struct results *ret)
{
	const char *by = json_str(place, "by", "?"), *host = json_str(place, "host", NULL);

	if (json_is_string(log) && !json_object_get(place, "name"))
		results_add(ret, "seatable.schemas", VERDICT_UNSURE, "operation_log", "%s puts it into a schema of its own, and no configuration names that: "
			    "'%s' is the only one that could be it, and would be dumped, counted and put back as such", by, json_string_value(log));
	else if (json_is_false(log))
		results_add(ret, "seatable.schemas", VERDICT_UNSURE, "operation_log", "%s puts it into a schema of its own%s%s%s, and which that is cannot be "
			    "told: it would not be dumped, and edits since the switch could not be counted", by, host ? ", at '" : "",
			    host ? host : "", host ? "'" : "");
}

CHECK(schemas)
{
	static const char id[] = "seatable.schemas";
	static const char *const ours[] = { "dtable", "ccnet", "seafile" }, *const known[] = { "scheduler", "zabbix" };
	const json_t *own, *all, *one;
	size_t before = ret->n, i;

	if (!need(now, SEA_DB_OWN, id, ret, &own) || !need(now, SEA_DB_SCHEMAS, id, ret, &all))
		return;
	for (i = 0; i < ARRAY_LEN(ours); i++)
		if (!json_object_get(own, ours[i]))
			results_add(ret, id, VERDICT_BLOCK, ours[i], "its schema is not there");
	json_array_foreach((json_t *)all, i, one) {
		const char *name = json_string_value(one), *unused;
		bool expected = false;
		json_t *mine;

		json_object_foreach((json_t *)own, unused, mine)
			expected |= name && json_is_string(mine) && !strcmp(json_string_value(mine), name);
		for (size_t j = 0; name && j < ARRAY_LEN(known); j++)
			expected |= !strcmp(name, known[j]);
		if (name && !expected)
			results_add(ret, id, VERDICT_WARN, name, "a further schema: it is not dumped, and operation logs may be kept in it");
	}
	judge_log_place(facts_get(now, SEA_LOG_PLACE), json_object_get(own, "log"), ret);
	if (ret->n == before)
		results_add(ret, id, VERDICT_PASS, NULL, "%zu; operation_log is in '%s'", json_object_size(own), sea_log_schema(own) ?: "?");
}

CHECK(engines)
{
	judge_members(now, SEA_DB_ENGINES, SEA_DB_SCHEMAS, "seatable.engines", VERDICT_WARN, "table",
		      "its engine has no transactions: with settings.dump: running its dump is not of one moment", ret);
}

CHECK(redis)
{
	static const char id[] = "seatable.redis";
	const json_t *answer;
	const char *said;

	if (!need_if_any(now, SEA_REDIS, SEA_DB, id, ret, &answer))
		return;
	said = json_is_string(answer) ? json_string_value(answer) : "";
	if (!answer)
		results_add(ret, id, VERDICT_NOTE, NULL, "Redis is in no container of this project: it was not asked");
	else
		results_add(ret, id, *said ? VERDICT_BLOCK : VERDICT_PASS, NULL, "%s", *said ? said : "PONG");
}

#define FLUSH_S 300

CHECK(flush)
{
	static const char id[] = "seatable.flush";
	const json_t *fresh;

	if (!need_if_any(now, SEA_DB_FRESH, SEA_DB_SCHEMAS, id, ret, &fresh))
		return;
	if (fresh && json_integer_value(fresh) < FLUSH_S)
		results_add(ret, id, VERDICT_NOTE, NULL, "the newest edit is %lld s old: base files lack what operation_log has, which is dumped too",
			    (long long)json_integer_value(fresh));
	else
		results_add(ret, id, VERDICT_PASS, NULL, "no edit of the last five minutes");
}
