/* Jobs beside the server: backups, programs by the clock, scripts of users. */
#include <string.h>

#include "products/seatable/image.h"
#include "products/seatable/inspect.h"
#include "products/seatable/jobs.h"
#include "svc/container.h"
#include "svc/docker.h"

static bool runs(const json_t *container)
{
	return json_bool(json_object_get(container, "State"), "Running", false);
}

/* One that cannot be asked is not told. */
static void put(json_t *jobs, const char *job, const json_t *container, bool ask)
{
	const char *name = sea_container_name(container);
	const char *argv[] = { "docker", "container", "top", name, "-o", "pid,args", NULL };
	json_t *o = json_pack("{ss}", "container", name);
	autobuf struct buf top = BUF_MAX(1u << 20);
	struct err ignored = ERR_INIT;

	if (ask && docker_run(argv, DOCKER_WITHIN, &top, &ignored) >= 0)
		json_object_set_new(o, "work", sea_job_of(buf_sv(&top)));
	json_object_set_new(jobs, job, o);
}

/* Each script of a user has a container of its own, which no Compose made. */
static const json_t *script_in(const json_t *all)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)all, i, one) {
		const json_t *config = json_object_get(one, "Config");

		if (runs(one) && strstr(json_str(config, "Image", ""), "seatable-python-runner") &&
		    !json_object_get(json_object_get(config, "Labels"), "com.docker.compose.service"))
			return one;
	}
	return NULL;
}

static void put_scripts(struct sea_look *k, json_t *jobs)
{
	static const char *const services[] = { "python-scheduler", "python-starter" };
	autojson json_t *all = NULL;
	struct err ignored = ERR_INIT;
	const json_t *script = container_all(&all, &ignored) < 0 ? NULL : script_in(all);

	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		if (runs(sea_layout_container(&k->l, services[i])))
			put(jobs, "python", sea_layout_container(&k->l, services[i]), false);
	if (script)
		put(jobs, "python", script, false);
	if (json_object_get(jobs, "python") && all)
		json_object_set_new(json_object_get(jobs, "python"), "work", json_string(script ? "a script" : ""));
}

void sea_look_at_jobs(struct sea_look *k)
{
	static const char *const services[][2] = { { "restic", "restic" }, { "restic-backup", "restic" }, { "ofelia", "ofelia" } };
	json_t *jobs = json_object();

	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		const json_t *container = sea_layout_container(&k->l, services[i][0]);

		/* What Ofelia starts is at work in other containers. */
		if (runs(container))
			put(jobs, services[i][1], container, strcmp(services[i][1], "ofelia") != 0);
	}
	put_scripts(k, jobs);
	sea_observe_some(k, SEA_JOBS, jobs, "docker container top");
}
