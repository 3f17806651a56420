/* compose_recreate: one service of a Compose project takes another image. The file that names the image is edited, then Compose makes
 * the container of this service anew, not started; every other container keeps its id.
 * params {"project":as svc/compose.h has it,"service","id":the old container's,"image":reference in force then,"image_id":id,
 * "look":{"config","reference","compose","tried"} of compose_look,"file":place,"dialect","edits":[..],"secret":bool}: the last four as
 * config_set has them, absent where nothing is to be edited;
 * undo record {"edit":config_set's|null,"old":id,"old_image":id,"others":{name:id},"look"}; result {"id"}. Undo puts the file back and
 * lets Compose make the container anew from it: it keeps volumes without a name, so nothing but the id is another. */
#include "engine/compose_files.h"
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

/* What of the files is this step's, and the variable that it edits. */
static struct compose_part part_of(const json_t *params)
{
	const char *key = json_str(json_array_get(json_object_get(params, "edits"), 0), "key", NULL);
	bool is_variable = !strcmp(json_str(params, "dialect", ""), "env");

	return (struct compose_part){ project_of(params), service_of(params), is_variable ? key : NULL };
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

/* After what a Compose that was killed left is put right: changes something, so only where something is changed. */
static int look_tidied(const json_t *params, json_t **ret_own, json_t **ret_others, struct err *e)
{
	autojson json_t *own = NULL, *others = NULL;
	json_t *one;
	size_t i;

	if (look(params, &own, &others, e) < 0)
		return -(int)e->kind;
	json_array_foreach(own, i, one)
		if (compose_name_to_be(one))
			return compose_tidy(json_str(project_of(params), "project", ""), service_of(params), e) < 0 ?
			               -(int)e->kind :
			               look(params, ret_own, ret_others, e);
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

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autojson json_t *own = NULL, *others = NULL, *edit = NULL;
	const char *id = json_str(params, "id", "");
	const json_t *old;

	if (look(params, &own, &others, e) < 0)
		return -(int)e->kind;
	old = json_array_get(own, 0);
	if (json_array_size(own) != 1 || strncmp(id_of(old), id, strlen(id)) != 0)
		return err_set(e, ERR_CHANGED, "service '%s' has another container than it had", service_of(params));
	if (nobody_runs(params, own, e) < 0 || (has_edits(params) && step_config_set.capture(c, params, &edit, e) < 0))
		return -(int)e->kind;
	*ret_undo = json_pack("{sO? ss ss sO sO}", "edit", edit, "old", id_of(old), "old_image", image_of(old), "others", others,
	                      "look", json_object_get(params, "look"));
	return 0;
}

static const json_t *look_of(const json_t *undo)
{
	return json_object_get(undo, "look");
}

/* The edit changed this image and nothing else; where it could be tried before the stop it was. */
static int only_the_image(const json_t *params, const json_t *undo, struct err *e)
{
	const struct compose_part part = part_of(params);

	if (json_bool(look_of(undo), "tried", false))
		return 0;
	return compose_files_are(&part, NULL, json_str(params, "image", ""), json_str(look_of(undo), "config", ""), e);
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

/* The service has one container, with that image and a name of its own. */
static bool stands(const json_t *own, const char *image_id)
{
	const json_t *one = json_array_get(own, 0);

	return json_array_size(own) == 1 && !strcmp(image_of(one), image_id) && !compose_name_to_be(one);
}

/* What there is of it wrote perhaps why. */
static void keep_logs(struct ctx *c, const json_t *params)
{
	autojson json_t *own = NULL;
	struct err ignored = ERR_INIT;
	json_t *one;
	size_t i;

	if (look(params, &own, NULL, &ignored) < 0)
		return;
	json_array_foreach(own, i, one)
		keep_container_logs(c, one);
}

/* Somebody's own Compose came just before ours, which took his server for one that is to be made anew. */
static int none_between(const json_t *params, const json_t *undo, const json_t *own, struct err *e)
{
	const char *replaced = compose_replaced(json_array_get(own, 0));

	if (!replaced || !strcmp(replaced, json_str(undo, "old", "")))
		return 0;
	err_set(e, ERR_CHANGED, "service '%s' was made anew by somebody in the window", service_of(params));
	return err_hint(e, "find out who calls Compose, and stop that first");
}

static int recreate(struct ctx *c, const json_t *params, const json_t *before, const char *image_id, json_t **ret_own,
                    struct err *e)
{
	autojson json_t *own = NULL, *others = NULL;

	if (compose_recreate(project_of(params), service_of(params), e) < 0) {
		keep_logs(c, params);
		return -(int)e->kind;
	}
	if (look(params, &own, &others, e) < 0 || nobody_runs(params, own, e) < 0 || others_stand(before, others, e) < 0)
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
	if (only_the_image(params, undo, e) < 0 || look_tidied(params, &own, NULL, e) < 0 || nobody_runs(params, own, e) < 0)
		return -(int)e->kind;
	if (stands(own, image_id))
		made = json_incref(own);
	else if (recreate(c, params, json_object_get(undo, "others"), image_id, &made, e) < 0)
		return -(int)e->kind;
	if (none_between(params, undo, made, e) < 0)
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
	const char *name = json_str(look_of(undo), "reference", old_image);
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

/* Somebody's own container, of an image that is neither side's. */
static int no_third(const struct ctx *c, const json_t *params, const json_t *undo, const json_t *own, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)own, i, one) {
		if (c->force || !strcmp(image_of(one), json_str(undo, "old_image", "?")) ||
		    !strcmp(image_of(one), json_str(params, "image_id", "?")))
			continue;
		err_set(e, ERR_CHANGED, "container '%s' was made by somebody from another image", json_str(one, "Name", "/?") + 1);
		return err_hint(e, "'--force' makes it anew from the old image");
	}
	return 0;
}

/* Compose would make a container that is neither the old nor the new one. The edit itself moves nothing but the image. Another release of Compose writes another way, which tells
 * nothing. */
static int files_are_kept(const struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	const struct compose_part part = part_of(params);
	autofree char *version = NULL;
	autojson json_t *image = NULL;
	char digest[65];

	if (c->force)
		return 0;
	if (compose_version(&version, e) < 0)
		return -(int)e->kind;
	if (strcmp(version, json_str(look_of(undo), "compose", "")) != 0)
		return 0;
	if (compose_files_read(&part, NULL, &image, digest, e) < 0)
		return -(int)e->kind;
	if (!strcmp(digest, json_str(look_of(undo), "config", "")))
		return 0;
	err_set(e, ERR_CHANGED, "the files of project '%s' say something else than before the switch",
	        json_str(project_of(params), "project", "?"));
	return err_hint(e, "put back what was edited since ('docker compose config' shows what they say), or '--force' makes the old container "
	                   "from them as they are");
}

/* Is what the old container is made from as it was? */
static int may_recreate(const struct ctx *c, const json_t *params, const json_t *undo, const json_t *own, struct err *e)
{
	return no_third(c, params, undo, own, e) < 0 || files_are_kept(c, params, undo, e) < 0 ? -(int)e->kind : image_is_kept(undo, e);
}

static int undo_look(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autojson json_t *own = NULL;

	if (has_edits(params) && step_config_set.undo_look(c, params, json_object_get(undo, "edit"), e) < 0)
		return -(int)e->kind;
	if (look(params, &own, NULL, e) < 0)
		return -(int)e->kind;
	if (stands(own, json_str(undo, "old_image", "?")))
		return 0;
	return may_recreate(c, params, undo, own, e);
}

static int undo_recreate(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autojson json_t *own = NULL, *others = NULL, *made = NULL;
	const char *old_image = json_str(undo, "old_image", "?");
	json_t *one;
	size_t i;

	/* Weeks may have passed: the others are as they are now, not as they were at the switch. */
	if (look_tidied(params, &own, &others, e) < 0 ||
	    (!stands(own, old_image) && may_recreate(c, params, undo, own, e) < 0))
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
	return recreate(c, params, others, old_image, &made, e);
}

const struct step_kind step_compose_recreate = { "compose_recreate", 2,      LIFE_DURABLE,  describe, capture,
	                                         apply,              verify, undo_recreate, undo_look };
