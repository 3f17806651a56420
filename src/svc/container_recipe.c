/* What makes the same container again, with another image: what docker says of it, without what its image brought. An image's
 * defaults are in the description of the container as if the operator had given them; carried along they would hide those of the
 * new image: its command, its environment, its health check. */
#include <string.h>

#include "base/mem.h"
#include "io/json.h"
#include "svc/container.h"

#define LABEL_RUN   "org.crossgrade.run"
#define LABEL_SWARM "com.docker.swarm.service.id"
#define SHORT_ID    12

const char *container_maker_of(const json_t *seen)
{
	return json_str(json_object_get(json_object_get(seen, "Config"), "Labels"), LABEL_RUN, NULL);
}

static const json_t *config_of(const json_t *seen) { return json_object_get(seen, "Config"); }

static const json_t *host_of(const json_t *seen) { return json_object_get(seen, "HostConfig"); }

/* Members of `o` that `defaults` has not, or not with this value. */
static json_t *members_given(const json_t *o, const json_t *defaults)
{
	json_t *given = json_object(), *value;
	const char *key;

	json_object_foreach((json_t *)o, key, value)
		if (!json_equal(value, json_object_get(defaults, key)))
			json_object_set(given, key, value);
	return given;
}

static json_t *words_given(const json_t *list, const json_t *defaults)
{
	json_t *given = json_array(), *word;
	size_t i;

	json_array_foreach((json_t *)list, i, word)
		if (json_is_string(word) && !json_lists(defaults, json_string_value(word)))
			json_array_append(given, word);
	return given;
}

static json_t *labels_given(const json_t *config, const json_t *defaults, const char *run)
{
	json_t *labels = members_given(json_object_get(config, "Labels"), json_object_get(defaults, "Labels"));

	json_object_set_new(labels, LABEL_RUN, json_string(run));
	return labels;
}

static bool is_default(const json_t *config, const json_t *defaults, const char *key)
{
	return json_equal(json_object_get(config, key), json_object_get(defaults, key));
}

/* A command is the image's only together with the image's entry point: an entry point of the operator's takes the image's command
 * away, and docker shows what was left. */
static void set_command(json_t *create, const json_t *config, const json_t *defaults)
{
	bool own_entry = !is_default(config, defaults, "Entrypoint");

	if (own_entry)
		json_object_set(create, "Entrypoint", json_object_get(config, "Entrypoint"));
	if (own_entry || !is_default(config, defaults, "Cmd"))
		json_object_set(create, "Cmd", json_object_get(config, "Cmd"));
}

/* Files keep their owner: as whom the old one ran, so does the new one. */
static void set_user(json_t *create, const json_t *config, const json_t *old, const json_t *new)
{
	const char *user = json_str(config, "User", ""), *was = json_str(old, "User", "");

	if (strcmp(user, was) != 0)
		json_object_set_new(create, "User", json_string(user));
	else if (strcmp(was, json_str(new, "User", "")) != 0)
		json_object_set_new(create, "User", json_string(*was ? was : "0:0"));
}

/* Docker's own name for a host that was given none. */
static void set_hostname(json_t *create, const json_t *seen)
{
	const char *name = json_str(config_of(seen), "Hostname", ""), *id = json_str(seen, "Id", "");
	const char *mode = json_str(host_of(seen), "NetworkMode", "");

	if (*name && strncmp(id, name, SHORT_ID) != 0 && strcmp(mode, "host") != 0 && strncmp(mode, "container:", 10) != 0)
		json_object_set_new(create, "Hostname", json_string(name));
}

static void set_config(json_t *create, const json_t *seen, const json_t *old, const json_t *new)
{
	static const char *const as_given[] = { "WorkingDir", "Healthcheck", "StopSignal", "Shell", NULL };
	static const char *const always[] = { "Domainname",      "AttachStdin", "AttachStdout", "AttachStderr",
					      "Tty",             "OpenStdin",   "StdinOnce",    "StopTimeout",
					      "NetworkDisabled", "MacAddress",  NULL };
	const json_t *config = config_of(seen);

	for (size_t i = 0; as_given[i]; i++)
		if (!is_default(config, old, as_given[i]))
			json_object_set(create, as_given[i], json_object_get(config, as_given[i]));
	for (size_t i = 0; always[i]; i++)
		if (json_object_get(config, always[i]))
			json_object_set(create, always[i], json_object_get(config, always[i]));
	json_object_set_new(create, "Env", words_given(json_object_get(config, "Env"), json_object_get(old, "Env")));
	json_object_set_new(create, "ExposedPorts",
			    members_given(json_object_get(config, "ExposedPorts"), json_object_get(old, "ExposedPorts")));
	set_command(create, config, old);
	set_user(create, config, old, new);
	set_hostname(create, seen);
}

/* ---- volumes ---- */

/* "SOURCE:DESTINATION[:OPTIONS]" */
static bool binds_to(const json_t *binds, const char *destination)
{
	const json_t *bind;
	size_t i;

	json_array_foreach((json_t *)binds, i, bind)
	{
		struct sv rest = sv_of(json_string_value(bind));

		(void)sv_cut(&rest, ':');
		if (sv_eq(sv_cut(&rest, ':'), destination))
			return true;
	}
	return false;
}

static json_t *mount_at(const json_t *mounts, const char *target)
{
	json_t *m;
	size_t i;

	json_array_foreach((json_t *)mounts, i, m)
		if (!strcmp(json_str(m, "Target", ""), target))
			return m;
	return NULL;
}

/* A volume without a name has one after all, of 64 digits: it is attached by that. */
static void name_volumes(json_t *host, const json_t *seen)
{
	json_t *binds = json_object_get(host, "Binds"), *m;
	size_t i;

	if (!json_is_array(binds))
		json_object_set_new(host, "Binds", binds = json_array());
	json_array_foreach(json_object_get(seen, "Mounts"), i, m)
	{
		const char *name = json_str(m, "Name", ""), *at = json_str(m, "Destination", "");
		json_t *asked = mount_at(json_object_get(host, "Mounts"), at);

		if (strcmp(json_str(m, "Type", ""), "volume") != 0 || binds_to(binds, at))
			continue;
		if (asked)
			json_object_set_new(asked, "Source", json_string(name));
		else
			json_array_append_new(binds, json_sprintf("%s:%s%s", name, at, json_bool(m, "RW", true) ? "" : ":ro"));
	}
}

/* Docker shows "/other:/this/alias" of what was asked for as "other:alias". */
static json_t *links_of(const json_t *shown)
{
	json_t *links = json_array(), *link;
	size_t i;

	json_array_foreach((json_t *)shown, i, link)
	{
		struct sv rest = sv_of(json_string_value(link)), other = sv_cut(&rest, ':');
		const char *slash = memrchr(rest.p, '/', rest.n), *alias = slash ? slash + 1 : rest.p;

		if (sv_starts(other, "/"))
			other = (struct sv){ other.p + 1, other.n - 1 };
		json_array_append_new(links, json_sprintf(SV_FMT ":%s", SV_ARG(other), alias));
	}
	return links;
}

static json_t *host_config(const json_t *seen)
{
	json_t *host = json_is_object(host_of(seen)) ? json_deep_copy(host_of(seen)) : json_object();

	json_object_del(host, "ContainerIDFile");
	json_object_set_new(host, "RestartPolicy", json_pack("{ss}", "Name", "no"));
	if (json_array_size(json_object_get(host, "Links")))
		json_object_set_new(host, "Links", links_of(json_object_get(host, "Links")));
	name_volumes(host, seen);
	return host;
}

/* ---- networks ---- */

static json_t *aliases_of(const json_t *network, const json_t *seen)
{
	const char *id = json_str(seen, "Id", "");
	json_t *aliases = json_array(), *one;
	size_t i;

	json_array_foreach(json_object_get(network, "Aliases"), i, one)
		if (strncmp(json_string_value(one), id, SHORT_ID) != 0)
			json_array_append(aliases, one);
	return aliases;
}

static json_t *endpoint_of(const json_t *network, const json_t *seen)
{
	static const char *const given[] = { "IPAMConfig", "Links", "DriverOpts", NULL };
	json_t *end = json_pack("{so}", "Aliases", aliases_of(network, seen));

	for (size_t i = 0; given[i]; i++)
		if (json_object_get(network, given[i]))
			json_object_set(end, given[i], json_object_get(network, given[i]));
	return end;
}

/* One network comes with the request, as docker before 25 takes no more; the rest after it. */
static void set_networks(json_t *recipe, json_t *create, const json_t *seen)
{
	const char *mode = json_str(host_of(seen), "NetworkMode", ""), *name;
	json_t *net, *after = json_object_get(recipe, "connect");
	bool plain = !strcmp(mode, "default") || !strcmp(mode, "bridge");

	json_object_foreach(json_object_get(json_object_get(seen, "NetworkSettings"), "Networks"), name, net)
	{
		bool first = !strcmp(mode, name) || !strcmp(mode, json_str(net, "NetworkID", "?"));

		if (!strcmp(mode, "host") || !strcmp(mode, "none") || (plain && !strcmp(name, "bridge")))
			continue;
		if (first)
			json_object_set_new(create, "NetworkingConfig",
					    json_pack("{s{so}}", "EndpointsConfig", name, endpoint_of(net, seen)));
		else
			json_array_append_new(after, json_pack("{ss so}", "network", name, "config", endpoint_of(net, seen)));
	}
}

/* ---- */

bool container_draws_port_of(const json_t *seen)
{
	const json_t *host = host_of(seen), *list, *one;
	const char *port;
	size_t i;

	json_object_foreach(json_object_get(host, "PortBindings"), port, list)
		json_array_foreach((json_t *)list, i, one)
			if (!*json_str(one, "HostPort", "") || !strcmp(json_str(one, "HostPort", ""), "0"))
				return true;
	return json_bool(host, "PublishAllPorts", false);
}

static int can_be_made_again(const json_t *seen, struct err *e)
{
	if (json_bool(host_of(seen), "AutoRemove", false)) {
		err_set(e, ERR_REFUSED, "docker removes this container when it stops (--rm)");
		return err_hint(e, "start it without --rm, with its data in a named volume or a folder");
	}
	if (json_object_get(json_object_get(config_of(seen), "Labels"), LABEL_SWARM)) {
		err_set(e, ERR_REFUSED, "this container is a task of a Swarm service");
		return err_hint(e, "update the service with 'docker service update'; crossgrade moves containers of one host");
	}
	return 0;
}

int container_recipe_of(const json_t *seen, const json_t *old, const json_t *new, const char *image, const char *run, json_t **ret,
			struct err *e)
{
	autojson json_t *recipe = json_pack("{s{ss} s[]}", "create", "Image", image, "connect");
	const json_t *was = json_object_get(old, "Config"), *will = json_object_get(new, "Config");
	json_t *create = json_object_get(recipe, "create");

	if (can_be_made_again(seen, e) < 0)
		return -(int)e->kind;
	set_config(create, seen, was, will);
	json_object_set_new(create, "Labels", labels_given(config_of(seen), was, run));
	json_object_set_new(create, "HostConfig", host_config(seen));
	set_networks(recipe, create, seen);
	*ret = take_ptr(recipe);
	return 0;
}
