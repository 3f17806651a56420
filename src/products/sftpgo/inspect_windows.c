/* A copy of a Windows host's folder: everything that can be known of its server is read in it, or is not known here. */
#include <fcntl.h>
#include <string.h>

#include "io/file.h"
#include "products/sftpgo/build.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/windows.h"

static void put_folder(struct look *k)
{
	const struct layout *l = &k->l;
	const char *slash = l->conf.file ? strrchr(l->conf.file, '/') : NULL;
	autoclose int fd = slash ? open(l->conf.file, O_RDONLY | O_CLOEXEC) : -1;
	struct err e = ERR_INIT;
	char sha256[DIGEST_TEXT];

	look_pin_str(k, SF_KIND, l->kind, "layout");
	look_pin_str(k, SF_FOLDER, l->conf.folder, l->folder_from);
	look_pin(k, SF_SERVICE, json_incref(l->service), "layout");
	look_pin_str(k, SF_SERVICE_KIND, l->kind, "layout");
	if (fd < 0)
		return;
	if (file_digest(fd, l->conf.file, sha256, &e) < 0)
		look_missing(k, SF_FOLDER_CONF, &e);
	else
		look_pin(k, SF_FOLDER_CONF, json_pack("{ss ss}", "file", slash + 1, "sha256", sha256), "copied folder");
}

static void put_version(struct look *k)
{
	char version[48];
	const char *from;

	if (!windows_version_of(k->l.root, version, &from)) {
		facts_miss(k->f, SF_VERSION, "neither logs\\sftpgo.log nor openapi\\openapi.yaml of the copied folder tells it");
		facts_miss(k->f, SF_EDITION, "the version is not known");
		return;
	}
	look_pin_str(k, SF_VERSION, version, from);
	look_pin_str(k, SF_EDITION, sftpgo_edition_of(version), "version");
}

/* A host's name or address means another one here, and "localhost" this very host. */
static int look_at_database(struct look *k, struct err *e)
{
	const char *driver = facts_str(k->f, SF_DRIVER, NULL), *nowhere = facts_why_missing(k->f, SF_DB_FILE);

	if (driver && database_is_server(driver))
		facts_miss(k->f, SF_SCHEMA, "the database server is of the Windows host's network, and is not asked from here");
	else if (nowhere)
		facts_miss(k->f, SF_SCHEMA, nowhere);
	else
		return look_at_provider(k, e);
	return 0;
}

/* Where no installer tells it, the version does. */
static void put_wanted_edition(struct look *k)
{
	const char *version = facts_str(k->f, SF_TARGET_VERSION, NULL);

	if (!facts_get(k->f, SF_TARGET_EDITION) && sftpgo_edition_of(version))
		look_pin_str(k, SF_TARGET_EDITION, sftpgo_edition_of(version), "version");
}

static void put_old_installer(struct look *k)
{
	const char *path = json_str(k->to->source, "package_file", NULL);
	struct err e = ERR_INIT;
	json_t *found = NULL;

	if (!path)
		return;
	if (build_judge(path, NULL, &found, &e) < 0)
		look_missing(k, SF_OLD_INSTALLER, &e);
	else
		look_pin(k, SF_OLD_INSTALLER, found, "source.package_file");
}

int look_at_copy(struct look *k, struct err *e)
{
	look_at_conf(k);
	put_folder(k);
	put_version(k);
	if (look_at_database(k, e) < 0)
		return -(int)e->kind;
	look_at_scope(k);
	if (k->depth == DEPTH_LIVE || k->depth == DEPTH_DEEP)
		look_at_files(k);
	if (k->to && k->depth != DEPTH_GATE) {
		if (look_at_artifact(k, e) < 0)
			return -(int)e->kind;
		put_wanted_edition(k);
		put_old_installer(k);
		look_at_crossing(k);
	}
	look_at_causes(k);
	return 0;
}
