/* The notes themselves, by their files: with the server up or down. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "io/file.h"
#include "products/notes/notes.h"

#define NOTES_MAX 10000

static int add_note(const struct dir *d, const char *name, json_t *notes, struct err *e)
{
	autoclose int fd = dir_openat(d, name, O_RDONLY, 0, e);
	char digest[DIGEST_TEXT];

	if (fd < 0 || file_digest(fd, name, digest, e) < 0)
		return -e->kind;
	json_object_set_new(notes, name, json_string(digest));
	return 0;
}

int notes_read(const struct site *s, json_t **ret, struct err *e)
{
	autojson json_t *notes = json_object();
	autodir struct dir root = DIR_NONE, data = DIR_NONE;
	struct dir_names names = { 0 };
	int r = 0;

	if (site_root(s, "root", &root, e) < 0 || dir_open_at(&root, "data", &data, e) < 0 ||
	    dir_list(&data, "", NOTES_MAX, &names, e) < 0)
		return -e->kind;
	vec_each (&names, it)
		if (r >= 0)
			r = add_note(&data, it->name, notes, e);
	dir_names_done(&names);
	if (r >= 0)
		*ret = take_ptr(notes);
	return r;
}

/* Every note is there as it was; a client may have written others since. */
int notes_verify(struct ctx *c, const struct facts *frozen, const struct goal *to, enum depth d, struct comparisons *ret,
                 struct err *e)
{
	const char *version = facts_str(frozen, to ? NF_TARGET_VERSION : NF_VERSION, NULL), *name;
	autojson json_t *now = NULL;
	char answered[48];
	json_t *digest;

	if (notes_ask_version(ctx_site(c, NULL), false, 10 * NS_PER_S, answered, e) < 0 ||
	    notes_read(ctx_site(c, NULL), &now, e) < 0)
		return -e->kind;
	if (!version && to && c->plan)
		version = json_str(plan_pinned(c->plan), NF_TARGET_VERSION, NULL);
	cmp_text(ret, "server", "version", version, answered);
	json_object_foreach((json_t *)facts_get(frozen, NF_NOTES), name, digest)
		cmp_text(ret, name, "content", json_string_value(digest), json_str(now, name, NULL));
	ret->level = xstrdup("content");
	return 0;
}

int notes_since(struct ctx *c, const struct facts *frozen, struct writes *ret, struct err *e)
{
	const json_t *then = facts_get(frozen, NF_NOTES);
	autojson json_t *now = NULL;
	const char *name;
	json_t *digest;

	if (notes_read(ctx_site(c, NULL), &now, e) < 0)
		return -e->kind;
	json_object_foreach(now, name, digest) {
		if (json_equal(json_object_get(then, name), digest))
			continue;
		*vec_push(ret) = (struct write_count){ .subject = xstrdup(name), .transactions = 1, .rows_before = -1, .rows_now = -1 };
		ret->transactions++;
	}
	return 0;
}

int notes_save_since(struct ctx *c, const struct writes *w, const struct dir *to, struct err *e)
{
	autodir struct dir root = DIR_NONE, data = DIR_NONE;

	if (site_root(ctx_site(c, NULL), "root", &root, e) < 0 || dir_open_at(&root, "data", &data, e) < 0)
		return -e->kind;
	vec_each (w, it) {
		autobuf struct buf text = BUF_MAX(1 << 20);

		if (file_read(&data, it->subject, &text, e) < 0 ||
		    file_create(to, it->subject, buf_sv(&text), FILE_PRIVATE, e) < 0)
			return -e->kind;
	}
	return 0;
}
