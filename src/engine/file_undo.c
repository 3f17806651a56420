#include "engine/file_undo.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "engine/event.h"

#define IMAGE_MAX (64u << 20)

int file_undo_record(struct ctx *c, const struct dir *d, const char *rel, struct sv ours, json_t **ret, struct err *e)
{
	char digest[DIGEST_TEXT];
	json_t *image;

	if (image_take(d, rel, &c->blobs, IMAGE_MAX, &image, e) < 0)
		return -e->kind;
	digest_text(ours, digest);
	*ret = json_pack("{so ss}", "image", image, "ours", digest);
	return 0;
}

int file_undo_state(const struct dir *d, const char *rel, const json_t *undo, struct err *e)
{
	const json_t *image = json_object_get(undo, "image");
	char digest[DIGEST_TEXT];
	autoclose int fd = -1;
	int same = image_same(d, rel, image, e);

	if (same)
		return same < 0 ? same : FILE_IS_OLD;
	fd = dir_openat(d, rel, O_RDONLY, 0, e);
	if (fd < 0 && e->kind != ERR_ABSENT)
		return fd;
	if (fd < 0) {
		err_clear(e);
		return *json_str(undo, "ours", "?") ? FILE_IS_THIRD : FILE_IS_OURS;
	}
	if (file_digest(fd, rel, digest, e) < 0)
		return -e->kind;
	return strcmp(digest, json_str(undo, "ours", "")) ? FILE_IS_THIRD : FILE_IS_OURS;
}

int file_undo_look(struct ctx *c, const struct dir *d, const char *rel, const json_t *undo, struct err *e)
{
	int now = file_undo_state(d, rel, undo, e);

	if (now < 0)
		return now;
	if (now != FILE_IS_THIRD || c->force)
		return 0;
	err_set(e, ERR_CHANGED, "'%s/%s' was changed by somebody else since", d->path, rel);
	return err_hint(e, "'crossgrade rollback --force' puts the old file back, and keeps a copy of this one");
}

/* Somebody's change is not lost when it is undone as agreed. */
static int keep_third(struct ctx *c, const struct dir *d, const char *rel, struct err *e)
{
	autojson json_t *image = NULL;
	autofree char *kept = NULL, *text = NULL;
	const char *content;

	if (image_take(d, rel, &c->blobs, IMAGE_MAX, &image, e) < 0)
		return err_wrap(e, "keep what somebody else made of it");
	content = json_str(image, "content", NULL);
	kept = content ? xasprintf("; what it held is kept in '%s/%s'", c->blobs.path, content) : xstrdup("");
	text = xasprintf("'%s/%s' was changed by somebody else since, and the old file is put back as agreed%s", d->path, rel,
	                 kept);
	event_emit(c->events, "warning", json_pack("{ss}", "text", text));
	return 0;
}

int file_undo(struct ctx *c, const struct dir *d, const char *rel, const json_t *undo, struct err *e)
{
	int now = file_undo_state(d, rel, undo, e), has_parent;

	if (now < 0 || file_undo_look(c, d, rel, undo, e) < 0 || (now == FILE_IS_THIRD && keep_third(c, d, rel, e) < 0))
		return -e->kind;
	has_parent = dir_has(d, file_parent(rel), e);
	if (has_parent < 0 || (has_parent && file_drop_temps(d, file_parent(rel), e) < 0))
		return -e->kind;
	return now == FILE_IS_OLD ? 0 : image_put(d, rel, &c->blobs, json_object_get(undo, "image"), e);
}

const char *file_parent(const char *rel)
{
	static char parent[PATH_MAX];
	const char *slash = strrchr(rel, '/');

	snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - rel) : 0, rel);
	return parent;
}
