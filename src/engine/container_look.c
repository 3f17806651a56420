/* Looking: the container that is to be moved, where its image is written, and whether the new one can be had. */
#include "engine/container_move.h"

#include <string.h>
#include <sys/stat.h>

#include "conf/editor.h"
#include "engine/compose_files.h"
#include "svc/compose.h"
#include "svc/container.h"
#include "svc/docker.h"

#define FILE_MAX      (4u << 20)
#define REGISTRY_MAX  (20 * NS_PER_S)

bool container_is(const char *kind)
{
	return kind && (!strcmp(kind, "container") || !strcmp(kind, "compose"));
}

const char *goal_image(const struct goal *g)
{
	return g ? json_str(g->target, "image", NULL) : NULL;
}

/* The last colon behind the last slash; a registry's port stands before one. */
char *image_tag(const char *reference)
{
	struct sv rest = sv_of(reference), name = sv_cut(&rest, '@');
	const char *slash = memrchr(name.p, '/', name.n);
	size_t from = slash ? (size_t)(slash - name.p) : 0;
	const char *colon = memchr(name.p + from, ':', name.n - from);

	return colon ? xstrndup(colon + 1, (size_t)(name.p + name.n - colon - 1)) : xstrdup("");
}

/* ---- where the image is written ---- */

static int read_text(const char *path, struct buf *ret, struct err *e)
{
	if (file_read_path(path, ret, e) >= 0)
		return 1;
	if (e->kind != ERR_ABSENT)
		return -(int)e->kind;
	err_clear(e);
	return 0;
}

static int edit_variable(const json_t *project, const char *name, const char *value, json_t **ret, struct err *e)
{
	autofree char *beside = xasprintf("%s/.env", json_str(project, "directory", ""));
	const char *path = json_str(project, "env_file", beside);
	autobuf struct buf text = BUF_MAX(FILE_MAX), old = BUF_MAX(FILE_MAX);
	struct span at = { 0 };
	int has = read_text(path, &text, e);

	if (has == 0) {
		err_set(e, ERR_ABSENT, "the image is variable '%s', and there is no '%s'", name, path);
		return err_hint(e, "make that file, and set %s in it to what is in force", name);
	}
	if (has < 0 || dialect_env.span(buf_sv(&text), name, &at, e) < 0)
		return err_wrap(e, "'%s'", path);
	if (at.also) {
		err_set(e, ERR_REFUSED, "'%s' sets '%s' more than once", path, name);
		return err_hint(e, "leave one of them");
	}
	if (at.present && dialect_env.value(buf_sv(&text), &at, &old, e) < 0)
		return err_wrap(e, "'%s'", path);
	*ret = json_pack("{ss ss ss ss? ss}", "file", path, "dialect", "env", "key", name, "old",
	                 at.present ? buf_str(&old) : NULL, "value", value);
	return 0;
}

/* In the last of the files that names it: that one wins. */
static int edit_literal(const json_t *project, const char *service, const char *written, const char *value, json_t **ret,
                        struct err *e)
{
	autofree char *key = xasprintf("services.%s.image", service);
	const json_t *files = json_object_get(project, "files");

	for (size_t i = json_array_size(files); i-- > 0;) {
		const char *path = json_string_value(json_array_get(files, i));
		autobuf struct buf text = BUF_MAX(FILE_MAX), now = BUF_MAX(FILE_MAX);
		int has = read_text(path, &text, e);

		if (has > 0)
			has = editor_get(&dialect_yaml, buf_sv(&text), key, &now, e);
		if (has < 0)
			return err_wrap(e, "'%s'", path);
		if (!has || strcmp(buf_str(&now), written) != 0)
			continue;
		*ret = json_pack("{ss ss ss ss ss}", "file", path, "dialect", "yaml", "key", key, "old", written, "value", value);
		return 0;
	}
	err_set(e, ERR_REFUSED, "image '%s' of service '%s' stands in none of the Compose files as a text of its own", written, service);
	return err_hint(e, "write it there as 'image:', not by an alias or 'extends'");
}

static int find_edit(const json_t *project, const char *service, const char *image, json_t **ret, struct err *e)
{
	autofree char *name = NULL, *value = NULL;
	autojson json_t *raw = NULL;
	const char *written;

	if (compose_config(project, true, NULL, &raw, e) < 0)
		return -(int)e->kind;
	written = compose_image(raw, service);
	if (!written)
		return err_set(e, ERR_REFUSED, "service '%s' has no 'image'", service);
	if (compose_variable(written, image, &name, &value, e) >= 0)
		return edit_variable(project, name, value, ret, e);
	if (e->kind != ERR_ABSENT)
		return -(int)e->kind;
	err_clear(e);
	return edit_literal(project, service, written, image, ret, e);
}

/* Of a text in a Compose file nothing can be told before it is edited. */
static int find_moved(const json_t *project, const char *service, const json_t *edit, json_t **ret, struct err *e)
{
	const struct compose_part part = { project, service, json_str(edit, "key", "") };

	if (strcmp(json_str(edit, "dialect", ""), "env") != 0)
		return 0;
	return compose_files_moved(&part, json_str(edit, "value", ""), ret, e);
}

static json_t *look_at_compose(const json_t *seen, const char *service, const char *image)
{
	json_t *about = json_pack("{ss}", "service", service), *project = NULL, *edit = NULL, *moved = NULL;
	autofree char *version = NULL;
	struct err e = ERR_INIT;

	if (compose_version(&version, &e) < 0 || compose_project_of(seen, &project, &e) < 0 ||
	    find_edit(project, service, image, &edit, &e) < 0 || find_moved(project, service, edit, &moved, &e) < 0)
		json_object_set_new(about, "why", json_sprintf("%s%s%s", e.msg, e.hint[0] ? "; " : "", e.hint));
	json_object_set_new(about, "version", version ? json_string(version) : json_null());
	json_object_set_new(about, "project", project ? project : json_null());
	json_object_set_new(about, "edit", edit ? edit : json_null());
	if (moved)
		json_object_set_new(about, "moved", moved);
	return about;
}

/* Can it be made again at all? With its own image as the new one, which may not be here yet. */
static void try_recipe(const json_t *seen, const char *image, json_t *about)
{
	autojson json_t *own = NULL, *recipe = NULL;
	struct err e = ERR_INIT;

	if (image_inspect(json_str(seen, "Image", ""), &own, &e) < 0 ||
	    container_recipe_of(seen, own, own, image, "", &recipe, &e) < 0)
		json_object_set_new(about, "why", json_sprintf("%s%s%s", e.msg, e.hint[0] ? "; " : "", e.hint));
}

/* ---- the image ---- */

static json_t *archive_of(const struct goal *to)
{
	const char *path = json_str(to->target, "image_archive", NULL);
	struct stat st;

	if (!path)
		return NULL;
	if (stat(path, &st) < 0)
		return json_pack("{ss}", "path", path);
	return json_pack("{ss sI}", "path", path, "size", (json_int_t)st.st_size);
}

/* A registry on this host has no certificate, and needs none. */
static bool is_local(const char *image)
{
	return !strncmp(image, "127.0.0.1:", 10) || !strncmp(image, "localhost:", 10);
}

json_t *container_ask_registry(const char *image)
{
	const char *argv[] = { "docker", "manifest", "inspect", image, NULL, NULL };
	autobuf struct buf said = BUF_MAX(4u << 20);
	struct err e = ERR_INIT;

	if (is_local(image)) {
		argv[3] = "--insecure";
		argv[4] = image;
	}
	return docker_run_abroad(argv, REGISTRY_MAX, &said, &e) >= 0 ? json_string(REGISTRY_HAS) : json_text(e.msg);
}

static void look_at_image(struct facts *f, const struct goal *to)
{
	const char *image = goal_image(to);
	autojson json_t *seen = NULL;
	struct err e = ERR_INIT;
	json_t *about = json_object();

	if (image_inspect(image, &seen, &e) >= 0)
		json_object_update_new(about, json_pack("{ss ss}", "id", json_str(seen, "Id", ""), "arch",
		                                        json_str(seen, "Architecture", "")));
	else if (e.kind == ERR_ABSENT && !json_str(to->target, "image_archive", NULL))
		json_object_set_new(about, "registry", container_ask_registry(image));
	else if (e.kind != ERR_ABSENT)
		json_object_set_new(about, "error", json_text(e.msg));
	facts_put(f, FACT_OBSERVED, FACT_IMAGE_SEEN, about, "docker");
}

void container_look(struct facts *f, const struct goal *to, const json_t *service)
{
	const char *image = goal_image(to), *kind = json_str(service, "kind", ""), *name;
	json_t *about, *archive;
	autojson json_t *seen = NULL;
	struct err e = ERR_INIT;

	if (!image) {
		facts_miss(f, FACT_IMAGE, "no target.image is given");
		return;
	}
	if (container_of(service, &seen, &e) < 0) {
		facts_miss(f, FACT_IMAGE, e.msg);
		return;
	}
	name = json_str(seen, "Name", "/");
	about = json_pack("{ss ss ss ss ss ss sb}", "image", image, "kind", kind, "name", name + (*name == '/'), "id",
	                  json_str(seen, "Id", ""), "old_image", json_str(json_object_get(seen, "Config"), "Image", ""),
	                  "old_image_id", json_str(seen, "Image", ""), "draws_port", container_draws_port_of(seen));
	archive = archive_of(to);
	if (archive)
		json_object_set_new(about, "archive", archive);
	if (json_str(to->target, "sha256", NULL))
		json_object_set(about, "sha256", json_object_get(to->target, "sha256"));
	if (!strcmp(kind, "compose"))
		json_object_set_new(about, "compose", look_at_compose(seen, json_str(service, "service", ""), image));
	else
		try_recipe(seen, image, about);
	facts_put(f, FACT_PINNED, FACT_IMAGE, about, "docker");
	look_at_image(f, to);
}
