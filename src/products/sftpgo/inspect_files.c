/* Files that the configuration names: hooks, plugins, the database's own; and what was edited of a
 * package's. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/cmd.h"
#include "products/sftpgo/holders.h"
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/packaging.h"

#define PLUGINS_MAX 10
#define ASK_PACKAGE (60 * NS_PER_S)

/* ---- programs ---- */

static const char *state_of_program(const struct look *k, const char *path)
{
	autofree char *here = NULL;
	struct stat st;

	if (k->l.folder_from)
		return "elsewhere";
	if (*path != '/')
		return "not absolute";
	here = layout_here(&k->l, path);
	if (!here)
		return "of the image";
	if (stat(here, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? "absent" : "not to be seen";
	if (!S_ISREG(st.st_mode))
		return "no file";
	return st.st_mode & 0111 ? "there" : "not executable";
}

static void put_hooks(struct look *k)
{
	static const char *const keys[] = { "common.actions.hook",
					    "common.startup_hook",
					    "common.post_connect_hook",
					    "common.post_disconnect_hook",
					    "data_provider.actions.hook",
					    "data_provider.external_auth_hook",
					    "data_provider.pre_login_hook",
					    "data_provider.post_login_hook",
					    "data_provider.check_password_hook",
					    "sftpd.keyboard_interactive_auth_hook" };
	json_t *hooks = json_object();

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *hook = sftpgo_config_str(&k->l.conf, keys[i]);

		/* A URL may hold a password, and what answers there is not asked. */
		if (hook && !strncmp(hook, "http", 4))
			json_object_set_new(hooks, keys[i],
					    json_pack("{ss ss}", "path", "http", "state", "there"));
		else if (hook && *hook)
			json_object_set_new(hooks, keys[i],
					    json_pack("{so ss}", "path", json_text(hook), "state",
						      state_of_program(k, hook)));
	}
	look_observe(k, SF_HOOKS, hooks, "configuration and stat");
}

static void put_plugins(struct look *k)
{
	json_t *plugins = json_array();

	for (size_t i = 0; i < sftpgo_config_count(&k->l.conf, "plugins") && i < PLUGINS_MAX; i++) {
		autofree char *type = xasprintf("plugins.%zu.type", i),
			      *cmd = xasprintf("plugins.%zu.cmd", i);
		const char *path = sftpgo_config_str(&k->l.conf, cmd),
			   *is = sftpgo_config_str(&k->l.conf, type);

		json_array_append_new(plugins,
				      json_pack("{so so ss}", "type", json_text(is ? is : ""),
						"cmd", json_text(path ? path : ""), "state",
						state_of_program(k, path ? path : "")));
	}
	look_observe(k, SF_PLUGINS, plugins, "configuration and stat");
}

/* ---- the database's file ---- */

/* Who the server is: as it runs, else as its unit says. */
static bool account_of(const struct look *k, uid_t *uid, gid_t *gid)
{
	const char *user =
	    k->l.unit.name ? unitfile_last(&k->l.unit, "Service.User", "root") : NULL;
	const struct passwd *pw;

	if (k->l.proc.id.pid) {
		*uid = k->l.proc.uid;
		*gid = k->l.proc.gid;
		return true;
	}
	pw = user ? getpwnam(user) : NULL;
	if (!pw)
		return false;
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return true;
}

/* By its mode; groups beside the first and access lists are not looked at. */
static bool may_write(const struct stat *st, uid_t uid, gid_t gid)
{
	if (!uid)
		return true;
	if (st->st_uid == uid)
		return st->st_mode & 0200;
	return st->st_mode & (st->st_gid == gid ? 0020 : 0002);
}

static void put_owner(struct look *k, const char *file)
{
	const char *slash = strrchr(file, '/');
	autofree char *dir = xasprintf("%.*s/", (int)(slash - file), file);
	struct stat st, above;
	uid_t uid = 0;
	gid_t gid = 0;

	if (!account_of(k, &uid, &gid))
		facts_miss(k->f, SF_DB_OWNER, "nothing says as whom the server runs");
	else if (stat(file, &st) < 0 || stat(dir, &above) < 0)
		facts_miss(k->f, SF_DB_OWNER, "the file cannot be seen");
	else
		look_observe(k, SF_DB_OWNER,
			     json_pack("{si si si sb sb}", "server", (int)uid, "uid",
				       (int)st.st_uid, "gid", (int)st.st_gid, "file",
				       (int)may_write(&st, uid, gid), "directory",
				       (int)may_write(&above, uid, gid)),
			     file);
}

/* Open source keeps a rollback journal, Enterprise a write-ahead log. facts/sftpgo 3.4 */
static void put_companions(struct look *k, const char *file)
{
	static const char *const endings[] = { "-wal", "-shm", "-journal" };
	json_t *found = json_array();

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		autofree char *path = xasprintf("%s%s", file, endings[i]);

		if (!access(path, F_OK))
			json_array_append_new(found, json_string(endings[i]));
	}
	look_observe(k, SF_DB_BESIDE, found, file);
}

static void put_holders(struct look *k, const char *file)
{
	json_t *list = NULL;
	struct err e = ERR_INIT;

	if (holders_of(file, k->l.proc.id.pid, &list, &e) < 0)
		look_missing(k, SF_DB_HOLDERS, &e);
	else
		look_observe(k, SF_DB_HOLDERS, list, "/proc/pid/fd");
}

/* ---- the package's ---- */

static void put_edited(struct look *k)
{
	const char *manager = json_str(k->l.package, "manager", ""),
		   *name = json_str(k->l.package, "name", "");
	const char *argv[] = { !strcmp(manager, "rpm") ? "rpm" : "dpkg", "--verify", name, NULL };
	struct cmd c = { .argv = argv, .within_ns = ASK_PACKAGE, .out_max = 64 << 10 };
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;

	if (!k->l.package)
		return;
	/* Its status only tells whether there was anything to say. */
	if (cmd_run(&c, &r, &e) < 0) {
		look_missing(k, SF_EDITED, &e);
		look_missing(k, SF_ALTERED, &e);
		return;
	}
	look_observe(k, SF_EDITED, packaging_edited(buf_sv(&r.out)), manager);
	look_observe(k, SF_ALTERED, packaging_altered(buf_sv(&r.out)), manager);
	cmd_result_done(&r);
}

void look_at_files(struct look *k)
{
	const char *file = facts_str(k->f, SF_DB_FILE, NULL);

	put_edited(k);
	if (k->l.conf_error[0])
		return;
	put_hooks(k);
	put_plugins(k);
	if (!file)
		return;
	if (!k->l.folder_from)
		put_owner(k, file);
	put_companions(k, file);
	put_holders(k, file);
}
