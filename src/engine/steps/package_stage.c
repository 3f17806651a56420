/* package_stage: the packages of both worlds in our own hands, long before anything stops: a vendor's repository holds one
 * version only, and the old one cannot be had any more once the new one is installed.
 * params {"manager":"dpkg"|"rpm","new":[{"name","version","arch","file":"/abs","sha256"}],
 *         "old":[{"name","version","arch","how":"file"|"download"|"repack","file":"/abs"|null}]}; old is shorter when a package of
 * the new ones is not installed.
 * result {"new":[name of a large blob],"old":[..],"marks":{name: package_mark()},"conffiles":{path: SHA-256 of what an old one brings},
 * "strays":[path that only a new one brings],"odd":{name of an old one: lines of packager_ops.verify},"edits":package_edits_take(),
 * "looks": digest of the blob of package_looks_take()}.
 * They are copies, so that what is installed later is what was looked at. At its end the manager is asked whether the new ones could
 * be installed. All that takes long is done here, while the server runs. Undo removes the copies. */
#include "engine/package_of.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/package_edits.h"
#include "engine/package_looks.h"
#include "engine/package_strays.h"
#include "io/image.h"
#include "svc/unitfile.h"

#define MADE_MAX      16
#define BLOBS_MAX     10000
#define ODD_MAX       ((size_t)1 << 20)
#define LOOKS_MAX     ((size_t)16 << 20)
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
	struct packager p;
	struct site *s;
	size_t i;

	if (ctx_site_of(c, params, &s, e) < 0 || packages_of_site(s, params, &p, e) < 0)
		return -(int)e->kind;
	json_array_foreach(json_object_get(params, "old"), i, one)
	{
		const char *name = json_str(one, "name", ""), *version = json_str(one, "version", "");
		int is = package_is(&p, name, version, e);

		if (is <= 0)
			return is < 0 ? is : err_set(e, ERR_CHANGED, "package '%s' %s is not installed any more", name, version);
	}
	*ret_undo = json_object();
	return 0;
}

/* ---- one file ---- */

static int is_wanted(const struct packager *p, const char *path, const json_t *want, struct err *e)
{
	static const char *const keys[] = { "name", "version", "arch" };
	autojson json_t *is = NULL;

	if (p->ops->about(path, &is, e) < 0)
		return err_wrap(e, "'%s'", path);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(json_str(is, keys[i], ""), json_str(want, keys[i], "")) != 0)
			return err_set(e, ERR_CHANGED, "'%s' is of %s '%s', not '%s'", path, keys[i], json_str(is, keys[i], ""),
				       json_str(want, keys[i], ""));
	return 0;
}

static int keep(struct ctx *c, const struct packager *p, const char *path, const json_t *want, json_t *names, struct err *e)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char name[BLOB_LARGE_NAME];

	if (fd < 0)
		return err_sys(e, errno, "open '%s'", path);
	if (is_wanted(p, path, want, e) < 0 || blob_put_large(&c->blobs, fd, path, json_str(want, "sha256", NULL), name, e) < 0)
		return -(int)e->kind;
	json_array_append_new(names, json_string(name));
	return 0;
}

static int is_the_installed(const struct packager *p, const char *path, const char *name, struct err *e)
{
	int is = p->ops->is_build(p, name, path, e);

	if (is)
		return is < 0 ? is : 0;
	return err_set(e, ERR_CHANGED, "'%s' is another build of that version than the one installed", path);
}

/* ---- the old package ---- */

static int made_in(const char *room, const char *form, char **ret, struct err *e)
{
	autofree char *ending = xasprintf(".%s", form);
	struct dir_names names = { 0 };
	autodir struct dir d = DIR_NONE;

	if (dir_open(room, &d, e) < 0 || dir_list(&d, "", MADE_MAX, &names, e) < 0)
		return -(int)e->kind;
	vec_each(&names, it)
		if (!*ret && sv_ends(sv_of(it->name), ending))
			*ret = xasprintf("%s/%s", room, it->name);
	dir_names_done(&names);
	return *ret ? 0 : err_set(e, ERR_ABSENT, "no package was made");
}

/* One that was made of what is installed is its own build. */
static int make_in(struct ctx *c, const struct packager *p, const json_t *want, const char *room, json_t *names, struct err *e)
{
	const char *how = json_str(want, "how", "");
	autofree char *file = NULL;

	if (p->ops->fetch(want, how, room, e) < 0 || made_in(room, p->ops->form, &file, e) < 0)
		return -(int)e->kind;
	if (strcmp(how, "repack") != 0 && is_the_installed(p, file, json_str(want, "name", ""), e) < 0)
		return -(int)e->kind;
	return keep(c, p, file, want, names, e);
}

static int make_old(struct ctx *c, const struct packager *p, const json_t *want, json_t *names, struct err *e)
{
	autofree char *room = xasprintf("%s/" ROOM "XXXXXX", c->blobs.path);
	struct err ignored = ERR_INIT;
	int r;

	if (!mkdtemp(room))
		return err_sys(e, errno, "make a directory in '%s'", c->blobs.path);
	r = make_in(c, p, want, room, names, e);
	return dir_remove_tree(&c->blobs, strrchr(room, '/') + 1, r < 0 ? &ignored : e) < 0 && r >= 0 ? -(int)e->kind : r;
}

static int conffiles_in(const struct dir *blobs, const struct packager *p, const char *file, json_t *all, struct err *e)
{
	static const char room[] = ROOM "files";
	autofree char *into = xasprintf("%s/%s", blobs->path, room);
	autojson json_t *some = NULL;
	autodir struct dir files = DIR_NONE;

	if (dir_remove_tree(blobs, room, e) < 0 || dir_make(blobs, room, 0700, e) < 0 || dir_open_at(blobs, room, &files, e) < 0 ||
	    p->ops->extract(file, into, e) < 0 || packager_conffiles(p->ops, file, &files, &some, e) < 0)
		return -(int)e->kind;
	json_object_update(all, some);
	return dir_remove_tree(blobs, room, e);
}

/* By them undo tells what the manager lays beside an edited file when the old package is installed again. */
static int note_conffiles(struct ctx *c, const struct packager *p, json_t *result, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(result, "old"), i, one)
	{
		autofree char *file = xasprintf("%s/%s", c->blobs.path, json_string_value(one));

		if (conffiles_in(&c->blobs, p, file, json_object_get(result, "conffiles"), e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

static int note_strays(struct ctx *c, const struct packager *p, json_t *result, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(result, "new"), i, one)
	{
		autofree char *file = xasprintf("%s/%s", c->blobs.path, json_string_value(one));

		if (package_strays_note(p, file, json_object_get(result, "strays"), e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

/* Every file is read for it. */
static int note_odd(struct ctx *c, const struct packager *p, const char *name, json_t *result, struct err *e)
{
	autobuf struct buf said = BUF_MAX(ODD_MAX);

	if (p->ops->verify(p, name, &said, e) < 0)
		return -(int)e->kind;
	json_object_set_new(json_object_get(result, "odd"), name, json_text(buf_str(&said)));
	return package_edits_take(p, buf_str(&said), &c->blobs, json_object_get(result, "edits"), e);
}

/* Before their files are read: what somebody does to one later shows, whatever was read of it. */
static int note_looks(struct ctx *c, const struct packager *p, const json_t *names, json_t *looks, struct err *e)
{
	autofree char *file = xasprintf("%s/%s", c->blobs.path, json_string_value(json_array_get(names, json_array_size(names) - 1)));

	return package_looks_take(p, file, looks, e);
}

static int keep_looks(struct ctx *c, const json_t *looks, json_t *result, struct err *e)
{
	autobuf struct buf text = BUF_MAX(LOOKS_MAX);
	char digest[DIGEST_TEXT];

	json_canonical(looks, &text);
	if (buf_check(&text, "how the files of the packages look", e) < 0 || blob_put(&c->blobs, buf_sv(&text), digest, e) < 0)
		return -(int)e->kind;
	json_object_set_new(result, "looks", json_string(digest));
	return 0;
}

static int note_marks(struct ctx *c, json_t *result, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(result, "new"), i, one)
	{
		autofree char *mark = NULL;

		if (package_mark(c, json_string_value(one), &mark, e) < 0)
			return -(int)e->kind;
		json_object_set_new(json_object_get(result, "marks"), json_string_value(one), json_string(mark));
	}
	return 0;
}

static int keep_old(struct ctx *c, const struct packager *p, const json_t *want, json_t *names, struct err *e)
{
	const char *file = json_str(want, "file", NULL), *name = json_str(want, "name", "");
	int r = file ? is_the_installed(p, file, name, e) : make_old(c, p, want, names, e);

	if (r >= 0 && file)
		r = keep(c, p, file, want, names, e);
	return r < 0 ? err_wrap(e, "secure the installed package '%s'", name) : 0;
}

/* ---- all of them ---- */

static int would_install(struct ctx *c, const struct packager *p, const json_t *names, struct err *e)
{
	char **files = package_files(c, names);
	int r = p->ops->install(p, (const char *const *)files, true, PACKAGER_FETCH_WITHIN, e);

	words_free(files);
	return r < 0 ? err_wrap(e, "ask %s whether it could be installed", p->ops->name) : 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	autojson json_t *result = json_pack("{s[] s[] s{} s{} s[] s{} s{}}", "new", "old", "marks", "conffiles", "strays", "odd", "edits");
	autojson json_t *looks = json_object();
	const json_t *one;
	struct packager p;
	struct site *s;
	size_t i;

	if (ctx_site_of(c, params, &s, e) < 0 || packages_of_site(s, params, &p, e) < 0)
		return -(int)e->kind;
	json_array_foreach(json_object_get(params, "new"), i, one)
	{
		if (keep(c, &p, json_str(one, "file", ""), one, json_object_get(result, "new"), e) < 0)
			return -(int)e->kind;
	}
	json_array_foreach(json_object_get(params, "old"), i, one)
	{
		json_t *olds = json_object_get(result, "old");

		if (keep_old(c, &p, one, olds, e) < 0 || note_looks(c, &p, olds, looks, e) < 0 ||
		    note_odd(c, &p, json_str(one, "name", ""), result, e) < 0)
			return -(int)e->kind;
	}
	if (keep_looks(c, looks, result, e) < 0 || note_marks(c, result, e) < 0 || note_conffiles(c, &p, result, e) < 0 || note_strays(c, &p, result, e) < 0 ||
	    would_install(c, &p, json_object_get(result, "new"), e) < 0)
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

const struct step_kind step_package_stage = { "package_stage", 3, LIFE_DURABLE, describe, capture, apply, verify, undo };
