/* artifact_stage: the target build in a directory of its own, long before anything stops.
 * params {"artifact":"/abs","sha256":hex|null,"into":place,"strip_top":bool,"jar":name|null,"owner":place|null};
 * result {"sha256"}. Undo removes the directory: it bears the run's id, so that nobody else's is ever taken for it, nor the old
 * build's after an exchange; and a digest of what was unpacked, so that a build somebody changed while the run was held is not
 * switched in when the step is made again. What is not as it was unpacked may be the only copy of something, of the old build's
 * programs at worst: undo leaves it where it is and says so, and no --force removes it. */
#include "engine/step.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data/hash.h"
#include "data/tree.h"
#include "data/unpack.h"
#include "engine/event.h"
#include "io/file.h"

#define MARK ".crossgrade-run"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "unpack %s into %s", json_str(params, "artifact", "?"),
	         json_str(json_object_get(params, "into"), "path", "?"));
	return buf_check(ret, "the description", e);
}

/* A half-made directory of an earlier try has our name ending; what stands under the final name is not ours. */
static char *part_name(const char *rel)
{
	return xasprintf("%s.crossgrade-part", rel);
}

/* 1 when what stands under the final name was made by this run, 0 when not, or when nothing does. `ret_digest` (or NULL): of what
 * was unpacked. */
static int is_ours(struct ctx *c, const struct dir *d, const char *rel, char ret_digest[DIGEST_TEXT], struct err *e)
{
	autofree char *mark = xasprintf("%s/" MARK, rel);
	autobuf struct buf text = BUF_MAX(256);
	int has = dir_has(d, mark, e);
	struct sv rest;

	if (has <= 0)
		return has;
	if (file_read(d, mark, &text, e) < 0)
		return -e->kind;
	rest = buf_sv(&text);
	if (!sv_eq(sv_cut(&rest, ' '), c->run))
		return 0;
	if (ret_digest)
		snprintf(ret_digest, DIGEST_TEXT, SV_FMT, SV_ARG(rest));
	return 1;
}

/* Names, types, modes and contents of a staged build, without our mark. */
static int add_entry(void *data, const struct tree_entry *entry, struct err *e)
{
	struct hasher *h = data;
	char sha256[DIGEST_TEXT] = "", target[PATH_MAX] = "";

	if (!strcmp(entry->rel, MARK))
		return TREE_GO;
	hasher_add(h, entry->rel, strlen(entry->rel) + 1);
	hasher_add(h, &entry->st.st_mode, sizeof entry->st.st_mode);
	if (S_ISREG(entry->st.st_mode)) {
		autoclose int fd = openat(entry->dirfd, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

		if (fd < 0)
			return err_sys(e, errno, "open '%s'", entry->rel);
		if (file_digest(fd, entry->rel, sha256, e) < 0)
			return -e->kind;
	} else if (S_ISLNK(entry->st.st_mode)) {
		if (readlinkat(entry->dirfd, entry->name, target, sizeof target - 1) < 0)
			return err_sys(e, errno, "read link '%s'", entry->rel);
	}
	hasher_add(h, sha256, strlen(sha256) + 1);
	hasher_add(h, target, strlen(target) + 1);
	return TREE_GO;
}

static int digest_of(const struct dir *build, char ret[DIGEST_TEXT], struct err *e)
{
	struct tree_opts sorted = { .workers = 1 };
	unsigned char sha[SHA_BYTES];
	struct hasher *h = hasher_new();
	int r;

	hasher_begin(h);
	r = tree_walk(build, &sorted, add_entry, h, e);
	hasher_end(h, sha);
	hasher_free(h);
	hash_hex(sha, ret);
	return r;
}

/* Made by an earlier try, perhaps days ago: is it still what was unpacked? */
static int still_whole(const struct dir *d, const char *rel, const char *digest, struct err *e)
{
	autodir struct dir build = DIR_NONE;
	char now[DIGEST_TEXT];

	if (dir_open_at(d, rel, &build, e) < 0 || digest_of(&build, now, e) < 0)
		return -e->kind;
	if (!strcmp(now, digest))
		return 0;
	err_set(e, ERR_CHANGED, "the staged build '%s/%s' is not what was unpacked: it was changed since", d->path, rel);
	return err_hint(e, "find out who changed it; 'crossgrade rollback' leaves it there");
}

static int sign(struct ctx *c, const struct dir *part, struct err *e)
{
	char digest[DIGEST_TEXT];
	autofree char *mark = NULL;

	if (digest_of(part, digest, e) < 0)
		return -e->kind;
	mark = xasprintf("%s %s", c->run, digest);
	return file_replace(part, MARK, sv_of(mark), FILE_PRIVATE, e);
}

static int refuse_stranger(const struct dir *d, const char *rel, struct err *e)
{
	err_set(e, ERR_CHANGED, "'%s/%s' was not made by this run", d->path, rel);
	return err_hint(e, "find out whose it is, and move it away");
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *rel;
	struct site *s;
	int has;

	if (ctx_site_of(c, params, &s, e) < 0 || site_place(s, json_object_get(params, "into"), &d, &rel, e) < 0)
		return -e->kind;
	has = dir_has(&d, rel, e);
	if (has > 0) {
		err_set(e, ERR_CHANGED, "'%s/%s' is there already", d.path, rel);
		return err_hint(e, "move it away, or name another 'target.directory'");
	}
	*ret_undo = json_object();
	return has;
}

static int open_artifact(const json_t *params, int *ret_fd, char sha256[DIGEST_TEXT], struct err *e)
{
	const char *path = json_str(params, "artifact", "");
	const char *want = json_str(params, "sha256", NULL);
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, errno, "open '%s'", path);
	if (file_digest(fd, path, sha256, e) < 0)
		return -e->kind;
	if (want && strcmp(want, sha256)) {
		err_set(e, ERR_CHANGED, "'%s' has SHA-256 %s, not %s", path, sha256, want);
		return err_hint(e, "download it again, or put the right digest into 'target.sha256'");
	}
	*ret_fd = take_fd(fd);
	return 0;
}

static int copy_single(int fd, const struct dir *into, const char *name, struct err *e)
{
	autoclose int out = dir_openat(into, name, O_WRONLY | O_CREAT | O_TRUNC, 0644, e);
	char block[1 << 16];
	off_t at = 0;
	ssize_t n;

	if (out < 0)
		return out;
	while ((n = pread(fd, block, sizeof block, at)) > 0) {
		if (file_write_all(out, block, (size_t)n, name, e) < 0)
			return -e->kind;
		at += n;
	}
	if (n < 0)
		return err_sys(e, errno, "read the artifact");
	return file_sync(out, name, e);
}

static int fill(struct ctx *c, const json_t *params, int fd, const struct dir *into, struct err *e)
{
	const char *jar = json_str(params, "jar", NULL);
	struct unpack_opts o = { .strip_top = json_bool(params, "strip_top", false), .cancel = c->cancel };

	if (jar)
		return copy_single(fd, into, jar, e) < 0 ? -(int)e->kind : dir_sync(into, "", e);
	return unpack_tree(fd, json_str(params, "artifact", ""), into, 0, 0, &o, e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	autodir struct dir d = DIR_NONE, part_dir = DIR_NONE;
	char sha256[DIGEST_TEXT], staged[DIGEST_TEXT];
	autofree char *part = NULL;
	autoclose int fd = -1;
	const char *rel;
	struct site *s;
	int has, ours;

	if (open_artifact(params, &fd, sha256, e) < 0 || ctx_site_of(c, params, &s, e) < 0 ||
	    site_place(s, json_object_get(params, "into"), &d, &rel, e) < 0)
		return -e->kind;
	*ret_result = json_pack("{ss}", "sha256", sha256);
	has = dir_has(&d, rel, e);
	ours = is_ours(c, &d, rel, staged, e);
	if (has < 0 || ours < 0)
		return -e->kind;
	if (has)        /* ours: renamed into place by an earlier try */
		return ours ? still_whole(&d, rel, staged, e) : refuse_stranger(&d, rel, e);
	part = part_name(rel);
	if (dir_remove_tree(&d, part, e) < 0 || dir_make_all(&d, part, 0755, e) < 0 ||
	    dir_open_at(&d, part, &part_dir, e) < 0 || fill(c, params, fd, &part_dir, e) < 0 ||
	    sign(c, &part_dir, e) < 0)
		return -e->kind;
	return dir_rename(&d, part, &d, rel, RENAME_NOREPLACE, e);
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *rel;
	struct site *s;
	int ours;

	if (ctx_site_of(c, params, &s, e) < 0 || site_place(s, json_object_get(params, "into"), &d, &rel, e) < 0)
		return -e->kind;
	ours = is_ours(c, &d, rel, NULL, e);
	*ret = ours > 0 ? STEP_IS_DONE : STEP_NOT_DONE;
	return ours < 0 ? ours : 0;
}

static int leave(struct ctx *c, const struct dir *d, const char *rel, const char *why)
{
	autofree char *text = xasprintf("'%s/%s' stays where it is: %s", d->path, rel, why);

	event_emit(c->events, "warning", json_pack("{ss}", "text", text));
	return 0;
}

/* 1 when what stands under the final name is to go, 0 when not, or when nothing does. */
static int may_go(struct ctx *c, const struct dir *d, const char *rel, struct err *e)
{
	char staged[DIGEST_TEXT];
	int has = dir_has(d, rel, e), ours = is_ours(c, d, rel, staged, e);

	if (has < 0 || ours < 0)
		return -e->kind;
	if (!has)
		return 0;
	if (!ours)
		return c->force ? leave(c, d, rel, "it was not made by this run") : refuse_stranger(d, rel, e);
	if (still_whole(d, rel, staged, e) >= 0)
		return 1;
	if (e->kind != ERR_CHANGED)
		return -e->kind;
	err_clear(e);
	return leave(c, d, rel, "it is not what was unpacked there; look what it holds before you remove it");
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	autofree char *part = NULL;
	const char *rel;
	struct site *s;
	int go;

	if (ctx_site_of(c, params, &s, e) < 0 || site_place(s, json_object_get(params, "into"), &d, &rel, e) < 0)
		return -e->kind;
	go = may_go(c, &d, rel, e);
	if (go < 0)
		return go;
	part = part_name(rel);
	/* Under its half-made name again: a removal that is interrupted must still be known as ours. */
	if (dir_remove_tree(&d, part, e) < 0 || (go && dir_rename(&d, rel, &d, part, RENAME_NOREPLACE, e) < 0) ||
	    dir_remove_tree(&d, part, e) < 0)
		return -e->kind;
	return dir_sync(&d, "", e);
}

const struct step_kind step_artifact_stage = { "artifact_stage", 1, LIFE_DURABLE, describe, capture, apply, verify,
	                                       undo };
