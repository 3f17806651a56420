/* The data folder: is it the one, is it whole, how large, and which features its configuration switches on. */
#include <string.h>
#include <sys/stat.h>

#include "base/secret.h"
#include "data/tree.h"
#include "io/file.h"
#include "products/seatable/inspect.h"
#include "products/seatable/plain.h"
#include "products/seatable/settings.h"

#define CONF_MAX (4u << 20)
#define ENTRIES_MAX 10000

static const char *const folders[] = { "storage-data", "seafile-data", "seahub-data", "conf", "db-data" };

/* By the mounts of its container: docker's words. */
static const char *mounted_source(const struct sea_look *k)
{
	const json_t *mounts = json_object_get(k->seen, "Mounts"), *one;
	size_t i;

	json_array_foreach((json_t *)mounts, i, one)
		if (!strcmp(json_str(one, "Destination", ""), "/shared"))
			return json_str(one, "Source", NULL);
	return NULL;
}

static void put_paths(struct sea_look *k)
{
	const char *source = json_str(json_object_get(facts_get(k->f, SEA_BINDS), "/shared"), "source", NULL), *mounted = mounted_source(k);

	if (source)
		sea_pin_str(k, SEA_DATA, source, "docker compose config");
	else if (facts_get(k->f, SEA_BINDS))
		facts_miss(k->f, SEA_DATA, "nothing of this host is mounted at /shared");
	if (mounted)
		sea_pin_str(k, SEA_DATA_MOUNTED, source && sea_same_file(source, mounted) ? source : mounted, "docker inspect");
}

/* ---- configuration ---- */

static void read_text(const struct dir *conf, const char *name, struct buf *ret)
{
	struct err ignored = ERR_INIT;

	if (file_read(conf, name, ret, &ignored) < 0)
		buf_reset(ret);
}

static json_t *old_files(const struct dir *conf)
{
	static const char *const names[] = { "dtable-api-gateway.conf", "dtable-db.conf", "dtable-events.conf", "dtable-storage-server.conf",
					     "dtable_server_config.json" };
	json_t *found = json_array();
	struct err ignored = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (dir_has(conf, names[i], &ignored) == 1)
			json_array_append_new(found, json_string(names[i]));
	return found;
}

static json_t *conf_facts(const struct dir *conf, const json_t *settings, struct sv text, struct err *e)
{
	autobuf struct buf version = BUF_MAX(4096);
	struct dir_names names = { 0 };
	struct err ignored = ERR_INIT;
	char digest[DIGEST_TEXT];
	json_t *o;

	if (dir_list(conf, "", ENTRIES_MAX, &names, e) < 0)
		return NULL;
	digest_text(text, digest);
	o = json_pack("{sI sb ss sI sb sb so}", "entries", (json_int_t)names.n, "settings", (int)(text.n > 0), "sha256", digest, "plugins_repo",
		      (json_int_t)json_int(settings, "plugins_repo", 0), "plugins_commented", (int)json_bool(settings, "plugins_commented", false),
		      "controller", (int)(dir_has(conf, "seatable-controller.conf", &ignored) == 1), "old", old_files(conf));
	dir_names_done(&names);
	if (json_object_get(settings, "is_pro"))
		json_object_set(o, "is_pro", json_object_get(settings, "is_pro"));
	read_text(conf, "current_version.txt", &version);
	if (version.len) {
		autofree char *said = sv_dup(sv_trim(buf_sv(&version)));

		json_object_set_new(o, "current_version", json_text(said));
	}
	return o;
}

static void put_features(struct sea_look *k, const struct dir *conf, const json_t *settings)
{
	autobuf struct buf events = BUF_MAX(CONF_MAX), storage = BUF_MAX(CONF_MAX), seafile = BUF_MAX(CONF_MAX);
	struct sea_sources s = { .settings = settings,
				 .environment = facts_get(k->f, SEA_ENVIRONMENT),
				 .files = facts_get(k->f, SEA_FILES),
				 .version = json_str(facts_get(k->f, SEA_DATA_CONF), "current_version", NULL) };
	json_t *place;

	read_text(conf, "dtable-events.conf", &events);
	read_text(conf, "dtable-storage-server.conf", &storage);
	read_text(conf, "seafile.conf", &seafile);
	s.events = buf_sv(&events);
	s.storage = buf_sv(&storage);
	s.seafile = buf_sv(&seafile);
	sea_pin(k, SEA_FEATURES, sea_features_of(&s), "configuration");
	place = sea_log_place_of(&s);
	if (place)
		sea_pin(k, SEA_LOG_PLACE, place, "configuration");
	sea_pin(k, SEA_STORAGE, sea_storage_of(&s), "configuration");
	secret_wipe(events.data, events.len);
	secret_wipe(storage.data, storage.len);
	secret_wipe(seafile.data, seafile.len);
}

static void missing_all(struct sea_look *k, const struct err *why)
{
	sea_missing(k, SEA_DATA_CONF, why);
	sea_missing(k, SEA_FEATURES, why);
	sea_missing(k, SEA_STORAGE, why);
}

static void put_conf(struct sea_look *k)
{
	autofree char *path = xasprintf("%s/seatable/conf", k->data);
	autobuf struct buf text = BUF_MAX(CONF_MAX);
	autojson json_t *settings = NULL;
	autodir struct dir conf = DIR_NONE;
	struct err e = ERR_INIT;
	json_t *facts;

	if (dir_open(path, &conf, &e) < 0) {
		missing_all(k, &e);
		return;
	}
	read_text(&conf, "dtable_web_settings.py", &text);
	settings = sea_settings_of(buf_sv(&text));
	facts = conf_facts(&conf, settings, buf_sv(&text), &e);
	secret_wipe(text.data, text.len);
	if (!facts) {
		missing_all(k, &e);
		return;
	}
	sea_pin(k, SEA_DATA_CONF, facts, "conf");
	put_features(k, &conf, settings);
}

/* ---- sizes ---- */

static bool is_canceled(const struct sea_look *k, const struct err *e)
{
	return e->kind == ERR_CANCELED || (k->c->cancel && e->kind == ERR_TIMEOUT);
}

static bool is_mount(const struct dir *top, const char *name)
{
	struct err ignored = ERR_INIT;
	uint64_t above, at;

	return dir_mount_id(top, "", &above, &ignored) >= 0 && dir_mount_id(top, name, &at, &ignored) >= 0 && at != above;
}

static bool is_link(const struct dir *top, const char *name)
{
	struct err ignored = ERR_INIT;
	struct stat st;

	return dir_stat(top, name, &st, &ignored) >= 0 && S_ISLNK(st.st_mode);
}

/* With all that is mounted below it. ret_odd: why a copy, which crosses into no mount, would not have it all; NULL: it would. Heap. */
static int measure(const struct sea_look *k, const struct dir *top, const char *name, struct tree_size *ret, char **ret_odd, struct err *e)
{
	struct tree_opts o = { .cancel = k->c->cancel };
	autodir struct dir d = DIR_NONE;
	int r = dir_open_at(top, name, &d, e);

	*ret_odd = NULL;
	if (r >= 0)
		r = tree_measure(&d, &o, ret, e);
	if (r < 0 && d.fd >= 0 && e->kind == ERR_REFUSED) {
		*ret_odd = xstrdup(e->msg);
		err_clear(e);
		o.cross_mounts = true;
		r = tree_measure(&d, &o, ret, e);
	} else if (r >= 0 && is_mount(top, name)) {
		*ret_odd = xstrdup("it is a mount of its own");
	} else if (r < 0 && e->kind != ERR_ABSENT) {
		*ret_odd = xstrdup(is_link(top, name) ? "it is a link" : e->msg);
	}
	return r;
}

/* A directory each. r: of the look at db-data. */
static void put_archives(struct sea_look *k, int r, const struct tree_size *size, const struct err *e)
{
	if (r < 0 && e->kind != ERR_ABSENT)
		sea_missing(k, SEA_ARCHIVES, e);
	else
		sea_observe(k, SEA_ARCHIVES, json_integer(r < 0 ? 0 : (json_int_t)size->dirs - 1), "db-data");
}

static void put_folders(struct sea_look *k)
{
	autofree char *path = xasprintf("%s/seatable", k->data);
	json_t *sizes = json_object(), *odd = json_object();
	autodir struct dir top = DIR_NONE;
	struct err e = ERR_INIT;

	if (dir_open(path, &top, &e) < 0) {
		sea_missing(k, SEA_FOLDERS, &e);
		json_decref(sizes);
		json_decref(odd);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		bool copied = strcmp(folders[i], "db-data") != 0;
		struct tree_size size = { 0 };
		autofree char *why = NULL;
		int r;

		err_clear(&e);
		r = measure(k, &top, folders[i], &size, &why, &e);
		if (!copied)
			put_archives(k, r, &size, &e);
		if (r < 0 && is_canceled(k, &e))
			continue;
		if (why && copied)
			json_object_set_new(odd, folders[i], json_text(why));
		if (r < 0)
			continue;
		json_object_set_new(sizes, folders[i], json_pack("{sI sI}", "bytes", (json_int_t)size.bytes, "files", (json_int_t)size.files));
	}
	sea_observe(k, SEA_FOLDERS, sizes, path);
	sea_observe_some(k, SEA_FOLDERS_ODD, odd, path);
}

/* A source that was missing was made a directory by docker. */
static void put_nginx(struct sea_look *k)
{
	const json_t *bind = json_object_get(facts_get(k->f, SEA_BINDS), "/etc/nginx/sites-enabled/default");
	struct stat st;

	if (!bind)
		return;
	if (stat(json_str(bind, "source", ""), &st) < 0)
		sea_pin_str(k, SEA_NGINX, "absent", "docker compose config");
	else
		sea_pin_str(k, SEA_NGINX, S_ISDIR(st.st_mode) ? "directory" : st.st_size ? "file" : "empty", "docker compose config");
}

void sea_look_at_data(struct sea_look *k)
{
	put_paths(k);
	put_nginx(k);
	if (!k->data) {
		facts_miss_after(k->f, SEA_DATA_CONF, SEA_DATA, "nothing of this host is mounted at /shared");
		facts_miss_after(k->f, SEA_FEATURES, SEA_DATA, NULL);
		facts_miss_after(k->f, SEA_STORAGE, SEA_DATA, NULL);
		return;
	}
	put_conf(k);
	if (sea_is_live(k))
		put_folders(k);
}
