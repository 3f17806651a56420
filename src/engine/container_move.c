/* Thinking: what was looked at, judged and made steps of. */
#include "engine/container_move.h"

#include <string.h>

#include "engine/compose_files.h"
#include "engine/need.h"
#include "engine/plan_window.h"

static const json_t *compose_of(const json_t *image)
{
	return json_object_get(image, "compose");
}

bool container_stays(const struct facts *now)
{
	const json_t *image = facts_get(now, FACT_IMAGE), *seen = facts_get(now, FACT_IMAGE_SEEN);

	return image && !strcmp(json_str(image, "image", ""), json_str(image, "old_image", "?")) &&
	       !strcmp(json_str(seen, "id", ""), json_str(image, "old_image_id", "?"));
}

bool registry_refuses(const char *words)
{
	static const char *const said[] = { "no such manifest", "manifest unknown", "denied", "unauthorized", "authentication required",
		                            "no basic auth credentials" };

	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		if (strcasestr(words, said[i]))
			return !strcasestr(words, "permission denied");
	return false;
}

/* Where the image comes from. */
static void judge_source(const json_t *image, const json_t *seen, const char *id, struct results *ret)
{
	const char *name = json_str(image, "image", "?"), *registry = json_str(seen, "registry", NULL);
	const json_t *archive = json_object_get(image, "archive");
	const char *path = json_str(archive, "path", NULL);

	if (json_str(seen, "error", NULL))
		results_add(ret, id, VERDICT_UNSURE, name, "%s", json_str(seen, "error", ""));
	else if (json_str(seen, "id", NULL))
		results_add(ret, id, VERDICT_PASS, name, "the image is on this host");
	else if (path && !json_object_get(archive, "size"))
		results_add(ret, id, VERDICT_BLOCK, name, "there is no '%s'", path);
	else if (path)
		results_add(ret, id, VERDICT_NOTE, name, "the image is loaded from '%s' while the server runs", path);
	else if (registry && !strcmp(registry, REGISTRY_HAS))
		results_add(ret, id, VERDICT_NOTE, name, "the image is pulled while the server runs");
	else if (registry && !registry_refuses(registry))
		results_add(ret, id, VERDICT_WARN, name,
		            "the image is not on this host, and its registry could not be asked from here: %s; the daemon tries to pull it while the server runs",
		            registry);
	else
		results_add(ret, id, VERDICT_BLOCK, name, "the image is not on this host, and its registry says: %s",
		            registry ? registry : "nothing");
}

static const char *obstacle(const json_t *image)
{
	const char *why = json_str(image, "why", json_str(compose_of(image), "why", NULL));

	if (why)
		return why;
	if (json_bool(image, "draws_port", false))
		return "a port of it is published at a number that docker draws anew for every container";
	if (!strcmp(json_str(image, "image", ""), json_str(image, "old_image", "?")))
		return "target.image is written like the image in force: nothing would tell the two apart on the way back";
	return NULL;
}

void container_judge(const struct facts *now, const char *id, struct results *ret)
{
	const json_t *image, *seen, *compose;
	const char *why;

	if (!need(now, FACT_IMAGE, id, ret, &image) || !need(now, FACT_IMAGE_SEEN, id, ret, &seen))
		return;
	if (container_stays(now)) {
		results_add(ret, id, VERDICT_PASS, NULL, "it runs this image already");
		return;
	}
	compose = compose_of(image);
	why = obstacle(image);
	if (why)
		results_add(ret, id, VERDICT_BLOCK, json_str(image, "name", NULL), "%s", why);
	(void)compose_files_judge(json_object_get(compose, "moved"), json_str(compose, "service", ""),
	                          json_str(json_object_get(compose, "edit"), "key", ""), id, ret);
	judge_source(image, seen, id, ret);
}

/* ---- steps ---- */

/* Of a variable the edit can be tried without being made. */
static json_t *variable_of(const json_t *edit)
{
	if (strcmp(json_str(edit, "dialect", ""), "env") != 0)
		return json_null();
	return json_pack("{ss ss}", "name", json_str(edit, "key", ""), "value", json_str(edit, "value", ""));
}

static void look(struct plan *p, const json_t *image)
{
	const json_t *compose = compose_of(image);

	plan_add(p, PHASE_STAGE, "files", "compose_look", STEP_AGAIN,
	         json_pack("{sO? ss ss so}", "project", json_object_get(compose, "project"), "service", json_str(compose, "service", ""),
	                   "image", json_str(image, "image", ""), "variable", variable_of(json_object_get(compose, "edit"))),
	         "the edit changes the image of this one service and nothing else");
}

void container_stage(struct plan *p, const struct facts *now)
{
	const json_t *image = facts_get(now, FACT_IMAGE);

	plan_add(p, PHASE_STAGE, "image", "image_secure", STEP_AGAIN,
	         json_pack("{ss ss? sO?}", "image", json_str(image, "image", ""), "archive",
	                   json_str(json_object_get(image, "archive"), "path", NULL), "sha256", json_object_get(image, "sha256")),
	         "the new image is on this host long before anything stops; nothing else is pulled");
	if (compose_of(image))
		look(p, image);
}

static void replace(struct plan *p, const json_t *image)
{
	const char *name = json_str(image, "name", "");

	plan_add(p, PHASE_CHANGE, "container", "container_replace", STEP_IN_WINDOW,
	         json_pack("{ss ss ss so}", "name", name, "id", json_str(image, "id", ""), "image", json_str(image, "image", ""),
	                   "image_id", plan_from("image", "id")),
	         "the old container keeps its volumes and is the way back; the new one has what the operator gave the old");
	plan_note(p, "the old container stays as '%s.crossgrade-' and the run's id, stopped, until 'crossgrade finalize' removes it",
	          name);
}

static void show_edit(struct plan *p, const json_t *edit)
{
	const char *old = json_str(edit, "old", NULL), *key = json_str(edit, "key", "");
	autobuf struct buf diff = BUF_MAX(64 << 10);

	if (old)
		buf_addf(&diff, "-%s=%s\n", key, old);
	buf_addf(&diff, "+%s=%s\n", key, json_str(edit, "value", ""));
	plan_diff(p, json_str(edit, "file", ""), buf_str(&diff));
}

static int recreate(struct plan *p, json_t *roots, const json_t *image, struct err *e)
{
	const json_t *compose = compose_of(image), *edit = json_object_get(compose, "edit");
	json_t *file, *edits;

	if (!json_is_object(edit) || !json_is_object(json_object_get(compose, "project")))
		return err_set(e, ERR_REFUSED, "%s", json_str(compose, "why", "where the image is written is not known"));
	file = window_place(roots, "compose", json_str(edit, "file", "/"));
	edits = json_pack("[{ss sO ss}]", "key", json_str(edit, "key", ""), "old", json_object_get(edit, "old"), "value",
	                  json_str(edit, "value", ""));
	show_edit(p, edit);
	compose_files_note(p, json_object_get(compose, "moved"), json_str(compose, "service", ""), json_str(edit, "key", ""));
	plan_add(p, PHASE_CHANGE, "container", "compose_recreate", STEP_IN_WINDOW,
	         json_pack("{sO ss ss ss so so so ss so}", "project", json_object_get(compose, "project"), "service",
	                   json_str(compose, "service", ""), "id", json_str(image, "id", ""), "image", json_str(image, "image", ""),
	                   "image_id", plan_from("image", "id"), "look", compose_files_from("files"), "file", file, "dialect", json_str(edit, "dialect", ""), "edits",
	                   edits),
	         "Compose makes the container of this one service anew; all others keep running");
	return 0;
}

int container_change(struct plan *p, json_t *roots, const struct facts *now, struct err *e)
{
	const json_t *image = facts_get(now, FACT_IMAGE);

	if (!image)
		return err_set(e, ERR_ABSENT, "what the container is made of is not known");
	if (compose_of(image))
		return recreate(p, roots, image, e);
	replace(p, image);
	return 0;
}
