#include "products/seatable/docker.h"

#include <string.h>
#include <unistd.h>

#include "io/cmd.h"
#include "products/seatable/merged.h"

#define WITHIN_NS  (20 * NS_PER_S)
#define ANSWER_MAX ((size_t)16 << 20)
#define IMAGES_MAX 5000

static const char *const kept[] = { "DOCKER_HOST",      "DOCKER_CONFIG",     "DOCKER_CONTEXT",
				    "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "HOME" };

static int run(const char *const *argv, const char *cwd, struct cmd_result *r, struct err *e)
{
	const char *env[ARRAY_LEN(kept) + 3] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8" };
	char *made[ARRAY_LEN(kept)] = { 0 };
	struct cmd c = { .argv = argv, .env = env, .cwd = cwd, .within_ns = WITHIN_NS, .out_max = ANSWER_MAX, .die_with_us = true };
	size_t n = 2;
	int done;

	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (getenv(kept[i]))
			env[n++] = made[i] = xasprintf("%s=%s", kept[i], getenv(kept[i]));
	done = cmd_run(&c, r, e);
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		free(made[i]);
	return done;
}

static int ask(const char *const *argv, const char *cwd, struct buf *ret, struct err *e)
{
	struct cmd_result r = { 0 };
	int done = run(argv, cwd, &r, e);

	if (done < 0) {
		err_wrap(e, "run docker");
		return e->kind == ERR_ABSENT ? err_hint(e, "the docker command line is needed to look at containers") : -(int)e->kind;
	}
	if (r.cut)
		done = err_set(e, ERR_SPACE, "docker answers more than %zu bytes", ANSWER_MAX);
	else if (r.status)
		done = err_set(e, strstr(buf_str(&r.err), "No such") ? ERR_ABSENT : ERR_REFUSED, "docker: " SV_FMT,
			       SV_ARG(sv_trim(buf_sv(&r.err))));
	else
		buf_add_sv(ret, buf_sv(&r.out));
	cmd_result_done(&r);
	return done < 0 ? done : buf_check(ret, "docker's answer", e);
}

static int ask_json(const char *const *argv, const char *cwd, json_t **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(ANSWER_MAX);

	return ask(argv, cwd, &text, e) < 0 ? -(int)e->kind : json_parse(buf_sv(&text), "docker's answer", ret, e);
}

int sea_docker_about(json_t **ret, struct err *e)
{
	static const char *const argv[] = { "docker", "info", "--format", "{{json .}}", NULL };
	autojson json_t *info = NULL;
	const json_t *errors;

	if (ask_json(argv, NULL, &info, e) < 0)
		return -(int)e->kind;
	errors = json_object_get(info, "ServerErrors");
	if (json_array_size(errors) || !json_str(info, "ServerVersion", NULL))
		return err_set(e, ERR_REFUSED, "the docker daemon cannot be reached: %.300s",
			       json_array_size(errors) ? json_string_value(json_array_get(errors, 0)) : "no answer");
	*ret = json_pack("{ss ss ss ss sb sb}", "version", json_str(info, "ServerVersion", ""), "arch", json_str(info, "Architecture", ""),
			 "os", json_str(info, "OSType", ""), "root", json_str(info, "DockerRootDir", ""), "swarm",
			 (int)!strcmp(json_str(json_object_get(info, "Swarm"), "LocalNodeState", ""), "active"), "rootless",
			 (int)json_lists(json_object_get(info, "SecurityOptions"), "name=rootless"));
	return 0;
}

/* v1 was a program of its own. */
static bool has_v1(void)
{
	static const char *const places[] = { "/usr/local/bin/docker-compose", "/usr/bin/docker-compose" };

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (!access(places[i], X_OK))
			return true;
	return false;
}

int sea_docker_compose(json_t **ret, struct err *e)
{
	static const char *const argv[] = { "docker", "compose", "version", "--short", NULL };
	autobuf struct buf text = BUF_MAX(64 << 10);
	autofree char *version = NULL;
	struct sv said;

	if (ask(argv, NULL, &text, e) < 0)
		return err_set(e, ERR_ABSENT, "%s", has_v1() ? "only docker-compose v1 is there, which SeaTable does not support since 4.3"
							     : "docker has no Compose plugin");
	said = sv_trim(buf_sv(&text));
	version = sv_dup(sv_starts(said, "v") ? (struct sv){ said.p + 1, said.n - 1 } : said);
	*ret = json_pack("{ss}", "version", version);
	return 0;
}

int sea_docker_config(const char *dir, bool raw, json_t **ret, struct err *e)
{
	const char *argv[] = { "docker", "compose", "config", "--format", "json", raw ? "--no-interpolate" : NULL, NULL };
	json_t *config = NULL;

	if (ask_json(argv, dir, &config, e) < 0)
		return -(int)e->kind;
	if (!raw)
		sea_merged_undouble(config);
	*ret = config;
	return 0;
}

int sea_docker_image(const char *reference, json_t **ret, struct err *e)
{
	const char *argv[] = { "docker", "image", "inspect", "--", reference, NULL };
	autojson json_t *list = NULL;

	if (ask_json(argv, NULL, &list, e) < 0)
		return -(int)e->kind;
	if (json_array_size(list) != 1)
		return err_set(e, ERR_FORMAT, "docker knows %zu images '%.200s'", json_array_size(list), reference);
	*ret = json_incref(json_array_get(list, 0));
	return 0;
}

int sea_docker_images(json_t **ret, struct err *e)
{
	static const char *const argv[] = { "docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", NULL };
	autobuf struct buf text = BUF_MAX(ANSWER_MAX);
	json_t *names = NULL;
	struct sv rest;

	if (ask(argv, NULL, &text, e) < 0)
		return -(int)e->kind;
	names = json_array();
	rest = buf_sv(&text);
	while (rest.n && json_array_size(names) < IMAGES_MAX) {
		struct sv name = sv_trim(sv_line(&rest));

		if (name.n)
			json_array_append_new(names, json_stringn(name.p, name.n));
	}
	*ret = names;
	return 0;
}
