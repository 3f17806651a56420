/* The project: .env, the files it lists, and what Compose makes of them. */
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "io/file.h"
#include "products/seatable/envfile.h"
#include "products/seatable/image.h"
#include "products/seatable/inspect.h"
#include "products/seatable/merged.h"
#include "products/seatable/plain.h"
#include "products/seatable/yml.h"

#define YML_MAX (1u << 20)

/* ---- .env ---- */

static bool is_immutable(const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int flags = 0;

	return fd >= 0 && !ioctl(fd, FS_IOC_GETFLAGS, &flags) && flags & FS_IMMUTABLE_FL;
}

static void put_env_file(struct sea_look *k)
{
	autofree char *path = xasprintf("%s/.env", k->l.root);
	char digest[DIGEST_TEXT];
	struct stat st, link;
	struct statvfs fs;

	if (!k->l.env_text || stat(path, &st) < 0 || lstat(path, &link) < 0)
		return;
	digest_text(sv_of(k->l.env_text), digest);
	sea_pin(k, SEA_ENV,
		json_pack("{ss ss si si si}", "path", path, "sha256", digest, "mode", (int)(st.st_mode & 07777), "uid", (int)st.st_uid, "gid",
			  (int)st.st_gid),
		".env");
	sea_observe(k, SEA_ENV_STATE,
		    json_pack("{sb si sb sb}", "link", (int)S_ISLNK(link.st_mode), "hard_links", (int)st.st_nlink, "immutable",
			      (int)is_immutable(path), "read_only", (int)(!statvfs(path, &fs) && fs.f_flag & ST_RDONLY)),
		    ".env");
}

/* Those of .env that we have otherwise, and those that decide what is made of it, or the image, without being in it. */
static json_t *shadowed(const struct map *values)
{
	static const char *const deciding[] = { "COMPOSE_FILE",	    "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES",		"COMPOSE_PATH_SEPARATOR",
						"COMPOSE_ENV_FILES", "COMPOSE_DISABLE_ENV_FILE", SEA_VARIABLE };
	json_t *keys = json_array();

	map_each (values, it) {
		const char *ours = getenv(it->key);

		if (ours && strcmp(ours, it->value) != 0)
			json_array_append_new(keys, json_text(it->key));
	}
	for (size_t i = 0; i < ARRAY_LEN(deciding); i++)
		if (getenv(deciding[i]) && !map_get(values, deciding[i]))
			json_array_append_new(keys, json_text(deciding[i]));
	return keys;
}

static void put_env(struct sea_look *k)
{
	json_t *image = NULL;
	struct err e = ERR_INIT;
	struct sv text;

	put_env_file(k);
	if (k->l.env_error[0]) {
		sea_pin_str(k, SEA_ENV_ERROR, k->l.env_error, ".env");
		facts_miss(k->f, SEA_ENV_IMAGE, k->l.env_error);
		return;
	}
	if (!k->l.env_text)
		return;
	text = sv_of(k->l.env_text);
	if (sea_env_image(text, &image, &e) < 0)
		sea_missing(k, SEA_ENV_IMAGE, &e);
	else
		sea_pin(k, SEA_ENV_IMAGE, image, ".env");
	sea_pin_some(k, SEA_ENV_BASH, sea_env_bash(text, &k->l.env), ".env");
	sea_observe_some(k, SEA_ENV_SHADOWED, shadowed(&k->l.env), "environment");
}

/* ---- the files that it lists ---- */

static const char *state_of(const char *name, const char *path)
{
	struct stat st;

	if (!*name)
		return "empty";
	if (!stat(path, &st))
		return S_ISDIR(st.st_mode) ? "directory" : "there";
	return strpbrk(name, " \t") ? "blanks" : "absent";
}

static json_t *file_facts(const struct sea_look *k, const char *name)
{
	autofree char *path = sea_plain_path(k->l.dir, name);
	const char *state = state_of(name, path);
	json_t *o = json_pack("{so so ss}", "name", json_text(name), "path", json_text(path), "state", state);
	autobuf struct buf text = BUF_MAX(YML_MAX);
	struct err ignored = ERR_INIT;
	char digest[DIGEST_TEXT];

	if (strcmp(state, "there") != 0 || file_read_path(path, &text, &ignored) < 0)
		return o;
	digest_text(buf_sv(&text), digest);
	json_object_set_new(o, "sha256", json_string(digest));
	json_object_set_new(o, "image", json_boolean(sea_yml_image(buf_sv(&text), k->l.server ? k->l.server : "seatable-server")));
	json_object_set_new(o, "tags", json_boolean(sea_yml_has_tags(buf_sv(&text))));
	return o;
}

static void put_files(struct sea_look *k)
{
	json_t *files = json_array(), *name;
	const char *separator = map_get(&k->l.env, "COMPOSE_PATH_SEPARATOR");
	size_t i;

	json_array_foreach(k->l.files, i, name)
		json_array_append_new(files, file_facts(k, json_string_value(name)));
	sea_pin(k, SEA_PROJECT,
		json_pack("{ss sO ss so ss*}", "name", k->l.project, "files", k->l.files, "separator", separator && *separator ? separator : ":",
			  "profiles", sea_env_profiles(&k->l.env), "dir", strcmp(k->l.dir, k->l.root) ? k->l.dir : NULL),
		".env");
	sea_pin(k, SEA_FILES, files, "COMPOSE_FILE");
}

/* ---- the merged configuration ---- */

/* The variable of the text before variables are put in; else a yml pins it. */
static json_t *from_of(const struct sea_look *k)
{
	const char *raw = sea_merged_image(k->l.raw, k->l.server), *said = map_get(&k->l.env, SEA_VARIABLE);
	const json_t *files = facts_get(k->f, SEA_FILES), *one;
	const char *file = NULL;
	size_t i;

	if (!k->l.env_text)
		return json_pack("{ss}", "where", "file");
	if (raw && strstr(raw, SEA_VARIABLE))
		return json_pack("{ss}", "where", said && *said ? "env" : "default");
	json_array_foreach(files, i, one)
		if (json_bool(one, "image", false))
			file = json_str(one, "name", NULL);
	return json_pack("{ss ss*}", "where", "override", "file", file);
}

static void put_shape(struct sea_look *k, const json_t *binds)
{
	const json_t *license = json_object_get(binds, "/shared/seatable/seatable-license.txt");
	const json_t *standard = facts_get(k->f, SEA_IMAGE_DEFAULT);
	const char *version = json_str(standard, "version", NULL);
	struct sea_version v;
	json_t *shape = json_pack("{sb sb sb}", "license_mount", (int)(license != NULL), "nginx_mount",
				  (int)(json_object_get(binds, "/etc/nginx/sites-enabled/default") != NULL), "create_host_path",
				  (int)json_bool(license, "create_host_path", true));

	if (sea_version_parse(version, &v))
		json_object_set_new(shape, "release", json_sprintf("%d.%d", v.major, v.minor));
	sea_pin(k, SEA_SHAPE, shape, "docker compose config");
}

static void put_image(struct sea_look *k)
{
	autofree char *standard = sea_merged_default(sea_merged_image(k->l.raw, k->l.server), SEA_VARIABLE);
	const char *image = sea_merged_image(k->l.config, k->l.server);
	json_t *facts = image ? sea_image_facts(image) : NULL;

	if (facts)
		sea_pin(k, SEA_IMAGE, facts, "docker compose config");
	else
		facts_miss(k->f, SEA_IMAGE, image ? "it is no reference of an image" : "the server has no image: it is built");
	sea_pin(k, SEA_IMAGE_FROM, from_of(k), "docker compose config");
	facts = standard ? sea_image_facts(standard) : NULL;
	if (facts)
		sea_pin(k, SEA_IMAGE_DEFAULT, facts, "docker compose config");
}

static bool lacks_files(const struct sea_look *k)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)facts_get(k->f, SEA_FILES), i, one)
		if (strcmp(json_str(one, "state", ""), "there") != 0)
			return true;
	return false;
}

/* Compose refuses what was found wrong already, or cannot be run, or it alone knows why. */
static void put_refused(struct sea_look *k)
{
	const char *words = k->l.config_error.msg;

	if (!facts_get(k->f, SEA_COMPOSE)) {
		facts_miss_after(k->f, SEA_SERVICES, SEA_COMPOSE, NULL);
	} else if (k->l.env_error[0]) {
		facts_miss_after(k->f, SEA_SERVICES, SEA_ENV_IMAGE, NULL);
	} else if (lacks_files(k)) {
		facts_miss_after(k->f, SEA_SERVICES, SEA_FILES, words);
	} else {
		if (k->l.config_error.kind == ERR_REFUSED)
			sea_pin_str(k, SEA_CONFIG_ERROR, words, "docker compose config");
		sea_missing(k, SEA_SERVICES, &k->l.config_error);
	}
}

static void put_config(struct sea_look *k)
{
	autojson json_t *binds = NULL;

	if (!k->l.config) {
		put_refused(k);
		return;
	}
	sea_pin(k, SEA_SERVICES, sea_merged_services(k->l.config), "docker compose config");
	sea_pin_str(k, SEA_LAYOUT, sea_merged_layout(k->l.config, k->l.server, k->l.env_text != NULL), "docker compose config");
	if (!k->l.server) {
		facts_miss(k->f, SEA_SERVER, "none of the services is SeaTable's");
		return;
	}
	sea_pin_str(k, SEA_SERVER, k->l.server, "docker compose config");
	sea_pin(k, SEA_ENVIRONMENT, sea_merged_environment(k->l.config, k->l.server), "docker compose config");
	binds = sea_merged_binds(k->l.config, k->l.server);
	sea_pin(k, SEA_BINDS, json_incref(binds), "docker compose config");
	sea_pin(k, SEA_PUBLISHED, sea_merged_published(k->l.config), "docker compose config");
	sea_pin_some(k, SEA_CLUSTER, sea_merged_cluster(k->l.config, k->l.server), "docker compose config");
	put_image(k);
	put_shape(k, binds);
}

void sea_look_at_project(struct sea_look *k)
{
	sea_pin_str(k, SEA_ROOT, k->l.root, "site");
	sea_pin(k, SEA_SERVICE, json_deep_copy(k->l.service), "docker compose config");
	sea_pin_str(k, SEA_SERVICE_KIND, json_str(k->l.service, "kind", "?"), "docker compose config");
	put_env(k);
	put_files(k);
	put_config(k);
}
