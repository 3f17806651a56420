#include "products/seatable/docker.h"

#include <string.h>

#include "base/mem.h"
#include "io/json.h"
#include "svc/compose.h"
#include "svc/docker.h"

#define FILES_MAX  32
#define IMAGES_MAX 5000
#define TEXT_MAX   ((size_t)1 << 20)

int sea_docker_about(json_t **ret, struct err *e)
{
	static const char *const argv[] = { "docker", "info", "--format", "{{json .}}", NULL };
	autojson json_t *info = NULL;
	const json_t *errors;

	if (docker_json(argv, DOCKER_WITHIN, &info, e) < 0)
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

int sea_docker_compose(json_t **ret, struct err *e)
{
	autofree char *version = NULL;

	if (compose_version(&version, e) < 0)
		return -(int)e->kind;
	*ret = json_pack("{ss}", "version", version);
	return 0;
}

/* Services of profiles that .env does not name are left out: `up` would not start them. The files are named, as Compose would look for
 * those of COMPOSE_FILE where we are. */
int sea_docker_config(const char *dir, const json_t *files, bool raw, json_t **ret, struct err *e)
{
	const char *argv[2 * FILES_MAX + 12] = { "docker", "compose", "--project-directory", dir };
	size_t n = 4, n_files = json_array_size(files);
	autojson json_t *doc = NULL;

	if (!n_files || n_files > FILES_MAX)
		return err_set(e, ERR_REFUSED, n_files ? "more than %d files are listed" : "no file is listed, and none has a usual name", FILES_MAX);
	for (size_t i = 0; i < n_files; i++) {
		argv[n++] = "--file";
		argv[n++] = json_string_value(json_array_get(files, i));
	}
	argv[n++] = "config";
	argv[n++] = "--format";
	argv[n++] = "json";
	if (raw)
		argv[n++] = "--no-interpolate";
	if (docker_json(argv, 3 * DOCKER_WITHIN, &doc, e) < 0)
		return -(int)e->kind;
	*ret = raw ? json_incref(doc) : compose_plain(doc);
	return 0;
}

int sea_docker_image(const char *reference, json_t **ret, struct err *e)
{
	const char *argv[] = { "docker", "image", "inspect", "--", reference, NULL };
	autojson json_t *list = NULL;

	if (docker_json(argv, DOCKER_WITHIN, &list, e) < 0)
		return -(int)e->kind;
	if (json_array_size(list) != 1)
		return err_set(e, ERR_FORMAT, "docker knows %zu images '%.200s'", json_array_size(list), reference);
	*ret = json_incref(json_array_get(list, 0));
	return 0;
}

int sea_docker_images(json_t **ret, struct err *e)
{
	static const char *const argv[] = { "docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", NULL };
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	json_t *names;
	struct sv rest;

	if (docker_run(argv, DOCKER_WITHIN, &text, e) < 0)
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
