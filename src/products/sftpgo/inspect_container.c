/* The container that the server runs in: what docker says of it, and what it holds in itself, which another container has not. And the
 * image to move to, known by its name before it is here. */
#include <string.h>

#include "engine/container_move.h"
#include "products/sftpgo/inspect.h"
#include "svc/container.h"

#define NAMED_MAX 20

static bool is_of_image(const struct layout *l)
{
	autofree char *here = l->conf.file ? layout_here(l, l->conf.file) : NULL;

	return l->conf.file && !here;
}

static void put_about(struct look *k)
{
	const struct layout *l = &k->l;
	json_t *about = json_copy(l->container), *now = container_take_passing(about);

	if (l->seen)
		json_object_set_new(about, "conf_of_image", json_boolean(is_of_image(l)));
	look_pin(k, SF_CONTAINER, about, "docker");
	look_observe(k, SF_CONTAINER_NOW, now, "docker");
}

static void put_layer(struct look *k)
{
	autojson json_t *all = NULL;
	struct err e = ERR_INIT;
	json_t *some = json_array();

	if (container_changes(k->l.seen, &all, &e) < 0) {
		json_decref(some);
		look_missing(k, SF_LAYER, &e);
		return;
	}
	for (size_t i = 0; i < json_array_size(all) && i < NAMED_MAX; i++)
		json_array_append(some, json_array_get(all, i));
	k->layer = json_incref(all);
	look_observe(k, SF_LAYER, json_pack("{so sI}", "some", some, "n", (json_int_t)json_array_size(all)), "docker container diff");
}

static int note_volume(const struct look *k, const char *path, json_t *ret, struct err *e)
{
	const json_t *mount = path ? container_mount(k->l.seen, path) : NULL;
	autojson json_t *volume = NULL;
	const char *name = json_str(mount, "Name", ""), *as;

	if (strcmp(json_str(mount, "Type", ""), "volume") != 0)
		return 0;
	if (volume_inspect(name, &volume, e) < 0)
		return -(int)e->kind;
	as = volume_is_mounted_as(volume);
	if (as)
		json_object_set_new(ret, name, json_text(as));
	return 0;
}

/* Those that a restore point lies in. */
static void put_volumes(struct look *k)
{
	autofree char *database = layout_named(&k->l, "data_provider.name");
	json_t *volumes = json_object();
	struct err e = ERR_INIT;

	if (note_volume(k, k->l.inside, volumes, &e) < 0 || note_volume(k, database, volumes, &e) < 0)
		look_missing(k, SF_VOLUMES, &e);
	else if (json_object_size(volumes))
		look_observe(k, SF_VOLUMES, json_incref(volumes), "docker volume inspect");
	json_decref(volumes);
}

/* Asked of the running server alone: nobody runs its program elsewhere than in it. */
static void miss_programs(struct look *k)
{
	static const char *const keys[] = { SF_VERSION, SF_EDITION };

	facts_miss(k->f, SF_INSTALL, "its programs are the image's");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (!facts_get(k->f, keys[i]))
			facts_miss(k->f, keys[i], "only the running server could tell: it is stopped, does not answer, or hides its version");
}

void look_at_container(struct look *k)
{
	put_about(k);
	miss_programs(k);
	if (k->l.seen && (k->depth == DEPTH_LIVE || k->depth == DEPTH_DEEP)) {
		put_layer(k);
		put_volumes(k);
	}
}

/* ---- the new image */

/* "v2.7.5", "v2.7.5-alpine"; another tag tells nothing. facts/sftpgo 1.2 */
static char *version_of_tag(const char *image)
{
	autofree char *tag = image_tag(image);
	struct sftpgo_version v;

	tag[strcspn(tag, "-")] = '\0';
	return sftpgo_version_parse(tag, &v) && strchr(tag, '.') ? xstrdup(tag + (*tag == 'v')) : NULL;
}

json_t *sftpgo_image_artifact(const struct goal *to)
{
	const char *image = goal_image(to), *edition;
	autofree char *version = version_of_tag(image);

	if (!version && goal_version(to))
		version = xstrdup(goal_version(to));
	edition = version ? sftpgo_edition_of(version) : NULL;
	return json_pack("{ss ss ss? ss? ss}", "form", "image", "path", image, "edition", edition, "version", version, "arch", "any");
}

void look_at_image(struct look *k)
{
	container_look(k->f, k->to, k->l.service);
	if (goal_image(k->to))
		look_pin(k, SF_ARTIFACT, sftpgo_image_artifact(k->to), "target.image");
	else
		facts_miss_after(k->f, SF_ARTIFACT, FACT_IMAGE, NULL);
}
