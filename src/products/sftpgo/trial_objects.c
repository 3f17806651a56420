#include "products/sftpgo/trial_objects.h"

#include <string.h>

#include "products/sftpgo/objects_census.h"
#include "products/sftpgo/trial_fit.h"

#define PRIMARY    1
#define REMOTE_MAX 32 /* each may take a while to be listed */

void trial_objects_done(struct trial_objects *o)
{
	json_decref(o->users);
	json_decref(o->groups);
	json_decref(o->remote);
	json_decref(o->rules);
	*o = (struct trial_objects){ 0 };
}

/* ---- gathering ---- */

static bool is_asked(const json_t *users, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)users, i, one)
	{
		if (!strcmp(json_str(one, "user", ""), name))
			return true;
	}
	return false;
}

static bool is_remote(const json_t *fields)
{
	int64_t provider = json_int(json_object_get(fields, "filesystem"), "provider", STORAGE_LOCAL);

	return provider != STORAGE_LOCAL && provider != STORAGE_LOCAL_ENCRYPTED;
}

static void keep(struct trial_objects *o, const json_t *users, const struct object *one)
{
	if (one->kind == OBJ_USERS && is_asked(users, one->key))
		json_object_set(o->users, one->key, one->fields);
	else if (one->kind == OBJ_GROUPS)
		json_object_set(o->groups, one->key, one->fields);
	else if (one->kind == OBJ_FOLDERS && is_remote(one->fields))
		json_object_set_new(o->remote, one->key, json_true());
	else if (one->kind == OBJ_EVENT_RULES)
		json_array_append(o->rules, one->fields);
}

static int gather(struct provider *db, const json_t *users, struct trial_objects *o, struct err *e)
{
	static const enum object_kind kinds[] = { OBJ_USERS, OBJ_GROUPS, OBJ_FOLDERS, OBJ_EVENT_RULES };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		autoobjects struct objects *all = NULL;
		const struct object *one;
		int r;

		if (objects_open(db, kinds[i], &all, e) < 0)
			return -(int)e->kind;
		while ((r = objects_next(all, &one, e)) > 0)
			keep(o, users, one);
		if (r < 0)
			return r;
	}
	return 0;
}

int trial_objects_read(struct provider *db, const json_t *users, struct trial_objects *ret, struct err *e)
{
	struct trial_objects o = { json_object(), json_object(), json_object(), json_array() };

	if (gather(db, users, &o, e) < 0) {
		trial_objects_done(&o);
		return err_wrap(e, "read whose logins may be tried");
	}
	*ret = o;
	return 0;
}

/* ---- of one user ---- */

static const char *primary_group(const json_t *user)
{
	const json_t *group;
	size_t i;

	json_array_foreach(json_object_get(user, "groups"), i, group)
	{
		if (json_int(group, "type", 0) == PRIMARY)
			return json_str(group, "name", "");
	}
	return "";
}

json_t *trial_objects_user(const struct trial_objects *o, const char *name)
{
	const json_t *user = json_object_get(o->users, name);

	return user ? trial_user(user, json_object_get(o->groups, primary_group(user))) :
		      json_pack("{ss}", "no_login", "there is no such user");
}

static void add_remote(const struct trial_objects *o, const json_t *owner, json_t *ret)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(owner, "virtual_folders"), i, one)
	{
		const char *path = json_str(one, "virtual_path", "");

		if (json_object_get(o->remote, json_str(one, "name", "")) && !strchr(path, '%') && !json_lists(ret, path) &&
		    json_array_size(ret) < REMOTE_MAX)
			json_array_append_new(ret, json_text(path));
	}
}

json_t *trial_objects_remote(const struct trial_objects *o, const char *name)
{
	const json_t *user = json_object_get(o->users, name), *group;
	json_t *ret = json_array();
	size_t i;

	add_remote(o, user, ret);
	json_array_foreach(json_object_get(user, "groups"), i, group)
		add_remote(o, json_object_get(o->groups, json_str(group, "name", "")), ret);
	return ret;
}
