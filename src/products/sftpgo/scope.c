/* What a restore point must hold: configuration directory and database. Programs are not in it: each step that changes one keeps
 * its own record, and the old build stays on disk. */
#include "products/sftpgo/sftpgo.h"

#include "base/mem.h"

int sftpgo_scope(const struct facts *now, const struct goal *to, struct scope *ret, struct err *e)
{
	const json_t *roots = facts_get(now, SF_SCOPE);
	const char *name;
	json_t *root;

	if (sftpgo_by_hand(now))
		return err_set(e, ERR_REFUSED, "'%s' is a copy of a Windows host's folder: nothing of this host belongs into a restore "
			       "point", facts_str(now, SF_ROOT, "?"));
	if (!json_object_get(roots, "root"))
		return err_set(e, ERR_ABSENT, "where configuration and database lie is not known: %s",
			       facts_why_missing(now, SF_SCOPE) ? facts_why_missing(now, SF_SCOPE) : "nobody looked");
	json_object_foreach((json_t *)roots, name, root)
		*vec_push(ret) = (struct scope_root){ .name = xstrdup(name),
						      .path = xstrdup(json_str(root, "path", "")),
						      .mount_point = json_bool(root, "mount_point", false),
						      .only = json_incref(json_object_get(root, "only")) };
	return 0;
}
