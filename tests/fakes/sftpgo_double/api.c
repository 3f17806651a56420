/* The REST API, as far as a run across editions asks it: a login (whose password is not looked at), services, licence, transfers, of
 * which there are none, and event rules, whose status a save sets. facts: seen on the real server. */
#include "double.h"

#include <stdio.h>

#define TOKEN "double"

static json_t *status_of(void)
{
	return json_pack("{s{sb ss ss} s{sb}}", "data_provider", "is_active", 1, "driver", "sqlite", "error", "", "ssh", "is_active", 1);
}

/* One that grants all, for a hundred years. */
static json_t *license_of(const struct server *s)
{
	if (!provider_is_enterprise(s->version))
		return NULL;
	return json_pack("{sI sI s{s[iiiiiii] s[iii] si}}", "valid_from", (json_int_t)1, "valid_to", (json_int_t)4900000000000, "features",
			 "fs_providers", 1, 2, 3, 4, 5, 6, 7, "event_actions", 13, 17, 19, "plugins", -1);
}

static json_t *get(struct server *s, const char *path)
{
	char rule[64];

	if (!strcmp(path, "/api/v2/version"))
		return json_pack("{ss}", "version", s->version);
	if (!strcmp(path, "/api/v2/status"))
		return status_of();
	if (!strcmp(path, "/api/v2/connections"))
		return json_array();
	if (!strcmp(path, "/api/v2/license"))
		return license_of(s);
	return sscanf(path, "/api/v2/eventrules/%63[a-z]", rule) == 1 ? provider_rule(s, rule) : NULL;
}

static bool put(struct server *s, const char *path, const char *body)
{
	json_t *rule = json_loads(body, 0, NULL);
	char name[64];
	bool ok = rule && sscanf(path, "/api/v2/eventrules/%63[a-z]", name) == 1 &&
		  provider_rule_set(s, name, (int)json_integer_value(json_object_get(rule, "status")));

	json_decref(rule);
	return ok;
}

/* A login is a token in a header; who has none asks for one. */
int api_serve(struct server *s, const char *verb, const char *path, const char *head, const char *body, char **ret)
{
	json_t *told = NULL;

	if (!strcmp(path, "/api/v2/token"))
		told = strcasestr(head, "\r\nAuthorization: Basic ") ? json_pack("{ss}", "access_token", TOKEN) : NULL;
	else if (!strcasestr(head, "\r\nAuthorization: Bearer " TOKEN "\r\n"))
		return 401;
	else if (!strcmp(verb, "GET"))
		told = get(s, path);
	else if (!strcmp(verb, "PUT") && put(s, path, body))
		told = json_object();
	if (!told)
		return !strcmp(path, "/api/v2/token") ? 401 : 404;
	*ret = json_dumps(told, JSON_COMPACT);
	json_decref(told);
	return 200;
}
