#include "products/seatable/merged.h"

#include <string.h>

#include "base/mem.h"
#include "io/json.h"
#include "products/seatable/image.h"

/* ---- services ---- */

const json_t *sea_merged_service(const json_t *config, const char *service)
{
	return service ? json_object_get(json_object_get(config, "services"), service) : NULL;
}

const char *sea_merged_image(const json_t *config, const char *service)
{
	return json_str(sea_merged_service(config, service), "image", NULL);
}

/* "${NAME:-default}" or "${NAME-default}", whole; a default that has variables itself is none that could be read here. */
char *sea_merged_default(const char *written, const char *name)
{
	autofree char *colon = xasprintf("${%s:-", name), *dash = xasprintf("${%s-", name);
	size_t n;

	if (!written)
		return NULL;
	if (!strncmp(written, colon, strlen(colon)))
		written += strlen(colon);
	else if (!strncmp(written, dash, strlen(dash)))
		written += strlen(dash);
	else
		return NULL;
	n = strlen(written);
	if (!n || written[n - 1] != '}' || memchr(written, '$', n) || memchr(written, '}', n - 1))
		return NULL;
	return xstrndup(written, n - 1);
}

static bool has_vendors_image(const json_t *service)
{
	struct sea_image i;

	return sea_image_parse(json_str(service, "image", NULL), &i) && i.edition;
}

const char *sea_merged_server(const json_t *config)
{
	static const char *const names[] = { "seatable-server", "seatable" };
	const char *name, *found = NULL;
	json_t *service;
	int n = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (sea_merged_service(config, names[i]))
			return names[i];
	json_object_foreach(json_object_get(config, "services"), name, service) {
		if (!has_vendors_image(service))
			continue;
		found = name;
		n++;
	}
	return n == 1 ? found : NULL;
}

json_t *sea_merged_services(const json_t *config)
{
	json_t *facts = json_object(), *service;
	const char *name;

	json_object_foreach(json_object_get(config, "services"), name, service)
		json_object_set_new(facts, name, json_pack("{ss* ss*}", "image", json_str(service, "image", NULL), "container",
							   json_str(service, "container_name", NULL)));
	return facts;
}

const char *sea_merged_variable(const json_t *config, const char *service, const char *key)
{
	return json_str(json_object_get(sea_merged_service(config, service), "environment"), key, NULL);
}

/* By name; of anything else the value could be a secret. */
json_t *sea_merged_environment(const json_t *config, const char *service)
{
	static const char *const shown[] = {
		"DB_HOST", "SEATABLE_MYSQL_DB_HOST", "SEATABLE_MYSQL_DB_PORT", "SEATABLE_MYSQL_DB_USER", "SEATABLE_MYSQL_DB_DTABLE_DB_NAME",
		"SEATABLE_MYSQL_DB_CCNET_DB_NAME", "SEATABLE_MYSQL_DB_SEAFILE_DB_NAME", "REDIS_HOST", "REDIS_PORT", "SEATABLE_START_MODE",
		"DTABLE_EVENTS_TASK_MODE", "SEATABLE_SERVER_HOSTNAME", "SEATABLE_SERVER_PROTOCOL", "SEATABLE_SERVER_LETSENCRYPT", "TIME_ZONE",
		"STORAGE_TYPE", "S3_STORAGE_BUCKET", "S3_COMMIT_BUCKET", "IS_PRO_VERSION", "MULTI_TENANCY", "CLOUD_MODE", "LDAP_SYNC_ENABLED",
		"VIRUS_SCAN_ENABLED", "DTABLE_HTML_PAGES_SERVER_URL",
	};
	json_t *environment = json_object_get(sea_merged_service(config, service), "environment"), *facts = json_object(), *value;
	const char *key;

	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		value = json_object_get(environment, shown[i]);
		if (json_is_string(value))
			json_object_set(facts, shown[i], value);
	}
	json_object_foreach(environment, key, value)
		if (!strncmp(key, "ENABLE_", 7) && json_is_string(value))
			json_object_set(facts, key, value);
	return facts;
}

json_t *sea_merged_binds(const json_t *config, const char *service)
{
	json_t *volumes = json_object_get(sea_merged_service(config, service), "volumes"), *facts = json_object(), *one;
	size_t i;

	json_array_foreach(volumes, i, one) {
		const char *target = json_str(one, "target", NULL), *source = json_str(one, "source", NULL);

		if (target && source && !strcmp(json_str(one, "type", ""), "bind"))
			json_object_set_new(facts, target,
					    json_pack("{ss sb sb}", "source", source, "read_only", json_bool(one, "read_only", false),
						      "create_host_path",
						      json_bool(json_object_get(one, "bind"), "create_host_path", false)));
	}
	return facts;
}

static json_t *doors_of(const json_t *service)
{
	json_t *doors = json_array(), *one;
	size_t i;

	json_array_foreach(json_object_get(service, "ports"), i, one) {
		const char *published = json_str(one, "published", NULL);

		if (published)
			json_array_append_new(doors, json_sprintf("%s:%s/%s", json_str(one, "host_ip", "0.0.0.0"), published,
								  json_str(one, "protocol", "tcp")));
	}
	return doors;
}

json_t *sea_merged_published(const json_t *config)
{
	json_t *facts = json_object(), *service;
	const char *name;

	json_object_foreach(json_object_get(config, "services"), name, service) {
		json_t *doors = doors_of(service);

		if (json_array_size(doors))
			json_object_set_new(facts, name, doors);
		else
			json_decref(doors);
	}
	return facts;
}

static bool is_web(const json_t *doors)
{
	const json_t *door;
	size_t i;

	json_array_foreach((json_t *)doors, i, door) {
		struct sv at = sv_of(json_string_value(door));

		if (sv_ends(at, ":80/tcp") || sv_ends(at, ":443/tcp"))
			return true;
	}
	return false;
}

const char *sea_merged_proxy(const json_t *published, const char *server)
{
	const char *found = NULL, *name;
	const json_t *doors;

	if (!server || json_object_get(published, server))
		return NULL;
	if (json_object_get(published, "caddy"))
		return "caddy";
	json_object_foreach((json_t *)published, name, doors)
		if (!found && is_web(doors))
			found = name;
	return found;
}

static bool has_alias(const json_t *service, const char *host)
{
	json_t *nets = json_object_get(service, "networks"), *net;
	const char *name;

	json_object_foreach(nets, name, net)
		if (json_lists(json_object_get(net, "aliases"), host))
			return true;
	return false;
}

/* The host that the server is given is a service, a container or another name of one. */
const char *sea_merged_database(const json_t *config, const char *server)
{
	const char *host = sea_merged_variable(config, server, "SEATABLE_MYSQL_DB_HOST"), *name;
	json_t *service;

	if (!host)
		host = sea_merged_variable(config, server, "DB_HOST");
	if (!host)
		return NULL;
	json_object_foreach(json_object_get(config, "services"), name, service)
		if (!strcmp(name, host) || !strcmp(json_str(service, "container_name", ""), host) ||
		    !strcmp(json_str(service, "hostname", ""), host) || has_alias(service, host))
			return name;
	return NULL;
}

/* ---- which layout it is ---- */

json_t *sea_merged_cluster(const json_t *config, const char *server)
{
	static const char *const parts[] = { "ENABLE_SEAFILE_SERVER", "ENABLE_DTABLE_WEB", "ENABLE_DTABLE_SERVER", "ENABLE_DTABLE_DB",
					     "ENABLE_DTABLE_STORAGE_SERVER", "ENABLE_DTABLE_EVENTS", "ENABLE_API_GATEWAY" };
	const char *mode = sea_merged_variable(config, server, "SEATABLE_START_MODE"),
		   *task = sea_merged_variable(config, server, "DTABLE_EVENTS_TASK_MODE");
	json_t *signs = json_array();

	if (mode && !strcmp(mode, "cluster"))
		json_array_append_new(signs, json_string("SEATABLE_START_MODE is cluster"));
	if (task && *task && strcmp(task, "all") != 0)
		json_array_append_new(signs, json_sprintf("DTABLE_EVENTS_TASK_MODE is %s", task));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const char *value = sea_merged_variable(config, server, parts[i]);

		if (value && !strcmp(value, "false"))
			json_array_append_new(signs, json_sprintf("%s is false", parts[i]));
	}
	return signs;
}

const char *sea_merged_layout(const json_t *config, const char *server, bool has_env)
{
	autojson json_t *signs = sea_merged_cluster(config, server);

	if (!server)
		return "unknown";
	if (json_array_size(signs))
		return "cluster";
	if (!strcmp(server, "seatable-server") && has_env)
		return "modern";
	return !strcmp(server, "seatable") ? "legacy" : "unknown";
}
