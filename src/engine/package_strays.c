#include "engine/package_strays.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/package_of.h"
#include "io/json.h"

/* 1, 0, -kind */
static int is_there(const struct packager *p, const char *path, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *name;

	if (package_file_at(p, path, &d, &name, e) >= 0)
		return dir_has(&d, name, e);
	if (e->kind != ERR_ABSENT)
		return -(int)e->kind;
	err_clear(e);
	return 0;
}

int package_strays_absent(const struct packager *p, const json_t *paths, json_t *ret, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)paths, i, one)
	{
		int there = is_there(p, json_string_value(one), e);

		if (there < 0)
			return there;
		if (!there)
			json_array_append(ret, (json_t *)one);
	}
	return 0;
}

/* Under its own name, and under the one that it has before that. */
int package_strays_note(const struct packager *p, const char *file, json_t *ret, struct err *e)
{
	autojson json_t *brings = NULL, *whole = json_array(), *both = json_array();
	const json_t *one;
	size_t i;

	if (p->ops->brings(file, &brings, e) < 0 || package_strays_absent(p, brings, whole, e) < 0)
		return -(int)e->kind;
	json_array_foreach(whole, i, one)
	{
		json_array_append(both, (json_t *)one);
		if (p->ops->half)
			json_array_append_new(both, json_sprintf("%s%s", json_string_value(one), p->ops->half));
	}
	return package_strays_absent(p, both, ret, e);
}

static int is_owned(const struct packager *p, const char *path, struct err *e)
{
	autofree char *owner = NULL;
	int r = p->ops->owner(p, path, &owner, e);

	if (r >= 0 || e->kind != ERR_ABSENT)
		return r < 0 ? r : 1;
	err_clear(e);
	return 0;
}

static int remove_stray(const struct packager *p, const char *path, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *name;
	int r = is_there(p, path, e);

	if (r <= 0)
		return r;
	r = is_owned(p, path, e);
	if (r)
		return r < 0 ? r : 0;
	if (package_file_at(p, path, &d, &name, e) < 0)
		return -(int)e->kind;
	if (dir_unlink(&d, name, e) < 0) {
		if (e->sys != ENOTEMPTY)
			return -(int)e->kind;
		err_clear(e);
		return 0;
	}
	return dir_sync(&d, "", e);
}

/* What lies in a directory stands behind it. */
int package_strays_remove(const struct packager *p, const json_t *paths, struct err *e)
{
	for (size_t i = json_array_size(paths); i > 0; i--)
		if (remove_stray(p, json_string_value(json_array_get(paths, i - 1)), e) < 0)
			return -(int)e->kind;
	return 0;
}
