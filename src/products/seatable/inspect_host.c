/* The host: docker and its Compose, room, and who else is there. */
#include <string.h>

#include <linux/magic.h>

#include "engine/point_of.h"
#include "io/dir.h"
#include "products/seatable/docker.h"
#include "products/seatable/image.h"
#include "products/seatable/inspect.h"
#include "svc/container.h"

static void put_docker(struct sea_look *k)
{
	struct err e = ERR_INIT;
	json_t *about = NULL;

	if (sea_docker_about(&about, &e) < 0)
		sea_missing(k, SEA_DOCKER, &e);
	else
		sea_pin(k, SEA_DOCKER, about, "docker info");
	err_clear(&e);
	if (sea_docker_compose(&about, &e) < 0)
		sea_missing(k, SEA_COMPOSE, &e);
	else
		sea_pin(k, SEA_COMPOSE, about, "docker compose version");
}

/* As far as a decision needs them. */
static const char *kind_of(uint64_t magic)
{
	return magic == BTRFS_SUPER_MAGIC ? "btrfs" : magic == XFS_SUPER_MAGIC ? "xfs" : magic == EXT4_SUPER_MAGIC ? "ext4" :
	       magic == TMPFS_MAGIC ? "tmpfs" : "another";
}

/* A store is made by the run. */
static void put_room(json_t *rooms, const char *name, const char *path)
{
	int (*opens)(const char *path, struct dir *ret, struct err *e) = strcmp(name, "store") ? dir_open : dir_open_nearest;
	autodir struct dir d = DIR_NONE;
	struct fs_room room;
	struct file_id id;
	uint64_t mount;
	struct err e = ERR_INIT;
	json_t *one;

	if (!path || !*path || opens(path, &d, &e) < 0 || dir_room(&d, &room, &e) < 0 || dir_file_id(&d, "", &id, &e) < 0 ||
	    dir_mount_id(&d, "", &mount, &e) < 0)
		return;
	one = json_pack("{so sI sI sI sI sI ss}", "path", json_text(path), "free", (json_int_t)room.free_bytes, "reserve",
			(json_int_t)point_reserve_of(&room), "inodes", (json_int_t)room.free_inodes, "dev", (json_int_t)id.dev, "mount",
			(json_int_t)mount, "kind", kind_of(room.magic));
	if (strcmp(d.path, path) != 0)
		json_object_set_new(one, "above", json_text(d.path));
	json_object_set_new(rooms, name, one);
}

static const char *store_of(const struct sea_look *k)
{
	const char *store = k->to ? json_str(k->to->restore_point, "store", "beside") : "beside";

	return strncmp(store, "file://", 7) ? k->l.root : store + 7;
}

static void put_rooms(struct sea_look *k)
{
	autofree char *folders = k->data ? xasprintf("%s/seatable", k->data) : NULL;
	json_t *rooms = json_object();

	put_room(rooms, "root", k->l.root);
	put_room(rooms, "data", folders);
	put_room(rooms, "docker", json_str(facts_get(k->f, SEA_DOCKER), "root", NULL));
	put_room(rooms, "store", store_of(k));
	sea_observe(k, SEA_ROOM, rooms, "statfs");
}

/* ---- other containers ---- */

static bool shares_network(const json_t *ours, const json_t *theirs)
{
	json_t *net, *mine = json_object_get(json_object_get(ours, "NetworkSettings"), "Networks");
	const char *name;

	json_object_foreach(json_object_get(json_object_get(theirs, "NetworkSettings"), "Networks"), name, net)
		if (json_object_get(mine, name))
			return true;
	return false;
}

static void put_others(struct sea_look *k)
{
	json_t *watchers = json_array(), *neighbours = json_array(), *one;
	autojson json_t *all = NULL;
	struct err ignored = ERR_INIT;
	size_t i;

	if (container_all(&all, &ignored) < 0)
		all = NULL;
	json_array_foreach(all, i, one) {
		const json_t *config = json_object_get(one, "Config");
		const char *project = json_str(json_object_get(config, "Labels"), "com.docker.compose.project", "");

		if (strstr(json_str(config, "Image", ""), "watchtower"))
			json_array_append_new(watchers, json_text(sea_container_name(one)));
		else if (k->seen && strcmp(project, k->l.project) != 0 && shares_network(k->seen, one))
			json_array_append_new(neighbours, json_text(sea_container_name(one)));
	}
	sea_observe_some(k, SEA_WATCHERS, watchers, "docker inspect");
	sea_observe_some(k, SEA_NEIGHBOURS, neighbours, "docker inspect");
}

void sea_look_at_host(struct sea_look *k)
{
	put_docker(k);
	if (!sea_is_live(k))
		return;
	put_rooms(k);
	put_others(k);
	sea_look_at_jobs(k);
}
