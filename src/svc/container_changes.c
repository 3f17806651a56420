/* What a container holds in itself, beside its image and outside of its volumes. */
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "io/json.h"
#include "svc/container.h"
#include "svc/docker.h"

#define SAID_MAX    ((size_t)4 << 20)
#define CHANGES_MAX 1000
#define DIFF_WITHIN (60 * NS_PER_S)

typedef VEC(char *) path_list;

static bool is_passing(const char *path)
{
	static const char *const tops[] = { "/tmp", "/var/tmp", "/run", "/var/run", "/dev", "/proc", "/sys", "/var/log", "/var/cache" };

	for (size_t i = 0; i < ARRAY_LEN(tops); i++)
		if (path_is_in(path, tops[i]))
			return true;
	return false;
}

/* Docker makes the folders that it mounts on. */
static bool is_of_mount(const json_t *seen, const char *path)
{
	json_t *m;
	size_t i;

	json_array_foreach(json_object_get(seen, "Mounts"), i, m)
	{
		const char *at = json_str(m, "Destination", "");

		if (*at && (path_is_in(path, at) || path_is_in(at, path)))
			return true;
	}
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A folder that only tells that something in it changed. */
static bool holds_next(const path_list *all, size_t i)
{
	size_t n = strlen(all->v[i]);

	for (size_t j = i + 1; j < all->n && !strncmp(all->v[j], all->v[i], n); j++)
		if (all->v[j][n] == '/')
			return true;
	return false;
}

json_t *container_changes_of(const json_t *seen, struct sv said)
{
	json_t *ret = json_array();
	path_list all = { 0 };

	while (said.n) {
		struct sv line = sv_line(&said), kind = sv_cut(&line, ' ');
		autofree char *path = sv_dup(line);

		if (kind.n == 1 && *path == '/' && !is_passing(path) && !is_of_mount(seen, path))
			*vec_push(&all) = take_ptr(path);
	}
	if (all.n)
		vec_sort(&all, by_text);
	for (size_t i = 0; i < all.n; i++) {
		if (!holds_next(&all, i) && json_array_size(ret) < CHANGES_MAX)
			json_array_append_new(ret, json_text(all.v[i]));
	}
	vec_each (&all, it)
		free(*it);
	vec_done(&all);
	return ret;
}

int container_changes(const json_t *seen, json_t **ret, struct err *e)
{
	const char *argv[] = { "docker", "container", "diff", json_str(seen, "Id", ""), NULL };
	autobuf struct buf said = BUF_MAX(SAID_MAX);

	if (docker_run(argv, DIFF_WITHIN, &said, e) < 0)
		return err_wrap(e, "what was changed in the container itself");
	*ret = container_changes_of(seen, buf_sv(&said));
	return 0;
}

bool container_is_on_host_of(const json_t *seen)
{
	return !strcmp(json_str(json_object_get(seen, "HostConfig"), "NetworkMode", ""), "host");
}

const char *container_log_of(const json_t *seen)
{
	const json_t *config = json_object_get(json_object_get(seen, "HostConfig"), "LogConfig");
	const char *path = json_str(seen, "LogPath", "");

	return !strcmp(json_str(config, "Type", ""), "json-file") && *path == '/' ? path : NULL;
}
