#include "products/seatable/layout.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "io/file.h"
#include "products/seatable/docker.h"
#include "products/seatable/envfile.h"
#include "products/seatable/image.h"
#include "products/seatable/merged.h"
#include "products/seatable/plain.h"
#include "svc/container.h"

#define LABEL_PROJECT "com.docker.compose.project"
#define LABEL_ONCE    "com.docker.compose.oneoff"
#define LABEL_SERVICE "com.docker.compose.service"
#define LABEL_DIR     "com.docker.compose.project.working_dir"

static const char *label(const json_t *seen, const char *name)
{
	return json_str(json_object_get(json_object_get(seen, "Config"), "Labels"), name, "");
}

const char *sea_container_name(const json_t *seen)
{
	const char *name = json_str(seen, "Name", "");

	return name + (name[0] == '/');
}

/* ---- .env ---- */

static bool has_file(const char *root, const char *name)
{
	autofree char *path = xasprintf("%s/%s", root, name);

	return !access(path, F_OK);
}

static void read_env(struct sea_layout *l)
{
	autofree char *path = xasprintf("%s/.env", l->root);
	autobuf struct buf text = BUF_MAX(SEA_ENV_MAX);
	struct err e = ERR_INIT;

	if (file_read_path(path, &text, &e) < 0) {
		if (e.kind != ERR_ABSENT)
			snprintf(l->env_error, sizeof l->env_error, "%.290s", e.msg);
		return;
	}
	if (sea_env_read(buf_sv(&text), &l->env, &e) < 0)
		snprintf(l->env_error, sizeof l->env_error, "%.290s", e.msg);
	l->env_text = buf_take(&text);
}

/* ---- containers ---- */

/* Left by `docker compose run`. */
static bool is_once(const json_t *seen)
{
	return !strcmp(label(seen, LABEL_ONCE), "True");
}

static bool is_server(const json_t *seen)
{
	struct sea_image i;

	return !strcmp(label(seen, LABEL_SERVICE), "seatable-server") ||
	       (sea_image_parse(json_str(json_object_get(seen, "Config"), "Image", NULL), &i) && i.edition);
}

/* As the server's container has it, else any other; a directory that is another one by now is none of ours. */
static char *dir_of(const json_t *all, const char *root)
{
	const char *dir = NULL;
	json_t *one;
	size_t i;

	json_array_foreach((json_t *)all, i, one)
		if (!is_once(one) && (!dir || is_server(one)) && sea_same_file(label(one, LABEL_DIR), root))
			dir = label(one, LABEL_DIR);
	return xstrdup(dir ? dir : root);
}

static void keep_containers(struct sea_layout *l, const json_t *all)
{
	json_t *one;
	size_t i;

	if (!all)
		return;
	l->containers = json_array();
	json_array_foreach((json_t *)all, i, one)
		if (!is_once(one) && !strcmp(label(one, LABEL_PROJECT), l->project))
			json_array_append(l->containers, one);
}

const json_t *sea_layout_container(const struct sea_layout *l, const char *service)
{
	json_t *one;
	size_t i;

	json_array_foreach(l->containers, i, one)
		if (service && !strcmp(label(one, LABEL_SERVICE), service))
			return one;
	return NULL;
}

char *sea_layout_path(const struct sea_layout *l, const char *path)
{
	const char *rest = path_behind(path, l->dir);

	return rest && *rest ? xasprintf("%s%s", l->root, rest) : xstrdup(path);
}

char *sea_layout_data(const struct sea_layout *l)
{
	const json_t *seen = sea_layout_container(l, l->server);
	autojson json_t *binds = l->config ? sea_merged_binds(l->config, l->server) : NULL;
	const char *source = json_str(json_object_get(binds, "/shared"), "source", NULL);
	char *mounted = seen ? container_outside(seen, "/shared") : NULL;

	return mounted || !source ? mounted : xstrdup(source);
}

/* ---- the project ---- */

static bool add_first(const struct sea_layout *l, const char *const *of, json_t *names)
{
	for (; *of; of++)
		if (has_file(l->root, *of))
			return json_array_append_new(names, json_string(*of)) == 0;
	return false;
}

/* As COMPOSE_FILE lists them, else the first that has a usual name, and the first that overrides it by its own. */
static json_t *names_of(const struct sea_layout *l)
{
	json_t *names = sea_env_files(&l->env);

	if (names)
		return names;
	names = json_array();
	if (add_first(l, sea_default_files, names))
		(void)add_first(l, sea_override_files, names);
	return names;
}

static json_t *paths_of(const struct sea_layout *l)
{
	json_t *paths = json_array(), *one;
	size_t i;

	json_array_foreach(l->files, i, one) {
		autofree char *path = sea_plain_path(l->dir, json_string_value(one));

		json_array_append_new(paths, json_string(path));
	}
	return paths;
}

json_t *sea_layout_project(const struct sea_layout *l)
{
	return json_pack("{ss ss so so}", "project", l->project, "directory", l->dir, "files", paths_of(l), "env_file", json_null());
}

static void read_config(struct sea_layout *l)
{
	autojson json_t *paths = NULL;
	struct err ignored = ERR_INIT;

	l->files = names_of(l);
	paths = paths_of(l);
	if (sea_docker_config(l->dir, paths, false, &l->config, &l->config_error) < 0)
		return;
	if (sea_docker_config(l->dir, paths, true, &l->raw, &ignored) < 0)
		l->raw = NULL;
	l->server = sea_merged_server(l->config);
}

/* As Compose makes it: the variable's, else the directory's, in small letters and without what a name cannot have. */
static char *project_name(const struct sea_layout *l)
{
	const char *said = json_str(l->config, "name", NULL), *base = strrchr(l->dir, '/') + 1;
	char *name, *to;

	if (!said)
		said = map_get(&l->env, "COMPOSE_PROJECT_NAME");
	name = to = xstrdup(said && *said ? said : base);
	for (const char *p = name; *p; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (to > name && (c == '-' || c == '_')))
			*to++ = c;
	}
	*to = '\0';
	return name;
}

static json_t *service_of(const struct sea_layout *l, const json_t *source)
{
	const json_t *given = json_object_get(source, "service");

	if (json_is_object(given))
		return json_deep_copy(given);
	return json_pack("{ss ss ss}", "kind", "compose", "project", l->project, "service", l->server ? l->server : "seatable-server");
}

/* Before docker is asked: anything that Compose would read? */
static bool may_be_project(const char *root)
{
	for (size_t i = 0; sea_default_files[i]; i++)
		if (has_file(root, sea_default_files[i]))
			return true;
	return has_file(root, ".env");
}

/* By its service, or by what is there where Compose cannot tell. */
static bool is_seatable(const struct sea_layout *l)
{
	return l->server || has_file(l->root, "seatable-server.yml") || (l->env_text && strstr(l->env_text, "SEATABLE_"));
}

static int not_here(const char *root, struct err *e)
{
	err_set(e, ERR_ABSENT, "there is no Compose project of SeaTable in '%s'", root);
	return err_hint(e, "give 'source.root', the directory with its .env and yml files that the server was started with");
}

int sea_layout_of(const char *root, const json_t *source, struct sea_layout *ret, struct err *e)
{
	autosealayout struct sea_layout l = { .config_error = ERR_INIT, .docker_error = ERR_INIT };
	autojson json_t *all = NULL;
	autodir struct dir d = DIR_NONE;

	if (dir_open(root, &d, e) < 0)
		return -(int)e->kind;
	l.root = realpath(root, NULL);
	if (!l.root)
		return err_set(e, ERR_ABSENT, "there is no directory '%s'", root);
	if (!may_be_project(l.root))
		return not_here(root, e);
	if (container_all(&all, &l.docker_error) < 0)
		all = NULL;
	l.dir = dir_of(all, l.root);
	read_env(&l);
	read_config(&l);
	if (!is_seatable(&l))
		return not_here(root, e);
	l.project = project_name(&l);
	l.service = service_of(&l, source);
	keep_containers(&l, all);
	*ret = l;
	l = (struct sea_layout){ 0 };
	return 0;
}

void sea_layout_done(struct sea_layout *l)
{
	free(l->root);
	free(l->dir);
	free(l->env_text);
	map_done(&l->env, free);
	json_decref(l->files);
	json_decref(l->config);
	json_decref(l->raw);
	json_decref(l->containers);
	json_decref(l->service);
	free(l->project);
	*l = (struct sea_layout){ 0 };
}

/* ---- finding ---- */

static void add_root(sea_roots *roots, const char *path)
{
	char *real = realpath(path, NULL);

	vec_each (roots, it)
		if (real && !strcmp(*it, real)) {
			free(real);
			return;
		}
	if (real)
		*vec_push(roots) = real;
}

static void add_running(sea_roots *roots)
{
	autojson json_t *all = NULL;
	struct err none = ERR_INIT;
	json_t *one;
	size_t i;

	/* Where docker is not installed or does not answer, nothing is a container's. */
	if (container_all(&all, &none) < 0)
		return;
	json_array_foreach(all, i, one)
		if (is_server(one) && *label(one, LABEL_DIR))
			add_root(roots, label(one, LABEL_DIR));
}

void sea_layout_roots(sea_roots *ret)
{
	static const char *const usual[][2] = { { "/opt/seatable-compose", "/opt/seatable-compose/seatable-server.yml" },
						{ "/opt/seatable", "/opt/seatable/docker-compose.yml" } };

	add_running(ret);
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (!access(usual[i][1], F_OK))
			add_root(ret, usual[i][0]);
}

void sea_roots_done(sea_roots *roots)
{
	vec_each (roots, it)
		free(*it);
	vec_done(roots);
}
