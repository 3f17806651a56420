/* What a restore point holds: the configuration directory, and the directory of a database file that lies elsewhere; both without
 * users' files, which no way in place touches. */
#include <stdio.h>
#include <string.h>

#include "io/dir.h"
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/objects.h"
#include "products/sftpgo/places.h"
#include "products/sftpgo/windows.h"

#define BAD_MAX 100 /* named, the rest only counted */

struct gathering {
	const char *root;
	const char *folder;     /* what root was copied from, on a Windows host; NULL: paths are of this host */
	const char *database;   /* first name on the way from the root to the database's file, or NULL */
	json_t *leave_out;      /* {name: true} */
	json_t *bad;
};

static bool is_ours(const struct gathering *g, const char *name)
{
	return !*name || strchr(name, '%') || !strcmp(name, "env.d") || !strncmp(name, "sftpgo.", 7) ||
	       (g->database && !strcmp(name, g->database));
}

/* Where a home is, as far as the root may hold it. Heap, or NULL. */
static char *home_here(const struct gathering *g, const char *path)
{
	if (g->folder)
		return path && windows_is_absolute(path) ? windows_here(g->root, g->folder, path) : NULL;
	return path && *path == '/' ? place_real(path) : NULL;
}

static void note_home(struct gathering *g, const char *path, const char *whose)
{
	autofree char *real = home_here(g, path), *name = real ? place_below(g->root, real) : NULL;

	if (!name)
		return;
	if (!is_ours(g, name))
		json_object_set_new(g->leave_out, name, json_true());
	else if (json_array_size(g->bad) < BAD_MAX)
		json_array_append_new(g->bad, json_sprintf("%s of %s lies where configuration or database do", path, whose));
}

static int note_object(void *data, const struct object *o, struct err *e unused_arg)
{
	autofree char *whose = xasprintf("%s %s", object_kind_name(o->kind), o->key);
	struct gathering *g = data;

	if (o->kind == OBJ_USERS)
		note_home(g, json_str(o->fields, "home_dir", NULL), whose);
	else if (o->kind == OBJ_GROUPS)
		note_home(g, json_str(json_object_get(o->fields, "user_settings"), "home_dir", NULL), whose);
	else if (o->kind == OBJ_FOLDERS)
		note_home(g, json_str(o->fields, "mapped_path", NULL), whose);
	return 0;
}

static void note_place(struct look *k, struct gathering *g, const char *key)
{
	autofree char *path = sftpgo_config_path(&k->l.conf, key), *there = path && g->folder ?
		windows_there(g->folder, sftpgo_config_str(&k->l.conf, key)) : NULL;

	note_home(g, there ? there : path, key);
}

static json_t *names_of(const json_t *set)
{
	json_t *list = json_array(), *unused;
	const char *name;

	json_object_foreach((json_t *)set, name, unused) json_array_append_new(list, json_string(name));
	return list;
}

static bool is_mount_point(const char *path)
{
	autofree char *parent = xasprintf("%s/..", path);
	autodir struct dir d = DIR_NONE, above = DIR_NONE;
	uint64_t mine = 0, theirs = 0;
	struct err ignored = ERR_INIT;

	return dir_open(path, &d, &ignored) >= 0 && dir_open(parent, &above, &ignored) >= 0 &&
	       dir_mount_id(&d, "", &mine, &ignored) >= 0 && dir_mount_id(&above, "", &theirs, &ignored) >= 0 && mine != theirs;
}

static json_t *root_json(const char *path, json_t *leave_out)
{
	return json_pack("{ss sb so}", "path", path, "mount_point", (int)is_mount_point(path), "leave_out", leave_out);
}

/* Of the directory that a database's file lies in: the file, its companions, and certificates. All else there is somebody else's, and
 * may be homes; some of it comes only with this run or with the new server. */
static void add_database(struct look *k, json_t *roots)
{
	static const char *const beside[] = { "", "-journal", "-wal", "-shm" };
	const char *file = facts_str(k->f, SF_DB_FILE, NULL), *slash = file ? strrchr(file, '/') : NULL;
	autofree char *below = file ? place_below(k->l.root, file) : NULL, *dir = NULL;
	json_t *only, *root;

	if (!file || below)
		return;
	dir = xstrndup(file, MAX_OF((size_t)(slash - file), (size_t)1));
	only = json_pack("[s]", "certs");
	for (size_t i = 0; i < ARRAY_LEN(beside); i++)
		json_array_append_new(only, json_sprintf("%s%s", slash + 1, beside[i]));
	root = root_json(dir, json_array());
	json_object_set_new(root, "only", only);
	json_object_set_new(roots, "database", root);
}

void look_at_scope(struct look *k)
{
	const char *file = facts_str(k->f, SF_DB_FILE, NULL);
	autofree char *database = file ? place_below(k->l.root, file) : NULL;
	struct gathering g = { k->l.root, k->l.conf.folder, database, json_object(), json_array() };
	json_t *roots = json_object();
	struct err e = ERR_INIT;

	note_place(k, &g, "data_provider.users_base_dir");
	note_place(k, &g, "data_provider.backups_path");
	if (k->db && objects_each(k->db, note_object, &g, &e) >= 0) {
		add_database(k, roots);
		json_object_set_new(roots, "root", root_json(k->l.root, names_of(g.leave_out)));
		look_pin(k, SF_SCOPE, json_incref(roots), "configuration and data provider");
		look_pin_some(k, SF_SCOPE_BAD, json_incref(g.bad), "data provider");
	} else {
		facts_miss(k->f, SF_SCOPE, k->db ? e.msg : facts_why_missing(k->f, SF_SCHEMA));
	}
	json_decref(g.leave_out);
	json_decref(g.bad);
	json_decref(roots);
}
