/* The change itself: the licence, one line of .env, and the one container made anew. */
#include <string.h>

#include "engine/compose_files.h"
#include "products/seatable/draft.h"
#include "products/seatable/envfile.h"
#include "products/seatable/version.h"

#define DIFF_MAX ((size_t)1 << 20)

static void add(struct sea_draft *d, const char *id, const char *kind, json_t *params /* stolen */, const char *why)
{
	plan_add(d->plan, PHASE_CHANGE, id, kind, STEP_IN_WINDOW, params, why);
}

/* ---- the data ---- */

static json_t *license_place(struct sea_draft *d)
{
	const char *path = json_str(facts_get(d->now, SEA_LICENSE), "path", NULL);

	return path ? sea_draft_place(d, "license", path) : json_null();
}

/* The goal brings another one than lies there. */
static bool brings_license(const struct sea_draft *d)
{
	const json_t *now = facts_get(d->now, SEA_LICENSE), *given = facts_get(d->now, SEA_TO_LICENSE);

	return !strcmp(d->to_edition, SEA_ENTERPRISE) && given &&
	       strcmp(json_str(given, "sha256", ""), json_str(now, "sha256", "-")) != 0;
}

/* Enterprise reads it at its start: the one in place, or the one that the way back puts there again. */
static void license_of_way_back(struct sea_draft *d, json_t *params)
{
	if (brings_license(d))
		json_object_set(params, "license_was", (json_t *)facts_get(d->now, SEA_LICENSE));
	else
		json_object_set_new(params, "license", license_place(d));
}

/* Nothing of it is done going forward; on the way back it stands behind the start of the old image, and looks also where there are no dumps. */
static void data(struct sea_draft *d)
{
	bool dumped = window_copies(d->to);
	json_t *params = json_pack("{sO sO ss? so* so* so so ss}", "at", d->at, "schemas", d->schemas, "log",
				   sea_log_schema(facts_get(d->now, SEA_DB_OWN)), "dumps", dumped ? plan_from("dump", "dumps") : NULL, "of",
				   dumped ? plan_from("dump", "of") : NULL, "frozen", plan_from("freeze", "facts"), "release",
				   place_of("data", "seatable/conf/current_version.txt"), "within", sea_draft_span(d, "dump_timeout", "1h"));

	if (!strcmp(d->from_edition, SEA_ENTERPRISE))
		license_of_way_back(d, params);
	if (d->folders == SEA_FOLDERS_COPY)
		add(d, "data", "data_point", json_object(), "the folders' copy, for 'rollback --restore-data' alone");
	add(d, "databases", "seatable_point", params, "a way back keeps what users wrote, after a look whether it may");
}

/* ---- the licence ---- */

static bool is(const json_t *of, const char *state)
{
	return !strcmp(json_str(of, "state", ""), state);
}

static void clear_the_way(struct sea_draft *d, const json_t *license)
{
	if (is(license, "directory"))
		add(d, "license-folder", "license_folder", json_pack("{so}", "folder", license_place(d)),
		    "Docker made it where a file was missing; a file cannot be mounted over it");
	if (!strcmp(facts_str(d->now, SEA_LICENSE_MOUNT, ""), "directory"))
		add(d, "license-mount", "license_folder",
		    json_pack("{so}", "folder", sea_draft_place(d, "license-mount", json_str(license, "mount", ""))),
		    "the same within the data: the mount point of the file");
}

static void put(struct sea_draft *d, const json_t *given)
{
	add(d, "license", "file_put",
	    json_pack("{so ss sb ss so}", "file", license_place(d), "from", json_str(given, "path", ""), "whole", 1, "mode", "0600", "owner",
		      json_pack("{si si}", "uid", 0, "gid", 0)),
	    "Enterprise reads it at its start, and only then");
}

/* A mount that wants its source to be there stops Developer Edition, too: an empty file will do (facts/seatable 1.4). */
static void put_nothing(struct sea_draft *d)
{
	add(d, "license", "file_put",
	    json_pack("{so ss ss so}", "file", license_place(d), "content", "", "mode", "0644", "owner",
		      json_pack("{si si}", "uid", 0, "gid", 0)),
	    "the release mounts it in every edition, and does not start without the file");
}

static void license(struct sea_draft *d)
{
	const json_t *now = facts_get(d->now, SEA_LICENSE), *given = facts_get(d->now, SEA_TO_LICENSE);
	bool must_be = !json_bool(facts_get(d->now, SEA_SHAPE), "create_host_path", true);

	if (!json_str(now, "path", NULL))
		return;
	if (!strcmp(d->to_edition, SEA_DEVELOPER)) {
		if (must_be && is(now, "absent"))
			put_nothing(d);
		return;
	}
	clear_the_way(d, now);
	if (brings_license(d))
		put(d, given);
}

/* ---- the image ---- */

static json_t *edit_of(const struct sea_draft *d)
{
	const json_t *now = facts_get(d->now, SEA_ENV_IMAGE);
	const char *old = json_bool(now, "present", false) ? json_str(now, "value", "") : NULL;

	return json_pack("{ss so so}", "key", SEA_VARIABLE, "old", old ? json_string(old) : json_null(), "value",
			 d->by_default ? json_null() : json_string(d->image));
}

/* Those that go beside the one in force: all, where the yml's default is to be, which any of them would keep out of force. */
static const json_t *others_cut(const struct sea_draft *d)
{
	return d->by_default ? json_object_get(facts_get(d->now, SEA_ENV_IMAGE), "others") : NULL;
}

/* Its own lines and nothing else: the rest of the file holds the installation's passwords. */
static void show_edit(struct sea_draft *d, const json_t *edit)
{
	const char *old = json_str(edit, "old", NULL), *new = json_str(edit, "value", NULL);
	const json_t *others = others_cut(d), *one;
	autobuf struct buf diff = BUF_MAX(DIFF_MAX);
	size_t i;

	buf_addf(&diff, "--- .env\n+++ .env\n@@ %s @@\n", json_array_size(others) ? "every assignment" : "one assignment");
	json_array_foreach((json_t *)others, i, one)
		buf_addf(&diff, "-%s=%.400s\n", SEA_VARIABLE, json_string_value(one));
	if (old)
		buf_addf(&diff, "-%s=%.400s\n", SEA_VARIABLE, old);
	if (new)
		buf_addf(&diff, "+%s='%.400s'\n", SEA_VARIABLE, new);
	plan_diff(d->plan, json_str(facts_get(d->now, SEA_ENV), "path", ".env"), buf_str(&diff));
}

/* Those that were judged: the labels' may be older. */
static json_t *files_of(const struct sea_draft *d)
{
	json_t *paths = json_array(), *one;
	size_t i;

	json_array_foreach((json_t *)facts_get(d->now, SEA_FILES), i, one)
		json_array_append(paths, json_object_get(one, "path"));
	return paths;
}

/* As svc/compose.h knows a project. */
json_t *sea_draft_project(const struct sea_draft *d)
{
	const json_t *project = facts_get(d->now, SEA_PROJECT);

	return json_pack("{ss ss so ss? so}", "project", json_str(project, "name", ""), "directory",
			 json_str(project, "dir", facts_str(d->now, SEA_ROOT, "")), "files", files_of(d), "version",
			 json_str(facts_get(d->now, SEA_LABELS), "compose", NULL), "env_file", json_null());
}

static void image(struct sea_draft *d)
{
	const json_t *server = json_object_get(facts_get(d->now, SEA_RUNNING), facts_str(d->now, SEA_SERVER, ""));
	json_t *edit = edit_of(d);

	show_edit(d, edit);
	add(d, "switch", "compose_recreate",
	    json_pack("{so ss ss ss so so so ss s[o] sb}", "project", sea_draft_project(d), "service", facts_str(d->now, SEA_SERVER, ""), "id",
		      json_str(server, "container_id", ""), "image", d->image, "image_id", plan_from("image", "id"), "look", compose_files_from("files"), "file",
		      sea_draft_place(d, "env", json_str(facts_get(d->now, SEA_ENV), "path", "")), "dialect", "env", "edits", edit, "secret", 0),
	    json_array_size(others_cut(d)) ? "every assignment of the image in .env goes; this one container is made anew and every other keeps its id" :
					     "one assignment in .env; this one container is made anew and every other keeps its id");
}

void sea_draft_change(struct sea_draft *d)
{
	data(d);
	license(d);
	image(d);
}
