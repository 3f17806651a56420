/* file_swap: exchange two directories or files of one file system, atomically; or point a symbolic link elsewhere.
 * params {"a":place,"b":place} or {"link":place,"to":target}; undo record {"a":file id,"b":file id} or {"old":target};
 * result {"a":file id} or {}. An exchange repeated blindly puts the wrong world live again (seen), so both ways first look who is where. */
#include "engine/step.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	const json_t *a = json_object_get(params, "a"), *b = json_object_get(params, "b");

	if (json_object_get(params, "link"))
		buf_addf(ret, "point %s to %s", json_str(json_object_get(params, "link"), "path", "?"),
		         json_str(params, "to", "?"));
	else if (!strcmp(json_str(a, "path", "?"), json_str(b, "path", "?")))
		buf_addf(ret, "exchange %s of %s and of %s", json_str(a, "path", "?"), json_str(a, "at", "?"),
		         json_str(b, "at", "?"));
	else
		buf_addf(ret, "exchange %s and %s", json_str(a, "path", "?"), json_str(b, "path", "?"));
	return buf_check(ret, "the description", e);
}

static int who_is_at(struct ctx *c, const json_t *params, const char *key, struct file_id *ret, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *rel;
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0 || site_place(s, json_object_get(params, key), &d, &rel, e) < 0)
		return -e->kind;
	return dir_file_id(&d, rel, ret, e);
}

static int link_target(struct ctx *c, const json_t *params, struct dir *d, const char **ret_rel, char **ret,
                       struct err *e)
{
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0 || site_place(s, json_object_get(params, "link"), d, ret_rel, e) < 0)
		return -e->kind;
	return dir_readlink(d, *ret_rel, ret, e);
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	autofree char *target = NULL;
	struct file_id a, b;
	const char *rel;

	if (json_object_get(params, "link")) {
		if (link_target(c, params, &d, &rel, &target, e) < 0)
			return -e->kind;
		if (!strcmp(target, json_str(params, "to", "")))
			return err_set(e, ERR_CHANGED, "'%s/%s' points to '%s' already", d.path, rel, target);
		*ret_undo = json_pack("{ss}", "old", target);
		return 0;
	}
	if (who_is_at(c, params, "a", &a, e) < 0 || who_is_at(c, params, "b", &b, e) < 0)
		return -e->kind;
	if (a.dev != b.dev)
		return err_set(e, ERR_REFUSED, "the two are on different file systems and cannot be exchanged");
	*ret_undo = json_pack("{so so}", "a", json_of_file_id(a), "b", json_of_file_id(b));
	return 0;
}

/* New link under another name, then renamed over: there is always one. */
static int relink(struct ctx *c, const json_t *params, const char *from, const char *to, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	autofree char *now = NULL, *temp = NULL;
	const char *rel;

	if (link_target(c, params, &d, &rel, &now, e) < 0)
		return -e->kind;
	temp = xasprintf("%s.crossgrade-link", rel);
	if (dir_unlink(&d, temp, e) < 0)
		return -e->kind;
	if (!strcmp(now, to))
		return 0;
	if (strcmp(now, from) && !c->force)
		return err_set(e, ERR_CHANGED, "'%s/%s' points to '%s', neither to '%s' nor to '%s'", d.path, rel, now,
		               from, to);
	if (dir_symlink(&d, to, temp, e) < 0)
		return -e->kind;
	return dir_rename(&d, temp, &d, rel, 0, e);
}

static int refuse_stranger(const json_t *params, const char *key, struct err *e)
{
	return err_set(e, ERR_CHANGED, "'%s' is neither the old nor the new one",
	               json_str(json_object_get(params, key), "path", "?"));
}

static int exchange(struct ctx *c, const json_t *params, const json_t *undo, bool back, struct err *e)
{
	struct file_id a, b, at_a, at_b;
	autodir struct dir da = DIR_NONE, db = DIR_NONE;
	const char *rel_a, *rel_b;
	struct site *s;

	if (json_want_file_id(undo, "a", &a, e) < 0 || json_want_file_id(undo, "b", &b, e) < 0 ||
	    who_is_at(c, params, "a", &at_a, e) < 0)
		return -e->kind;
	if (file_id_found(back ? a : b, at_a))
		return 0;
	if (!file_id_found(back ? b : a, at_a))
		return refuse_stranger(params, "a", e);
	if (who_is_at(c, params, "b", &at_b, e) < 0)
		return -e->kind;
	if (!file_id_found(back ? a : b, at_b))
		return refuse_stranger(params, "b", e);
	if (ctx_site_of(c, params, &s, e) < 0 || site_place(s, json_object_get(params, "a"), &da, &rel_a, e) < 0 ||
	    site_place(s, json_object_get(params, "b"), &db, &rel_b, e) < 0)
		return -e->kind;
	return dir_rename(&da, rel_a, &db, rel_b, RENAME_EXCHANGE, e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	bool link = json_object_get(params, "link") != NULL;

	if (link ? relink(c, params, json_str(undo, "old", ""), json_str(params, "to", ""), e) < 0 :
	           exchange(c, params, undo, false, e) < 0)
		return -e->kind;
	*ret_result = link ? json_object() : json_pack("{sO}", "a", json_object_get(undo, "b"));
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	autofree char *now = NULL;
	struct file_id swapped, at_a;
	const char *rel;

	if (json_object_get(params, "link")) {
		if (link_target(c, params, &d, &rel, &now, e) < 0)
			return -e->kind;
		*ret = strcmp(now, json_str(params, "to", "")) ? STEP_NOT_DONE : STEP_IS_DONE;
		return 0;
	}
	if (!json_object_get(result, "a")) {
		*ret = STEP_NOT_DONE;
		return 0;
	}
	if (json_want_file_id(result, "a", &swapped, e) < 0 || who_is_at(c, params, "a", &at_a, e) < 0)
		return -e->kind;
	*ret = file_id_found(swapped, at_a) ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static int undo_swap(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	if (json_object_get(params, "link"))
		return relink(c, params, json_str(params, "to", ""), json_str(undo, "old", ""), e);
	return exchange(c, params, undo, true, e);
}

const struct step_kind step_file_swap = { "file_swap", 1, LIFE_DURABLE, describe, capture, apply, verify, undo_swap };
