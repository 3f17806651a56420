/* What a restore point holds: of the configuration directory, and of the directory of a database file that lies elsewhere, the names
 * that are SFTPGo's own, and no other. All else there is somebody else's, and may be homes of users, whenever they are made: no way in
 * place moves users' files. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/dir.h"
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/objects.h"
#include "products/sftpgo/places.h"
#include "products/sftpgo/windows.h"

#define BAD_MAX 100 /* named, the rest only counted */

/* A directory of which the restore point holds entries. */
struct held {
	const char *path;
	json_t *must;   /* {name: true}: no users' files may lie there */
	json_t *may;    /* {name: true}: held where none do */
};

struct gathering {
	char *apart;    /* directory of the database's file, where that is not the root */
	struct held root, database;     /* database.path NULL: its file lies in the root, or it is on a server */
	/* What root was copied from, on a Windows host, and {name: true} of users' files in it, which a person is to leave out; NULL:
	 * paths are of this host. */
	const char *folder;
	json_t *homes;
	json_t *bad;
};

/* ---- what is SFTPGo's ---- */

static void add(json_t *names, const char *name)
{
	json_object_set_new(names, name, json_true());
}

static void add_configuration(struct held *h, const char *file)
{
	static const char *const own[] = { "env.d", "sftpgo.env", "sftpgo.json", "sftpgo.json.dpkg-dist", "sftpgo.yaml", "sftpgo.yml",
					   "sftpgo.toml", "sftpgo.hcl", "sftpgo.properties" };
	autofree char *named = file ? place_below(h->path, file) : NULL;

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		add(h->must, own[i]);
	if (named && *named)
		add(h->must, named);
}

static void add_database(struct held *h, const char *file)
{
	static const char *const beside[] = { "", "-journal", "-wal", "-shm" };

	for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
		autofree char *name = xasprintf("%s%s", strrchr(file, '/') + 1, beside[i]);

		add(h->must, name);
	}
}

/* src: 2.7.5 internal/sftpd/server.go, checkAndLoadHostKeys() */
static void add_host_keys(struct held *h)
{
	static const char *const made[] = { "id_rsa", "id_rsa.pub", "id_ecdsa", "id_ecdsa.pub", "id_ed25519", "id_ed25519.pub" };

	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		add(h->may, made[i]);
}

/* Keys, certificates and what else logins hang on: by the last word of the setting. */
static bool names_a_file(const char *key)
{
	static const char *const words[] = { "host_keys", "host_certificates", "trusted_user_ca_keys", "revoked_user_certs_file",
					     "login_banner_file", "banner_file", "certificate_file", "certificate_key_file",
					     "ca_certificates", "ca_revocation_lists", "root_cert", "client_cert", "client_key",
					     "master_key_path", "password_file", "signing_passphrase_file", "client_secret_file",
					     "auth_user_file" };
	const char *dot = strrchr(key, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(words); i++)
		if (!strcmp(dot + 1, words[i]))
			return true;
	return false;
}

static void add_path(struct held *h, const char *path)
{
	autofree char *real = place_real(path), *name = h->path ? place_below(h->path, real) : NULL;

	if (name && *name)
		add(h->may, name);
}

static void add_file(struct gathering *g, const char *said, const char *ending)
{
	autofree char *path = NULL;

	if (!said || !*said)
		return;
	path = xasprintf("%s%s%s%s", *said == '/' ? "" : g->root.path, *said == '/' ? "" : "/", said, ending);
	add_path(&g->root, path);
	add_path(&g->database, path);
}

/* A name, or several. */
static void add_files(struct gathering *g, const char *key, const json_t *value)
{
	const char *more = strstr(key, ".host_keys") ? ".pub" : NULL;
	const json_t *one;
	size_t i;

	if (json_is_string(value))
		add_file(g, json_string_value(value), "");
	json_array_foreach(value, i, one)
	{
		add_file(g, json_string_value(one), "");
		if (more)
			add_file(g, json_string_value(one), more);
	}
}

/* A directory of certificates that is not there yet is not ours either: a user may be called so. */
static void add_certificates(struct gathering *g, const struct sftpgo_config *conf)
{
	autofree char *path = sftpgo_config_path(conf, "acme.certs_path");

	if (!path || access(path, F_OK) < 0)
		return;
	add_path(&g->root, path);
	add_path(&g->database, path);
}

static void gather_names(struct gathering *g, const struct look *k, const char *file)
{
	add_configuration(&g->root, k->l.conf.file);
	add_host_keys(&g->root);
	if (file)
		add_database(g->database.path ? &g->database : &g->root, file);
	map_each (&k->l.conf.settings, it)
		if (names_a_file(it->key))
			add_files(g, it->key, ((const struct sftpgo_setting *)it->value)->value);
	add_certificates(g, &k->l.conf);
}

/* ---- where users' files lie ---- */

static void note_bad(struct gathering *g, const char *path, const char *whose)
{
	if (json_array_size(g->bad) < BAD_MAX)
		json_array_append_new(g->bad, json_sprintf("%s of %s lies where configuration or database do", path, whose));
}

static void keep_apart(struct gathering *g, struct held *h, const char *path, const char *real, const char *whose)
{
	autofree char *name = h->path ? place_below(h->path, real) : NULL;

	if (!name)
		return;
	json_object_del(h->may, name);
	if (!*name || json_object_get(h->must, name) || (g->folder && strchr(name, '%')))
		note_bad(g, path, whose);
	else
		add(g->homes, name);
}

/* Where it is, as far as a root may hold it. Heap, or NULL. */
static char *home_here(const struct gathering *g, const char *path)
{
	if (g->folder)
		return path && windows_is_absolute(path) ? windows_here(g->root.path, g->folder, path) : NULL;
	return path && *path == '/' ? place_real(path) : NULL;
}

static void note_home(struct gathering *g, const char *path, const char *whose)
{
	autofree char *real = home_here(g, path);

	if (!real)
		return;
	keep_apart(g, &g->root, path, real, whose);
	keep_apart(g, &g->database, path, real, whose);
}

/* Homes and dumps may lie right in such a directory: then their names are none of ours. */
static void note_place(struct gathering *g, const struct sftpgo_config *conf, const char *key)
{
	autofree char *path = sftpgo_config_path(conf, key),
		      *there = path && g->folder ? windows_there(g->folder, sftpgo_config_str(conf, key)) : NULL,
		      *real = home_here(g, there ? there : path);

	if (real && strcmp(real, g->root.path) != 0 && (!g->database.path || strcmp(real, g->database.path) != 0))
		note_home(g, there ? there : path, key);
}

/* ---- the fact ---- */

static bool is_mount_point(const char *path)
{
	autofree char *parent = xasprintf("%s/..", path);
	autodir struct dir d = DIR_NONE, above = DIR_NONE;
	uint64_t mine = 0, theirs = 0;
	struct err ignored = ERR_INIT;

	return dir_open(path, &d, &ignored) >= 0 && dir_open(parent, &above, &ignored) >= 0 &&
	       dir_mount_id(&d, "", &mine, &ignored) >= 0 && dir_mount_id(&above, "", &theirs, &ignored) >= 0 && mine != theirs;
}

static void add_names(json_t *list, const json_t *names)
{
	json_t *unused;
	const char *name;

	json_object_foreach((json_t *)names, name, unused) json_array_append_new(list, json_string(name));
}

static json_t *root_json(const struct gathering *g, const struct held *h)
{
	json_t *names = json_array();

	if (g->folder) {
		add_names(names, g->homes);
	} else {
		json_object_update_missing(h->must, h->may);
		add_names(names, h->must);
	}
	return json_pack("{ss sb so}", "path", h->path, "mount_point", (int)is_mount_point(h->path), g->folder ? "leave_out" : "only",
			 names);
}

static struct held held_new(const char *path)
{
	return (struct held){ path, json_object(), json_object() };
}

static void held_done(struct held *h)
{
	json_decref(h->must);
	json_decref(h->may);
}

/* Everything but the objects is known when the first of them comes. */
static struct gathering *begun(struct look *k)
{
	const char *file = facts_str(k->f, SF_DB_FILE, NULL), *slash = file ? strrchr(file, '/') : NULL;
	autofree char *dir = file ? xstrndup(file, MAX_OF((size_t)(slash - file), (size_t)1)) : NULL;
	struct gathering *g = k->gathering;

	if (g)
		return g;
	g = k->gathering = xcalloc(1, sizeof *g);
	g->apart = dir && strcmp(dir, k->l.root) != 0 ? take_ptr(dir) : NULL;
	g->root = held_new(k->l.root);
	g->database = held_new(g->apart);
	g->folder = k->l.conf.folder;
	g->homes = json_object();
	g->bad = json_array();
	gather_names(g, k, file);
	note_place(g, &k->l.conf, "data_provider.users_base_dir");
	note_place(g, &k->l.conf, "data_provider.backups_path");
	return g;
}

void look_gathering_done(struct look *k)
{
	struct gathering *g = take_ptr(k->gathering);

	if (!g)
		return;
	held_done(&g->root);
	held_done(&g->database);
	json_decref(g->homes);
	json_decref(g->bad);
	free(g->apart);
	free(g);
}

void look_note_home(struct look *k, const struct object *o)
{
	autofree char *whose = xasprintf("%s %s", object_kind_name(o->kind), o->key);
	struct gathering *g = begun(k);

	if (o->kind == OBJ_USERS)
		note_home(g, json_str(o->fields, "home_dir", NULL), whose);
	else if (o->kind == OBJ_GROUPS)
		note_home(g, json_str(json_object_get(o->fields, "user_settings"), "home_dir", NULL), whose);
	else if (o->kind == OBJ_FOLDERS)
		note_home(g, json_str(o->fields, "mapped_path", NULL), whose);
}

static int note_object(void *data, const struct object *o, struct err *e unused_arg)
{
	look_note_home(data, o);
	return 0;
}

static int note_all(struct look *k, struct err *e)
{
	if (k->all_noted)
		return 0;
	look_gathering_done(k);
	return objects_each(k->db, note_object, k, e);
}

static void put_roots(struct look *k, const struct gathering *g)
{
	json_t *roots = json_object();

	if (g->apart)
		json_object_set_new(roots, "database", root_json(g, &g->database));
	json_object_set_new(roots, "root", root_json(g, &g->root));
	look_pin(k, SF_SCOPE, roots, "configuration and data provider");
	look_pin_some(k, SF_SCOPE_BAD, json_incref(g->bad), "data provider");
}

void look_at_scope(struct look *k)
{
	struct err e = ERR_INIT;

	if (!k->db)
		facts_miss(k->f, SF_SCOPE, facts_why_missing(k->f, SF_SCHEMA));
	else if (k->l.inside)
		facts_miss(k->f, SF_SCOPE, "homes of a container's users are paths of its own");
	else if (note_all(k, &e) < 0)
		look_missing(k, SF_SCOPE, &e);
	else
		put_roots(k, begun(k));
}
