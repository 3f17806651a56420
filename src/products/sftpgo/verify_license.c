/* Does the licence of the new server cover what is in use? Its form, and what its numbers mean, are told by the vendor's Terraform
 * client alone: storage and actions that it grants, by the numbers that objects have; plugins, -1 for any number. facts/sftpgo 7 */
#include "base/mem.h"
#include "products/sftpgo/layout.h"
#include "products/sftpgo/objects_census.h"
#include "products/sftpgo/verify.h"

/* Those that are said not to run without a licence that grants them. */
static const struct {
	int type;
	const char *name;
} asking[] = { { 13, "identity provider checks" }, { 17, "ICAP scans" }, { 19, "event reports" } };

struct needs {
	struct census seen; /* its storage */
	bool actions[ARRAY_LEN(asking)];
};

static int need_action(void *arg, const struct action_use *a, struct err *e unused_arg)
{
	struct needs *n = arg;

	for (size_t i = 0; i < ARRAY_LEN(asking); i++)
		n->actions[i] |= a->type == asking[i].type;
	return 0;
}

static int read_needs(struct provider *db, enum object_kind kind, struct needs *n, struct err *e)
{
	const struct census_watch watch = { .action = need_action, .arg = n };
	autoobjects struct objects *all = NULL;
	const struct object *o;
	int r = objects_open(db, kind, &all, e);

	while (r >= 0 && (r = objects_next(all, &o, e)) > 0)
		if (census_add(&watch, o, &n->seen, e) < 0)
			return -(int)e->kind;
	return r;
}

/* ---- what it grants ---- */

static bool grants(const json_t *list, int number)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)list, i, one)
		if (json_is_integer(one) && json_integer_value(one) == number)
			return true;
	return false;
}

/* why_not: not granted, it may be had all the same. */
static void compare_granted(const struct proof *p, const char *list, int number, const char *name, const char *why_not)
{
	const json_t *granted = json_object_get(p->features, list);
	autofree char *what = xasprintf("licence for %s", name);

	if (grants(granted, number))
		cmp_same(p->ret, 1);
	else if (!json_is_array(granted))
		cmp_add(p->ret, CMP_UNPROVED, "server", what, "in use", NULL, NULL, "the server does not tell what it grants of that kind");
	else
		cmp_add(p->ret, why_not ? CMP_UNPROVED : CMP_DIFFERENT, "server", what, "in use", "not granted", NULL, why_not);
}

static void compare_plugins(const struct proof *p)
{
	const json_t *granted = json_object_get(p->features, "plugins");
	autolayout struct layout l = { 0 };
	struct err e = ERR_INIT;
	size_t used;

	if (sftpgo_layout_conf(site_root_path(ctx_site(p->c, NULL), "root") ?: "", p->c->goal ? p->c->goal->source : NULL, NULL, &l, &e) < 0) {
		cmp_add(p->ret, CMP_UNPROVED, "server", "licence for plugins", NULL, NULL, NULL, e.msg);
		return;
	}
	used = sftpgo_config_count(&l.conf, "plugins");
	if (used && !json_is_integer(granted))
		cmp_add(p->ret, CMP_UNPROVED, "server", "licence for plugins", "in use", NULL, NULL, "the server does not tell how many it grants");
	else if (used && json_integer_value(granted) >= 0 && (json_int_t)used > json_integer_value(granted))
		cmp_int(p->ret, "server", "licence for plugins", (int64_t)used, json_integer_value(granted));
	else
		cmp_same(p->ret, used != 0);
}

/* Users are many, and behind a gate nobody is served: they are read where a storage is not granted. */
static bool grants_all_storage(const struct proof *p)
{
	for (int i = STORAGE_LOCAL + 1; i <= STORAGE_LAST; i++)
		if (!grants(json_object_get(p->features, "fs_providers"), i))
			return false;
	return true;
}

static void compare_storage(const struct proof *p, const struct census *seen)
{
	for (int i = STORAGE_LOCAL + 1; i < STORAGE_MAX; i++) {
		autofree char *name = xasprintf("storage '%s'", storage_name(i));

		if (seen->storage[OBJ_USERS][i] || seen->storage[OBJ_GROUPS][i] || seen->storage[OBJ_FOLDERS][i])
			compare_granted(p, "fs_providers", i, name, i == STORAGE_LOCAL_ENCRYPTED ?
					"it is kept on this host: that it asks for one is said nowhere" : NULL);
	}
}

int compare_license_covers(const struct proof *p, struct provider *db, struct err *e)
{
	static const enum object_kind kinds[] = { OBJ_EVENT_ACTIONS, OBJ_USERS, OBJ_GROUPS, OBJ_FOLDERS };
	struct needs n = { 0 };

	if (!p->features)
		return 0;
	for (size_t i = 0; i < (grants_all_storage(p) ? 1 : ARRAY_LEN(kinds)); i++)
		if (read_needs(db, kinds[i], &n, e) < 0)
			return err_wrap(e, "look for what needs a licence");
	compare_storage(p, &n.seen);
	for (size_t i = 0; i < ARRAY_LEN(asking); i++)
		if (n.actions[i])
			compare_granted(p, "event_actions", asking[i].type, asking[i].name, NULL);
	compare_plugins(p);
	return 0;
}
