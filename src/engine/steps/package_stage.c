/* package_stage: the packages of both worlds in our own hands, long before anything stops: a vendor's repository holds one
 * version only, and the old one cannot be had any more once the new one is installed.
 * params {"new":[{"name","version","arch","file":"/abs","sha256"}],
 *         "old":[{"name","version","arch","how":"file"|"download"|"repack","file":"/abs"|null}]}; old is shorter when a package of
 * the new ones is not installed. result {"new":[name of a large blob],"old":[..],"conffiles":{path: SHA-256 of what an old one brings}}. They are copies, so that what is installed
 * later is what was looked at. At its end dpkg is asked whether the new ones could be installed. Undo removes the copies. */
#include "engine/package_of.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/cmd.h"
#include "io/image.h"
#include "svc/unitfile.h"

#define CONTROL_MAX   ((size_t)4 << 20)
#define MAKE_WITHIN   (600 * NS_PER_S)
#define MADE_MAX      16
#define BLOBS_MAX     10000
#define ROOM          "package-"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	const json_t *one;
	size_t i;

	buf_adds(ret, "keep the packages:");
	json_array_foreach(json_object_get(params, "old"), i, one)
		buf_addf(ret, " %s %s", json_str(one, "name", "?"), json_str(one, "version", "?"));
	buf_adds(ret, " for the way back,");
	json_array_foreach(json_object_get(params, "new"), i, one)
		buf_addf(ret, " %s %s", json_str(one, "name", "?"), json_str(one, "version", "?"));
	return buf_check(ret, "the description", e);
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	const json_t *one;
	struct dpkg d;
	struct site *s;
	size_t i;

	if (ctx_site_of(c, params, &s, e) < 0 || packages_of_site(s, &d, e) < 0)
		return -(int)e->kind;
	json_array_foreach(json_object_get(params, "old"), i, one)
	{
		const char *name = json_str(one, "name", ""), *version = json_str(one, "version", "");
		int is = package_is(&d, name, version, e);

		if (is <= 0)
			return is < 0 ? is : err_set(e, ERR_CHANGED, "package '%s' %s is not installed any more", name, version);
	}
	*ret_undo = json_object();
	return 0;
}

/* ---- one file ---- */

static int is_wanted(const char *path, const json_t *want, struct err *e)
{
	static const char *const keys[] = { "name", "version", "arch" };
	autojson json_t *is = NULL;

	if (dpkg_deb_about(path, &is, e) < 0)
		return err_wrap(e, "'%s'", path);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(json_str(is, keys[i], ""), json_str(want, keys[i], "")) != 0)
			return err_set(e, ERR_CHANGED, "'%s' is of %s '%s', not '%s'", path, keys[i], json_str(is, keys[i], ""),
				       json_str(want, keys[i], ""));
	return 0;
}

static int keep(struct ctx *c, const char *path, const json_t *want, json_t *names, struct err *e)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char name[BLOB_LARGE_NAME];

	if (fd < 0)
		return err_sys(e, errno, "open '%s'", path);
	if (is_wanted(path, want, e) < 0 || blob_put_large(&c->blobs, fd, path, json_str(want, "sha256", NULL), name, e) < 0)
		return -(int)e->kind;
	json_array_append_new(names, json_string(name));
	return 0;
}

/* The same version need not be the same build: what it would bring is what dpkg remembers of the one installed. */
static int is_the_installed(const struct dpkg *d, const char *path, const char *name, struct err *e)
{
	autobuf struct buf brings = BUF_MAX(CONTROL_MAX), has = BUF_MAX(CONTROL_MAX);
	autofree char *sums = xasprintf("%s/info/%s.md5sums", d->admin, name);

	if (dpkg_deb_control(path, "md5sums", &brings, e) < 0 || file_read_path(sums, &has, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -(int)e->kind;
		err_clear(e);   /* a package may have none */
		return 0;
	}
	if (brings.len == has.len && !memcmp(buf_str(&brings), buf_str(&has), has.len))
		return 0;
	return err_set(e, ERR_CHANGED, "'%s' is another build of that version than the one installed", path);
}

/* ---- the old package ---- */

static int run_in(const char *room, const char *const *argv, int64_t within, struct err *e)
{
	struct cmd cmd = { .argv = argv, .cwd = room, .within_ns = within, .die_with_us = true };
	struct cmd_result r = { 0 };
	int ok;

	if (cmd_run(&cmd, &r, e) < 0)
		return -(int)e->kind;
	ok = r.status ? cmd_said_no(&r, e) : 0;
	cmd_result_done(&r);
	return ok;
}

static int made_in(const char *room, char **ret, struct err *e)
{
	struct dir_names names = { 0 };
	autodir struct dir d = DIR_NONE;

	if (dir_open(room, &d, e) < 0 || dir_list(&d, "", MADE_MAX, &names, e) < 0)
		return -(int)e->kind;
	vec_each(&names, it)
		if (!*ret && sv_ends(sv_of(it->name), ".deb"))
			*ret = xasprintf("%s/%s", room, it->name);
	dir_names_done(&names);
	return *ret ? 0 : err_set(e, ERR_ABSENT, "no package was made");
}

static int make_in(struct ctx *c, const struct dpkg *d, const json_t *want, const char *room, json_t *names, struct err *e)
{
	bool repack = !strcmp(json_str(want, "how", ""), "repack");
	const char *name = json_str(want, "name", "");
	autofree char *exactly = xasprintf("%s=%s", name, json_str(want, "version", "")), *file = NULL;
	const char *const download[] = { "apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", exactly, NULL };
	const char *const pack[] = { "dpkg-repack", name, NULL };

	if (run_in(room, repack ? pack : download, MAKE_WITHIN, e) < 0 || made_in(room, &file, e) < 0)
		return -(int)e->kind;
	if (!repack && is_the_installed(d, file, name, e) < 0)
		return -(int)e->kind;
	return keep(c, file, want, names, e);
}

static int make_old(struct ctx *c, const struct dpkg *d, const json_t *want, json_t *names, struct err *e)
{
	autofree char *room = xasprintf("%s/" ROOM "XXXXXX", c->blobs.path);
	struct err ignored = ERR_INIT;
	int r;

	if (!mkdtemp(room))
		return err_sys(e, errno, "make a directory in '%s'", c->blobs.path);
	r = make_in(c, d, want, room, names, e);
	return dir_remove_tree(&c->blobs, strrchr(room, '/') + 1, r < 0 ? &ignored : e) < 0 && r >= 0 ? -(int)e->kind : r;
}

static int conffiles_in(const struct dir *blobs, const char *room, const char *file, json_t *all, struct err *e)
{
	autofree char *into = xasprintf("%s/%s", blobs->path, room);
	autojson json_t *some = NULL;
	autodir struct dir files = DIR_NONE;

	if (dir_remove_tree(blobs, room, e) < 0 || dir_make(blobs, room, 0700, e) < 0 || dir_open_at(blobs, room, &files, e) < 0 ||
	    dpkg_deb_extract(file, into, e) < 0 || dpkg_deb_conffiles(file, &files, &some, e) < 0)
		return -(int)e->kind;
	json_object_update(all, some);
	return dir_remove_tree(blobs, room, e);
}

/* By them undo tells what dpkg lays beside an edited file when the old package is installed again. */
static int note_conffiles(struct ctx *c, json_t *result, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(result, "old"), i, one)
	{
		autofree char *file = xasprintf("%s/%s", c->blobs.path, json_string_value(one));

		if (conffiles_in(&c->blobs, ROOM "files", file, json_object_get(result, "conffiles"), e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

static int keep_old(struct ctx *c, const struct dpkg *d, const json_t *want, json_t *names, struct err *e)
{
	const char *file = json_str(want, "file", NULL), *name = json_str(want, "name", "");
	int r = file ? is_the_installed(d, file, name, e) : make_old(c, d, want, names, e);

	if (r >= 0 && file)
		r = keep(c, file, want, names, e);
	return r < 0 ? err_wrap(e, "secure the installed package '%s'", name) : 0;
}

/* ---- all of them ---- */

static int would_install(struct ctx *c, const struct dpkg *d, const json_t *names, struct err *e)
{
	char **files = package_files(c, names);
	int r = dpkg_install(d, (const char *const *)files, true, MAKE_WITHIN, e);

	words_free(files);
	return r < 0 ? err_wrap(e, "ask dpkg whether it could be installed") : 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	autojson json_t *result = json_pack("{s[] s[] s{}}", "new", "old", "conffiles");
	const json_t *one;
	struct dpkg d;
	struct site *s;
	size_t i;

	if (ctx_site_of(c, params, &s, e) < 0 || packages_of_site(s, &d, e) < 0)
		return -(int)e->kind;
	json_array_foreach(json_object_get(params, "new"), i, one)
	{
		if (keep(c, json_str(one, "file", ""), one, json_object_get(result, "new"), e) < 0)
			return -(int)e->kind;
	}
	json_array_foreach(json_object_get(params, "old"), i, one)
	{
		if (keep_old(c, &d, one, json_object_get(result, "old"), e) < 0)
			return -(int)e->kind;
	}
	if (note_conffiles(c, result, e) < 0 || would_install(c, &d, json_object_get(result, "new"), e) < 0)
		return -(int)e->kind;
	*ret_result = take_ptr(result);
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	static const char *const both[] = { "new", "old" };
	const json_t *one;
	size_t i;

	*ret = result ? STEP_IS_DONE : STEP_NOT_DONE;
	for (size_t k = 0; k < ARRAY_LEN(both); k++)
		json_array_foreach(json_object_get(result, both[k]), i, one)
		{
			int has = dir_has(&c->blobs, json_string_value(one), e);

			if (has < 0)
				return has;
			if (!has)
				*ret = STEP_NOT_DONE;
		}
	return 0;
}

/* The result is not to be had here, and the run has no other large blobs. */
static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	struct dir_names names = { 0 };
	int r;

	if (file_drop_temps(&c->blobs, "", e) < 0 || dir_list(&c->blobs, "", BLOBS_MAX, &names, e) < 0)
		return -(int)e->kind;
	r = 0;
	vec_each(&names, it)
		if (r >= 0 && (blob_is_large(it->name) || sv_starts(sv_of(it->name), ROOM)))
			r = dir_remove_tree(&c->blobs, it->name, e);
	dir_names_done(&names);
	return r < 0 ? r : dir_sync(&c->blobs, "", e);
}

const struct step_kind step_package_stage = { "package_stage", 1, LIFE_DURABLE, describe, capture, apply, verify, undo };
