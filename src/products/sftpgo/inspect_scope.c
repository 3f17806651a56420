/* What a restore point holds: of the configuration directory, and of the directory of a database file that lies elsewhere, the names
 * that are SFTPGo's own, and no other. All else there is somebody else's, and may be homes of users, whenever they are made: no way in
 * place moves users' files. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/dir.h"
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/objects.h"
#include "products/sftpgo/objects_census.h"
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
	const struct look *look;
	char *apart;    /* directory of the database's file, where that is not the root */
	struct held root, database;     /* database.path NULL: its file lies in the root, or it is on a server */
	/* What root was copied from, on a Windows host, and {name: true} of users' files in it, which a person is to leave out; NULL:
	 * paths are of this host. */
	const char *folder;
	json_t *homes;
	json_t *bad;
	json_t *adrift; /* what lies in the container itself, in words */
	json_t *named;  /* {path: key}: what the configuration names, and is there */
};

/* ---- what is SFTPGo's ---- */

static void add(json_t *names, const char *name)
{
	json_object_set_new(names, name, json_true());
}

/* What the server calls it, as this host does. Heap; NULL: it lies in a container itself. */
static char *here_of(const struct gathering *g, const char *path)
{
	return layout_here(&g->look->l, path);
}

static void note_adrift(struct gathering *g, const char *path, const char *whose)
{
	if (json_array_size(g->adrift) < BAD_MAX)
		json_array_append_new(g->adrift, json_sprintf("%s, %s", path, whose));
}

static void add_configuration(struct held *h, const char *file)
{
	static const char *const own[] = { "env.d", "sftpgo.env", "sftpgo.json", "sftpgo.json.dpkg-dist", "sftpgo.yaml", "sftpgo.yml",
					   "sftpgo.toml", "sftpgo.hcl", "sftpgo.ini", "sftpgo.properties" };
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

static void add_path(struct held *h, const char *real)
{
	autofree char *name = h->path ? place_below(h->path, real) : NULL;

	if (name && *name)
		add(h->may, name);
}

static void add_named(struct gathering *g, const char *path, const char *key)
{
	autofree char *real = place_real(path);

	add_path(&g->root, real);
	add_path(&g->database, real);
	if (!g->folder && access(real, F_OK) >= 0 && json_object_size(g->named) < BAD_MAX)
		json_object_set_new(g->named, real, json_text(key));
}

/* Where relative names begin, as the server calls it. */
static const char *own_dir(const struct gathering *g)
{
	return g->look->l.inside ? g->look->l.inside : g->root.path;
}

/* An image brings some; what was made or changed in the container itself is in no image. */
static void note_changed(struct gathering *g, const char *path, const char *whose)
{
	if (json_lists(g->look->layer, path))
		note_adrift(g, path, whose);
}

static void add_file(struct gathering *g, const char *key, const char *said, const char *ending)
{
	autofree char *path = NULL, *here = NULL;

	if (!said || !*said)
		return;
	path = xasprintf("%s%s%s%s", *said == '/' ? "" : own_dir(g), *said == '/' ? "" : "/", said, ending);
	here = here_of(g, path);
	if (!here) {
		note_changed(g, path, key);
		return;
	}
	add_named(g, here, key);
}

/* A name, or several. */
static void add_files(struct gathering *g, const char *key, const json_t *value)
{
	const char *more = strstr(key, ".host_keys") ? ".pub" : NULL;
	const json_t *one;
	size_t i;

	if (json_is_string(value))
		add_file(g, key, json_string_value(value), "");
	json_array_foreach(value, i, one)
	{
		add_file(g, key, json_string_value(one), "");
		if (more)
			add_file(g, key, json_string_value(one), more);
	}
}

/* A directory of certificates that is not there yet is not ours either: a user may be called so. */
static void add_certificates(struct gathering *g, const struct sftpgo_config *conf)
{
	static const char key[] = "acme.certs_path";
	autofree char *path = sftpgo_config_path(conf, key);

	if (path && access(path, F_OK) >= 0)
		add_named(g, path, key);
}

static void gather_names(struct gathering *g, const struct look *k, const char *file)
{
	autofree char *conf = k->l.conf.file ? here_of(g, k->l.conf.file) : NULL;

	add_configuration(&g->root, conf);
	if (conf)
		add_named(g, conf, "the configuration");
	if (k->l.conf.file && !conf)
		note_changed(g, k->l.conf.file, "the configuration");
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
	autofree char *here = NULL;

	if (g->folder)
		return path && windows_is_absolute(path) ? windows_here(g->root.path, g->folder, path) : NULL;
	here = path && *path == '/' ? here_of(g, path) : NULL;
	return here ? place_real(here) : NULL;
}

static void note_home(struct gathering *g, const char *path, const char *whose)
{
	autofree char *real = home_here(g, path);

	if (!real)
		return;
	keep_apart(g, &g->root, path, real, whose);
	keep_apart(g, &g->database, path, real, whose);
}

/* As the server calls it; in a copy of a Windows folder as it lies here. */
static char *place_named(const struct gathering *g, const struct sftpgo_config *conf, const char *key)
{
	const char *said = sftpgo_config_str(conf, key);

	if (g->folder || !said || !*said)
		return sftpgo_config_path(conf, key);
	return *said == '/' ? xstrdup(said) : xasprintf("%s/%s", own_dir(g), said);
}

/* Homes and dumps may lie right in such a directory: then their names are none of ours. */
static void note_place(struct gathering *g, const struct sftpgo_config *conf, const char *key)
{
	autofree char *path = place_named(g, conf, key),
		      *there = path && g->folder ? windows_there(g->folder, sftpgo_config_str(conf, key)) : NULL,
		      *real = home_here(g, there ? there : path);

	if (real && strcmp(real, g->root.path) != 0 && (!g->database.path || strcmp(real, g->database.path) != 0))
		note_home(g, there ? there : path, key);
}

/* ---- the fact ---- */

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
	return json_pack("{ss sb so}", "path", h->path, "mount_point", (int)dir_is_mount_point(h->path), g->folder ? "leave_out" : "only",
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
	g->look = k;
	g->adrift = json_array();
	g->named = json_object();
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
	json_decref(g->adrift);
	json_decref(g->named);
	free(g->apart);
	free(g);
}

/* Of other storages it is a place to work in, and nothing is kept there. facts/sftpgo 9 */
static bool keeps_files(const json_t *fields)
{
	int64_t provider = json_int(json_object_get(fields, "filesystem"), "provider", STORAGE_LOCAL);

	return provider == STORAGE_LOCAL || provider == STORAGE_LOCAL_ENCRYPTED;
}

static void note_files(struct gathering *g, const json_t *fields, const char *key, const char *whose)
{
	const char *path = json_str(fields, key, "");
	autofree char *here = *path == '/' ? here_of(g, path) : NULL;

	note_home(g, path, whose);
	if (*path == '/' && !here && keeps_files(fields))
		note_adrift(g, path, whose);
}

void look_note_home(struct look *k, const struct object *o)
{
	autofree char *whose = xasprintf("%s %s", object_kind_name(o->kind), o->key);
	struct gathering *g = begun(k);

	if (o->kind == OBJ_USERS)
		note_files(g, o->fields, "home_dir", whose);
	else if (o->kind == OBJ_GROUPS)
		note_files(g, json_object_get(o->fields, "user_settings"), "home_dir", whose);
	else if (o->kind == OBJ_FOLDERS)
		note_files(g, o->fields, "mapped_path", whose);
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

static bool holds(const struct held *h, const char *path)
{
	autofree char *name = h->path ? place_below(h->path, path) : NULL;

	return name && *name && (json_object_get(h->must, name) || json_object_get(h->may, name));
}

/* Of what no root holds: list, new reference. */
static json_t *beside(const struct gathering *g)
{
	json_t *list = json_array(), *key;
	const char *path;

	json_object_foreach(g->named, path, key)
		if (!holds(&g->root, path) && !holds(&g->database, path))
			json_array_append_new(list, json_sprintf("%s (%s)", path, json_string_value(key)));
	return list;
}

static void put_roots(struct look *k, const struct gathering *g)
{
	json_t *roots = json_object();

	if (g->apart)
		json_object_set_new(roots, "database", root_json(g, &g->database));
	json_object_set_new(roots, "root", root_json(g, &g->root));
	look_pin(k, SF_SCOPE, roots, "configuration and data provider");
	look_pin_some(k, SF_SCOPE_BAD, json_incref(g->bad), "data provider");
	look_observe(k, SF_SCOPE_BESIDE, beside(g), "configuration and its paths");
	look_pin_some(k, SF_ADRIFT, json_incref(g->adrift), "configuration, data provider and docker");
}

/* A directory that shows at two places of this host has two names, and homes in it would go unseen. */
static bool agrees_with_docker(const struct look *k)
{
	autofree char *here = k->l.inside ? layout_here(&k->l, k->l.inside) : NULL, *real = here ? place_real(here) : NULL;

	return !k->l.inside || (real && !strcmp(real, k->l.root));
}

void look_at_scope(struct look *k)
{
	struct err e = ERR_INIT;

	if (!k->db)
		facts_miss(k->f, SF_SCOPE, facts_why_missing(k->f, SF_SCHEMA));
	else if (!agrees_with_docker(k))
		facts_miss(k->f, SF_SCOPE, "docker does not tell its configuration directory's volume as this host's mounts do");
	else if (note_all(k, &e) < 0)
		look_missing(k, SF_SCOPE, &e);
	else
		put_roots(k, begun(k));
}
