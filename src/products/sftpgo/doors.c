#include "products/sftpgo/doors.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static const struct kind {
	const char *name, *section, *tls_key;
} kinds[] = {
	{ "sftp", "sftpd", NULL },
	{ "http", "httpd", "enable_https" },
	{ "ftp", "ftpd", NULL },
	{ "webdav", "webdavd", "enable_https" },
};

static void add_door(json_t *list, const char *host, int64_t port, bool tls)
{
	if (port || (host && *host == '/'))
		json_array_append_new(list, json_pack("{ss sI sb}", "host", host ? host : "", "port", (json_int_t)port,
						      "tls", (int)tls));
}

static json_t *doors_of_kind(const struct sftpgo_config *c, const struct kind *k)
{
	autofree char *bindings = xasprintf("%s.bindings", k->section);
	json_t *list = json_array();

	for (size_t i = 0; i < sftpgo_config_count(c, bindings); i++) {
		autofree char *port = xasprintf("%s.%zu.port", bindings, i), *host = xasprintf("%s.%zu.address", bindings, i);
		autofree char *tls = k->tls_key ? xasprintf("%s.%zu.%s", bindings, i, k->tls_key) : NULL;

		add_door(list, sftpgo_config_str(c, host), sftpgo_config_int(c, port, 0),
			 tls && sftpgo_config_bool(c, tls, false));
	}
	return list;
}

json_t *doors_of(const struct sftpgo_config *c)
{
	json_t *doors = json_object(), *telemetry = json_array();

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		json_object_set_new(doors, kinds[i].name, doors_of_kind(c, &kinds[i]));
	add_door(telemetry, sftpgo_config_str(c, "telemetry.bind_address"), sftpgo_config_int(c, "telemetry.bind_port", 0),
		 sftpgo_config_bool(c, "telemetry.enable_https", false));
	json_object_set_new(doors, "telemetry", telemetry);
	return doors;
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

static void put_door(json_t *probe, const char *name, const json_t *door)
{
	json_object_set(probe, name, json_object_get(door, "port"));
	if (!json_object_get(probe, "host"))
		json_object_set_new(probe, "host", json_string(reach(json_str(door, "host", ""))));
}

/* The first that is reached by TCP, without encryption where there is a choice. */
static void put_web(json_t *probe, const json_t *list)
{
	const json_t *door, *best = NULL;
	size_t i;

	json_array_foreach((json_t *)list, i, door)
	{
		if (*json_str(door, "host", "") == '/' || !json_int(door, "port", 0))
			continue;
		if (!best || (json_bool(best, "tls", false) && !json_bool(door, "tls", false)))
			best = door;
	}
	if (best)
		put_door(probe, json_bool(best, "tls", false) ? "https" : "http", best);
}

/* A rate limiter counts each connection of this host, too. */
static bool limits_rate(const struct sftpgo_config *c)
{
	for (size_t i = 0; i < sftpgo_config_count(c, "common.rate_limiters"); i++) {
		autofree char *average = xasprintf("common.rate_limiters.%zu.average", i);

		if (sftpgo_config_int(c, average, 0) > 0)
			return true;
	}
	return false;
}

static bool banner_is_felt(const struct sftpgo_config *c)
{
	const char *hook = sftpgo_config_str(c, "common.post_connect_hook");

	return (hook && *hook) || limits_rate(c) ||
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
	return probe;
}
