#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "io/dir.h"
#include "products/sftpgo/build.h"
#include "products/sftpgo/inspect.h"

#define ENTRIES_MAX 1000

static const char *const entries[] = { "sftpgo", "templates", "static", "openapi" };

/* What else the vendor's archive brings, and the mark of a build that was staged. */
static const char *const brought[] = { "LICENSE", "NOTICE", "README.txt", "README.md", "bash_completion", "zsh_completion",
				       "init", "man", "sqlite", "sftpgo.json", ".crossgrade-run" };

static void put_entries(struct look *k, const struct dir *d)
{
	json_t *list = json_array();
	struct err ignored = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		if (dir_has(d, entries[i], &ignored) == 1)
			json_array_append_new(list, json_string(entries[i]));
	look_pin(k, SF_INSTALL_ENTRIES, list, "directory");
}

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, list[i]))
			return true;
	return false;
}

/* Homes, plugins, hooks, keys: they would leave their place with a directory that is exchanged whole. */
static bool holds_others(const struct dir *d)
{
	struct dir_names names = { 0 };
	struct err ignored = ERR_INIT;
	bool others = dir_list(d, "", ENTRIES_MAX, &names, &ignored) < 0;

	vec_each (&names, it)
		others |= !is_one_of(it->name, entries, ARRAY_LEN(entries)) && !is_one_of(it->name, brought, ARRAY_LEN(brought));
	dir_names_done(&names);
	return others;
}

static void put_directory(struct look *k)
{
	const struct layout *l = &k->l;
	autodir struct dir d = DIR_NONE, above = DIR_NONE;
	autofree char *parent = xasprintf("%s/..", l->install);
	uint64_t mine = 0, theirs = 0;
	struct err e = ERR_INIT;

	look_pin_str(k, SF_INSTALL, l->install, "command line");
	if (l->install_link)
		look_pin_str(k, SF_INSTALL_LINK, l->install_link, "command line");
	if (dir_open(l->install, &d, &e) < 0 || dir_open(parent, &above, &e) < 0) {
		look_missing(k, SF_INSTALL_ENTRIES, &e);
		return;
	}
	put_entries(k, &d);
	if (dir_mount_id(&d, "", &mine, &e) >= 0 && dir_mount_id(&above, "", &theirs, &e) >= 0)
		look_pin_bool(k, SF_INSTALL_MOUNT, mine != theirs, "statx");
	look_pin_bool(k, SF_INSTALL_MIXED,
		      path_is_in(l->root, l->install) || path_is_in(facts_str(k->f, SF_DB_FILE, NULL), l->install) ||
			      holds_others(&d),
		      "configuration and directory");
}

/* In the name of who runs it, else of its owner: it may lie where nobody else comes in. */
static int ask_build(const struct layout *l, json_t **ret, struct err *e)
{
	struct stat st;

	if (l->proc.id.pid)
		return build_ask(l->program, l->proc.uid, l->proc.gid, ret, e);
	if (stat(l->program, &st) < 0)
		return err_sys(e, errno, "look at '%s'", l->program);
	return build_ask(l->program, st.st_uid, st.st_gid, ret, e);
}

/* The installed program by its own word: what goes back must be what was there. */
static void put_build(struct look *k)
{
	const struct layout *l = &k->l;
	const char *version;
	json_t *said = NULL;
	struct err e = ERR_INIT;

	if (ask_build(l, &said, &e) < 0) {
		look_missing(k, SF_BUILD, &e);
		return;
	}
	look_pin(k, SF_BUILD, said, "--version");
	version = json_str(said, "version", NULL);
	if (!facts_get(k->f, SF_VERSION))
		look_pin_str(k, SF_VERSION, version, "--version");
	if (!facts_get(k->f, SF_EDITION))
		look_pin_str(k, SF_EDITION, json_str(said, "edition", NULL), "--version");
}

static void put_service(struct look *k)
{
	const struct layout *l = &k->l;

	look_pin(k, SF_SERVICE, json_incref(l->service), "site");
	look_pin_str(k, SF_SERVICE_KIND, json_str(l->service, "kind", NULL), "site");
	if (l->svc.by[0])
		look_pin_str(k, SF_SERVICE_BY, l->svc.by, "/proc");
	if (l->unit.name)
		look_pin(k, SF_UNIT_FILES, json_incref(l->unit.files), l->unit.name);
}

void look_at_install(struct look *k)
{
	const struct layout *l = &k->l;

	put_service(k);
	look_pin_str(k, SF_KIND, l->kind, "layout");
	if (l->container) {
		look_at_container(k);
		return;
	}
	if (l->package)
		look_pin(k, SF_PACKAGE, json_incref(l->package), json_str(l->package, "manager", ""));
	if (!l->program || !l->install) {
		facts_miss(k->f, SF_INSTALL, "no command line or unit names the program; give source.install");
		return;
	}
	look_pin_str(k, SF_PROGRAM, l->program, "command line");
	put_directory(k);
	if (k->depth != DEPTH_FROZEN && k->depth != DEPTH_GATE)
		put_build(k);
}
