#include "engine/package_conffiles.h"

#include <string.h>
#include <sys/stat.h>

#include "engine/file_undo.h"
#include "io/json.h"

#define CONF_MAX ((size_t)16 << 20)

static int file_of(const struct package_conffiles *w, const json_t *conf, struct dir *ret_dir, const char **ret_rel, struct err *e)
{
	return site_place(w->site, json_object_get(conf, "file"), ret_dir, ret_rel, e);
}

/* An image of it and of what may come to lie beside it. */
static int take_one(const struct package_conffiles *w, const json_t *conf, json_t *undo, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	autofree char *beside = NULL;
	json_t *image = NULL, *other = NULL;
	const char *rel;

	if (file_of(w, conf, &d, &rel, e) < 0)
		return -(int)e->kind;
	beside = xasprintf("%s%s", rel, w->p->ops->beside);
	if (image_take(&d, rel, &w->c->blobs, CONF_MAX, &image, e) < 0)
		return -(int)e->kind;
	json_array_append_new(json_object_get(undo, "conffiles"),
			      json_pack("{so ss}", "image", image, "ours", json_str(conf, "theirs", "")));
	if (image_take(&d, beside, &w->c->blobs, CONF_MAX, &other, e) < 0)
		return -(int)e->kind;
	json_array_append_new(json_object_get(undo, "beside"),
			      json_pack("{so ss}", "image", other, "ours", json_str(conf, "theirs", "")));
	return 0;
}

static int lay_beside(const struct package_conffiles *w, const struct dir *d, const char *rel, struct err *e)
{
	autofree char *beside = xasprintf("%s%s", rel, w->p->ops->beside);
	autobuf struct buf text = BUF_MAX(CONF_MAX);
	struct stat st;

	if (dir_stat(d, rel, &st, e) < 0 || file_read(d, rel, &text, e) < 0)
		return -(int)e->kind;
	return file_replace(d, beside, buf_sv(&text),
			    (struct file_attr){ .mode = st.st_mode & 07777, .uid = st.st_uid, .gid = st.st_gid }, e);
}

static int keep_one(const struct package_conffiles *w, const json_t *conf, size_t i, struct err *e)
{
	const json_t *undo = json_array_get(json_object_get(w->undo, "conffiles"), i);
	autodir struct dir d = DIR_NONE;
	const char *rel;
	int now;

	if (file_of(w, conf, &d, &rel, e) < 0 || file_drop_temps(&d, file_parent(rel), e) < 0)
		return -(int)e->kind;
	now = file_undo_state(&d, rel, undo, e);
	if (now < 0 || now == FILE_IS_OLD)
		return now < 0 ? now : 0;
	if (now == FILE_IS_THIRD)
		return err_set(e, ERR_CHANGED, "'%s/%s' was changed while packages were installed", d.path, rel);
	/* One that the new package brings no more is taken away by rpm, and left by dpkg. */
	if (*json_str(conf, "theirs", "") && lay_beside(w, &d, rel, e) < 0)
		return -(int)e->kind;
	return image_put(&d, rel, &w->c->blobs, json_object_get(undo, "image"), e);
}

/* What the manager or we laid beside it goes; somebody's own file of that name stays, unless he was overruled. */
static int clear_beside(const struct package_conffiles *w, const struct dir *d, const char *rel, const json_t *undo, struct err *e)
{
	autofree char *beside = xasprintf("%s%s", rel, w->p->ops->beside), *path = xasprintf("/%s", rel);
	const char *olds = json_str(json_object_get(w->params, "old_conffiles"), path, "");
	autojson json_t *old = json_pack("{sO ss}", "image", json_object_get(undo, "image"), "ours", olds);
	int now = file_undo_state(d, beside, undo, e);

	if (now == FILE_IS_THIRD)
		now = file_undo_state(d, beside, old, e);
	if (now < 0)
		return now;
	if (now == FILE_IS_OURS)
		return image_put(d, beside, &w->c->blobs, json_object_get(undo, "image"), e);
	return w->c->force ? file_undo(w->c, d, beside, undo, e) : 0;
}

/* It lies in the restore point, which brought it back; what lies beside it does not. */
static bool came_back(const struct package_conffiles *w, const json_t *conf)
{
	return w->c->point_passed && json_bool(conf, "in_point", false);
}

static int look_at_one(const struct package_conffiles *w, const json_t *conf, size_t i, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *rel;

	if (came_back(w, conf))
		return 0;
	if (file_of(w, conf, &d, &rel, e) < 0)
		return -(int)e->kind;
	return file_undo_look(w->c, &d, rel, json_array_get(json_object_get(w->undo, "conffiles"), i), e);
}

static int put_back_one(const struct package_conffiles *w, const json_t *conf, size_t i, struct err *e)
{
	const json_t *undo = json_array_get(json_object_get(w->undo, "conffiles"), i);
	autodir struct dir d = DIR_NONE;
	const char *rel;

	if (file_of(w, conf, &d, &rel, e) < 0 || (!came_back(w, conf) && file_undo(w->c, &d, rel, undo, e) < 0))
		return -(int)e->kind;
	return clear_beside(w, &d, rel, json_array_get(json_object_get(w->undo, "beside"), i), e);
}

/* In the order of the undo record's. */
static int each(const struct package_conffiles *w,
		int (*what)(const struct package_conffiles *w, const json_t *conf, size_t i, struct err *e), struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(w->params, "conffiles"), i, one)
	{
		if (what(w, one, i, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

int package_conffiles_take(const struct package_conffiles *w, json_t *ret, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(w->params, "conffiles"), i, one)
	{
		if (take_one(w, one, ret, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

int package_conffiles_keep(const struct package_conffiles *w, struct err *e)
{
	return each(w, keep_one, e);
}

int package_conffiles_look(const struct package_conffiles *w, struct err *e)
{
	return each(w, look_at_one, e);
}

int package_conffiles_put_back(const struct package_conffiles *w, struct err *e)
{
	return each(w, put_back_one, e);
}
