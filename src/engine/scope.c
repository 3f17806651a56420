#include "engine/scope.h"

#include <string.h>

#include "base/mem.h"
#include "io/json.h"

void scope_done(struct scope *s)
{
	vec_each(s, it) {
		free(it->name);
		free(it->path);
		json_decref(it->leave_out);
		json_decref(it->only);
	}
	vec_done(s);
}

bool scope_may_leave_out(const char *name)
{
	return name && *name && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..");
}

static int check_names(const struct scope_root *r, const json_t *names, struct err *e)
{
	json_t *name;
	size_t at;

	if (names && !json_is_array(names))
		return err_set(e, ERR_FORMAT, "what is left out of '%s' is no list", r->path);
	json_array_foreach((json_t *)names, at, name) {
		const char *text = json_string_value(name);

		if (scope_may_leave_out(text))
			continue;
		err_set(e, ERR_REFUSED, "'%s' in '%s' cannot be left out of a restore point: it is no entry of that directory itself",
		        text ? text : "", r->path);
		return err_hint(e, "move it out of '%s', or into a directory of its own right below it", r->path);
	}
	return 0;
}

int scope_check(const struct scope *s, struct err *e)
{
	vec_each(s, it)
		if (check_names(it, it->leave_out, e) < 0 || check_names(it, it->only, e) < 0)
			return -(int)e->kind;
	return 0;
}

static bool is_ours(const char *rel)
{
	size_t n = strlen(".crossgrade");

	return !strncmp(rel, ".crossgrade", n) && (rel[n] == '\0' || rel[n] == '/');
}

bool scope_holds(const json_t *root, const char *rel)
{
	const json_t *only = json_object_get(root, "only");
	autofree char *name = xstrndup(rel, strcspn(rel, "/"));

	return !is_ours(rel) && !json_lists(json_object_get(root, "leave_out"), name) && (!only || json_lists(only, name));
}

json_t *scope_json(const struct scope *s)
{
	json_t *list = json_array();

	vec_each(s, it) {
		json_t *root = json_pack("{ss ss sb}", "name", it->name, "path", it->path, "mount_point", it->mount_point);

		if (json_array_size(it->leave_out))
			json_object_set(root, "leave_out", it->leave_out);
		if (it->only)
			json_object_set(root, "only", it->only);
		json_array_append_new(list, root);
	}
	return list;
}

int scope_of_json(const json_t *list, struct scope *ret, struct err *e)
{
	struct scope s = { 0 };
	json_t *root;
	size_t at;

	json_array_foreach((json_t *)list, at, root)
		*vec_push(&s) = (struct scope_root){ .name = xstrdup(json_str(root, "name", "")),
			                             .path = xstrdup(json_str(root, "path", "")),
			                             .mount_point = json_bool(root, "mount_point", false),
			                             .leave_out = json_incref(json_object_get(root, "leave_out")),
			                             .only = json_incref(json_object_get(root, "only")) };
	if (scope_check(&s, e) < 0) {
		scope_done(&s);
		return -(int)e->kind;
	}
	*ret = s;
	return 0;
}
