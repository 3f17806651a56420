#include "svc/compose.h"

#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "io/json.h"
#include "svc/docker.h"

#define RECREATE_WITHIN (300 * NS_PER_S)
#define PATIENCE        "240"   /* seconds, within it */
#define IDS_MAX         200
#define ID_LENGTH       64
#define FILES_MAX       32
#define TEXT_MAX        ((size_t)64 << 10)

#define LABEL "com.docker.compose."

static const char *label_of(const json_t *seen, const char *name)
{
	autofree char *key = xasprintf(LABEL "%s", name);
	const char *value = json_str(json_object_get(json_object_get(seen, "Config"), "Labels"), key, NULL);

	return value && *value ? value : NULL;
}

/* Absolute paths, joined by commas. A name with a comma cannot be told from two. */
static json_t *paths_of(const char *joined, const char *directory)
{
	struct sv rest = sv_of(joined ? joined : "");
	json_t *paths = json_array();

	while (rest.n) {
		autofree char *one = sv_dup(sv_cut(&rest, ','));

		json_array_append_new(paths, *one == '/' ? json_string(one) : json_sprintf("%s/%s", directory, one));
	}
	return paths;
}

int compose_project_of(const json_t *seen, json_t **ret, struct err *e)
{
	const char *project = label_of(seen, "project"), *directory = label_of(seen, "project.working_dir");
	const char *version = label_of(seen, "version");

	if (!project)
		return err_set(e, ERR_ABSENT, "it is no container of a Compose project");
	if (version && !strncmp(version, "1.", 2)) {
		err_set(e, ERR_REFUSED, "its container was made by docker-compose %s", version);
		return err_hint(e, "install the Compose plugin (docker compose) and run 'docker compose up -d' once with it");
	}
	if (!directory || *directory != '/' || !label_of(seen, "project.config_files"))
		return err_set(e, ERR_ABSENT, "its labels do not tell the project's directory and files");
	*ret = json_pack("{ss ss so ss? ss?}", "project", project, "directory", directory, "files",
			 paths_of(label_of(seen, "project.config_files"), directory), "env_file",
			 label_of(seen, "project.environment_file"), "version", version);
	return 0;
}

int compose_version(char **ret, struct err *e)
{
	static const char *const argv[] = { "docker", "compose", "version", "--short", NULL };
	autobuf struct buf said = BUF_MAX(TEXT_MAX);
	struct sv version;

	if (docker_run(argv, DOCKER_WITHIN, &said, e) < 0) {
		if (e->kind == ERR_REFUSED)
			err_hint(e, "install the Compose plugin (package docker-compose-plugin, or docker-compose of Debian 13)");
		return err_wrap(e, "ask for Compose's version");
	}
	version = sv_trim(buf_sv(&said));
	if (sv_starts(version, "v"))
		version = (struct sv){ version.p + 1, version.n - 1 };
	if (sv_starts(version, "1.")) {
		err_set(e, ERR_REFUSED, "Compose " SV_FMT " is of the first generation", SV_ARG(version));
		return err_hint(e, "install the Compose plugin, version 2 or later");
	}
	*ret = sv_dup(version);
	return 0;
}

/* docker compose, with everything that says which project is meant; n: how many words. */
static size_t begin(const json_t *project, const char **argv)
{
	const json_t *files = json_object_get(project, "files"), *file;
	const char *env_file = json_str(project, "env_file", NULL);
	size_t n = 0, i;

	argv[n++] = "docker";
	argv[n++] = "compose";
	argv[n++] = "--project-name";
	argv[n++] = json_str(project, "project", "");
	argv[n++] = "--project-directory";
	argv[n++] = json_str(project, "directory", "");
	if (env_file) {
		argv[n++] = "--env-file";
		argv[n++] = env_file;
	}
	json_array_foreach((json_t *)files, i, file)
	{
		if (i == FILES_MAX)
			break;
		argv[n++] = "--file";
		argv[n++] = json_string_value(file);
	}
	return n;
}

int compose_config(const json_t *project, bool raw, const char *set, json_t **ret, struct err *e)
{
	const char *argv[2 * FILES_MAX + 16];
	autojson json_t *doc = NULL;
	size_t n = begin(project, argv);

	argv[n++] = "--profile";
	argv[n++] = "*"; /* services of a profile are configured, too */
	argv[n++] = "config";
	argv[n++] = "--format";
	argv[n++] = "json";
	if (raw)
		argv[n++] = "--no-interpolate";
	argv[n] = NULL;
	if (docker_json_with(argv, set, 3 * DOCKER_WITHIN, &doc, e) < 0)
		return err_wrap(e, "read the files of project '%s'", json_str(project, "project", "?"));
	*ret = raw ? json_incref(doc) : compose_plain(doc);
	return 0;
}

static bool is_hash(struct sv text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!memchr("0123456789abcdef", text.p[i], 16))
			return false;
	return text.n == 64;
}

int compose_hash(const json_t *project, const char *service, bool alone, char ret[65], struct err *e)
{
	autofree char *without = xasprintf("services: {\"%s\": {depends_on: !reset null}}\n", service);
	const char *argv[2 * FILES_MAX + 16];
	autobuf struct buf said = BUF_MAX(TEXT_MAX);
	size_t n = begin(project, argv);
	struct sv rest, hash;

	if (alone) {
		argv[n++] = "--file";
		argv[n++] = "-";
	}
	argv[n++] = "config";
	argv[n++] = "--hash";
	argv[n++] = service;
	argv[n] = NULL;
	if (docker_run_with(argv, sv_of(alone ? without : ""), 3 * DOCKER_WITHIN, &said, e) < 0)
		return err_wrap(e, "ask Compose for the sum of service '%s'", service);
	rest = buf_sv(&said);
	hash = sv_word(&rest);
	hash = sv_word(&rest);
	if (!is_hash(hash))
		return err_set(e, ERR_FORMAT, "Compose tells no sum of service '%s'", service);
	memcpy(ret, hash.p, 64);
	ret[64] = '\0';
	return 0;
}

/* "2.26.1" and "2.26.1-4" of a distribution are one. */
static bool is_release(const char *version, const char *label)
{
	size_t n = strlen(label);

	return !strncmp(version, label, n) && (!version[n] || version[n] == '-' || version[n] == '+');
}

const char *compose_hash_of(const json_t *seen, const char *version)
{
	const char *made_by = label_of(seen, "version"), *hash = label_of(seen, "config-hash");

	return hash && is_hash(sv_of(hash)) && made_by && is_release(version, made_by) ? hash : NULL;
}

const char *compose_image(const json_t *config, const char *service)
{
	return json_str(json_object_get(json_object_get(config, "services"), service), "image", NULL);
}

static int inspect_all(struct sv ids, json_t **ret, struct err *e)
{
	const char *argv[4 + IDS_MAX + 1] = { "docker", "container", "inspect", "--" };
	char *id[IDS_MAX];
	size_t n = 0;
	int r = 0;

	while (ids.n && n < IDS_MAX) {
		struct sv one = sv_trim(sv_line(&ids));

		if (!one.n)
			continue;
		argv[4 + n] = id[n] = sv_dup(one);
		n++;
	}
	if (n)
		r = docker_json(argv, DOCKER_WITHIN, ret, e);
	else
		*ret = json_array();
	while (n)
		free(id[--n]);
	return r;
}

/* One that is gone since it was listed is none of it. */
static int inspect_listed(const json_t *list, json_t **ret, struct err *e)
{
	autojson json_t *all = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)list, i, one) {
		autofree char *path = xasprintf("/containers/%s/json", json_str(one, "Id", ""));
		json_t *seen = NULL;
		int r = docker_get(path, &seen, e);

		if (r == 0)
			json_array_append_new(all, seen);
		else if (r == 1 || e->kind != ERR_ABSENT)
			return r;
		err_clear(e);
	}
	*ret = take_ptr(all);
	return 0;
}

static int ask_api(const char *project, json_t **ret, struct err *e)
{
	autofree char *label = xasprintf(LABEL "project=%s", project);
	const char *labels[] = { label, NULL };
	autojson json_t *list = NULL;
	int r = docker_list(labels, &list, e);

	return r ? r : inspect_listed(list, ret, e);
}

static int ask_program(const char *project, json_t **ret, struct err *e)
{
	autofree char *filter = xasprintf("label=" LABEL "project=%s", project);
	const char *argv[] = { "docker",   "container", "ls",       "--all",   "--no-trunc",
			       "--filter", filter,      "--format", "{{.ID}}", NULL };
	autobuf struct buf text = BUF_MAX(TEXT_MAX);

	return docker_run(argv, DOCKER_WITHIN, &text, e) < 0 ? -(int)e->kind : inspect_all(buf_sv(&text), ret, e);
}

int compose_containers(const char *project, json_t **ret, struct err *e)
{
	int r = ask_api(project, ret, e);

	return r == 1 ? ask_program(project, ret, e) : r;
}

json_t *compose_of_service(const json_t *containers, const char *service)
{
	json_t *some = json_array(), *one;
	size_t i;

	json_array_foreach((json_t *)containers, i, one)
	{
		const char *of = label_of(one, "service"), *once = label_of(one, "oneoff");

		if (of && !strcmp(of, service) && !(once && !strcmp(once, "True")))
			json_array_append(some, one);
	}
	return some;
}

/* Later releases of Compose put the name there, which tells nothing. */
const char *compose_replaced(const json_t *seen)
{
	const char *id = label_of(seen, "replace");

	return id && strlen(id) == ID_LENGTH && strspn(id, "0123456789abcdef") == ID_LENGTH ? id : NULL;
}

/* Named, so that a profile does not hide it; without dependencies, so that no other one is touched. Patient, for one that somebody has
 * started meanwhile would be killed after ten seconds. */
int compose_recreate(const json_t *project, const char *service, struct err *e)
{
	const char *argv[2 * FILES_MAX + 24];
	autobuf struct buf said = BUF_MAX(TEXT_MAX);
	size_t n = begin(project, argv);
	int sys = fault_errno("compose.recreate");

	if (sys)
		return err_sys(e, sys, "make the container of service '%s' anew", service);
	argv[n++] = "up";
	argv[n++] = "--no-start";
	argv[n++] = "--no-deps";
	argv[n++] = "--no-build";
	argv[n++] = "--pull";
	argv[n++] = "never";
	argv[n++] = "--timeout";
	argv[n++] = PATIENCE;
	argv[n++] = service;
	argv[n] = NULL;
	if (docker_run(argv, RECREATE_WITHIN, &said, e) < 0)
		return err_wrap(e, "make the container of service '%s' anew", service);
	return 0;
}

/* ---- only thinking ---- */

json_t *compose_files(const char *list, const char *separator, const char *directory)
{
	const char *sep = separator && *separator ? separator : ":";
	json_t *files = json_array();

	for (const char *at = list; at;) {
		const char *end = strstr(at, sep);
		autofree char *one = end ? xstrndup(at, (size_t)(end - at)) : xstrdup(at);

		json_array_append_new(files, *one == '/' ? json_string(one) : json_sprintf("%s/%s", directory, one));
		at = end ? end + strlen(sep) : NULL;
	}
	return files;
}

static bool is_name(char c)
{
	return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The variable at `from`, which is behind a '$'; returns what follows it. */
static const char *variable_at(const char *from, char **ret_name)
{
	const char *name = *from == '{' ? from + 1 : from, *end = name;

	while (is_name(*end))
		end++;
	*ret_name = xstrndup(name, (size_t)(end - name));
	if (*from != '{')
		return end;
	end = strchr(end, '}');
	return end ? end + 1 : NULL;
}

static int not_by_one(const char *written, const char *wanted, struct err *e)
{
	err_set(e, ERR_REFUSED, "the image is written '%s', which becomes '%s' through no single variable", written, wanted);
	return err_hint(e, "write the image into the Compose file as one variable, ${NAME}, or as it is");
}

int compose_variable(const char *written, const char *wanted, char **ret_name, char **ret_value, struct err *e)
{
	const char *dollar = strchr(written, '$'), *rest;
	autofree char *name = NULL;
	size_t before, after, n = strlen(wanted);

	if (!dollar)
		return err_set(e, ERR_ABSENT, "there is no variable in it");
	rest = variable_at(dollar + 1, &name);
	before = (size_t)(dollar - written);
	after = rest ? strlen(rest) : 0;
	if (!rest || !*name || strchr(rest, '$') || n <= before + after || strncmp(written, wanted, before) != 0 ||
	    strcmp(wanted + n - after, rest) != 0)
		return not_by_one(written, wanted, e);
	*ret_value = xstrndup(wanted + before, n - before - after);
	*ret_name = take_ptr(name);
	return 0;
}

static json_t *plain_text(const char *text)
{
	autofree char *plain = xstrdup(text);
	char *to = plain;

	for (const char *p = text; *p; p++) {
		*to++ = *p;
		if (p[0] == '$' && p[1] == '$')
			p++;
	}
	*to = '\0';
	return json_string(plain);
}

json_t *compose_plain(const json_t *doc)
{
	json_t *plain, *value;
	const char *key;
	size_t i;

	if (json_is_string(doc))
		return plain_text(json_string_value(doc));
	if (json_is_array(doc)) {
		plain = json_array();
		json_array_foreach((json_t *)doc, i, value)
			json_array_append_new(plain, compose_plain(value));
		return plain;
	}
	if (!json_is_object(doc))
		return json_incref((json_t *)doc);
	plain = json_object();
	json_object_foreach((json_t *)doc, key, value)
		json_object_set_new(plain, key, compose_plain(value));
	return plain;
}
