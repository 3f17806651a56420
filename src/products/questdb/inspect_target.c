#include <string.h>

#include "base/path.h"
#include "engine/container_move.h"
#include "io/file.h"
#include "products/questdb/artifact.h"
#include "products/questdb/inspect.h"
#include "products/questdb/version.h"

/* What an image is known by before it is here: its name. It brings all that it needs, and docker takes the one of this host's
 * architecture. "9.3.4", "3.3.4-enterprise" [doc:deployment/docker.md] */
static json_t *image_artifact(const struct goal *to)
{
	const char *image = goal_image(to), *version = goal_version(to);
	autofree char *tag = image_tag(image);
	char *suffix = strstr(tag, "-enterprise");
	struct version parsed;

	if (suffix)
		*suffix = '\0';
	if (version_parse(tag, &parsed))
		version = tag;
	return json_pack("{ss ss ss ss? ss sb}", "form", "image", "path", image, "edition",
			 strstr(image, "enterprise") ? "enterprise" : "open-source", "version", version,
			 "arch", "any", "has_java", 1);
}

static void put_image(struct look *k)
{
	container_look(k->f, k->to, k->l.service);
	if (goal_image(k->to))
		pin(k, QF_ARTIFACT, image_artifact(k->to), "target.image");
	else
		facts_miss_after(k->f, QF_ARTIFACT, FACT_IMAGE, NULL);
}

static void put_artifact(struct look *k)
{
	const char *path = goal_artifact(k->to, 0);
	json_t *found = NULL;
	struct err e = ERR_INIT;

	if (!path)
		facts_miss(k->f, QF_ARTIFACT, "no target.artifact is given");
	else if (artifact_judge(path, json_object_get(k->c->known, QF_ARTIFACT), k->c->cancel,
				&found, &e) < 0)
		missing(k, QF_ARTIFACT, &e);
	else
		pin(k, QF_ARTIFACT, found, path);
}

/* What the goal says, else what the artifact is. */
static void put_wanted(struct look *k)
{
	const json_t *a = facts_get(k->f, QF_ARTIFACT);
	const char *edition = goal_edition(k->to), *version = goal_version(k->to);

	if (!edition)
		edition = json_str(a, "edition", NULL);
	if (!version)
		version = json_str(a, "version", NULL);
	if (edition)
		pin_str(k, QF_TARGET_EDITION, edition,
			goal_edition(k->to) ? "target.edition" : "artifact");
	else
		facts_miss_after(k->f, QF_TARGET_EDITION, QF_ARTIFACT,
				 "neither the goal nor the artifact tells");
	if (version)
		pin_str(k, QF_TARGET_VERSION, version,
			goal_version(k->to) ? "target.version" : "artifact");
	else
		facts_miss_after(k->f, QF_TARGET_VERSION, QF_ARTIFACT,
				 "neither the goal nor the artifact tells; give target.version");
}

static void put_store(struct look *k)
{
	const char *store = json_str(k->to->restore_point, "store", "beside");
	autodir struct dir nearest = DIR_NONE;
	struct err ignored = ERR_INIT;
	autofree char *at = NULL;
	json_t *doc;

	if (strncmp(store, "file://", 7) != 0)
		return;
	at = dir_real_path(store + 7);
	doc = json_pack("{ss sb sb}", "path", at, "inside_root", path_is_in(at, k->l.root), "inside_db", path_is_in(at, k->l.db));
	if (at && dir_open_nearest(at, &nearest, &ignored) >= 0 && strcmp(nearest.path, at) != 0)
		json_object_set_new(doc, "above", json_text(nearest.path));
	observe(k, QF_TARGET_STORE, doc, "restore_point.store");
}

/* A file the goal names, by its digest: facts pin what it was when the plan was made. */
static void put_named_file(struct look *k, const char *key, const char *setting)
{
	const char *path = goal_setting(k->to, setting, NULL);
	autobuf struct buf bytes = BUF_MAX(16u << 20);
	char digest[DIGEST_TEXT];
	struct err e = ERR_INIT;

	if (!path)
		return;
	if (file_read_path(path, &bytes, &e) < 0) {
		missing(k, key, &e);
		return;
	}
	digest_text(buf_sv(&bytes), digest);
	pin(k, key, json_pack("{ss ss}", "path", path, "sha256", digest), path);
}

static void put_admin(struct look *k)
{
	const json_t *admin = json_object_get(k->to->settings, "admin");
	const char *file = json_str(admin, "password_file", NULL);
	json_t *o;
	struct stat st;

	if (!json_is_object(admin))
		return;
	o = json_pack("{ss? ss?}", "user", json_str(admin, "user", NULL), "password_file", file);
	if (file && !stat(file, &st))
		json_object_set_new(o, "mode", json_sprintf("%04o", st.st_mode & 07777));
	pin(k, QF_ADMIN, o, "settings.admin");
}

void inspect_target(struct look *k)
{
	if (container_is(json_str(k->l.service, "kind", NULL)))
		put_image(k);
	else
		put_artifact(k);
	put_wanted(k);
	put_store(k);
	put_named_file(k, QF_ACCOUNTS_FILE, "accounts");
	put_admin(k);
	inspect_later(k);
}
