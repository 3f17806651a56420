/* Images: what each service would be started from, and what runs. */
#include <string.h>

#include "products/seatable/docker.h"
#include "products/seatable/inspect.h"
#include "products/seatable/merged.h"
#include "products/seatable/pending.h"
#include "svc/compose.h"

#define SERVICES_MAX 60

static json_t *configured_of(const char *reference)
{
	autojson json_t *image = NULL;
	struct err absent = ERR_INIT;

	if (sea_docker_image(reference, &image, &absent) < 0)
		return json_pack("{ss}", "reference", reference);
	return json_pack("{ss ss}", "reference", reference, "id", json_str(image, "Id", ""));
}

static void put_configured(struct sea_look *k)
{
	json_t *images = json_object(), *service;
	const char *name;

	json_object_foreach((json_t *)facts_get(k->f, SEA_SERVICES), name, service) {
		const char *reference = json_str(service, "image", NULL);

		if (reference && json_object_size(images) < SERVICES_MAX)
			json_object_set_new(images, name, configured_of(reference));
	}
	sea_pin(k, SEA_IMAGES, images, "docker image inspect");
}

static json_t *running_of(const json_t *seen)
{
	return json_pack("{ss ss ss ss}", "reference", json_str(json_object_get(seen, "Config"), "Image", ""), "id",
			 json_str(seen, "Image", ""), "container", sea_container_name(seen), "container_id", json_str(seen, "Id", ""));
}

static json_t *state_of(const json_t *seen)
{
	const json_t *state = json_object_get(seen, "State");

	return json_pack("{ss ss* sI ss ss}", "status", json_str(state, "Status", ""), "health",
			 json_str(json_object_get(state, "Health"), "Status", NULL), "restarts", (json_int_t)json_int(seen, "RestartCount", 0),
			 "started", json_str(state, "StartedAt", ""), "restart",
			 json_str(json_object_get(json_object_get(seen, "HostConfig"), "RestartPolicy"), "Name", ""));
}

static void put_running(struct sea_look *k)
{
	json_t *running = json_object(), *states = json_object(), *service;
	const char *name;

	json_object_foreach((json_t *)facts_get(k->f, SEA_SERVICES), name, service) {
		const json_t *seen = sea_layout_container(&k->l, name);

		if (!seen)
			continue;
		json_object_set_new(running, name, running_of(seen));
		json_object_set_new(states, name, state_of(seen));
	}
	sea_pin(k, SEA_RUNNING, running, "docker inspect");
	sea_observe(k, SEA_STATES, states, "docker inspect");
}

/* "KEY=value" of a list; NULL: not in it. Borrowed. */
static const char *variable_in(const json_t *list, const char *key)
{
	size_t n = strlen(key), i;
	const json_t *one;

	json_array_foreach((json_t *)list, i, one) {
		const char *text = json_string_value(one);

		if (text && !strncmp(text, key, n) && text[n] == '=')
			return text + n + 1;
	}
	return NULL;
}

/* Of the image, not of the container, whose environment anybody may set. */
static void put_image_version(struct sea_look *k, const json_t *image)
{
	const char *version;

	version = variable_in(json_object_get(json_object_get(image, "Config"), "Env"), "server_version");
	sea_observe(k, SEA_IMAGE_SIZE, json_integer((json_int_t)json_int(image, "Size", 0)), "docker image inspect");
	if (version)
		sea_pin_str(k, SEA_IMAGE_VERSION, version, "docker image inspect");
}

static bool is_of_a_service(const char *mode)
{
	return !strncmp(mode, "service:", 8);
}

/* `config --hash` leaves as it is written what `up` puts in before it reckons: the two never agree then (docker/compose issue 14001). */
static const char *put_in_later(const json_t *service)
{
	static const char *const modes[] = { "network_mode", "ipc", "pid" };
	const json_t *value;
	const char *key;

	if (json_object_get(service, "env_file"))
		return "env_file";
	json_object_foreach((json_t *)json_object_get(service, "environment"), key, value)
		if (json_is_null(value))
			return "a variable without a value";
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (is_of_a_service(json_str(service, modes[i], "")))
			return modes[i];
	return json_object_get(service, "volumes_from") ? "volumes_from" : NULL;
}

/* Whether anything at all was, whatever it is. */
static int look_for_edits(const struct sea_look *k, bool *ret, struct err *e)
{
	const char *hash = compose_hash_of(k->seen, json_str(facts_get(k->f, SEA_COMPOSE), "version", ""));
	const char *wanted = sea_merged_image(k->l.config, k->l.server);
	const char *later = put_in_later(sea_merged_service(k->l.raw, k->l.server));
	autojson json_t *project = sea_layout_project(&k->l);
	char now[65];

	if (!hash)
		return err_set(e, ERR_ABSENT, "its container has no sum of Compose, or one of another release");
	if (!wanted || strcmp(wanted, json_str(json_object_get(k->seen, "Config"), "Image", "")) != 0)
		return err_set(e, ERR_ABSENT, "its container was made of another image");
	if (later)
		return err_set(e, ERR_ABSENT, "Compose's sums do not agree where a service has %s", later);
	if (compose_hash(project, k->l.server, false, now, e) < 0)
		return -(int)e->kind;
	*ret = strcmp(now, hash) != 0;
	if (*ret && compose_hash(project, k->l.server, true, now, e) < 0)
		return -(int)e->kind;
	*ret = *ret && strcmp(now, hash) != 0;
	return 0;
}

static void put_edited(struct sea_look *k)
{
	struct err why = ERR_INIT;
	bool edited;

	if (look_for_edits(k, &edited, &why) < 0)
		sea_missing(k, SEA_EDITED, &why);
	else
		sea_observe(k, SEA_EDITED, json_boolean(edited), "docker compose config --hash");
}

static void put_server(struct sea_look *k)
{
	autojson json_t *image = NULL;
	struct err e = ERR_INIT;

	if (!k->seen)
		return;
	if (sea_docker_image(json_str(k->seen, "Image", ""), &image, &e) >= 0)
		put_image_version(k, image);
	sea_observe_some(k, SEA_PENDING, sea_pending(sea_merged_service(k->l.config, k->l.server), k->seen, image), "docker inspect");
	if (sea_is_live(k))
		put_edited(k);
}

void sea_look_at_images(struct sea_look *k)
{
	if (!facts_get(k->f, SEA_SERVICES))
		return;
	if (!k->l.containers) {
		sea_missing(k, SEA_RUNNING, &k->l.docker_error);
		sea_missing(k, SEA_STATES, &k->l.docker_error);
		sea_missing(k, SEA_IMAGES, &k->l.docker_error);
		return;
	}
	put_configured(k);
	put_running(k);
	put_server(k);
}
