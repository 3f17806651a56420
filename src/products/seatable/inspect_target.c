/* What will be in force: edition, version and image of the goal, and whether this host has it. */
#include <string.h>
#include <sys/stat.h>

#include "engine/compose_files.h"
#include "engine/container_move.h"
#include "products/seatable/docker.h"
#include "products/seatable/envfile.h"
#include "products/seatable/image.h"
#include "products/seatable/inspect.h"

static const char *wanted_image(const struct sea_look *k)
{
	return json_str(k->to->target, "image", NULL);
}

static bool takes_default(const struct sea_look *k)
{
	const char *image = wanted_image(k);

	return image && !strcmp(image, "default");
}

/* Named in the goal, or by the yml's default; NULL: to be made of edition and version. */
static const char *named_image(const struct sea_look *k)
{
	return takes_default(k) ? json_str(facts_get(k->f, SEA_IMAGE_DEFAULT), "reference", NULL) : wanted_image(k);
}

/* ---- edition, version, reference ---- */

static const char *edition_of(const struct sea_look *k, const struct sea_image *named)
{
	const char *asked = goal_edition(k->to);

	return asked ? asked : named->edition ? named->edition : facts_str(k->f, SEA_EDITION, NULL);
}

/* server_version of the image, where its tag is no version: "latest" is resolved by what is on this host, and never asked of a registry. */
static char *version_inside(const char *reference)
{
	autojson json_t *image = NULL;
	struct err ignored = ERR_INIT;
	json_t *one;
	size_t i;

	if (!reference || sea_docker_image(reference, &image, &ignored) < 0)
		return NULL;
	json_array_foreach(json_object_get(json_object_get(image, "Config"), "Env"), i, one)
		if (!strncmp(json_string_value(one), "server_version=", 15))
			return xstrdup(json_string_value(one) + 15);
	return NULL;
}

static char *version_of(const struct sea_look *k, const struct sea_image *named, const char *reference)
{
	const char *asked = goal_version(k->to);

	if (asked)
		return xstrdup(asked + (asked[0] == 'v'));
	if (named->pinned)
		return xstrdup(named->tag + (named->tag[0] == 'v'));
	return version_inside(reference);
}

/* ---- is it here ---- */

static void put_local(struct sea_look *k, const char *reference)
{
	autojson json_t *image = NULL;
	autofree char *version = version_inside(reference);
	struct err absent = ERR_INIT;

	if (sea_docker_image(reference, &image, &absent) < 0)
		return;
	sea_observe(k, SEA_TO_LOCAL,
		json_pack("{ss ss ss ss* sI}", "id", json_str(image, "Id", ""), "arch", json_str(image, "Architecture", ""), "os",
			  json_str(image, "Os", ""), "version", version, "size", (json_int_t)json_int(image, "Size", 0)),
		"docker image inspect");
}

static void put_source(struct sea_look *k, const char *reference)
{
	const char *archive = json_str(k->to->target, "image_archive", NULL), *finding = NULL;
	bool from_registry = !archive && !facts_get(k->f, SEA_TO_LOCAL);
	json_t *source;
	struct stat st;

	if (archive && stat(archive, &st) < 0)
		finding = "the file cannot be read";
	else if (archive && !S_ISREG(st.st_mode))
		finding = "it is no file";
	source = json_pack("{ss ss* ss*}", "from", from_registry ? "registry" : archive && !facts_get(k->f, SEA_TO_LOCAL) ? "archive" : "local", "file",
			   archive, "finding", finding);
	if (from_registry && sea_is_live(k))
		json_object_set_new(source, "registry", container_ask_registry(reference));
	sea_observe(k, SEA_TO_SOURCE, source, "goal");
}

static void put_alike(struct sea_look *k, const char *edition)
{
	autojson json_t *all = NULL;
	json_t *alike = json_array(), *one;
	struct err ignored = ERR_INIT;
	struct sea_version ours;
	size_t i;

	if (sea_docker_images(&all, &ignored) < 0 || !sea_version_parse(facts_str(k->f, SEA_VERSION, NULL), &ours))
		all = NULL;
	json_array_foreach(all, i, one) {
		struct sea_image image;

		if (sea_image_parse(json_string_value(one), &image) && image.edition && edition && !strcmp(image.edition, edition) &&
		    image.pinned && sea_version_same_minor(&image.version, &ours))
			json_array_append(alike, one);
	}
	sea_observe_some(k, SEA_TO_ALIKE, alike, "docker image ls");
}

/* ---- what the edit would change ---- */

/* Where the line is taken out, too: then it is the yml's default that stands in these places. */
static void put_moved(struct sea_look *k, const char *reference)
{
	autojson json_t *project = sea_layout_project(&k->l);
	const struct compose_part part = { project, k->l.server, SEA_VARIABLE };
	json_t *moved = NULL;
	struct err e = ERR_INIT;

	if (!k->l.env_text)
		return;
	if (!k->l.server)
		facts_miss_after(k->f, SEA_TO_MOVED, SEA_SERVER, NULL);
	else if (compose_files_moved(&part, reference, &moved, &e) < 0)
		sea_missing(k, SEA_TO_MOVED, &e);
	else
		sea_pin(k, SEA_TO_MOVED, moved, "docker compose config");
}

/* ---- all of it ---- */

static void put_image(struct sea_look *k, const char *reference)
{
	json_t *image = sea_image_facts(reference);

	if (!image) {
		facts_miss(k->f, SEA_TO_IMAGE, "it is no reference of an image");
		return;
	}
	json_object_set_new(image, "default", json_boolean(takes_default(k)));
	sea_pin(k, SEA_TO_IMAGE, image, takes_default(k) ? "the yml's default" : wanted_image(k) ? "target.image" : "the vendor's name");
	if (k->depth != DEPTH_QUICK)
		put_local(k, reference);
	if (sea_is_live(k))
		put_moved(k, reference);
	put_source(k, reference);
}

void sea_look_at_target(struct sea_look *k)
{
	const char *given = named_image(k), *current = json_str(facts_get(k->f, SEA_IMAGE), "reference", NULL), *edition;
	struct sea_image named = { 0 };
	autofree char *version = NULL, *made = NULL;

	if (given && !sea_image_parse(given, &named))
		facts_miss(k->f, SEA_TO_IMAGE, "'target.image' is no reference of an image");
	edition = edition_of(k, &named);
	version = version_of(k, &named, given);
	if (edition)
		sea_pin_str(k, SEA_TO_EDITION, edition, goal_edition(k->to) ? "target.edition" : named.edition ? "target.image" : "as it is");
	else
		facts_miss_after(k->f, SEA_TO_EDITION, SEA_EDITION, NULL);
	if (version)
		sea_pin_str(k, SEA_TO_VERSION, version, goal_version(k->to) ? "target.version" : named.pinned ? "target.image" : "server_version");
	else
		facts_miss(k->f, SEA_TO_VERSION, "neither 'target.version' nor 'target.image' names one");
	made = !given && edition && version ? sea_image_of(current, edition, version) : NULL;
	if (given || made)
		put_image(k, given ? given : made);
	else if (takes_default(k))
		facts_miss(k->f, SEA_TO_IMAGE, "the yml has no default of its own");
	else
		facts_miss_after(k->f, SEA_TO_IMAGE, edition ? SEA_TO_VERSION : SEA_TO_EDITION, NULL);
	if (sea_is_live(k))
		put_alike(k, edition);
}
