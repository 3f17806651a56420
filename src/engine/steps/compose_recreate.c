/* compose_recreate: one service of a Compose project takes another image. The file that names the image is edited, then Compose makes
 * the container of this service anew, not started; every other container keeps its id.
 * params {"project":as svc/compose.h has it,"service","id":the old container's,"image":reference in force then,"image_id":id,
 * "file":place,"dialect","edits":[..],"secret":bool}: the last four as config_set has them, absent where nothing is to be edited;
 * undo record {"edit":config_set's|null,"old":id,"old_image":id,"reference":its name in the files|null,"others":{name:id},
 * "config":digest}; result {"id"}. Undo puts the file back
 * and lets Compose make the container anew from it: it keeps volumes without a name, so nothing but the id is another. */
#include "engine/container_logs.h"

#include <string.h>

#include "svc/compose.h"
#include "svc/container.h"

extern const struct step_kind step_config_set;

static const char *service_of(const json_t *params)
{
	return json_str(params, "service", "");
}

static const json_t *project_of(const json_t *params)
{
	return json_object_get(params, "project");
}

static bool has_edits(const json_t *params)
{
	return json_array_size(json_object_get(params, "edits")) > 0;
}

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	if (has_edits(params))
		buf_addf(ret, "edit %s, and ", json_str(json_object_get(params, "file"), "path", "?"));
	buf_addf(ret, "make the container of service %s anew with image %s", service_of(params), json_str(params, "image", "?"));
	return buf_check(ret, "the description", e);
}

static const char *id_of(const json_t *seen)
{
	return json_str(seen, "Id", "");
}

static const char *image_of(const json_t *seen)
{
	return json_str(seen, "Image", "");
}

static bool is_running(const json_t *seen)
{
	return json_bool(json_object_get(seen, "State"), "Running", false);
}

/* Of the project: the service's own containers, and the names and ids of all others. */
static int look(const json_t *params, json_t **ret_own, json_t **ret_others, struct err *e)
{
	autojson json_t *all = NULL, *own = NULL, *others = json_object();
	json_t *one;
	size_t i;

	if (compose_containers(json_str(project_of(params), "project", ""), &all, e) < 0)
		return -(int)e->kind;
	own = compose_of_service(all, service_of(params));
	json_array_foreach(all, i, one) {
		bool mine = false;
		json_t *o;
		size_t at;

		json_array_foreach(own, at, o)
			mine |= o == one;
		if (!mine)
			json_object_set_new(others, json_str(one, "Name", "/"), json_string(id_of(one)));
	}
	*ret_own = take_ptr(own);
	if (ret_others)
		*ret_others = take_ptr(others);
	return 0;
}

static int started_meanwhile(const json_t *params, struct err *e)
{
	err_set(e, ERR_CHANGED, "service '%s' runs: somebody started it in the window", service_of(params));
	return err_hint(e, "find out who starts it, and stop it");
}

static int nobody_runs(const json_t *params, const json_t *own, struct err *e)
{
	json_t *one;
	size_t i;

	json_array_foreach((json_t *)own, i, one)
		if (is_running(one))
			return started_meanwhile(params, e);
	return 0;
}

/* The image that is in force, as a text or NULL, and what the files say besides it. */
static int read_config(const json_t *params, json_t **ret_image, char ret_rest[65], struct err *e)
{
	autojson json_t *config = NULL;
	json_t *service;

	if (compose_config(project_of(params), false, &config, e) < 0)
		return -(int)e->kind;
	service = json_object_get(json_object_get(config, "services"), service_of(params));
	*ret_image = json_incref(json_object_get(service, "image"));
	json_object_del(service, "image");
	json_digest(config, ret_rest);
	return 0;
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autojson json_t *own = NULL, *others = NULL, *edit = NULL, *image = NULL;
	const char *id = json_str(params, "id", "");
	const json_t *old;
	char digest[65];

	if (look(params, &own, &others, e) < 0)
		return -(int)e->kind;
	old = json_array_get(own, 0);
	if (json_array_size(own) != 1 || strncmp(id_of(old), id, strlen(id)) != 0)
		return err_set(e, ERR_CHANGED, "service '%s' has another container than it had", service_of(params));
	if (nobody_runs(params, own, e) < 0 || read_config(params, &image, digest, e) < 0 ||
	    (has_edits(params) && step_config_set.capture(c, params, &edit, e) < 0))
		return -(int)e->kind;
	*ret_undo = json_pack("{sO? ss ss sO? sO ss}", "edit", edit, "old", id_of(old), "old_image", image_of(old), "reference", image,
	                      "others", others, "config", digest);
	return 0;
}

/* The edit changed this image and nothing else. */
static int only_the_image(const json_t *params, const json_t *undo, struct err *e)
{
	autojson json_t *image = NULL;
	char digest[65];

	if (read_config(params, &image, digest, e) < 0)
		return -(int)e->kind;
	if (!image || strcmp(json_string_value(image), json_str(params, "image", "")) != 0)
		return err_set(e, ERR_REFUSED, "with the edit service '%s' has image '%s', not '%s'", service_of(params),
		               image ? json_string_value(image) : "none", json_str(params, "image", ""));
	if (strcmp(digest, json_str(undo, "config", "")) != 0) {
		err_set(e, ERR_REFUSED, "the edit changes more of the project than the image of service '%s'", service_of(params));
		return err_hint(e, "what is edited is used in another place, too: write the image of this service by itself");
	}
	return 0;
}

/* Every other container is the one it was; one that somebody took away since is not ours to miss. */
static int others_stand(const json_t *before, const json_t *others, struct err *e)
{
	const char *name;
	json_t *id;

	json_object_foreach((json_t *)before, name, id) {
		const char *now = json_str(others, name, NULL);

		if (now && strcmp(now, json_string_value(id)) != 0)
			return err_set(e, ERR_CHANGED, "container '%s' was made anew by somebody", name + 1);
	}
	return 0;
}

/* The service has one container, with that image. */
static bool stands(const json_t *own, const char *image_id)
{
	return json_array_size(own) == 1 && !strcmp(image_of(json_array_get(own, 0)), image_id);
}

static int recreate(const json_t *params, const json_t *before, const char *image_id, json_t **ret_own, struct err *e)
{
	autojson json_t *own = NULL, *others = NULL;

	if (compose_recreate(project_of(params), service_of(params), e) < 0 || look(params, &own, &others, e) < 0 ||
	    others_stand(before, others, e) < 0)
		return -(int)e->kind;
	if (!stands(own, image_id))
		return err_set(e, ERR_CHANGED, "Compose made service '%s' from another image than planned", service_of(params));
	*ret_own = take_ptr(own);
	return 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	autojson json_t *own = NULL, *made = NULL, *edited = NULL;
	const char *image_id = json_str(params, "image_id", "?");

	if (has_edits(params) && step_config_set.apply(c, params, json_object_get(undo, "edit"), &edited, e) < 0)
		return -(int)e->kind;
	if (only_the_image(params, undo, e) < 0 || look(params, &own, NULL, e) < 0 || nobody_runs(params, own, e) < 0)
		return -(int)e->kind;
	if (stands(own, image_id))
		made = json_incref(own);
	else if (recreate(params, json_object_get(undo, "others"), image_id, &made, e) < 0)
		return -(int)e->kind;
	*ret_result = json_pack("{ss}", "id", id_of(json_array_get(made, 0)));
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	autojson json_t *own = NULL;

	if (look(params, &own, NULL, e) < 0)
		return -(int)e->kind;
	*ret = stands(own, json_str(params, "image_id", "?")) &&
	                       !strcmp(id_of(json_array_get(own, 0)), json_str(result, "id", "?")) ?
	               STEP_IS_DONE :
	               STEP_NOT_DONE;
	return 0;
}

/* No container uses the old image since the switch, so whoever cleans up takes it, and its name may be another's by now. */
static int image_is_kept(const json_t *undo, struct err *e)
{
	const char *old_image = json_str(undo, "old_image", "?");
	const char *name = json_str(undo, "reference", old_image);
	autojson json_t *seen = NULL;

	if (image_inspect(name, &seen, e) < 0 && e->kind != ERR_ABSENT)
		return err_wrap(e, "look for the old image '%s'", name);
	if (seen && !strcmp(id_of(seen), old_image))
		return 0;
	err_clear(e);
	err_set(e, ERR_CHANGED, seen ? "'%s' is another image than it was" : "the old image '%s' is no longer on this host", name);
	return err_hint(e, "the old container is made from image %.19s: 'docker pull' or 'docker load' it, 'docker tag' it with that name",
	                old_image);
}

static int undo_look(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autojson json_t *own = NULL;

	if (has_edits(params) && step_config_set.undo_look(c, params, json_object_get(undo, "edit"), e) < 0)
		return -(int)e->kind;
	if (look(params, &own, NULL, e) < 0)
		return -(int)e->kind;
	return stands(own, json_str(undo, "old_image", "?")) ? 0 : image_is_kept(undo, e);
}

static int undo_recreate(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autojson json_t *own = NULL, *others = NULL, *made = NULL;
	const char *old_image = json_str(undo, "old_image", "?");
	json_t *one;
	size_t i;

	/* Weeks may have passed: the others are as they are now, not as they were at the switch. */
	if (look(params, &own, &others, e) < 0 || (!stands(own, old_image) && image_is_kept(undo, e) < 0))
		return -(int)e->kind;
	if (has_edits(params) && step_config_set.undo(c, params, json_object_get(undo, "edit"), e) < 0)
		return -(int)e->kind;
	if (stands(own, old_image))
		return 0;
	if (nobody_runs(params, own, e) < 0)
		return -(int)e->kind;
	json_array_foreach(own, i, one)
		if (strcmp(image_of(one), old_image) != 0)
			keep_container_logs(c, one);
	return recreate(params, others, old_image, &made, e);
}

const struct step_kind step_compose_recreate = { "compose_recreate", 1,      LIFE_DURABLE,  describe, capture,
	                                         apply,              verify, undo_recreate, undo_look };
