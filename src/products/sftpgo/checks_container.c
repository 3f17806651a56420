/* A server in a container: its image, how it is reached, and what would be lost with it. */
#include "products/sftpgo/checks.h"

#include <string.h>

#include "engine/container_move.h"
#include "products/sftpgo/crossing.h"

/* NULL after PASS, BLOCK or UNSURE. */
static const json_t *container_of_server(const struct facts *now, const char *id, struct results *ret)
{
	const char *kind;
	const json_t *container;

	if (sftpgo_by_hand(now)) {
		not_asked(id, "a copy of a Windows host's folder", ret);
		return NULL;
	}
	kind = need_text(now, SF_SERVICE_KIND, id, ret);
	if (!kind || !need_if_any(now, SF_CONTAINER, SF_SERVICE_KIND, id, ret, &container))
		return NULL;
	if (container && !json_str(container, "error", NULL))
		return container;
	if (container)
		results_add(ret, id, VERDICT_BLOCK, json_str(container, "name", NULL), "docker: %s", json_str(container, "error", ""));
	else
		results_add(ret, id, VERDICT_PASS, NULL, "no container");
	return NULL;
}

/* ---- the image, and the way to the server */

static bool is_reached(const json_t *probe)
{
	return json_int(probe, "http", 0) || json_int(probe, "https", 0) || json_int(probe, "sftp", 0);
}

/* NULL: nothing stands in the way. */
static const char *obstacle(const struct facts *now, const json_t *container, const json_t *probe)
{
	bool own_network = !json_bool(container, "host_network", false);

	if (!facts_bool(now, SF_RUNNING, false))
		return "it does not run, and only the running server tells its version: start it";
	if (!is_reached(probe))
		return "neither its HTTP nor its SFTP port is published: this host does not reach it";
	if (own_network && !json_object_size(json_object_get(container, "ports")))
		return "no port of it is published: the new container may have another address";
	if (own_network && (!json_bool(probe, "banner", true) || !json_bool(probe, "healthz", true)))
		return "a connection would be felt (a hook at each one, a rate limit, the defender), and whether a port is listened on shows only "
		       "inside the container";
	return NULL;
}

static void judge_image(const struct facts *now, const struct goal *to, const struct change *c, const json_t *container,
                        struct results *ret)
{
	static const char id[] = "sftpgo.container";
	const char *name = json_str(container, "name", NULL);

	if (to && goal_image(to) && container_stays(now) && !c->nothing)
		results_add(ret, id, VERDICT_BLOCK, name, "it runs image '%s' already, and that is version %s, not %s", goal_image(to),
			    c->from_version ? c->from_version : "unknown", c->to_version);
	else if (to && goal_image(to))
		container_judge(now, id, ret);
	else
		results_add(ret, id, VERDICT_BLOCK, name, "%s of docker, image '%s', and no target.image is named",
			    !strcmp(json_str(container, "kind", ""), "compose") ? "a Compose service" : "a lone container",
			    json_str(container, "image", "?"));
}

CHECK(container)
{
	static const char id[] = "sftpgo.container";
	const json_t *container = container_of_server(now, id, ret), *probe;
	const char *why;
	struct change c;

	if (!container || !need(now, SF_PROBE, id, ret, &probe))
		return;
	sftpgo_change(now, to, &c);
	judge_image(now, to, &c, container, ret);
	why = crosses_to_enterprise(&c) ? "from open source to Enterprise there is no way in a container yet" : obstacle(now, container, probe);
	if (why)
		results_add(ret, id, VERDICT_BLOCK, json_str(container, "name", NULL), "%s", why);
}

/* ---- what lies in it */

static void judge_database(const struct facts *now, struct results *ret)
{
	static const char id[] = "sftpgo.container-data";
	const char *driver = need_text(now, SF_DRIVER, id, ret);

	if (!driver)
		return;
	if (strcmp(driver, "sqlite") != 0 && strcmp(driver, "bolt") != 0)
		results_add(ret, id, VERDICT_BLOCK, "database", "'%s' is reached through the container's network, where neither a dump nor a "
			    "comparison can be made from this host", driver);
	else if (!facts_get(now, SF_DB_FILE))
		results_add(ret, id, VERDICT_BLOCK, "database", "%s", facts_why_missing(now, SF_DB_FILE) ?: "where its file lies is not known");
	else
		results_add(ret, id, VERDICT_PASS, "database", "'%s' on this host", facts_str(now, SF_DB_FILE, "?"));
}

/* After the stop neither database nor restore point would show here. */
static void judge_volumes(const struct facts *now, struct results *ret)
{
	static const char id[] = "sftpgo.container-data";
	const json_t *volumes, *as;
	const char *name;

	if (!need_if_any(now, SF_VOLUMES, SF_CONTAINER, id, ret, &volumes))
		return;
	json_object_foreach((json_t *)volumes, name, as)
		results_add(ret, id, VERDICT_BLOCK, name, "docker mounts this volume (%s) only while a container runs: mount it on this host "
			    "yourself, and give the container that folder", json_string_value(as));
}

static void judge_layer(const struct facts *now, struct results *ret)
{
	static const char id[] = "sftpgo.container-data";
	const json_t *layer, *one;
	long long n;
	size_t i;

	if (!need(now, SF_LAYER, id, ret, &layer))
		return;
	n = (long long)json_int(layer, "n", 0);
	json_array_foreach(json_object_get(layer, "some"), i, one)
		results_add(ret, id, VERDICT_WARN, json_string_value(one), "changed in the container itself; the new one has the image's");
	if (n > (long long)i)
		results_add(ret, id, VERDICT_WARN, NULL, "and %lld more", n - (long long)i);
}

CHECK(container_data)
{
	static const char id[] = "sftpgo.container-data";
	const json_t *adrift, *one;
	size_t i;

	if (!container_of_server(now, id, ret))
		return;
	judge_database(now, ret);
	judge_volumes(now, ret);
	if (!need_if_any(now, SF_ADRIFT, SF_SCOPE, id, ret, &adrift))
		return;
	json_array_foreach((json_t *)adrift, i, one)
		results_add(ret, id, VERDICT_BLOCK, json_string_value(one), "in no volume: it would be lost with the container");
	judge_layer(now, ret);
	if (sftpgo_conf_is_of_image(now))
		results_add(ret, id, VERDICT_WARN, facts_str(now, SF_CONF_FILE, NULL),
			    "the configuration is the image's own, and the new image brings another");
}
