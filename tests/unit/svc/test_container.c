/* What is thought about containers, on answers of docker's that were saved: recipes, Compose's files, the API's answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/json.h"
#include "svc/compose.h"
#include "svc/container.h"
#include "svc/docker.h"

#define ID "1f3ac0000000000000000000000000000000000000000000000000000000beef"
#define SKIPPED 77
#define VOLUME "9d00000000000000000000000000000000000000000000000000000000000000"

static json_t *parse(const char *text)
{
	json_t *doc = NULL;
	struct err e = ERR_INIT;

	if (json_parse(sv_of(text), "the test", &doc, &e) < 0)
		fail_msg("%s: %s", e.msg, text);
	return doc;
}

static const char old_image[] =
    "{\"Config\":{\"Env\":[\"PATH=/bin\",\"QDB_TELEMETRY=1\"],\"Cmd\":[\"serve\"],\"Entrypoint\":[\"/entry\"],\"User\":\"\","
    "\"WorkingDir\":\"/app\",\"Labels\":{\"vendor\":\"q\"},\"ExposedPorts\":{\"9000/tcp\":{}},\"Healthcheck\":{\"Test\":[\"CMD\",\"old\"]}}}";

static const char seen_text[] =
    "{\"Id\":\"" ID "\",\"Name\":\"/quest\",\"Image\":\"sha256:old\","
    "\"Config\":{\"Hostname\":\"1f3ac0000000\",\"Env\":[\"QDB_PG_PASSWORD=secret\",\"PATH=/bin\",\"QDB_TELEMETRY=1\"],"
    "\"Cmd\":[\"serve\"],\"Entrypoint\":[\"/entry\"],\"User\":\"\",\"WorkingDir\":\"/app\",\"Labels\":{\"vendor\":\"q\",\"mine\":\"1\"},"
    "\"ExposedPorts\":{\"9000/tcp\":{},\"8812/tcp\":{}},\"Healthcheck\":{\"Test\":[\"CMD\",\"old\"]},\"Tty\":false,\"StopSignal\":\"SIGINT\"},"
    "\"HostConfig\":{\"NetworkMode\":\"front\",\"Binds\":[\"named:/named:ro\"],\"RestartPolicy\":{\"Name\":\"always\"},"
    "\"PortBindings\":{\"9000/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"19000\"}]},\"Links\":[\"/redis:/quest/cache\"],"
    "\"Memory\":1073741824,\"ContainerIDFile\":\"/run/q\"},"
    "\"Mounts\":[{\"Type\":\"volume\",\"Name\":\"named\",\"Destination\":\"/named\",\"RW\":false},"
    "{\"Type\":\"volume\",\"Name\":\"" VOLUME "\",\"Destination\":\"/var/lib/questdb\",\"RW\":true},"
    "{\"Type\":\"bind\",\"Source\":\"/etc\",\"Destination\":\"/etc\",\"RW\":true}],"
    "\"NetworkSettings\":{\"Networks\":{\"front\":{\"Aliases\":[\"1f3ac0000000\",\"db\"],\"IPAMConfig\":{\"IPv4Address\":\"10.1.0.5\"},"
    "\"IPAddress\":\"10.1.0.5\"},\"back\":{\"Aliases\":null}}}}";

static json_t *recipe_with(const char *key, json_t *value, const char *new_user)
{
	autojson json_t *seen = parse(seen_text), *old = parse(old_image), *new = parse(old_image);
	json_t *recipe = NULL;
	struct err e = ERR_INIT;

	if (key)
		json_object_set_new(json_object_get(seen, "Config"), key, value);
	json_object_set_new(json_object_get(new, "Config"), "User", json_string(new_user));
	assert_int_equal(container_recipe_of(seen, old, new, "q:2", "RUN", &recipe, &e), 0);
	return recipe;
}

static void is(const json_t *doc, const char *key, const char *want)
{
	autofree char *text = json_object_get(doc, key) ? json_dumps(json_object_get(doc, key), JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS)
							: xstrdup("absent");

	if (strcmp(text, want))
		fail_msg("%s is %s, not %s", key, text, want);
}

static void test_what_the_operator_gave(void **state)
{
	autojson json_t *recipe = recipe_with(NULL, NULL, "");
	const json_t *create = json_object_get(recipe, "create"), *host = json_object_get(create, "HostConfig");

	is(create, "Image", "\"q:2\"");
	is(create, "Env", "[\"QDB_PG_PASSWORD=secret\"]");
	is(create, "Labels", "{\"mine\":\"1\",\"org.crossgrade.run\":\"RUN\"}");
	is(create, "ExposedPorts", "{\"8812/tcp\":{}}");
	is(create, "StopSignal", "\"SIGINT\"");
	is(create, "Cmd", "absent");
	is(create, "Entrypoint", "absent");
	is(create, "Healthcheck", "absent");
	is(create, "WorkingDir", "absent");
	is(create, "Hostname", "absent");
	is(create, "User", "absent");
	is(host, "Memory", "1073741824");
	is(host, "ContainerIDFile", "absent");
	is(host, "RestartPolicy", "{\"Name\":\"no\"}");
	is(host, "Links", "[\"redis:cache\"]");
	is(host, "PortBindings", "{\"9000/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"19000\"}]}");
}

static void test_volumes_without_a_name(void **state)
{
	autojson json_t *recipe = recipe_with(NULL, NULL, "");

	is(json_object_get(json_object_get(recipe, "create"), "HostConfig"), "Binds",
	   "[\"named:/named:ro\",\"" VOLUME ":/var/lib/questdb\"]");
}

static void test_networks(void **state)
{
	autojson json_t *recipe = recipe_with(NULL, NULL, "");

	is(json_object_get(recipe, "create"), "NetworkingConfig",
	   "{\"EndpointsConfig\":{\"front\":{\"Aliases\":[\"db\"],\"IPAMConfig\":{\"IPv4Address\":\"10.1.0.5\"}}}}");
	is(recipe, "connect", "[{\"config\":{\"Aliases\":[]},\"network\":\"back\"}]");
}

static void test_commands(void **state)
{
	autojson json_t *own_cmd = recipe_with("Cmd", parse("[\"other\"]"), "");
	autojson json_t *own_entry = recipe_with("Entrypoint", parse("[\"/mine\"]"), "");

	is(json_object_get(own_cmd, "create"), "Cmd", "[\"other\"]");
	is(json_object_get(own_cmd, "create"), "Entrypoint", "absent");
	is(json_object_get(own_entry, "create"), "Entrypoint", "[\"/mine\"]");
	is(json_object_get(own_entry, "create"), "Cmd", "[\"serve\"]");
}

static void test_an_address_of_the_operators(void **state)
{
	autojson json_t *given = recipe_with("MacAddress", json_string("02:42:ac:11:00:02"), "");
	autojson json_t *drawn = recipe_with(NULL, NULL, "");

	is(json_object_get(given, "create"), "MacAddress", "\"02:42:ac:11:00:02\"");
	is(json_object_get(drawn, "create"), "MacAddress", "absent");
}

static void test_same_user(void **state)
{
	autojson json_t *given = recipe_with("User", json_string("10001"), "");
	autojson json_t *changed = recipe_with(NULL, NULL, "questdb");

	is(json_object_get(given, "create"), "User", "\"10001\"");
	is(json_object_get(changed, "create"), "User", "\"0:0\"");
}

static void test_refused(void **state)
{
	autojson json_t *seen = parse(seen_text), *image = parse(old_image), *swarm = parse("{\"com.docker.swarm.service.id\":\"x\"}");
	json_t *recipe = NULL;
	struct err e = ERR_INIT;

	json_object_set(json_object_get(seen, "Config"), "Labels", swarm);
	assert_int_equal(container_recipe_of(seen, image, image, "q:2", "RUN", &recipe, &e), -ERR_REFUSED);
	assert_non_null(strstr(e.msg, "Swarm"));
	json_object_del(json_object_get(seen, "Config"), "Labels");
	json_object_set_new(json_object_get(seen, "HostConfig"), "AutoRemove", json_true());
	err_clear(&e);
	assert_int_equal(container_recipe_of(seen, image, image, "q:2", "RUN", &recipe, &e), -ERR_REFUSED);
	assert_non_null(strstr(e.msg, "--rm"));
}

static void test_drawn_ports(void **state)
{
	autojson json_t *fixed = parse(seen_text);
	autojson json_t *drawn = parse("{\"HostConfig\":{\"PortBindings\":{\"9000/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"\"}]}}}");
	autojson json_t *all = parse("{\"HostConfig\":{\"PublishAllPorts\":true}}");

	assert_false(container_draws_port_of(fixed));
	assert_true(container_draws_port_of(drawn));
	assert_true(container_draws_port_of(all));
}

static enum err_kind answer(const char *text, const char *want)
{
	autojson json_t *doc = NULL;
	autofree char *is = NULL;
	struct err e = ERR_INIT;

	if (docker_answer(sv_of(text), &doc, &e) < 0) {
		if (want && !strstr(e.msg, want))
			fail_msg("said '%s', not '%s'", e.msg, want);
		return e.kind;
	}
	is = json_dumps(doc, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_string_equal(is, want);
	return ERR_OK;
}

static void test_answers_of_the_api(void **state)
{
	assert_int_equal(answer("HTTP/1.0 201 Created\r\nA: b\r\n\r\n{\"Id\":\"1\"}\n", "{\"Id\":\"1\"}"), ERR_OK);
	assert_int_equal(answer("HTTP/1.0 200 OK\r\n\r\n", "null"), ERR_OK);
	assert_int_equal(answer("HTTP/1.0 409 Conflict\r\n\r\n{\"message\":\"in use\"}", "in use"), ERR_EXISTS);
	assert_int_equal(answer("HTTP/1.0 404 Not Found\r\n\r\n{\"message\":\"No such image: q:2\"}", "No such"), ERR_ABSENT);
	assert_int_equal(answer("HTTP/1.0 404 Not Found\r\n\r\n{\"message\":\"page not found\"}", "page"), ERR_REFUSED);
	assert_int_equal(answer("HTTP/1.0 500 X\r\n\r\nnot json", "it says no"), ERR_REFUSED);
	assert_int_equal(answer("HTTP/1.0 200 OK\r\n\r\n{", NULL), ERR_FORMAT);
	assert_int_equal(answer("garbage", "none of its API"), ERR_FORMAT);
	assert_int_equal(answer("", "none of its API"), ERR_FORMAT);
}

/* ---- a daemon that is away ---- */

#define LOST "Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?"

/* The first `times` calls end with these words. */
static enum err_kind docker_that_says(const char *words, int times, int64_t awaited_ns)
{
	static const char *const start[] = { "docker", "container", "start", "a", NULL };
	char folder[] = "/tmp/crossgrade-docker-XXXXXX";
	autofree char *path = NULL, *calls = NULL, *text = NULL;
	autobuf struct buf said = BUF_MAX(4096);
	struct err e = ERR_INIT;
	FILE *program;
	int r;

	assert_non_null(mkdtemp(folder));
	path = xasprintf("%s/docker", folder);
	calls = xasprintf("%s/calls", folder);
	text = xasprintf("#!/bin/sh\necho >>%s\nif [ $(wc -l <%s) -le %d ]; then echo '%s' >&2; exit 1; fi\necho '[]'\n", calls, calls, times,
	                 words);
	program = fopen(path, "we");
	assert_non_null(program);
	assert_true(fputs(text, program) >= 0);
	assert_int_equal(fchmod(fileno(program), 0700), 0);
	assert_int_equal(fclose(program), 0);
	assert_int_equal(setenv("CROSSGRADE_DOCKER", path, 1), 0);
	docker_await(awaited_ns);
	r = docker_run(start, DOCKER_WITHIN, &said, &e);
	docker_await(0);
	(void)unlink(path);
	(void)unlink(calls);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(r, -(int)e.kind);
	return e.kind;
}

/* A daemon at its socket: each connection gets the next of these answers. The child's pid. */
static pid_t daemon_that_answers(const char *path, const char *const *answers)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char request[4096];
	pid_t pid;

	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 4), 0);
	pid = fork();
	if (!pid) {
		(void)alarm(60);
		for (size_t i = 0; answers[i]; i++) {
			int peer = accept(fd, NULL, NULL);

			if (read(peer, request, sizeof request) < 0 || write(peer, answers[i], strlen(answers[i])) < 0)
				_exit(1);
			close(peer);
		}
		_exit(0);
	}
	close(fd);
	return pid;
}

static void test_the_daemon_s_own_socket(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"Id\":\"" ID "\"}",
		"HTTP/1.0 404 Not Found\r\n\r\n{\"message\":\"No such container: b\"}",
		"HTTP/1.0 500 Internal Server Error\r\n\r\n{\"message\":\"busy\"}",
		"HTTP/1.0 200 OK\r\n\r\n{\"Id\":\"cut",
		"HTTP/1.0 404 Not Found\r\n\r\n{\"message\":\"page not found\"}",
		"HTTP/1.0 200 OK\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\n[]",
		"HTTP/1.0 200 OK\r\n\r\n{}",
		"HTTP/1.0 200 OK\r\n\r\n[]",
		NULL,
	};
	static const char *const labels[] = { "com.docker.compose.project=shop", NULL };
	char folder[] = "/tmp/crossgrade-docker-XXXXXX";
	autofree char *path = NULL, *host = NULL;
	autojson json_t *seen = NULL, *list = NULL;
	struct err e = ERR_INIT;
	int status;
	pid_t pid;

	assert_non_null(mkdtemp(folder));
	path = xasprintf("%s/socket", folder);
	host = xasprintf("unix://%s", path);
	assert_int_equal(unsetenv("CROSSGRADE_DOCKER"), 0);
	assert_int_equal(setenv("DOCKER_HOST", host, 1), 0);
	pid = daemon_that_answers(path, answers);
	assert_int_equal(container_inspect("a", &seen, &e), 0);
	is(seen, "Id", "\"" ID "\"");
	assert_int_equal(container_inspect("b", &seen, &e), -ERR_ABSENT);
	err_clear(&e);
	/* What is no plain answer, and what no name of docker's is, the program is asked. */
	assert_int_equal(docker_get("/containers/c/json", &seen, &e), 1);
	assert_int_equal(docker_get("/containers/d/json", &seen, &e), 1);
	assert_int_equal(docker_get("/elsewhere/d/json", &seen, &e), 1);
	assert_int_equal(docker_get("/containers/d/json", &seen, &e), 1);
	assert_int_equal(docker_get("/containers/d/json", &seen, &e), 1);
	assert_int_equal(docker_list(labels, &list, &e), 1);
	assert_int_equal(docker_list(labels, &list, &e), 0);
	assert_true(json_is_array(list));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(docker_get("/containers/a b/json", &seen, &e), 1);
	assert_int_equal(docker_get("/containers/e/json", &seen, &e), 1);
	assert_int_equal(setenv("DOCKER_HOST", "ssh://elsewhere", 1), 0);
	assert_int_equal(docker_get("/containers/a/json", &seen, &e), 1);
	assert_int_equal(unsetenv("DOCKER_HOST"), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

#define RUN "/var/run"

/* In a /var/run of this child's own: 0, or which question was answered by the wrong one. */
static int asked_without_a_home(void)
{
	static const char *const answers[] = { "HTTP/1.0 200 OK\r\n\r\n{}", "HTTP/1.0 200 OK\r\n\r\n{}", "HTTP/1.0 200 OK\r\n\r\n{}", NULL };
	static const char *const others[] = { "CROSSGRADE_DOCKER", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG" };
	autojson json_t *seen = NULL, *again = NULL;
	struct err e = ERR_INIT;
	pid_t pid;
	int r;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("none", RUN, "tmpfs", 0, NULL) < 0)
		return SKIPPED;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		(void)unsetenv(others[i]);
	pid = daemon_that_answers(RUN "/docker.sock", answers);
	(void)setenv("HOME", RUN, 1);
	r = docker_get("/containers/a/json", &seen, &e) == 0 ? 0 : 1;
	(void)setenv("HOME", "", 1);
	r |= docker_get("/containers/a/json", &again, &e) == 1 ? 0 : 2;
	(void)unsetenv("HOME");
	r |= docker_get("/containers/a/json", &again, &e) == 1 ? 0 : 4;
	(void)kill(pid, SIGKILL);
	return r;
}

static void test_a_home_that_only_the_program_knows(void **state)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(asked_without_a_home());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(status, 0);
}

static void test_names_of_a_compose_at_work(void **state)
{
	autojson json_t *half = parse("{\"Name\":\"/0123456789ab_seatable-server\"}"), *whole = parse("{\"Name\":\"/seatable-server\"}");

	assert_string_equal(compose_name_to_be(half), "seatable-server");
	assert_null(compose_name_to_be(whole));
}

static void test_a_daemon_is_waited_for_in_a_run(void **state)
{
	assert_int_equal(docker_that_says(LOST, 1, 0), ERR_REFUSED);
	assert_int_equal(docker_that_says(LOST, 1, 20 * NS_PER_S), ERR_OK);
	assert_int_equal(docker_that_says("permission denied", 1, 20 * NS_PER_S), ERR_REFUSED);
}

/* Nor with a service that is looked at. */
static void test_without_its_program_nothing_is_absent(void **state)
{
	autojson json_t *config = parse("{\"kind\":\"container\",\"name\":\"a\"}"), *seen = NULL;
	struct svc_state now = { 0 };
	struct service *s = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(setenv("CROSSGRADE_DOCKER", "/nowhere/docker", 1), 0);
	assert_int_equal(container_inspect("a", &seen, &e), -ERR_REFUSED);
	assert_non_null(strstr(e.msg, "docker cannot be asked"));
	assert_non_null(strstr(e.hint, "docker command line"));
	err_clear(&e);
	assert_int_equal(service_open(config, NULL, &s, &e), 0);
	assert_int_equal(s->ops->state(s, &now, &e), -ERR_REFUSED);
	assert_non_null(strstr(e.msg, "look at container a"));
	service_close(s);
	assert_int_equal(unsetenv("CROSSGRADE_DOCKER"), 0);
}

/* As docker 20.10 with Compose 2.26.1 and Debian's registry said it, three apart, that are theirs elsewhere; each with a word of what is to be done. */
static void test_what_is_to_be_done(void **state)
{
	static const char *const all[][2] = {
		{ "Error response from daemon: invalid mount config for type \"bind\": bind source path does not exist: /nowhere/x", "an empty file" },
		{ "Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
		  "error during container init: error mounting \"/srv/d\" to rootfs at \"/etc/passwd\": mount /srv/d:/etc/passwd (via /proc/self/fd/6), "
		  "flags: 0x5000: not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host "
		  "path exists and is the expected type", "remove it if it is empty" },
		{ "Error response from daemon: Conflict. The container name \"/caddy\" is already in use by container \"b5628d2c\". You have to remove (or "
		  "rename) that container to be able to reuse that name.", "docker container ls --all" },
		{ "Error response from daemon: driver failed programming external connectivity on endpoint msgs-d-1 (484a1f99): Bind for 0.0.0.0:80 "
		  "failed: port is already allocated", "another container has that port" },
		{ "Error response from daemon: driver failed programming external connectivity on endpoint a (48): Error starting userland proxy: listen "
		  "tcp4 0.0.0.0:80: bind: address already in use", "another program has that port" },
		{ "error while interpolating services.e.environment.A: required variable A is missing a value: Variable is not set or empty", ".env" },
		{ "Error response from daemon: Head \"http://127.0.0.1:5000/v2/db/manifests/1\": no basic auth credentials", "'docker login'" },
		{ "Error response from daemon: unauthorized: authentication required", "'docker login'" },
		{ "no such manifest: 127.0.0.1:5000/db:1", "does not take the login" },
		{ "Error response from daemon: manifest for 127.0.0.1:5000/db:1 not found: manifest unknown: manifest unknown", "no such tag" },
		{ "Cannot connect to the Docker daemon at unix:///nowhere. Is the docker daemon running?", "start the Docker daemon" },
		{ "failed to connect to the docker API at unix:///nowhere", "start the Docker daemon" },
		{ "failed to register layer: write /usr/bin/x: no space left on device", "docker system df" },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const char *advice = docker_advice(all[i][0]);

		if (!advice || !strstr(advice, all[i][1]))
			fail_msg("'%s' for '%s'", advice ? advice : "nothing", all[i][0]);
	}
	assert_null(docker_advice("mkdir /srv/x: permission denied: unknown"));
	assert_null(docker_advice("Error response from daemon: No such container: a"));
}

static void test_what_is_absent(void **state)
{
	assert_int_equal(docker_that_says("Error response from daemon: No such container: a", 1, 0), ERR_ABSENT);
	assert_int_equal(docker_that_says("error: no such object: a", 1, 0), ERR_ABSENT);
	assert_int_equal(docker_that_says("open /srv/x/b.yml: no such file or directory", 1, 0), ERR_REFUSED);
	assert_int_equal(docker_that_says("no such service: db", 1, 0), ERR_REFUSED);
	assert_int_equal(docker_that_says("failed to connect to the docker API at unix:///run/docker.sock: dial: no such file or directory", 1, 0),
	                 ERR_REFUSED);
}

/* ---- Compose ---- */

static void becomes(const char *written, const char *wanted, const char *name, const char *value)
{
	autofree char *n = NULL, *v = NULL;
	struct err e = ERR_INIT;
	int r = compose_variable(written, wanted, &n, &v, &e);

	if (!name) {
		assert_true(r < 0);
		return;
	}
	assert_int_equal(r, 0);
	assert_string_equal(n, name);
	assert_string_equal(v, value);
}

static void test_image_by_a_variable(void **state)
{
	becomes("${IMAGE}", "acme/db:2", "IMAGE", "acme/db:2");
	becomes("$IMAGE", "acme/db:2", "IMAGE", "acme/db:2");
	becomes("${IMAGE:-acme/db:1}", "acme/db:2", "IMAGE", "acme/db:2");
	becomes("acme/db:${TAG:?no tag}", "acme/db:2", "TAG", "2");
	becomes("${HUB}/db:2", "127.0.0.1:5000/db:2", "HUB", "127.0.0.1:5000");
	becomes("acme/db:${TAG}-alpine", "acme/db:2-alpine", "TAG", "2");
	becomes("acme/db:1", "acme/db:2", NULL, NULL);
	becomes("acme/db:${TAG}", "other/db:2", NULL, NULL);
	becomes("${HUB}/db:${TAG}", "acme/db:2", NULL, NULL);
	becomes("${A:-${B}}", "acme/db:2", NULL, NULL);
	becomes("acme/db:${TAG}", "acme/db:", NULL, NULL);
	becomes("acme/db:${TAG", "acme/db:2", NULL, NULL);
}

static void lists(const char *list, const char *separator, const char *want)
{
	autojson json_t *files = compose_files(list, separator, "/srv");
	autofree char *text = json_dumps(files, JSON_COMPACT);

	assert_string_equal(text, want);
}

static void test_compose_file_is_split(void **state)
{
	lists("a.yml:/b.yml", NULL, "[\"/srv/a.yml\",\"/b.yml\"]");
	lists("a.yml,b.yml", ",", "[\"/srv/a.yml\",\"/srv/b.yml\"]");
	lists("a.yml, b.yml", ",", "[\"/srv/a.yml\",\"/srv/ b.yml\"]");
	lists("a.yml:b.yml", "", "[\"/srv/a.yml\",\"/srv/b.yml\"]");
	lists("", NULL, "[\"/srv/\"]");
}

static void test_dollars_are_not_doubled(void **state)
{
	autojson json_t *doc = parse("{\"a\":[\"x$$y\",\"$$$$\",\"p\"],\"b\":{\"c\":1}}"), *plain = compose_plain(doc);
	autofree char *text = json_dumps(plain, JSON_COMPACT);

	assert_string_equal(text, "{\"a\":[\"x$y\",\"$$\",\"p\"],\"b\":{\"c\":1}}");
}

static void test_project_by_labels(void **state)
{
	autojson json_t *seen = parse("{\"Config\":{\"Labels\":{\"com.docker.compose.project\":\"shop\",\"com.docker.compose.version\":\"2.26.1\","
				      "\"com.docker.compose.project.working_dir\":\"/srv/shop\","
				      "\"com.docker.compose.project.config_files\":\"/srv/shop/a.yml,b.yml\"}}}");
	autojson json_t *project = NULL, *none = NULL;
	json_t *labels = json_object_get(json_object_get(seen, "Config"), "Labels");
	struct err e = ERR_INIT;

	assert_int_equal(compose_project_of(seen, &project, &e), 0);
	is(project, "files", "[\"/srv/shop/a.yml\",\"/srv/shop/b.yml\"]");
	json_object_set_new(labels, "com.docker.compose.version", json_string("1.29.2"));
	assert_int_equal(compose_project_of(seen, &none, &e), -ERR_REFUSED);
	assert_non_null(strstr(e.hint, "docker compose up -d"));
	err_clear(&e);
	json_object_clear(labels);
	assert_int_equal(compose_project_of(seen, &none, &e), -ERR_ABSENT);
}

static void test_the_sum_of_the_same_release(void **state)
{
#define MADE_BY(version, hash) \
	"{\"Config\":{\"Labels\":{\"com.docker.compose.version\":\"" version "\",\"com.docker.compose.config-hash\":\"" hash "\"}}}"
	autojson json_t *seen = parse(MADE_BY("2.26.1", ID)), *odd = parse(MADE_BY("2.26.1", "{}")), *none = parse("{}");

	assert_string_equal(compose_hash_of(seen, "2.26.1"), ID);
	assert_string_equal(compose_hash_of(seen, "2.26.1-4"), ID);
	assert_null(compose_hash_of(seen, "2.26.10"));
	assert_null(compose_hash_of(seen, "2.26"));
	assert_null(compose_hash_of(odd, "2.26.1"));
	assert_null(compose_hash_of(none, "2.26.1"));
}

static void test_changes_in_the_container_itself(void **state)
{
	autojson json_t *seen = parse(seen_text);
	autojson json_t *all = container_changes_of(seen, SV("C /var\nC /var/lib\nA /var/lib/questdb\nC /opt\nA /opt/a b\nC /opt/x\n"
							    "A /opt/x/new\nA /opt/x-y\nD /gone\nC /tmp\nA /tmp/z\nA /named/n\n"
							    "A /run/pid\nA /etc/kept\nA /home\n\nnonsense\n"));
	autojson json_t *doc = json_pack("{sO}", "all", all);

	/* What is mounted is of this host, and what docker made to mount it on is nothing of anybody's. */
	is(doc, "all", "[\"/gone\",\"/home\",\"/opt/a b\",\"/opt/x-y\",\"/opt/x/new\"]");
}

static void test_memory_is_nowhere_on_this_host(void **state)
{
	autojson json_t *seen = parse("{\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv\",\"Destination\":\"/data\"},"
				      "{\"Type\":\"tmpfs\",\"Source\":\"\",\"Destination\":\"/data/fast\"}]}");
	autofree char *there = container_outside(seen, "/data/a"), *nowhere = container_outside(seen, "/data/fast/a");

	assert_string_equal(there, "/srv/a");
	assert_null(nowhere);
}

static void is_mounted_as(const char *volume, const char *want)
{
	autojson json_t *doc = parse(volume);

	assert_string_equal(volume_is_mounted_as(doc) ?: "a folder", want);
}

static void test_volumes_that_docker_mounts(void **state)
{
	is_mounted_as("{\"Driver\":\"local\",\"Options\":null}", "a folder");
	is_mounted_as("{\"Driver\":\"local\",\"Options\":{\"o\":\"size=1g\"}}", "a folder");
	is_mounted_as("{\"Driver\":\"local\",\"Options\":{\"type\":\"nfs\",\"o\":\"addr=a\",\"device\":\":/v\"}}", "nfs");
	is_mounted_as("{\"Driver\":\"local\",\"Options\":{\"type\":\"none\",\"o\":\"bind\",\"device\":\"/srv/v\"}}", "none");
	is_mounted_as("{\"Driver\":\"acme/nfs\",\"Options\":{}}", "acme/nfs");
}

static void test_where_docker_keeps_the_log(void **state)
{
	autojson json_t *file = parse("{\"LogPath\":\"/d/x-json.log\",\"HostConfig\":{\"LogConfig\":{\"Type\":\"json-file\"}}}");
	autojson json_t *other = parse("{\"LogPath\":\"/d/x.log\",\"HostConfig\":{\"LogConfig\":{\"Type\":\"local\"}}}");
	autojson json_t *none = parse("{\"LogPath\":\"\",\"HostConfig\":{\"LogConfig\":{\"Type\":\"json-file\"}}}");

	assert_string_equal(container_log_of(file), "/d/x-json.log");
	assert_null(container_log_of(other));
	assert_null(container_log_of(none));
}

/* Not the address of one that publishes nothing: by that it is reached. */
static void test_what_passes(void **state)
{
	autojson json_t *seen = parse(seen_text), *about = container_about(seen), *passing = NULL, *unpublished = NULL;

	json_object_del(about, "ports");
	unpublished = container_take_passing(about);
	assert_string_equal(json_str(unpublished, "status", "none"), "?");
	assert_string_equal(json_str(about, "address", "none"), "10.1.0.5");
	json_object_set_new(about, "ports", json_pack("{ss}", "9000/tcp", "127.0.0.1:19000"));
	passing = container_take_passing(about);
	assert_string_equal(json_str(passing, "address", "none"), "10.1.0.5");
	assert_null(json_object_get(about, "address"));
	assert_null(json_object_get(about, "status"));
	assert_string_equal(json_str(about, "name", ""), "quest");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_the_operator_gave), cmocka_unit_test(test_volumes_without_a_name),
		cmocka_unit_test(test_networks),               cmocka_unit_test(test_commands),
		cmocka_unit_test(test_same_user),              cmocka_unit_test(test_refused),
		cmocka_unit_test(test_drawn_ports),            cmocka_unit_test(test_answers_of_the_api),
		cmocka_unit_test(test_image_by_a_variable),    cmocka_unit_test(test_compose_file_is_split),
		cmocka_unit_test(test_dollars_are_not_doubled), cmocka_unit_test(test_project_by_labels),
		cmocka_unit_test(test_changes_in_the_container_itself), cmocka_unit_test(test_the_sum_of_the_same_release), cmocka_unit_test(test_memory_is_nowhere_on_this_host),
		cmocka_unit_test(test_where_docker_keeps_the_log), cmocka_unit_test(test_an_address_of_the_operators),
		cmocka_unit_test(test_a_daemon_is_waited_for_in_a_run), cmocka_unit_test(test_what_is_absent),
		cmocka_unit_test(test_without_its_program_nothing_is_absent), cmocka_unit_test(test_what_is_to_be_done),
		cmocka_unit_test(test_volumes_that_docker_mounts), cmocka_unit_test(test_what_passes),
		cmocka_unit_test(test_the_daemon_s_own_socket), cmocka_unit_test(test_names_of_a_compose_at_work),
		cmocka_unit_test(test_a_home_that_only_the_program_knows),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
