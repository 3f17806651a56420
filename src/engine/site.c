#include "engine/site.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/file.h"

int site_bind(const char *name, const json_t *doc, struct site *ret, struct err *e)
{
	const char *root;
	json_t *roots, *path;

	if (json_want_obj(doc, "roots", &roots, e) < 0)
		return err_wrap(e, "site '%s'", name);
	json_object_foreach(roots, root, path) {
		if (!json_is_string(path) || json_string_value(path)[0] != '/')
			return err_set(e, ERR_FORMAT, "root '%s' of site '%s' is not an absolute path", root, name);
	}
	*ret = (struct site){ .name = xstrdup(name), .doc = json_deep_copy(doc) };
	ret->login = json_object_get(ret->doc, "login");
	return 0;
}

void site_done(struct site *s)
{
	service_close(s->service);
	json_decref(s->doc);
	free(s->name);
	free(s->hold);
	*s = (struct site){ 0 };
}

const char *site_root_path(const struct site *s, const char *root)
{
	return json_str(json_object_get(s->doc, "roots"), root, NULL);
}

int site_root(const struct site *s, const char *root, struct dir *ret, struct err *e)
{
	const char *path = site_root_path(s, root);

	if (!path)
		return err_set(e, ERR_BUG, "site '%s' has no root '%s'", s->name, root);
	return dir_open(path, ret, e);
}

int site_sync(const struct site *s, struct err *e)
{
	const char *name;
	json_t *path;

	json_object_foreach(json_object_get(s->doc, "roots"), name, path) {
		autodir struct dir d = DIR_NONE;

		if (site_root(s, name, &d, e) < 0 || file_sync_fs(&d, e) < 0)
			return err_wrap(e, "make '%s' durable", json_string_value(path));
	}
	return 0;
}

int site_place(const struct site *s, const json_t *place, struct dir *ret, const char **ret_rel, struct err *e)
{
	const char *at, *path;

	if (json_want_str(place, "at", &at, e) < 0 || json_want_str(place, "path", &path, e) < 0)
		return err_wrap(e, "a place of site '%s'", s->name);
	if (site_root(s, at, ret, e) < 0)
		return -e->kind;
	*ret_rel = path;
	return 0;
}

int site_path(const struct site *s, const json_t *place, char **ret, struct err *e)
{
	const char *at, *path, *root;

	if (json_want_str(place, "at", &at, e) < 0 || json_want_str(place, "path", &path, e) < 0)
		return err_wrap(e, "a place of site '%s'", s->name);
	root = site_root_path(s, at);
	if (!root)
		return err_set(e, ERR_BUG, "site '%s' has no root '%s'", s->name, at);
	*ret = *path ? xasprintf("%s/%s", root, path) : xstrdup(root);
	return 0;
}

bool site_can_hold(const json_t *doc)
{
	const struct service_ops *ops = service_kind(json_str(json_object_get(doc, "service"), "kind", ""));

	return json_is_object(json_object_get(doc, "lock")) || (ops && ops->hold);
}

int site_service(struct site *s, struct service **ret, struct err *e)
{
	const json_t *lock = json_object_get(s->doc, "lock");
	autofree char *lock_path = NULL;

	if (!s->service) {
		if (json_is_object(lock) && site_path(s, lock, &lock_path, e) < 0)
			return -e->kind;
		if (service_open(json_object_get(s->doc, "service"), lock_path, &s->service, e) < 0)
			return err_wrap(e, "site '%s'", s->name);
	}
	if (s->hold && s->service->ops->know)
		s->service->ops->know(s->service, s->hold);
	*ret = s->service;
	return 0;
}

json_t *place_of(const char *root, const char *path)
{
	return json_pack("{ss ss}", "at", root, "path", path);
}
