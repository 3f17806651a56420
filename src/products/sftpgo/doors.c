#include "products/sftpgo/doors.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "svc/container.h"

static const struct kind {
	const char *name, *section, *tls_key;
} kinds[] = {
	{ "sftp", "sftpd", NULL },
	{ "http", "httpd", "enable_https" },
	{ "ftp", "ftpd", "tls_mode" },
	{ "webdav", "webdavd", "enable_https" },
};

static json_t *door_of(const char *host, int64_t port, bool tls)
{
	return json_pack("{ss sI sb}", "host", host ? host : "", "port", (json_int_t)port, "tls", (int)tls);
}

static bool is_open(const char *host, int64_t port)
{
	return port || (host && *host == '/');
}

/* src: internal/httpd/httpd.go; what needs a login answers as well, with 401. */
static json_t *pages_of(const struct sftpgo_config *c, const char *binding)
{
	static const struct {
		const char *name, *key, *path;
	} pages[] = {
		{ "WebAdmin", "enable_web_admin", "/web/admin/login" },
		{ "WebClient", "enable_web_client", "/web/client/login" },
		{ "REST", "enable_rest_api", "/api/v2/version" },
	};
	const char *above = sftpgo_config_str(c, "httpd.web_root");
	json_t *all = json_object();

	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		bool web = *pages[i].name == 'W';
		autofree char *key = xasprintf("%s.%s", binding, pages[i].key);
		autofree char *path = xasprintf("%s%s", web && above ? above : "", pages[i].path);

		if (sftpgo_config_bool(c, key, true))
			json_object_set_new(all, pages[i].name, json_string(path));
	}
	return all;
}

/* Implicit TLS is the third of FTP's modes; in the first two a client asks for it. */
static bool begins_with_tls(const struct sftpgo_config *c, const struct kind *k, const char *binding)
{
	autofree char *key = k->tls_key ? xasprintf("%s.%s", binding, k->tls_key) : NULL;

	if (!key)
		return false;
	return strcmp(k->name, "ftp") ? sftpgo_config_bool(c, key, false) : sftpgo_config_int(c, key, 0) == 2;
}

/* For those alone who show a certificate: to anybody else it says nothing, not even /healthz. */
static void note_members(const struct sftpgo_config *c, const char *binding, json_t *door)
{
	autofree char *key = xasprintf("%s.client_auth_type", binding);

	if (json_bool(door, "tls", false) && sftpgo_config_int(c, key, 0) == 1)
		json_object_set_new(door, "members", json_true());
}

static json_t *doors_of_kind(const struct sftpgo_config *c, const struct kind *k)
{
	autofree char *bindings = xasprintf("%s.bindings", k->section);
	json_t *list = json_array(), *door;

	for (size_t i = 0; i < sftpgo_config_count(c, bindings); i++) {
		autofree char *binding = xasprintf("%s.%zu", bindings, i);
		autofree char *port_key = xasprintf("%s.port", binding), *host_key = xasprintf("%s.address", binding);
		const char *host = sftpgo_config_str(c, host_key);
		int64_t port = sftpgo_config_int(c, port_key, 0);

		if (!is_open(host, port))
			continue;
		door = door_of(host, port, begins_with_tls(c, k, binding));
		if (!strcmp(k->name, "http")) {
			json_object_set_new(door, "pages", pages_of(c, binding));
			note_members(c, binding, door);
		}
		json_array_append_new(list, door);
	}
	return list;
}

static bool is_set(const struct sftpgo_config *c, const char *key)
{
	const char *value = sftpgo_config_str(c, key);

	return value && *value;
}

/* It has no key that switches TLS on: a certificate does. src: internal/telemetry/telemetry.go */
static json_t *telemetry_of(const struct sftpgo_config *c)
{
	bool tls = is_set(c, "telemetry.certificate_file") && is_set(c, "telemetry.certificate_key_file");
	const char *host = sftpgo_config_str(c, "telemetry.bind_address");
	int64_t port = sftpgo_config_int(c, "telemetry.bind_port", 0);
	json_t *list = json_array();

	if (is_open(host, port))
		json_array_append_new(list, door_of(host, port, tls));
	return list;
}

json_t *doors_of(const struct sftpgo_config *c)
{
	json_t *doors = json_object();

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		json_object_set_new(doors, kinds[i].name, doors_of_kind(c, &kinds[i]));
	json_object_set_new(doors, "telemetry", telemetry_of(c));
	return doors;
}

const char *doors_socket(const json_t *doors)
{
	const char *kind;
	json_t *list, *door;
	size_t i;

	json_object_foreach((json_t *)doors, kind, list) json_array_foreach(list, i, door)
	{
		const char *host = json_str(door, "host", "");

		if (*host == '/' && strcmp(kind, "telemetry") != 0)
			return host;
	}
	return NULL;
}

static bool has_port(const json_t *ports, json_int_t port)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)ports, i, one)
	{
		if (json_integer_value(one) == port)
			return true;
	}
	return false;
}

json_t *doors_ports(const struct sftpgo_config *c)
{
	autojson json_t *doors = doors_of(c);
	json_t *ports = json_array(), *list, *door;
	const char *name;
	size_t i;

	json_object_foreach(doors, name, list) json_array_foreach(list, i, door)
	{
		json_int_t port = json_int(door, "port", 0);

		if (port && !has_port(ports, port))
			json_array_append_new(ports, json_integer(port));
	}
	return ports;
}

/* What means every address is reached over loopback. */
static const char *reach(const char *host)
{
	if (!*host || !strcmp(host, "0.0.0.0") || !strcmp(host, "localhost"))
		return "127.0.0.1";
	return !strcmp(host, "::") || !strcmp(host, "[::]") ? "::1" : host;
}

void doors_list(const json_t *doors, door_list *ret)
{
	const char *kind;
	json_t *list, *one;
	size_t i;

	json_object_foreach((json_t *)doors, kind, list) json_array_foreach(list, i, one)
	{
		const char *host = json_str(one, "host", "");
		struct door d = { .kind = kind,
				  .host = reach(host),
				  .port = (uint16_t)json_int(one, "port", 0),
				  .tls = json_bool(one, "tls", false),
				  .pages = json_object_get(one, "pages") };

		if (*host == '/')
			continue;
		snprintf(d.name, sizeof d.name, "%s %s:%u", kind, *host ? host : "*", d.port);
		snprintf(d.at, sizeof d.at, "%s", d.host);
		d.at_port = d.port;
		*vec_push(ret) = d;
	}
}

/* What is bound to a loopback in there is reached by nobody outside. */
static void find_one(const json_t *container, struct door *d)
{
	static const char *const name = "door";
	const char *address = json_str(container, "address", NULL);
	autojson json_t *probe = json_pack("{ss si}", "host", "", name, (int)d->port);
	bool published;

	container_reach(container, &name, 1, probe);
	published = json_int(probe, name, 0) && *json_str(probe, "host", "");
	if (published || address)
		snprintf(d->at, sizeof d->at, "%s", published ? json_str(probe, "host", "") : address);
	d->at_port = published ? (uint16_t)json_int(probe, name, 0) : address ? d->port : 0;
}

void doors_find(const json_t *container, door_list *doors)
{
	vec_each (doors, d)
		if (!json_bool(container, "host_network", false))
			find_one(container, d);
}

static void put_door(json_t *probe, const char *name, const json_t *door)
{
	const char *host = reach(json_str(door, "host", "")), *first = json_str(probe, "host", NULL);
	autofree char *own = xasprintf("%s_host", name);

	json_object_set(probe, name, json_object_get(door, "port"));
	if (!first)
		json_object_set_new(probe, "host", json_string(host));
	else if (strcmp(host, first) != 0)
		json_object_set_new(probe, own, json_string(host));
}

static int web_rank(const json_t *door)
{
	return json_bool(door, "tls", false) + json_bool(door, "members", false);
}

/* The first that is reached by TCP, without encryption where there is a choice, or at least for anybody. */
static void put_web(json_t *probe, const json_t *list)
{
	const json_t *door, *best = NULL;
	size_t i;

	json_array_foreach((json_t *)list, i, door)
	{
		if (*json_str(door, "host", "") == '/' || !json_int(door, "port", 0))
			continue;
		if (!best || web_rank(door) < web_rank(best))
			best = door;
	}
	if (best)
		put_door(probe, json_bool(best, "tls", false) ? "https" : "http", best);
	if (json_bool(best, "members", false))
		json_object_set_new(probe, "members", json_true());
}

/* A rate limiter counts each connection of this host, too, and each request to HTTP: /healthz is none of its exceptions.
 * src: internal/httpd/server.go, checkConnection */
static bool limits_rate(const struct sftpgo_config *c, const char *protocol)
{
	for (size_t i = 0; i < sftpgo_config_count(c, "common.rate_limiters"); i++) {
		autofree char *average = xasprintf("common.rate_limiters.%zu.average", i);
		autofree char *protocols = xasprintf("common.rate_limiters.%zu.protocols", i);
		const struct sftpgo_setting *which = sftpgo_config_get(c, protocols);

		if (sftpgo_config_int(c, average, 0) > 0 && which && json_lists(which->value, protocol))
			return true;
	}
	return false;
}

static bool banner_is_felt(const struct sftpgo_config *c)
{
	return is_set(c, "common.post_connect_hook") || limits_rate(c, "SSH") || limits_rate(c, "FTP") ||
	       (sftpgo_config_bool(c, "common.defender.enabled", false) &&
		sftpgo_config_int(c, "common.defender.score_no_auth", 0) > 0);
}

json_t *doors_probe(const struct sftpgo_config *c)
{
	autojson json_t *doors = doors_of(c);
	json_t *probe = json_object();
	const json_t *sftp = json_array_get(json_object_get(doors, "sftp"), 0);

	put_web(probe, json_object_get(doors, "http"));
	if (sftp)
		put_door(probe, "sftp", sftp);
	json_object_set_new(probe, "banner", json_boolean(!banner_is_felt(c)));
	json_object_set_new(probe, "healthz", json_boolean(!limits_rate(c, "HTTP")));
	return probe;
}
