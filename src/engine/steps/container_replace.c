/* container_replace: a lone container takes another image. The old one is renamed and kept as the way back; a new one is made under its
 * name with what the operator gave, not started.
 * params {"name","id":the old container's,"image":reference,"image_id":id}; undo record {"old":id,"kept":its new name,"recipe":blob
 * digest}; result {"id","kept"}. The recipe can hold passwords: a 0600 blob. Undo removes ours, its log kept, and no volume; the old one
 * gets its name back. Finalize removes the old one. */
#include "engine/container_logs.h"

#include <string.h>

#include "io/image.h"
#include "svc/container.h"

#define RECIPE_MAX ((size_t)1 << 20)

static const char *name_of(const json_t *params)
{
	return json_str(params, "name", "");
}

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "rename container %s and make it anew with image %s", name_of(params), json_str(params, "image", "?"));
	return buf_check(ret, "the description", e);
}

/* 1 there is one, 0 none. */
static int look(const char *name, json_t **ret, struct err *e)
{
	if (container_inspect(name, ret, e) >= 0)
		return 1;
	if (e->kind != ERR_ABSENT)
		return -(int)e->kind;
	err_clear(e);
	return 0;
}

static const char *id_of(const json_t *seen)
{
	return json_str(seen, "Id", "");
}

static bool is_running(const json_t *seen)
{
	return json_bool(json_object_get(seen, "State"), "Running", false);
}

/* An id may be told by its first digits. */
static bool is_the_one(const json_t *seen, const char *id)
{
	return *id && !strncmp(id_of(seen), id, strlen(id));
}

static bool is_ours(const struct ctx *c, const json_t *seen)
{
	const char *run = container_maker_of(seen);

	return run && !strcmp(run, c->run);
}

static int not_the_one(const json_t *params, struct err *e)
{
	err_set(e, ERR_CHANGED, "container '%s' is another one than it was", name_of(params));
	return err_hint(e, "find out who makes containers of this name, and make a new plan");
}

static int started_meanwhile(const json_t *params, struct err *e)
{
	err_set(e, ERR_CHANGED, "container '%s' runs: somebody started it in the window", name_of(params));
	return err_hint(e, "find out who starts it, and stop it");
}

static int keep_recipe(struct ctx *c, const json_t *params, const json_t *seen, char ret[DIGEST_TEXT], struct err *e)
{
	autojson json_t *old = NULL, *new = NULL, *recipe = NULL;
	autobuf struct buf text = BUF_MAX(RECIPE_MAX);

	if (image_inspect(json_str(seen, "Image", ""), &old, e) < 0 ||
	    image_inspect(json_str(params, "image_id", ""), &new, e) < 0 ||
	    container_recipe_of(seen, old, new, json_str(params, "image", ""), c->run, &recipe, e) < 0)
		return -(int)e->kind;
	json_canonical(recipe, &text);
	return buf_check(&text, "what makes the container", e) < 0 ? -(int)e->kind : blob_put(&c->blobs, buf_sv(&text), ret, e);
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autojson json_t *seen = NULL;
	char digest[DIGEST_TEXT];
	int has = look(name_of(params), &seen, e);

	if (has < 0)
		return has;
	if (!has || !is_the_one(seen, json_str(params, "id", "")))
		return not_the_one(params, e);
	if (is_running(seen))
		return started_meanwhile(params, e);
	if (keep_recipe(c, params, seen, digest, e) < 0)
		return err_wrap(e, "how container '%s' is made", name_of(params));
	*ret_undo = json_pack("{ss so ss}", "old", id_of(seen), "kept", json_sprintf("%s.crossgrade-%s", name_of(params), c->run),
	                      "recipe", digest);
	return 0;
}

static int set_aside(const json_t *params, const json_t *undo, struct err *e)
{
	const char *old = json_str(undo, "old", ""), *kept = json_str(undo, "kept", "");
	autojson json_t *seen = NULL;
	int has = look(old, &seen, e);

	if (has < 0)
		return has;
	if (!has)
		return not_the_one(params, e);
	if (!strcmp(json_str(seen, "Name", "/") + 1, kept))
		return 0;
	return is_running(seen) ? started_meanwhile(params, e) : container_rename(old, kept, e);
}

static int recipe_of(struct ctx *c, const json_t *undo, json_t **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(RECIPE_MAX);

	return blob_get(&c->blobs, json_str(undo, "recipe", ""), &text, e) < 0
	               ? -(int)e->kind
	               : json_parse(buf_sv(&text), "what makes the container", ret, e);
}

static int make(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autojson json_t *recipe = NULL, *seen = NULL;
	int has = look(name_of(params), &seen, e);

	if (has < 0 || recipe_of(c, undo, &recipe, e) < 0)
		return -(int)e->kind;
	if (has && !is_ours(c, seen))
		return not_the_one(params, e);
	if (!has && container_create(name_of(params), recipe, e) < 0)
		return -(int)e->kind;
	return container_connect(name_of(params), recipe, e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	autojson json_t *seen = NULL;

	if (set_aside(params, undo, e) < 0 || make(c, params, undo, e) < 0 || container_inspect(name_of(params), &seen, e) < 0)
		return -(int)e->kind;
	if (strcmp(json_str(seen, "Image", ""), json_str(params, "image_id", "?")) != 0)
		return err_set(e, ERR_CHANGED, "'%s' names another image than it did before the stop", json_str(params, "image", ""));
	*ret_result = json_pack("{ss ss}", "id", id_of(seen), "kept", json_str(undo, "kept", ""));
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	autojson json_t *seen = NULL;
	int has = look(name_of(params), &seen, e);

	if (has < 0)
		return has;
	*ret = has && is_ours(c, seen) && is_the_one(seen, json_str(result, "id", "")) ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

/* Nobody else's container has the name, and the old one is there. *ret_ours NULL: ours is not there. */
static int look_back(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_ours, json_t **ret_old, struct err *e)
{
	autojson json_t *named = NULL, *old = NULL;
	int has = look(json_str(undo, "old", ""), &old, e), taken;

	if (has < 0)
		return has;
	if (!has) {
		err_set(e, ERR_CHANGED, "the old container was removed by somebody");
		return err_hint(e, "its image and its data are there: make it anew as it was, under the name '%s'", name_of(params));
	}
	taken = look(name_of(params), &named, e);
	if (taken < 0)
		return taken;
	if (taken && !is_ours(c, named) && !is_the_one(named, id_of(old)))
		return not_the_one(params, e);
	if (ret_ours && taken && is_ours(c, named))
		*ret_ours = take_ptr(named);
	if (ret_old)
		*ret_old = take_ptr(old);
	return 0;
}

static int undo_look(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return look_back(c, params, undo, NULL, NULL, e);
}

static int undo_replace(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autojson json_t *ours = NULL, *old = NULL;

	if (look_back(c, params, undo, &ours, &old, e) < 0)
		return -(int)e->kind;
	if (ours && is_running(ours))
		return started_meanwhile(params, e);
	if (ours) {
		keep_container_logs(c, ours);
		if (container_remove(id_of(ours), e) < 0)
			return -(int)e->kind;
	}
	return strcmp(json_str(old, "Name", "/") + 1, name_of(params)) ? container_rename(id_of(old), name_of(params), e) : 0;
}

/* Its volumes are the new one's now. */
static int give_up(struct ctx *c, const json_t *params, const json_t *undo, char **ret_gone, struct err *e)
{
	const char *kept = json_str(undo, "kept", "");
	autojson json_t *old = NULL;
	int has = look(json_str(undo, "old", ""), &old, e);

	*ret_gone = NULL;
	if (has <= 0 || strcmp(json_str(old, "Name", "/") + 1, kept) != 0)
		return has < 0 ? has : 0;
	if (is_running(old)) {
		err_set(e, ERR_CHANGED, "container '%s', kept as the way back, runs: somebody started it", kept);
		return err_hint(e, "find out who starts it, stop it, and repeat the call");
	}
	if (container_remove(id_of(old), e) < 0)
		return -(int)e->kind;
	*ret_gone = xasprintf("container '%s'", kept);
	return 0;
}

const struct step_kind step_container_replace = { "container_replace", 1,      LIFE_DURABLE, describe,  capture,
	                                          apply,               verify, undo_replace, undo_look, .give_up = give_up, .keeps_old = true };
