#include "products/sftpgo/repository.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"
#include "products/sftpgo/packaging.h"
#include "products/sftpgo/version.h"

#define SOURCE_MAX ((size_t)1 << 20)
#define FILES_MAX  1000

/* ---- files of the operator ---- */

/* Whoever can write it decides whose programs root installs. */
static int read_trusted(const char *path, struct buf *ret, char sha256[DIGEST_TEXT], struct err *e)
{
	autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, errno, "open '%s'", path);
	if (st.st_uid || st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(e, ERR_REFUSED, "'%s' can be written by others than root", path);
	if (file_read_fd(fd, path, ret, e) < 0)
		return -(int)e->kind;
	digest_text(buf_sv(ret), sha256);
	return 0;
}

/* What the operator gives, read and judged. */
struct order {
	struct buf keys;
	json_t *entries;
	const char *signed_by;  /* of the entries: NULL when their keys lie in no file of this host */
};
#define ORDER_NONE { .keys = BUF_MAX(SOURCE_MAX) }

static void order_done(struct order *r)
{
	buf_done(&r->keys);
	json_decref(r->entries);
}

/* Digests of both into doc. */
static int read_order(const struct repository_order *o, json_t *doc, struct order *r, struct err *e)
{
	autobuf struct buf text = BUF_MAX(SOURCE_MAX);
	char sha256[DIGEST_TEXT], keys_sha256[DIGEST_TEXT];

	if (read_trusted(o->file, &text, sha256, e) < 0 || read_trusted(o->keyring, &r->keys, keys_sha256, e) < 0)
		return -(int)e->kind;
	json_object_set_new(doc, "sha256", json_string(sha256));
	json_object_set_new(doc, "keyring_sha256", json_string(keys_sha256));
	if (o->front->parse(buf_sv(&text), o->file, &r->entries, e) < 0 || o->front->judge(r->entries, &r->signed_by, e) < 0)
		return err_wrap(e, "'%s'", o->file);
	return 0;
}

/* Digest of a file into doc, null when there is none. */
static int note_digest(const char *under, const char *path, json_t *doc, const char *key, struct err *e)
{
	autofree char *at = xasprintf("%s%s", under, path);
	autoclose int fd = open(at, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char sha256[DIGEST_TEXT];

	if (fd < 0 && errno != ENOENT)
		return err_sys(e, errno, "open '%s'", at);
	if (fd >= 0 && file_digest(fd, at, sha256, e) < 0)
		return -(int)e->kind;
	json_object_set_new(doc, key, fd < 0 ? json_null() : json_string(sha256));
	return 0;
}

/* ---- vendors ---- */

enum { VENDOR_OPEN_SOURCE = 1, VENDOR_ENTERPRISE = 2, VENDOR_OTHER = 4 };

static unsigned vendors_of(const json_t *entries)
{
	const json_t *one, *uri;
	unsigned found = 0;
	size_t i, k;

	json_array_foreach((json_t *)entries, i, one) json_array_foreach(json_object_get(one, "uris"), k, uri)
	{
		const char *edition = packaging_vendor(front_host(json_string_value(uri)));

		found |= !edition ? VENDOR_OTHER : !strcmp(edition, SFTPGO_ENTERPRISE) ? VENDOR_ENTERPRISE : VENDOR_OPEN_SOURCE;
	}
	return found;
}

/* What a file names; 0 for one that nobody can read, those neither whose it is. */
static int vendors_at(const struct repository_order *o, const char *path, unsigned *ret, char sha256[DIGEST_TEXT], struct err *e)
{
	autobuf struct buf text = BUF_MAX(SOURCE_MAX);
	autojson json_t *entries = NULL;
	struct err unread = ERR_INIT;

	if (file_read_path(path, &text, e) < 0)
		return -(int)e->kind;
	digest_text(buf_sv(&text), sha256);
	*ret = o->front->parse(buf_sv(&text), path, &entries, &unread) < 0 ? 0 : vendors_of(entries);
	return 0;
}

/* ---- what it takes the place of ---- */

/* `path` as on the host itself. */
static int note_rival(const struct repository_order *o, const char *path, json_t *doc, struct err *e)
{
	autofree char *at = xasprintf("%s%s", o->under, path);
	char sha256[DIGEST_TEXT];
	unsigned found = 0;

	if (vendors_at(o, at, &found, sha256, e) < 0)
		return -(int)e->kind;
	if (!strcmp(path, json_str(doc, "to", "")) && !strcmp(sha256, json_str(doc, "sha256", "")))
		return 0;
	if (!(found & (VENDOR_OPEN_SOURCE | VENDOR_ENTERPRISE)))
		return strcmp(path, json_str(doc, "to", "")) ? 0 :
			       err_set(e, ERR_EXISTS, "'%s' is there already, and not of the vendor", path);
	if (found & VENDOR_OTHER) {
		err_set(e, ERR_REFUSED, "'%s' names repositories of others beside the vendor's", path);
		return err_hint(e, "move the vendor's into a file of its own, which can be replaced");
	}
	json_array_append_new(json_object_get(doc, "off"), json_pack("{ss ss}", "path", path, "sha256", sha256));
	return 0;
}

/* One that is read, but is not ours to take away: a link, which may lead to what is of others, too; what holds more. `why`: in words. */
static int judge_fixed(const struct repository_order *o, const char *path, const char *why, struct err *e)
{
	autofree char *at = xasprintf("%s%s", o->under, path);
	char sha256[DIGEST_TEXT];
	unsigned found = 0;
	struct stat st;

	if (stat(at, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (vendors_at(o, at, &found, sha256, e) < 0)
		return -(int)e->kind;
	if (!(found & (VENDOR_OPEN_SOURCE | VENDOR_ENTERPRISE)))
		return 0;
	err_set(e, ERR_REFUSED, "'%s' names a repository of the vendor, and %s", path, why);
	return err_hint(e, "put it into a file of its own there, which can be replaced, or take it away");
}

static int note_one_of_folder(const struct repository_order *o, const char *folder, const struct dir_entry *f, json_t *doc, struct err *e)
{
	autofree char *path = xasprintf("%s/%s", folder, f->name);

	if (!front_reads(o->front, f->name) || (f->type != DT_REG && f->type != DT_LNK))
		return 0;
	return f->type == DT_LNK ? judge_fixed(o, path, "is a link", e) : note_rival(o, path, doc, e);
}

/* A file, a folder of them, or nothing. */
static int note_rivals_at(const struct repository_order *o, const char *path, json_t *doc, struct err *e)
{
	autofree char *at = xasprintf("%s%s", o->under, path);
	autodir struct dir d = DIR_NONE;
	struct dir_names names = { 0 };
	struct stat st;
	int r;

	if (stat(at, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(e, errno, "look at '%s'", at);
	if (!S_ISDIR(st.st_mode))
		return note_rival(o, path, doc, e);
	r = dir_open(at, &d, e) < 0 ? -(int)e->kind : dir_list(&d, "", FILES_MAX, &names, e);
	for (size_t i = 0; r >= 0 && i < names.n; i++)
		r = note_one_of_folder(o, path, &names.v[i], doc, e);
	dir_names_done(&names);
	return r;
}

static int note_rivals(const struct repository_order *o, json_t *doc, struct err *e)
{
	json_object_set_new(doc, "off", json_array());
	for (size_t i = 0; o->front->others[i]; i++)
		if (note_rivals_at(o, o->front->others[i], doc, e) < 0)
			return -(int)e->kind;
	if (note_rivals_at(o, o->front->folder, doc, e) < 0)
		return -(int)e->kind;
	return o->front->mixed ? judge_fixed(o, o->front->mixed, "other things, too", e) : 0;
}

/* ---- where it goes ---- */

/* apt takes no other names. sources.list(5) */
static bool can_be_named(const struct front_ops *front, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return !name[strspn(name, letters)] && front_reads(front, name);
}

static int place_source(const struct repository_order *o, json_t *doc, struct err *e)
{
	const char *name = strrchr(o->file, '/') + 1;
	autofree char *to = xasprintf("%s/%s", o->front->folder, name);

	if (!can_be_named(o->front, name)) {
		err_set(e, ERR_FORMAT, "%s reads no file of the name '%s'", o->front->name, name);
		return err_hint(e, "%s", o->front->naming);
	}
	json_object_set_new(doc, "to", json_string(to));
	return note_digest(o->under, to, doc, "was", e);
}

static int place_keyring(const struct repository_order *o, const char *to, json_t *doc, struct err *e)
{
	autofree char *folder = to ? xasprintf("%s%.*s", o->under, (int)(strrchr(to, '/') - to), to) : NULL;

	if (!to)
		return 0;
	if (access(folder, F_OK))
		return err_sys(e, errno, "the keyring goes to '%s'", to);
	json_object_set_new(doc, "keyring_to", json_string(to));
	return note_digest(o->under, to, doc, "keyring_was", e);
}

int repository_judge(const struct repository_order *o, json_t *doc, struct err *e)
{
	unsigned both = VENDOR_OPEN_SOURCE | VENDOR_ENTERPRISE;
	cleanup_with(order_done) struct order r = ORDER_NONE;

	json_object_set_new(doc, "file", json_string(o->file));
	json_object_set_new(doc, "keyring", json_string(o->keyring));
	if (read_order(o, doc, &r, e) < 0 || place_source(o, doc, e) < 0 || place_keyring(o, r.signed_by, doc, e) < 0)
		return -(int)e->kind;
	if ((vendors_of(r.entries) & both) == both)
		return err_set(e, ERR_REFUSED, "'%s' names the hosts of both editions", o->file);
	return note_rivals(o, doc, e);
}

/* ---- its packages, in the cache under a digest of all that was asked ---- */

#define KEPT      "fetched.json"
#define ID_LENGTH 16

/* Another call of ours may be fetching. */
static int lock_cache(const struct dir *cache, struct deadline until, struct err *e)
{
	while (flock(cache->fd, LOCK_EX | LOCK_NB) < 0) {
		if (deadline_passed(until))
			return err_set(e, ERR_TIMEOUT, "another call fetches packages into '%s'", cache->path);
		clock_sleep_ns(100 * NS_PER_MS);
	}
	return 0;
}

static bool is_whole(const struct dir *d, const json_t *file)
{
	const char *name = json_str(file, "name", "");
	struct err e = ERR_INIT;
	autoclose int fd = dir_openat(d, name, O_RDONLY, 0, &e);
	char sha256[DIGEST_TEXT];

	return fd >= 0 && file_digest(fd, name, sha256, &e) >= 0 && !strcmp(sha256, json_str(file, "sha256", ""));
}

static json_t *paths_of(const struct dir *d, const json_t *files)
{
	json_t *paths = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)files, i, one)
		json_array_append_new(paths, json_sprintf("%s/%s", d->path, json_str(one, "name", "")));
	return paths;
}

/* What was fetched before, and checked by its signature then; NULL: nothing, or it is damaged. New reference. */
static json_t *kept(const struct dir *d)
{
	autojson json_t *files = NULL;
	struct err none = ERR_INIT;
	const json_t *one;
	size_t i;

	if (json_read(d, KEPT, SOURCE_MAX, &files, &none) < 0)
		return NULL;
	json_array_foreach(files, i, one)
	{
		if (!is_whole(d, one))
			return NULL;
	}
	return paths_of(d, files);
}

static int fetch_one(const struct front *f, const json_t *want, const struct dir *into, json_t *files, struct err *e)
{
	char version[FRONT_VERSION_MAX], sha256[DIGEST_TEXT];
	const char *package = json_str(want, "name", ""), *hint = json_str(want, "hint", NULL);
	autofree char *name = NULL;
	autoclose int fd = -1;

	if (f->ops->version(f, package, json_str(want, "version", ""), version, e) < 0)
		return hint && e->kind == ERR_ABSENT ? err_hint(e, "%s", hint) : -(int)e->kind;
	if (f->ops->fetch(f, package, version, into, &name, e) < 0)
		return -(int)e->kind;
	fd = dir_openat(into, name, O_RDONLY, 0, e);
	if (fd < 0 || file_digest(fd, name, sha256, e) < 0)
		return -(int)e->kind;
	json_array_append_new(files, json_pack("{ss ss}", "name", name, "sha256", sha256));
	return 0;
}

static int fetch_all(const struct repository_order *o, const struct order *r, const struct dir *into, json_t **ret, struct err *e)
{
	autojson json_t *files = json_array();
	autobuf struct buf text = BUF_MAX(SOURCE_MAX);
	autofront struct front f = FRONT_NONE;
	const json_t *want;
	size_t i;

	if (front_open(o->front, r->entries, buf_sv(&r->keys), o->within_ns, &f, e) < 0)
		return -(int)e->kind;
	json_array_foreach((json_t *)o->packages, i, want)
	{
		if (fetch_one(&f, want, into, files, e) < 0)
			return -(int)e->kind;
	}
	json_canonical(files, &text);
	if (buf_check(&text, KEPT, e) < 0 || file_replace(into, KEPT, buf_sv(&text), FILE_PRIVATE, e) < 0)
		return -(int)e->kind;
	*ret = paths_of(into, files);
	return 0;
}

/* Packages are large, and of one goal at a time. */
static int drop_others(const struct dir *cache, const char *id, struct err *e)
{
	struct dir_names names = { 0 };
	int r = dir_list(cache, "", FILES_MAX, &names, e);

	for (size_t i = 0; r >= 0 && i < names.n; i++)
		if (strcmp(names.v[i].name, id) != 0)
			r = dir_remove_tree(cache, names.v[i].name, e);
	dir_names_done(&names);
	return r;
}

int repository_fetch(const struct repository_order *o, json_t **ret, struct err *e)
{
	autojson json_t *asked = json_pack("{sO}", "packages", o->packages);
	autodir struct dir cache = DIR_NONE, mine = DIR_NONE;
	cleanup_with(order_done) struct order r = ORDER_NONE;
	char id[DIGEST_TEXT];

	if (read_order(o, asked, &r, e) < 0)
		return -(int)e->kind;
	json_digest(asked, id);
	id[ID_LENGTH] = '\0';
	if (dir_make_path(o->cache, 0700, &cache, e) < 0 || lock_cache(&cache, deadline_in(o->within_ns), e) < 0 ||
	    drop_others(&cache, id, e) < 0 || dir_make(&cache, id, 0700, e) < 0 || dir_open_at(&cache, id, &mine, e) < 0)
		return -(int)e->kind;
	*ret = kept(&mine);
	return *ret ? 0 : fetch_all(o, &r, &mine, ret, e);
}
