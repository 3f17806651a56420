/* Fixtures of the kinds that change containers, on a stand-in for docker (tests/fakes/docker): what it holds is a file of the bench. */
#include <stdlib.h>
#include <string.h>

#include "laws/fixture.h"
#include "unit/unit.h"

#define OLD_ID "00000000000000000000000000000000000000000000000000000000000000aa"
#define DB_ID  "00000000000000000000000000000000000000000000000000000000000000bb"

static const char images[] =
    "{\"Id\":\"sha256:old\",\"RepoTags\":[\"acme/db:1\"],\"Config\":{\"Env\":[\"PATH=/bin\",\"BUILD=1\"],\"Cmd\":[\"serve\"],\"User\":\"\"}},"
    "{\"Id\":\"sha256:new\",\"RepoTags\":[\"acme/db:2\"],\"Config\":{\"Env\":[\"PATH=/bin\",\"BUILD=2\"],\"Cmd\":[\"serve\",\"-2\"]}}";

static json_t *docker_state(struct bench *b)
{
	autofree char *path = bench_path(b, "docker/state.json");
	json_t *state = NULL;
	struct err e = ERR_INIT;

	assert_ok(json_read_path(path, 1 << 20, &state, &e), &e);
	return state;
}

static void put_state(struct bench *b, const json_t *state)
{
	autobuf struct buf text = BUF_MAX(1 << 20);

	json_pretty(state, &text);
	bench_put(b, "docker/state.json", buf_str(&text));
}

/* What docker holds, without the ids of containers: Compose's old one comes back under another. */
static void list_docker(struct bench *b, struct buf *ret)
{
	autojson json_t *state = docker_state(b);
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(state, "containers"), i, one)
		buf_addf(ret, "container %s %s %s\n", json_str(one, "Name", "?"), json_str(one, "Image", "?"),
		         json_bool(json_object_get(one, "State"), "Running", false) ? "runs" : "is down");
	json_array_foreach(json_object_get(state, "images"), i, one)
		buf_addf(ret, "image %s\n", json_str(one, "Id", "?"));
}

/* The programs that are killed find it by the environment. */
static void begin(struct bench *b, const char *some_images, const char *containers)
{
	autofree char *folder = bench_path(b, "docker");
	autofree char *state = xasprintf("{\"made\":0,\"images\":[%s],\"containers\":[%s]}", some_images, containers);

	bench_put(b, "docker/state.json", state);
	(void)setenv("CROSSGRADE_DOCKER", FAKES_DIR "/docker/docker", 1);
	(void)setenv("DOCKER_CONFIG", folder, 1);
	b->also = list_docker;
}

static void change_container(struct bench *b, const char *name, const char *key, json_t *value)
{
	autojson json_t *state = docker_state(b);
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(state, "containers"), i, one)
		if (!strcmp(json_str(one, "Name", "") + 1, name))
			json_object_set(one, key, value);
	json_decref(value);
	put_state(b, state);
}

static bool has_container(struct bench *b, const char *name, const char *image)
{
	autojson json_t *state = docker_state(b);
	bool has = false;
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(state, "containers"), i, one)
		has |= !strcmp(json_str(one, "Name", "") + 1, name) && !strcmp(json_str(one, "Image", ""), image);
	return has;
}

/* ---- image_secure ---- */

static json_t *load(struct bench *b)
{
	begin(b, "{\"Id\":\"sha256:old\",\"RepoTags\":[\"acme/db:1\"],\"Config\":{}}", "");
	bench_put(b, "image.tar", "{\"Id\":\"sha256:new\",\"RepoTags\":[\"acme/db:2\"],\"Config\":{}}");
	return json_pack("{ss so}", "image", "acme/db:2", "archive", json_sprintf("%s/image.tar", b->base));
}

static json_t *pull(struct bench *b)
{
	autojson json_t *state = NULL;

	begin(b, "{\"Id\":\"sha256:old\",\"RepoTags\":[\"acme/db:1\"],\"Config\":{}}", "");
	state = docker_state(b);
	json_object_set_new(state, "registry", json_pack("[{ss s[s] s{}}]", "Id", "sha256:new", "RepoTags", "acme/db:2", "Config"));
	put_state(b, state);
	return json_pack("{ss}", "image", "acme/db:2");
}

static json_t *is_here(struct bench *b)
{
	begin(b, images, "");
	return json_pack("{ss}", "image", "acme/db:2");
}

/* ---- container_replace ---- */

static json_t *lone(struct bench *b)
{
	begin(b, images,
	      "{\"Id\":\"" OLD_ID "\",\"Name\":\"/db\",\"Image\":\"sha256:old\",\"Config\":{\"Image\":\"acme/db:1\",\"Env\":[\"A=b\",\"BUILD=1\"],"
	      "\"Cmd\":[\"serve\"],\"Labels\":{}},\"HostConfig\":{\"NetworkMode\":\"front\",\"Binds\":[\"data:/data\"]},\"Mounts\":[],"
	      "\"State\":{\"Status\":\"exited\",\"Running\":false},\"NetworkSettings\":{\"Networks\":{\"front\":{},\"back\":{}}}}");
	return json_pack("{ss ss ss ss}", "name", "db", "id", OLD_ID, "image", "acme/db:2", "image_id", "sha256:new");
}

static void other_container(struct bench *b)
{
	change_container(b, "db", "Id", json_string("00000000000000000000000000000000000000000000000000000000000000cc"));
}

static void take_name(struct bench *b)
{
	change_container(b, "db", "Config", json_pack("{s{}}", "Labels"));
}

static bool is_replaced(struct bench *b)
{
	return has_container(b, "db", "sha256:new") && has_container(b, "db.crossgrade-20260101-000000-0001", "sha256:old");
}

/* ---- compose_recreate ---- */

static json_t *variable(struct bench *b)
{
	static const char yaml[] = "services:\n  web:\n    image: acme/web:1\n  db:\n    image: acme/db:${DB_TAG}\n";
	static const char containers[] =
	    "{\"Id\":\"" OLD_ID "\",\"Name\":\"/shop-web-1\",\"Image\":\"sha256:web\",\"State\":{\"Status\":\"running\",\"Running\":true},"
	    "\"Config\":{\"Labels\":{\"com.docker.compose.project\":\"shop\",\"com.docker.compose.service\":\"web\"}},\"Mounts\":[]},"
	    "{\"Id\":\"" DB_ID "\",\"Name\":\"/shop-db-1\",\"Image\":\"sha256:old\",\"State\":{\"Status\":\"exited\",\"Running\":false},"
	    "\"Config\":{\"Labels\":{\"com.docker.compose.project\":\"shop\",\"com.docker.compose.service\":\"db\","
	    "\"com.docker.compose.config-hash\":\"{\\\"image\\\": \\\"acme/db:1\\\"}\"}},\"Mounts\":[]}";

	begin(b, images, containers);
	bench_put(b, "world/system/compose.yaml", yaml);
	bench_put(b, "world/system/.env", "DB_TAG=1\n");
	return json_pack("{s{ss ss+ s[s+]} ss ss ss ss s{ss ss} ss s[{ss ss ss}]}", "project", "project", "shop", "directory", b->base,
	                 "/world/system", "files", b->base, "/world/system/compose.yaml", "service", "db", "id", DB_ID, "image",
	                 "acme/db:2", "image_id", "sha256:new", "file", "at", "system", "path", ".env", "dialect", "env", "edits",
	                 "key", "DB_TAG", "old", "1", "value", "2");
}

static bool is_recreated(struct bench *b)
{
	return has_container(b, "shop-db-1", "sha256:new") && has_container(b, "shop-web-1", "sha256:web");
}

/* Somebody brings another service up to date. */
static void renew_web(struct bench *b)
{
	change_container(b, "shop-web-1", "Id", json_string("00000000000000000000000000000000000000000000000000000000000000dd"));
}

/* Somebody cleans up what no container uses. */
static void take_old_image(struct bench *b)
{
	autojson json_t *state = docker_state(b);

	json_array_remove(json_object_get(state, "images"), 0);
	put_state(b, state);
}

static void start_it(struct bench *b)
{
	change_container(b, "shop-db-1", "State", json_pack("{ss sb}", "Status", "running", "Running", 1));
}

static void edit_variable(struct bench *b)
{
	bench_put(b, "world/system/.env", "DB_TAG=3\n");
}

const struct fixture container_fixtures[] = {
	{ .kind = "image_secure", .name = "an archive", .params = load },
	{ .kind = "image_secure", .name = "a registry", .params = pull },
	{ .kind = "image_secure", .name = "it is here", .flags = FX_NO_EFFECT, .params = is_here },
	{ .kind = "container_replace", .name = "a lone one on two networks", .params = lone, .drift = other_container, .meddle = take_name,
	  .done = is_replaced },
	{ .kind = "compose_recreate", .name = "a variable of .env", .flags = FX_FORCE, .params = variable, .drift = start_it,
	  .then = renew_web, .meddle = edit_variable, .done = is_recreated },
	{ .kind = "compose_recreate", .name = "an image that is cleaned away", .params = variable, .meddle = take_old_image },
	{ NULL },
};
