/* What the containers of the project keep on this host beside the server's data folder: the database's files, the proxy's. */
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "data/tree.h"
#include "io/file.h"
#include "io/mounts.h"
#include "products/seatable/inspect.h"

#define MEASURED_MAX 60

/* A folder around the project or its data, as of a backup that sees the whole host, is nobody's own. */
static bool is_its_own(const struct sea_look *k, const char *source)
{
	return !path_is_in(source, k->data) && !path_is_in(k->data, source) && !path_is_in(k->l.root, source);
}

static bool is_measured(const json_t *volumes, const char *source)
{
	const json_t *of_service, *one;
	const char *name;
	size_t i;

	json_object_foreach((json_t *)volumes, name, of_service)
		json_array_foreach((json_t *)of_service, i, one)
			if (!strcmp(json_str(one, "source", ""), source))
				return true;
	return false;
}

/* NULL: it is no directory, or cannot be read. A share that hangs would hold every verb, for a number that only inspect shows. */
static json_t *measure(const struct sea_look *k, struct sv mounts, const json_t *mount)
{
	struct tree_opts o = { .cancel = k->c->cancel, .cross_mounts = true };
	const char *source = json_str(mount, "Source", ""), *volume = json_str(mount, "Name", NULL);
	struct tree_size size = { 0 };
	autodir struct dir d = DIR_NONE;
	struct err ignored = ERR_INIT;
	autofree char *remote = mounts_remote(mounts, source);

	if (remote)
		return json_pack("{so so ss* so}", "at", json_text(json_str(mount, "Destination", "")), "source", json_text(source), "volume", volume,
				 "unmeasured", json_text(remote));
	if (dir_open(source, &d, &ignored) < 0 || tree_measure(&d, &o, &size, &ignored) < 0)
		return NULL;
	return json_pack("{so so ss* sI sI}", "at", json_text(json_str(mount, "Destination", "")), "source", json_text(source), "volume", volume,
			 "bytes", (json_int_t)size.bytes, "files", (json_int_t)size.files);
}

/* Into `list`, which is in `volumes`. */
static void measure_all(const struct sea_look *k, struct sv mounts, const json_t *seen, const json_t *volumes, json_t *list, size_t *n)
{
	json_t *mount, *one;
	size_t i;

	json_array_foreach((json_t *)json_object_get(seen, "Mounts"), i, mount) {
		const char *source = json_str(mount, "Source", "");

		if (*n >= MEASURED_MAX || !json_bool(mount, "RW", false) || !is_its_own(k, source) || is_measured(volumes, source))
			continue;
		one = measure(k, mounts, mount);
		if (one && ++*n)
			json_array_append_new(list, one);
	}
}

void sea_look_at_volumes(struct sea_look *k)
{
	autobuf struct buf mounts = BUF_MAX(MOUNTS_MAX);
	json_t *volumes = json_object(), *service;
	struct err ignored = ERR_INIT;
	const char *name;
	size_t n = 0;

	if (file_read_path("/proc/self/mountinfo", &mounts, &ignored) < 0)
		buf_reset(&mounts);
	json_object_foreach((json_t *)facts_get(k->f, SEA_SERVICES), name, service) {
		json_t *list = json_array();

		json_object_set_new(volumes, name, list);
		measure_all(k, buf_sv(&mounts), sea_layout_container(&k->l, name), volumes, list, &n);
		if (!json_array_size(list))
			json_object_del(volumes, name);
	}
	sea_observe_some(k, SEA_VOLUMES, volumes, "docker inspect");
}
