/* What a restore point must hold: .env and the licence, and the data folders where that is asked for or they fit. The databases come
 * as dumps of a step's. What the vendor leaves out of its own backups is left out: logs, pids, caches, and db-data, whose content
 * backup-all writes into storage-data (docs/maintenance/backup-recovery of the admin docs, read 2026-11-22). */
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "engine/restore_point.h"
#include "products/seatable/draft.h"
#include "products/seatable/room.h"
#include "products/seatable/seatable.h"

const char *const sea_folders[] = { "conf", "storage-data", "seafile-data", "seahub-data", NULL };

static bool they_fit(const struct facts *now, const struct goal *to)
{
	struct sea_room room;

	sea_room_of(now, to, &room);
	return room.lack == SEA_LACKS_NOTHING;
}

int sea_folders_of(const struct facts *now, const struct goal *to, enum sea_folders *ret, struct err *e)
{
	const char *asked = goal_setting(to, "folders", NULL);

	if (asked && strcmp(asked, "copy") != 0 && strcmp(asked, "snapshot") != 0 && strcmp(asked, "none") != 0)
		return err_set(e, ERR_USAGE, "'settings.folders' is '%s', and not 'copy', 'snapshot' or 'none'", asked);
	*ret = (asked ? strcmp(asked, "none") != 0 : they_fit(now, to)) ? SEA_FOLDERS_COPY : SEA_FOLDERS_NONE;
	return 0;
}

bool sea_folders_clone(const struct goal *to)
{
	return !strcmp(goal_setting(to, "folders", ""), "snapshot");
}

/* A restore point's copy is made of clones wherever the file system has them. That it has is sure of btrfs alone: XFS has them by the way
 * it was made. Before Linux 5.18 none is made from one mount of it to another. */
int sea_folders_can(const struct facts *now, const struct goal *to, struct err *e)
{
	const json_t *rooms = facts_get(now, SEA_ROOM), *data = json_object_get(rooms, "data"), *store = json_object_get(rooms, "store");
	bool beside = !strcmp(json_str(to->restore_point, "store", "beside"), "beside");

	if (!sea_folders_clone(to))
		return 0;
	if (strcmp(json_str(data, "kind", "?"), "btrfs") != 0)
		err_set(e, ERR_USAGE, "'settings.folders: snapshot' needs a file system that is sure to clone, btrfs, and '%s' is on %s",
			json_str(data, "path", "?"), json_str(data, "kind", "one that is not known"));
	else if (!beside && !point_exchanges(store, data))
		err_set(e, ERR_USAGE, "'settings.folders: snapshot' needs the restore point on the file system, and mount, of '%s'", json_str(data, "path", "?"));
	else
		return 0;
	return err_hint(e, "'copy' clones as well where it can, and copies elsewhere; for a snapshot of your own take a hook before_stop, and 'none'");
}

static const char *leaf_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool lies_in(const char *path, const char *dir)
{
	const char *rest = path_behind(path, dir);

	return rest && *rest && !strchr(rest + 1, '/');
}

/* Those of the project's folder that a switch can touch. */
static json_t *files_of(const struct facts *now)
{
	const char *root = facts_str(now, SEA_ROOT, ""), *env = json_str(facts_get(now, SEA_ENV), "path", ""),
		   *license = json_str(facts_get(now, SEA_LICENSE), "path", "");
	json_t *files = json_array();

	if (lies_in(env, root))
		json_array_append_new(files, json_string(leaf_of(env)));
	if (lies_in(license, root) && !strcmp(json_str(facts_get(now, SEA_LICENSE), "state", ""), "file"))
		json_array_append_new(files, json_string(leaf_of(license)));
	return files;
}

static json_t *folder_names(void)
{
	json_t *names = json_array();

	for (size_t i = 0; sea_folders[i]; i++)
		json_array_append_new(names, json_string(sea_folders[i]));
	return names;
}

int seatable_scope(const struct facts *now, const struct goal *to, struct scope *ret, struct err *e)
{
	const char *root = facts_str(now, SEA_ROOT, NULL), *data = facts_str(now, SEA_DATA, NULL);
	enum sea_folders folders_too = SEA_FOLDERS_NONE;

	if (!root || !data)
		return err_set(e, ERR_ABSENT, "where the project and its data lie is not known");
	if (sea_folders_of(now, to, &folders_too, e) < 0)
		return -(int)e->kind;
	*vec_push(ret) = (struct scope_root){ .name = xstrdup("root"), .path = xstrdup(root), .only = files_of(now) };
	if (folders_too == SEA_FOLDERS_COPY)
		*vec_push(ret) = (struct scope_root){ .name = xstrdup("folders"), .path = xasprintf("%s/seatable", data), .only = folder_names() };
	return 0;
}
