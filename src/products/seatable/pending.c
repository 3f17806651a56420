#include "products/seatable/pending.h"

#include <string.h>

#include "base/mem.h"
#include "io/json.h"
#include "products/seatable/plain.h"

#define NAMES_MAX 50

static void name_it(json_t *names, const char *noun, struct sv what)
{
	autofree char *text = xasprintf("%s " SV_FMT, noun, SV_ARG(what));

	if (!json_lists(names, text) && json_array_size(names) < NAMES_MAX)
		json_array_append_new(names, json_text(text));
}

/* ---- variables ---- */

static const json_t *env_of(const json_t *about)
{
	return json_object_get(json_object_get(about, "Config"), "Env");
}

/* Compose gives them to every container by itself, from docker's own configuration. */
static bool is_proxy(struct sv key)
{
	return sv_ends(key, "_PROXY") || sv_ends(key, "_proxy");
}

static void name_new_variables(const json_t *environment, const json_t *has, json_t *names)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)environment, key, value) {
		autofree char *line = json_is_string(value) ? xasprintf("%s=%s", key, json_string_value(value)) : NULL;

		if (line && !json_lists(has, line))
			name_it(names, "variable", sv_of(key));
	}
}

static void name_gone_variables(const json_t *environment, const json_t *has, const json_t *of_image, json_t *names)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)has, i, one) {
		const char *line = json_string_value(one) ?: "";
		struct sv rest = sv_of(line), key = sv_cut(&rest, '=');
		autofree char *name = sv_dup(key);

		if (!json_object_get(environment, name) && !json_lists(of_image, line) && !is_proxy(key))
			name_it(names, "variable", key);
	}
}

/* ---- mounts ---- */

static const json_t *of_target(const json_t *list, const char *key, const char *target)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)list, i, one)
		if (sea_same_path(json_str(one, key, ""), target))
			return one;
	return NULL;
}

static bool is_bind(const json_t *mount, const char *key)
{
	return !strcmp(json_str(mount, key, ""), "bind");
}

static bool is_mounted(const json_t *volume, const json_t *mount)
{
	const char *source = json_str(volume, "source", ""), *has = json_str(mount, "Source", "");

	if (!mount || !is_bind(volume, "type"))
		return mount;
	return (sea_same_path(has, source) || sea_same_file(has, source)) &&
	       json_bool(mount, "RW", true) != json_bool(volume, "read_only", false);
}

/* Where the data lies is judged by itself. Files of secrets and configs are mounted, too. */
static void name_mounts(const json_t *service, const json_t *seen, json_t *names)
{
	const json_t *volumes = json_object_get(service, "volumes"), *mounts = json_object_get(seen, "Mounts"), *one;
	bool more = json_array_size(json_object_get(service, "secrets")) || json_array_size(json_object_get(service, "configs"));
	size_t i;

	json_array_foreach((json_t *)volumes, i, one) {
		const char *target = json_str(one, "target", "");

		if (!sea_same_path(target, "/shared") && strcmp(json_str(one, "type", ""), "tmpfs") != 0 &&
		    !is_mounted(one, of_target(mounts, "Destination", target)))
			name_it(names, "mount", sv_of(target));
	}
	json_array_foreach((json_t *)mounts, i, one) {
		const char *target = json_str(one, "Destination", "");

		if (!more && is_bind(one, "Type") && !sea_same_path(target, "/shared") && !of_target(volumes, "target", target))
			name_it(names, "mount", sv_of(target));
	}
}

/* ---- ports ---- */

/* "80/tcp at 127.0.0.1:8080"; all addresses are none. */
static json_t *door_text(const char *inner, const char *ip, const char *published)
{
	bool all = !strcmp(ip, "0.0.0.0") || !strcmp(ip, "::");

	return json_sprintf("%s at %s:%s", inner, all ? "" : ip, published);
}

static json_t *doors_wanted(const json_t *service)
{
	json_t *doors = json_array(), *one;
	size_t i;

	json_array_foreach(json_object_get(service, "ports"), i, one) {
		autofree char *inner = xasprintf("%lld/%s", (long long)json_int(one, "target", 0), json_str(one, "protocol", "tcp"));

		json_array_append_new(doors, door_text(inner, json_str(one, "host_ip", ""), json_str(one, "published", "")));
	}
	return doors;
}

static json_t *doors_there(const json_t *seen)
{
	json_t *doors = json_array(), *bindings = json_object_get(json_object_get(seen, "HostConfig"), "PortBindings"), *list, *one;
	const char *inner;
	size_t i;

	json_object_foreach(bindings, inner, list)
		json_array_foreach(list, i, one)
			json_array_append_new(doors, door_text(inner, json_str(one, "HostIp", ""), json_str(one, "HostPort", "")));
	return doors;
}

static void name_doors(const json_t *these, const json_t *others, json_t *names)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)these, i, one) {
		struct sv door = sv_of(json_string_value(one) ?: "");

		if (!json_lists(others, json_string_value(one) ?: ""))
			name_it(names, "port", sv_cut(&door, ' '));
	}
}

json_t *sea_pending(const json_t *service, const json_t *seen, const json_t *image)
{
	autojson json_t *wanted = doors_wanted(service), *there = doors_there(seen);
	const json_t *environment = json_object_get(service, "environment");
	json_t *names = json_array();

	name_new_variables(environment, env_of(seen), names);
	if (image)
		name_gone_variables(environment, env_of(seen), env_of(image), names);
	name_mounts(service, seen, names);
	name_doors(wanted, there, names);
	name_doors(there, wanted, names);
	return names;
}
