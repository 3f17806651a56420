/* Fixtures of the kinds that change containers, on a stand-in for docker (tests/fakes/docker) with one daemon for all: what it holds is a
 * file in a folder of its own. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "io/cmd.h"
#include "io/json.h"
#include "laws/fixture.h"
#include "unit/unit.h"

#define OLD_ID "00000000000000000000000000000000000000000000000000000000000000aa"
#define DB_ID  "00000000000000000000000000000000000000000000000000000000000000bb"

static const char images[] =
    "{\"Id\":\"sha256:old\",\"RepoTags\":[\"acme/db:1\"],\"Config\":{\"Env\":[\"PATH=/bin\",\"BUILD=1\"],\"Cmd\":[\"serve\"],\"User\":\"\"}},"
    "{\"Id\":\"sha256:new\",\"RepoTags\":[\"acme/db:2\"],\"Config\":{\"Env\":[\"PATH=/bin\",\"BUILD=2\"],\"Cmd\":[\"serve\",\"-2\"]}}";

/* ---- the daemon: a program for each call would take most of the time ---- */

#define DAEMON_WITHIN (60 * NS_PER_S)

static struct {
	char              home[64];
	struct process_id id;
} engine;

static bool engine_answers(void)
{
	autofree char *home = xasprintf("DOCKER_CONFIG=%s", engine.home);
	const char *argv[] = { DOCKER_CLIENT, "info", NULL }, *env[] = { home, NULL };
	struct cmd c = { .argv = argv, .env = env };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;
	bool yes = cmd_run(&c, &r, &e) >= 0 && !r.status;

	cmd_result_done(&r);
	return yes;
}

static void put_state(const json_t *state)
{
	autofree char *path = xasprintf("%s/state.json", engine.home);

	assert_int_equal(json_dump_file(state, path, 0), 0);
}

static void start_engine(void)
{
	static const char *const argv[] = { FAKES_DIR "/docker/dockerd", NULL };
	struct deadline until = deadline_in(DAEMON_WITHIN);
	autofree char *home = NULL;
	const char *env[] = { NULL, NULL };
	struct cmd c = { .argv = argv, .env = env };
	autojson json_t *nothing = json_pack("{s[] s[]}", "images", "containers");
	struct err e = ERR_INIT;

	snprintf(engine.home, sizeof engine.home, "/tmp/crossgrade-laws-XXXXXX");
	assert_non_null(mkdtemp(engine.home));
	env[0] = home = xasprintf("DOCKER_CONFIG=%s", engine.home);
	put_state(nothing);
	assert_ok(cmd_start(&c, &engine.id, NULL, 0, &e), &e);
	while (!engine_answers()) {
		assert_false(deadline_passed(until));
		clock_sleep_ns(10 * NS_PER_MS);
	}
}

void container_fixtures_end(void)
{
	const char *argv[] = { "rm", "-rf", engine.home, NULL };
	struct err e = ERR_INIT;

	if (!*engine.home)
		return;
	if (engine.id.pid)
		assert_ok(process_signal(engine.id, SIGKILL, &e), &e);
	bench_run(argv);
}

static json_t *docker_state(void)
{
	autofree char *path = xasprintf("%s/state.json", engine.home);
	json_t *state = NULL;
	struct err e = ERR_INIT;

	assert_ok(json_read_path(path, 1 << 20, &state, &e), &e);
	return state;
}

/* What docker holds, without the ids of containers: Compose's old one comes back under another. */
static void list_docker(struct bench *b, struct buf *ret)
{
	autojson json_t *state = docker_state();
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
	autofree char *text = xasprintf("{\"made\":0,\"images\":[%s],\"containers\":[%s]}", some_images, containers);
	autojson json_t *state = json_loads(text, 0, NULL);

	if (!*engine.home)
		start_engine();
	put_state(state);
	(void)setenv("CROSSGRADE_DOCKER", DOCKER_CLIENT, 1);
	(void)setenv("DOCKER_CONFIG", engine.home, 1);
	b->also = list_docker;
}

static void change_container(struct bench *b, const char *name, const char *key, json_t *value)
{
	autojson json_t *state = docker_state();
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(state, "containers"), i, one)
		if (!strcmp(json_str(one, "Name", "") + 1, name))
			json_object_set(one, key, value);
	json_decref(value);
	put_state(state);
}

static bool has_container(struct bench *b, const char *name, const char *image)
{
	autojson json_t *state = docker_state();
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
	state = docker_state();
	json_object_set_new(state, "registry", json_pack("[{ss s[s] s{}}]", "Id", "sha256:new", "RepoTags", "acme/db:2", "Config"));
	put_state(state);
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
	return json_pack("{s{ss ss+ s[s+]} ss ss ss ss s{ss ss} ss s[{ss ss ss}] s{ss ss}}", "project", "project", "shop", "directory",
	                 b->base, "/world/system", "files", b->base, "/world/system/compose.yaml", "service", "db", "id", DB_ID, "image",
	                 "acme/db:2", "image_id", "sha256:new", "file", "at", "system", "path", ".env", "dialect", "env", "edits",
	                 "key", "DB_TAG", "old", "1", "value", "2", "variable", "name", "DB_TAG", "value", "2");
}

/* After a look at the files, with the edit tried or not. */
static json_t *looked(struct bench *b, bool try)
{
	const struct step_kind *k = step_kind_named("compose_look");
	json_t *params = variable(b), *look = NULL;
	struct err e = ERR_INIT;

	if (!try)
		json_object_set_new(params, "variable", json_null());
	assert_ok(k->apply(&b->ctx, params, NULL, &look, &e), &e);
	assert_int_equal(json_is_true(json_object_get(look, "tried")), try);
	json_object_set_new(params, "look", look);
	return params;
}

static json_t *tried(struct bench *b)
{
	return looked(b, true);
}

static json_t *not_tried(struct bench *b)
{
	return looked(b, false);
}

/* What the edit moves besides is seen when it was made, and undone without --force. */
static void is_undone(struct bench *b, const json_t *params)
{
	const struct step_kind *k = step_kind_named("compose_recreate");
	autojson json_t *undo = NULL, *result = NULL;
	struct err e = ERR_INIT;

	assert_ok(k->capture(&b->ctx, params, &undo, &e), &e);
	assert_int_equal(k->apply(&b->ctx, params, undo, &result, &e), -ERR_REFUSED);
	assert_non_null(strstr(e.msg, "changes more of the project"));
	assert_true(bench_is(b, "world/system/.env", "DB_TAG='2'\n"));
	err_clear(&e);
	assert_ok(k->undo_look(&b->ctx, params, undo, &e), &e);
	assert_ok(k->undo(&b->ctx, params, undo, &e), &e);
	assert_true(bench_is(b, "world/system/.env", "DB_TAG=1\n"));
	assert_true(has_container(b, "shop-db-1", "sha256:old"));
}

static json_t *files_of(struct bench *b, const char *yaml)
{
	json_t *params = variable(b);

	bench_put(b, "world/system/compose.yaml", yaml);
	return params;
}

/* Another service takes the .env whole: its environment is to have the edit, too, and nothing else stands in the way. */
static json_t *taken_whole(struct bench *b)
{
	json_t *params = files_of(b, "services:\n  web:\n    image: acme/web:1\n    env_file: .env\n  db:\n    image: acme/db:${DB_TAG}\n"),
	       *look = NULL;
	struct err e = ERR_INIT;

	assert_ok(step_kind_named("compose_look")->apply(&b->ctx, params, NULL, &look, &e), &e);
	assert_false(json_is_true(json_object_get(look, "tried")));
	json_object_set_new(params, "look", look);
	return params;
}

/* Beside an `env_file`, which cannot be tried, an edit that moves something else is refused before it is made. */
static json_t *moves_more(struct bench *b)
{
	static const char yaml[] = "services:\n  web:\n    image: acme/web:1\n    env_file: .env\n    command: serve ${DB_TAG}\n"
				   "  db:\n    image: acme/db:${DB_TAG}\n";
	autojson json_t *params = files_of(b, yaml);
	const struct step_kind *k = step_kind_named("compose_look");
	json_t *look = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(k->apply(&b->ctx, params, NULL, &look, &e), -ERR_REFUSED);
	assert_non_null(strstr(e.msg, "changes more of the project"));
	json_object_set_new(params, "variable", json_null());
	err_clear(&e);
	assert_ok(k->apply(&b->ctx, params, NULL, &look, &e), &e);
	json_object_set_new(params, "look", look);
	is_undone(b, params);
	return files_of(b, "services:\n  web:\n    image: acme/web:1\n  db:\n    image: acme/db:${DB_TAG}\n");
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
	autojson json_t *state = docker_state();

	json_array_remove(json_object_get(state, "images"), 0);
	put_state(state);
}

static void start_it(struct bench *b)
{
	change_container(b, "shop-db-1", "State", json_pack("{ss sb}", "Status", "running", "Running", 1));
}

/* Compose is killed at work. */
static void strike(struct bench *b, const char *when)
{
	autojson json_t *state = docker_state();

	json_object_set_new(state, "struck", json_string(when));
	put_state(state);
}

static void strike_created(struct bench *b)
{
	strike(b, "created");
}

static void strike_removed(struct bench *b)
{
	strike(b, "removed");
}

static void make_a_third(struct bench *b)
{
	change_container(b, "shop-db-1", "Image", json_string("sha256:third"));
}

static void edit_another_service(struct bench *b)
{
	bench_put(b, "world/system/compose.yaml", "services:\n  web:\n    image: acme/web:2\n  db:\n    image: acme/db:${DB_TAG}\n");
}

static void edit_variable(struct bench *b)
{
	bench_put(b, "world/system/.env", "DB_TAG=3\n");
}

/* ---- the gate: the proxy of a project ---- */

static json_t *proxy(struct bench *b)
{
	begin(b, images,
	      "{\"Id\":\"" OLD_ID "\",\"Name\":\"/caddy\",\"Image\":\"sha256:old\",\"State\":{\"Status\":\"running\",\"Running\":true},"
	      "\"Config\":{\"Labels\":{\"com.docker.compose.project\":\"shop\",\"com.docker.compose.service\":\"caddy\"}},\"HostConfig\":{},\"Mounts\":[]}");
	return json_pack("{s{ss ss ss}}", "proxy", "kind", "compose", "project", "shop", "service", "caddy");
}

static void stop_proxy(struct bench *b)
{
	change_container(b, "caddy", "State", json_pack("{ss sb}", "Status", "exited", "Running", 0));
}

static json_t *stopped_proxy(struct bench *b)
{
	json_t *params = proxy(b);

	stop_proxy(b);
	return params;
}

static bool proxy_is(struct bench *b, const char *status)
{
	autojson json_t *state = docker_state();

	return !strcmp(json_str(json_object_get(json_array_get(json_object_get(state, "containers"), 0), "State"), "Status", ""), status);
}

static bool is_held(struct bench *b)
{
	return proxy_is(b, "exited");
}

static bool is_let_go(struct bench *b)
{
	return proxy_is(b, "running");
}

const struct fixture container_fixtures[] = {
	{ .kind = "gate_close", .name = "a proxy", .params = proxy, .drift = stop_proxy, .done = is_held },
	{ .kind = "gate_open", .name = "a stopped proxy", .params = stopped_proxy, .done = is_let_go },
	{ .kind = "image_secure", .name = "an archive", .params = load },
	{ .kind = "image_secure", .name = "a registry", .params = pull },
	{ .kind = "image_secure", .name = "it is here", .flags = FX_NO_EFFECT, .params = is_here },
	{ .kind = "container_replace", .name = "a lone one on two networks", .params = lone, .drift = other_container, .meddle = take_name,
	  .done = is_replaced },
	{ .kind = "compose_look", .name = "a variable of .env", .flags = FX_NO_EFFECT, .params = variable },
	{ .kind = "compose_look", .name = "a .env that another service takes whole", .flags = FX_NO_EFFECT, .params = taken_whole },
	{ .kind = "compose_look", .name = "an edit that moves more", .flags = FX_NO_EFFECT, .params = moves_more },
	{ .kind = "compose_recreate", .name = "a variable of .env", .flags = FX_FORCE, .params = tried, .drift = start_it,
	  .then = renew_web, .meddle = edit_variable, .done = is_recreated, .strike = strike_created },
	{ .kind = "compose_recreate", .name = "a .env that another service takes whole", .flags = FX_FORCE | FX_NOT_KILLED, .params = taken_whole,
	  .meddle = edit_variable, .done = is_recreated },
	{ .kind = "compose_recreate", .name = "an image that is cleaned away", .flags = FX_NOT_KILLED, .params = not_tried, .meddle = take_old_image,
	  .strike = strike_removed },
	{ .kind = "compose_recreate", .name = "somebody's own container", .flags = FX_FORCE | FX_NOT_KILLED, .params = tried,
	  .meddle = make_a_third },
	{ .kind = "compose_recreate", .name = "files that somebody edited", .flags = FX_NOT_KILLED, .params = tried,
	  .meddle = edit_another_service },
	{ NULL },
};
