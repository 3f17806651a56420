/* One container, "server", on the stand-in for docker (tests/fakes/docker), that runs a locker. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include "io/json.h"
#include "locking.h"
#include "svc/docker.h"

#define CONTAINED_ID "00000000000000000000000000000000000000000000000000000000000000aa"

static inline void put_docker(const json_t *state)
{
	autofree char *path = xasprintf("%s/state.json", folder);

	assert_int_equal(json_dump_file(state, path, 0), 0);
}

/* more: of the container's configuration, stolen. words: further ones of the locker's command. */
static inline void contain(const char *words, json_t *more)
{
	autojson json_t *config = json_pack("{s[s] s{}}", "Env", "PATH=/bin", "Labels");
	autojson json_t *args = NULL, *state = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(json_parse(sv_of(words), "the words", &args, &e), 0);
	json_array_insert_new(args, 0, json_string(lock_path));
	json_object_update(config, more);
	json_decref(more);
	state = json_pack("{si s[{ss s[s] sb sO}] s[{ss ss ss sO ss sO s{s{ss si}} s[] s{ss sb si si} s{s{}}}]}", "made", 0, "images", "Id",
	                  "sha256:old", "RepoTags", "acme/db:1", "Runs", 1, "Config", config, "containers", "Id", CONTAINED_ID, "Name", "/server",
	                  "Image", "sha256:old", "Config", config, "Path", LOCKER, "Args", args, "HostConfig", "RestartPolicy", "Name",
	                  "unless-stopped", "MaximumRetryCount", 0, "Mounts", "State", "Status", "created", "Running", 0, "Pid", 0, "ExitCode", 0,
	                  "NetworkSettings", "Networks");
	assert_non_null(state);
	put_docker(state);
	(void)setenv("CROSSGRADE_DOCKER", DOCKER, 1);
	(void)setenv("DOCKER_CONFIG", folder, 1);
}

/* Where nobody waits for it: it is no child of ours. */
static inline void end_contained(struct process_id id)
{
	struct err e = ERR_INIT;

	if (process_signal(id, SIGKILL, &e) == 0)
		assert_int_equal(process_wait(id, deadline_in(60 * NS_PER_S), &e), 0);
}

/* What somebody does. False: it could not be had. */
static inline bool restart_contained(void)
{
	const char *argv[] = { "docker", "container", "restart", "--time=0", "server", NULL };
	autobuf struct buf words = BUF_MAX(4096);
	struct err e = ERR_INIT;

	return docker_run(argv, 60 * NS_PER_S, &words, &e) >= 0;
}
