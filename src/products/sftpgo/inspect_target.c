/* The artifact, and what of this host a run needs. */
#include <string.h>

#include "data/tree.h"
#include "engine/point_of.h"
#include "engine/scope.h"
#include "products/sftpgo/build.h"
#include "products/sftpgo/inspect.h"
#include "svc/gate.h"

/* The finding of a repository tells why its package is not to be had. */
static void miss_artifact(struct look *k)
{
	const char *why = json_str(facts_get(k->f, SF_REPOSITORY), "finding", "nobody asked the repository");

	if (goal_package(k->to))
		facts_miss_after(k->f, SF_ARTIFACT, SF_REPOSITORY, why);
	else
		facts_miss(k->f, SF_ARTIFACT, "no target.artifact is given");
}

/* For want of room, or from a disk that fails, nothing can be said of it: neither that it is bad nor that it changed. */
static int put_artifact(struct look *k, struct err *e)
{
	const char *path = artifact_path(k, 0);
	json_t *found = NULL;
	struct err why = ERR_INIT;
	bool refused;

	if (!path)
		miss_artifact(k);
	else if (build_judge(path, json_object_get(k->c->known, SF_ARTIFACT), &found, &why) >= 0)
		look_pin(k, SF_ARTIFACT, found, path);
	else
		look_missing(k, SF_ARTIFACT, &why);
	refused = why.kind == ERR_SPACE || why.kind == ERR_IO;
	if (refused)
		*e = why;
	return refused ? -(int)e->kind : 0;
}

/* Plugins: packages beside the server's. */
static void put_more(struct look *k)
{
	const json_t *known = json_object_get(k->c->known, SF_MORE);
	json_t *all = json_array(), *found;
	struct err e = ERR_INIT;
	const char *path;

	for (size_t i = 1; (path = artifact_path(k, i)); i++) {
		if (build_judge(path, json_array_get(known, i - 1), &found, &e) < 0) {
			look_missing(k, SF_MORE, &e);
			json_decref(all);
			return;
		}
		json_array_append_new(all, found);
	}
	look_pin_some(k, SF_MORE, all, "target.artifact");
}

/* What the goal says, else what the artifact is. */
static void put_wanted(struct look *k, const char *key, const char *said, const char *member)
{
	const char *is = json_str(facts_get(k->f, SF_ARTIFACT), member, NULL);

	if (said || is)
		look_pin_str(k, key, said ? said : is, said ? "goal" : "artifact");
	else
		facts_miss_after(k->f, key, SF_ARTIFACT, "neither the goal nor the artifact tells");
}

static void put_gate(struct look *k)
{
	char why[200] = "";
	struct err e = ERR_INIT;
	int usable = gate_usable(why, sizeof why, &e);

	if (usable < 0) {
		look_missing(k, SF_NFT, &e);
		return;
	}
	look_observe(k, SF_NFT, json_boolean(usable), "nft");
	if (!usable)
		look_observe(k, SF_NFT_WHY, json_text(why), "nft");
}

/* ---- room ---- */

static bool leave_out(void *root, const char *rel, const struct stat *st unused_arg)
{
	return !scope_holds(root, rel);
}

static int room_at(const struct dir *d, json_t **ret, struct err *e)
{
	struct fs_room room;
	struct file_id id;
	uint64_t mount;

	if (dir_room(d, &room, e) < 0 || dir_file_id(d, "", &id, e) < 0 || dir_mount_id(d, "", &mount, e) < 0)
		return -(int)e->kind;
	*ret = json_pack("{sI sI sI sI}", "free", (json_int_t)room.free_bytes, "reserve", (json_int_t)point_reserve_of(&room), "dev",
			 (json_int_t)id.dev, "mount", (json_int_t)mount);
	return 0;
}

static int measure(struct look *k, const json_t *root, json_t **ret, struct err *e)
{
	struct tree_opts o = { .workers = 1,
			       .cancel = k->c->cancel,
			       .leave_out = leave_out,
			       .data = (json_t *)root };
	autodir struct dir d = DIR_NONE;
	struct tree_size size;

	if (dir_open(json_str(root, "path", ""), &d, e) < 0 || tree_measure(&d, &o, &size, e) < 0 || room_at(&d, ret, e) < 0)
		return -(int)e->kind;
	json_object_set_new(*ret, "bytes", json_integer((json_int_t)size.data));
	return 0;
}

/* A dump lies in the restore point, and beside it, on the way back, the statements made of it: both in the store where one is named. */
static void add_dump(const struct look *k, const json_t *all)
{
	json_t *room = json_object_get(all, "store") ?: json_object_get(all, "root");
	json_int_t bytes = (json_int_t)facts_int(k->f, SF_DB_SIZE, 0);

	if (room && bytes)
		json_object_set_new(room, "bytes", json_integer(json_int(room, "bytes", 0) + 2 * bytes));
}

/* A store that the goal names holds all of them; the first one makes its folder. */
static int add_store(const struct look *k, json_t *all, struct err *e)
{
	const char *store = json_str(k->to->restore_point, "store", "beside");
	autodir struct dir d = DIR_NONE;
	json_t *one = NULL;

	if (strncmp(store, "file://", 7) != 0)
		return 0;
	if (dir_open_nearest(store + 7, &d, e) < 0 || room_at(&d, &one, e) < 0)
		return err_wrap(e, "restore_point.store");
	if (strcmp(d.path, store + 7) != 0)
		json_object_set_new(one, "above", json_text(d.path));
	json_object_set_new(all, "store", one);
	return 0;
}

void look_at_room(struct look *k)
{
	json_t *all = json_object(), *root, *one = NULL;
	struct err e = ERR_INIT;
	const char *name;

	if (!facts_get(k->f, SF_SCOPE)) {
		json_decref(all);
		return;
	}
	json_object_foreach((json_t *)facts_get(k->f, SF_SCOPE), name, root)
	{
		if (measure(k, root, &one, &e) < 0) {
			look_missing(k, SF_ROOM, &e);
			json_decref(all);
			return;
		}
		json_object_set_new(all, name, one);
	}
	if (add_store(k, all, &e) < 0) {
		look_missing(k, SF_ROOM, &e);
		json_decref(all);
		return;
	}
	add_dump(k, all);
	look_observe(k, SF_ROOM, all, "walk and statfs");
}

int look_at_artifact(struct look *k, struct err *e)
{
	if (k->l.container)
		look_at_image(k);
	else if (put_artifact(k, e) < 0)
		return -(int)e->kind;
	put_more(k);
	put_wanted(k, SF_TARGET_EDITION, goal_edition(k->to), "edition");
	put_wanted(k, SF_TARGET_VERSION, goal_version(k->to), "version");
	return 0;
}

int look_at_target(struct look *k, struct err *e)
{
	look_at_repository(k);
	if (look_at_artifact(k, e) < 0)
		return -(int)e->kind;
	look_at_packages(k);
	put_gate(k);
	look_at_room(k);
	return 0;
}
