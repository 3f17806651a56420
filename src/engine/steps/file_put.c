/* file_put: write a small file of ours into the installation: a drop-in, a key file.
 * params {"file":place,"content":str | "from":"/abs path of a secret file","prefix":str,"whole":bool,"mode":"0600","owner":place|{"uid","gid"}|null}:
 * owner: as that file's, or that account. prefix, with from alone: the file becomes one line, the prefix ("NAME=") and the one line of the secret file, as
 * a file of variables wants it; nothing is quoted. whole, with from alone: that file byte for byte, which is no secret. ERR_FORMAT for a secret of no or several lines. undo record
 * {"image","ours","made"}: made is the topmost folder that was not there, or null. The content of a secret file never enters
 * plan, journal or undo record. */
#include "engine/step.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "engine/file_undo.h"

#define CONTENT_MAX (1u << 20)

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "write %s", json_str(json_object_get(params, "file"), "path", "?"));
	return buf_check(ret, "the description", e);
}

/* As one line behind the prefix. Nothing of the value is said when it is none. */
static int add_line(const struct secret *secret, const char *from, const char *prefix, struct buf *ret, struct err *e)
{
	struct sv value = { secret->bytes, secret->len };

	if (value.n && value.p[value.n - 1] == '\r')
		value.n--;
	if (!value.n)
		return err_set(e, ERR_FORMAT, "'%s' holds nothing", from);
	for (size_t i = 0; i < value.n; i++)
		if (strchr("\r\n", value.p[i]))       /* finds the NUL, too */
			return err_set(e, ERR_FORMAT, "'%s' holds more than one line", from);
	buf_adds(ret, prefix);
	buf_add_sv(ret, value);
	buf_addc(ret, '\n');
	return buf_check(ret, "the file's content", e);
}

static int content_of(const json_t *params, struct buf *ret, struct err *e)
{
	const char *from = json_str(params, "from", NULL), *prefix = json_str(params, "prefix", NULL);
	autosecret struct secret secret = { 0 };

	if (!from) {
		buf_adds(ret, json_str(params, "content", ""));
		return buf_check(ret, "the file's content", e);
	}
	if (json_bool(params, "whole", false))
		return file_read_path(from, ret, e);
	if (file_read_secret(from, &secret, e) < 0)
		return -e->kind;
	if (prefix)
		return add_line(&secret, from, prefix, ret, e);
	buf_add(ret, secret.bytes, secret.len);
	return buf_check(ret, "the file's content", e);
}

static int open_place(struct ctx *c, const json_t *params, struct site **ret_site, struct dir *ret,
                      const char **ret_rel, struct err *e)
{
	if (ctx_site_of(c, params, ret_site, e) < 0)
		return -e->kind;
	return site_place(*ret_site, json_object_get(params, "file"), ret, ret_rel, e);
}

static void forget(struct buf *secret)
{
	secret_wipe(secret->data, secret->len);
}

/* The topmost folder on the way to rel that is not there yet: ours to make and ours to take away. */
static int note_missing_folder(const struct dir *d, const char *rel, json_t *undo, struct err *e)
{
	for (const char *slash = strchr(rel, '/'); slash; slash = strchr(slash + 1, '/')) {
		autofree char *folder = xstrndup(rel, (size_t)(slash - rel));
		int has = dir_has(d, folder, e);

		if (has < 0)
			return has;
		if (!has)
			return json_object_set_new(undo, "made", json_string(folder));
	}
	return 0;
}

/* From the file's own folder up to the one noted; a folder that somebody uses stays, and so do those above it. */
static int drop_made_folders(const struct dir *d, const char *rel, const char *made, struct err *e)
{
	autofree char *folder = xstrdup(rel);
	struct err busy = ERR_INIT;
	char *slash;

	while (made && (slash = strrchr(folder, '/')) && (size_t)(slash - folder) >= strlen(made)) {
		*slash = '\0';
		if (dir_unlink(d, folder, &busy) < 0)
			return 0;
	}
	return made ? dir_sync(d, file_parent(made), e) : 0;
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autobuf struct buf content = BUF_MAX(CONTENT_MAX);
	autodir struct dir d = DIR_NONE;
	const char *rel;
	struct site *s;
	int r;

	if (open_place(c, params, &s, &d, &rel, e) < 0 || content_of(params, &content, e) < 0)
		return -e->kind;
	r = file_undo_record(c, &d, rel, buf_sv(&content), ret_undo, e);
	forget(&content);
	if (r >= 0)
		r = note_missing_folder(&d, rel, *ret_undo, e);
	return r;
}

static int attr_of(struct site *s, const json_t *params, struct file_attr *ret, struct err *e)
{
	const json_t *owner = json_object_get(params, "owner");
	autodir struct dir d = DIR_NONE;
	const char *rel;
	struct stat st;

	*ret = FILE_PRIVATE;
	ret->mode = (mode_t)strtoul(json_str(params, "mode", "0600"), NULL, 8);
	if (!json_is_object(owner))
		return 0;
	if (json_object_get(owner, "uid")) {
		ret->uid = (uid_t)json_int(owner, "uid", 0);
		ret->gid = (gid_t)json_int(owner, "gid", 0);
		return 0;
	}
	if (site_place(s, owner, &d, &rel, e) < 0 || dir_stat(&d, rel, &st, e) < 0)
		return -e->kind;
	ret->uid = st.st_uid;
	ret->gid = st.st_gid;
	return 0;
}

/* A file that somebody writes anew between a kill and the repetition holds what undo would not know for ours. */
static int still_ours(const json_t *params, const json_t *undo, struct sv content, struct err *e)
{
	const char *ours = json_str(undo, "ours", NULL);
	char digest[DIGEST_TEXT];

	digest_text(content, digest);
	if (!ours || !strcmp(ours, digest))
		return 0;
	return err_set(e, ERR_CHANGED, "'%s' says something else than when the run began",
		       json_str(params, "from", json_str(json_object_get(params, "file"), "path", "?")));
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	autobuf struct buf content = BUF_MAX(CONTENT_MAX);
	autodir struct dir d = DIR_NONE;
	struct file_attr attr;
	const char *rel;
	struct site *s;
	int r;

	if (open_place(c, params, &s, &d, &rel, e) < 0 || attr_of(s, params, &attr, e) < 0 || content_of(params, &content, e) < 0)
		return -e->kind;
	r = still_ours(params, undo, buf_sv(&content), e);
	if (r >= 0)
		r = dir_make_all(&d, file_parent(rel), 0755, e);
	if (r >= 0)
		r = file_drop_temps(&d, file_parent(rel), e);
	if (r >= 0)
		r = file_replace(&d, rel, buf_sv(&content), attr, e);
	forget(&content);
	if (r >= 0)
		*ret_result = json_object();
	return r;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	autobuf struct buf want = BUF_MAX(CONTENT_MAX), is = BUF_MAX(CONTENT_MAX);
	autodir struct dir d = DIR_NONE;
	const char *rel;
	struct site *s;

	*ret = STEP_NOT_DONE;
	if (open_place(c, params, &s, &d, &rel, e) < 0 || content_of(params, &want, e) < 0)
		return -e->kind;
	if (dir_has(&d, rel, e) <= 0)
		return -e->kind;
	if (file_read(&d, rel, &is, e) < 0)
		return -e->kind;
	*ret = want.len == is.len && !memcmp(buf_str(&want), buf_str(&is), is.len) ? STEP_IS_DONE : STEP_NOT_DONE;
	forget(&want);
	forget(&is);
	return 0;
}

static int undo_put(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *rel;
	struct site *s;

	if (open_place(c, params, &s, &d, &rel, e) < 0 || file_undo(c, &d, rel, undo, e) < 0)
		return -e->kind;
	return drop_made_folders(&d, rel, json_str(undo, "made", NULL), e);
}

static int look_put(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *rel;
	struct site *s;

	return open_place(c, params, &s, &d, &rel, e) < 0 ? -(int)e->kind : file_undo_look(c, &d, rel, undo, e);
}

const struct step_kind step_file_put = { "file_put", 1,	     LIFE_DURABLE, describe, capture,
	                                 apply,	     verify, undo_put,	   look_put };
