/* What a restore point must hold: the root, and every volume whose tables lie outside it. Programs
 * and launchers are not in it: each step that changes one keeps its own record, and the old build
 * stays on disk. */
#include <string.h>

#include "base/mem.h"
#include "products/questdb/questdb.h"

static bool is_mount_point(const struct facts *now, const char *name)
{
	if (!strcmp(name, "root"))
		return facts_bool(now, QF_ROOT_MOUNT, false);
	if (!strncmp(name, "volume-", 7))
		return json_bool(json_object_get(facts_get(now, QF_VOLUMES), name + 7),
				 "mount_point", false);
	return false;
}

static void add(struct scope *s, const struct facts *now, const char *name, const char *path)
{
	*vec_push(s) = (struct scope_root){ .name = xstrdup(name),
					    .path = xstrdup(path),
					    .mount_point = is_mount_point(now, name) };
}

int questdb_scope(const struct facts *now, const struct goal *to, struct scope *ret, struct err *e)
{
	const json_t *scope = facts_get(now, QF_SCOPE), *path;
	const char *name, *root = json_str(scope, "root", NULL);

	if (!root) {
		err_set(e, ERR_ABSENT, "where the data lies is not known");
		return err_hint(e, "name the root in source.root");
	}
	/* The root first: what stands beside it decides where the restore point goes. */
	add(ret, now, "root", root);
	json_object_foreach((json_t *)scope, name, path)
	{
		if (strcmp(name, "root") != 0 && json_is_string(path))
			add(ret, now, name, json_string_value(path));
	}
	return 0;
}
