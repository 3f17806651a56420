/* license_folder: take away the empty folder that Docker made where a licence was to be: a missing file that is mounted becomes one, on
 * this host and at the mount point in the volume, and no file can be mounted over it then (facts/seatable 3.4). Never what is in one.
 * params {"folder": place}; undo record {"mode","uid","gid"}. Undo makes it again; in the volume a placeholder of no bytes, which Docker
 * left there meanwhile, goes for it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fault.h"
#include "engine/file_undo.h"
#include "engine/plan.h"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "remove the empty folder %s, which stands where the licence belongs", json_str(json_object_get(params, "folder"), "path", "?"));
	return buf_check(ret, "the description", e);
}

static int open_place(struct ctx *c, const json_t *params, struct dir *ret, const char **ret_rel, struct err *e)
{
	struct site *s;

	return ctx_site_of(c, params, &s, e) < 0 ? -(int)e->kind : site_place(s, json_object_get(params, "folder"), ret, ret_rel, e);
}

/* 1 something is there, 0 nothing. */
static int look(const struct dir *d, const char *rel, struct stat *ret, struct err *e)
{
	int has = dir_has(d, rel, e);

	if (has > 0 && dir_stat(d, rel, ret, e) < 0)
		return -(int)e->kind;
	return has;
}

static bool is_empty(const struct dir *d, const char *rel)
{
	struct dir_names names = { 0 };
	struct err why = ERR_INIT;
	bool empty = dir_list(d, rel, 1, &names, &why) >= 0 && !names.n;

	dir_names_done(&names);
	return empty;
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	struct stat st = { 0 };
	const char *rel;
	int has;

	if (open_place(c, params, &d, &rel, e) < 0)
		return -(int)e->kind;
	has = look(&d, rel, &st, e);
	if (has < 0)
		return has;
	if (!has || !S_ISDIR(st.st_mode))
		return err_set(e, ERR_CHANGED, "'%s/%s' is no folder any more", d.path, rel);
	if (!is_empty(&d, rel))
		return err_set(e, ERR_CHANGED, "something is in '%s/%s', which is not removed", d.path, rel);
	*ret_undo = json_pack("{si sI sI}", "mode", (int)(st.st_mode & 07777), "uid", (json_int_t)st.st_uid, "gid", (json_int_t)st.st_gid);
	return 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo unused_arg, json_t **ret_result, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	struct stat st = { 0 };
	const char *rel;
	int has;

	if (open_place(c, params, &d, &rel, e) < 0)
		return -(int)e->kind;
	has = look(&d, rel, &st, e);
	fault_point("license_folder.remove");
	if (has < 0 || (has && S_ISDIR(st.st_mode) && dir_unlink(&d, rel, e) < 0) || dir_sync(&d, file_parent(rel), e) < 0)
		return -(int)e->kind;
	*ret_result = json_object();
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result unused_arg, enum step_state *ret, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	struct stat st = { 0 };
	const char *rel;
	int has;

	if (open_place(c, params, &d, &rel, e) < 0)
		return -(int)e->kind;
	has = look(&d, rel, &st, e);
	*ret = has == 0 || (has > 0 && !S_ISDIR(st.st_mode)) ? STEP_IS_DONE : STEP_NOT_DONE;
	return has < 0 ? has : 0;
}

static int third_value(const struct dir *d, const char *rel, struct err *e)
{
	err_set(e, ERR_CHANGED, "a file that is not empty stands at '%s/%s', where an empty folder was", d->path, rel);
	return err_hint(e, "take it away yourself when it is not needed, then 'crossgrade rollback' again");
}

static int make_again(const struct dir *d, const char *rel, const json_t *undo, struct err *e)
{
	autoclose int fd = -1;

	if (dir_make(d, rel, 0700, e) < 0)
		return -(int)e->kind;
	fault_point("license_folder.made");
	fd = dir_openat(d, rel, O_RDONLY | O_DIRECTORY, 0, e);
	if (fd < 0)
		return fd;
	return file_set_attr(fd, (struct file_attr){ .mode = (mode_t)json_int(undo, "mode", 0755), .uid = (uid_t)json_int(undo, "uid", 0),
						     .gid = (gid_t)json_int(undo, "gid", 0) }, rel, e) < 0 ?
		       -(int)e->kind :
		       dir_sync(d, file_parent(rel), e);
}

static int undo_folder(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	struct stat st = { 0 };
	const char *rel;
	int has;

	if (open_place(c, params, &d, &rel, e) < 0)
		return -(int)e->kind;
	has = look(&d, rel, &st, e);
	if (has < 0)
		return has;
	if (has && !S_ISDIR(st.st_mode) && st.st_size)
		return c->force ? 0 : third_value(&d, rel, e);
	if (has && !S_ISDIR(st.st_mode) && dir_unlink(&d, rel, e) < 0)
		return -(int)e->kind;
	return make_again(&d, rel, undo, e);
}

/* What the plan itself put there goes first, and is judged by who put it. */
static bool is_put_by_us(const struct ctx *c, const json_t *params)
{
	if (!c->plan)
		return false;
	vec_each (&c->plan->steps, s)
		if (!strcmp(s->kind->name, "file_put") && json_equal(json_object_get(s->params, "file"), json_object_get(params, "folder")))
			return true;
	return false;
}

static int undo_look(struct ctx *c, const json_t *params, const json_t *undo unused_arg, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	struct stat st = { 0 };
	const char *rel;
	int has;

	if (c->force || is_put_by_us(c, params))
		return 0;
	if (open_place(c, params, &d, &rel, e) < 0)
		return -(int)e->kind;
	has = look(&d, rel, &st, e);
	return has > 0 && !S_ISDIR(st.st_mode) && st.st_size ? third_value(&d, rel, e) : has < 0 ? has : 0;
}

const struct step_kind step_license_folder = { "license_folder", 1, LIFE_DURABLE, describe, capture, apply, verify, undo_folder,
					       undo_look };
