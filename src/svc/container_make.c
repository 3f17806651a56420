/* Containers made, renamed and removed. */
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "io/json.h"
#include "svc/container.h"
#include "svc/docker.h"

#define LOG_LINES "5000"

static int fails(const char *point, const char *doing, struct err *e)
{
	int sys = fault_errno(point);

	return sys ? err_sys(e, sys, "%s", doing) : 0;
}

/* One of the names that docker allows needs no encoding. */
int container_create(const char *name, const json_t *recipe, struct err *e)
{
	autofree char *path = xasprintf("/containers/create?name=%s", name);
	autojson json_t *made = NULL;

	if (fails("container.create", "make a container", e) < 0 ||
	    docker_post(path, json_object_get(recipe, "create"), &made, e) < 0)
		return err_wrap(e, "make container '%s'", name);
	return 0;
}

static int connect_one(const json_t *seen, const json_t *one, struct err *e)
{
	const char *network = json_str(one, "network", "");
	autofree char *path = xasprintf("/networks/%s/connect", network);
	autojson json_t *said = NULL, *ask = NULL;

	if (json_object_get(json_object_get(json_object_get(seen, "NetworkSettings"), "Networks"), network))
		return 0;
	ask = json_pack("{ss sO}", "Container", json_str(seen, "Id", ""), "EndpointConfig", json_object_get(one, "config"));
	if (fails("container.connect", "connect a container", e) < 0 || docker_post(path, ask, &said, e) < 0)
		return err_wrap(e, "connect '%s' to network '%s'", json_str(seen, "Name", "/?") + 1, network);
	return 0;
}

int container_connect(const char *name, const json_t *recipe, struct err *e)
{
	const json_t *list = json_object_get(recipe, "connect"), *one;
	autojson json_t *seen = NULL;
	size_t i;

	if (json_array_size(list) && container_inspect(name, &seen, e) < 0)
		return -(int)e->kind;
	json_array_foreach((json_t *)list, i, one)
		if (connect_one(seen, one, e) < 0)
			return -(int)e->kind;
	return 0;
}

int container_rename(const char *id, const char *name, struct err *e)
{
	const char *argv[] = { "docker", "container", "rename", id, name, NULL };
	autobuf struct buf said = BUF_MAX(4096);

	return fails("container.rename", "rename a container", e) < 0 ? -(int)e->kind
								       : docker_run(argv, DOCKER_WITHIN, &said, e);
}

int container_remove(const char *id, struct err *e)
{
	const char *argv[] = { "docker", "container", "rm", id, NULL };
	autobuf struct buf said = BUF_MAX(4096);

	return fails("container.remove", "remove a container", e) < 0 ? -(int)e->kind
								       : docker_run(argv, 6 * DOCKER_WITHIN, &said, e);
}

int container_logs(const char *id, struct buf *ret, struct err *e)
{
	const char *argv[] = { "docker", "container", "logs", "--timestamps", "--tail", LOG_LINES, id, NULL };

	return docker_run_both(argv, DOCKER_WITHIN, ret, e);
}

int container_logs_since(const char *id, const char *since, struct buf *ret, struct err *e)
{
	const char *argv[] = { "docker", "container", "logs", "--since", since, "--tail", LOG_LINES, id, NULL };

	return docker_run_both(argv, DOCKER_WITHIN, ret, e);
}
