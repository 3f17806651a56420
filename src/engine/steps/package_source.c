/* package_source: where packages come from. Files that name repositories are taken away, then others put in place, keyrings among
 * them; what is there on the way is never more than what was there before or comes after.
 * params {"off":[{"file":place,"was":SHA-256}],"put":[{"file":place,"was":SHA-256|null,"from":"/abs","sha256":hex}]}: was null, no file;
 * result {}. undo record {"off":[file_undo_record()],"put":[..]} in the same orders; the content of what is put is a blob
 * named by its digest, so that the operator's own copy may go meanwhile. Undo takes away what was put, the last first, and
 * then puts back what was taken away, byte for byte, owner and mode with it. */
#include "engine/step.h"

#include <fcntl.h>
#include <string.h>

#include "engine/file_undo.h"
#include "engine/plan.h"

#define CONTENT_MAX ((size_t)1 << 20)

enum turn { TURN_AHEAD /* later steps of the plan are not undone yet */, TURN_LOOK, TURN_BACK };

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(params, "off"), i, one)
		buf_addf(ret, "%stake %s away", ret->len ? ", " : "", json_str(json_object_get(one, "file"), "path", "?"));
	json_array_foreach(json_object_get(params, "put"), i, one)
		buf_addf(ret, "%sput %s in place", ret->len ? ", " : "", json_str(json_object_get(one, "file"), "path", "?"));
	return buf_check(ret, "the description", e);
}

static int open_file(struct ctx *c, const json_t *params, const json_t *one, struct dir *ret, const char **ret_rel, struct err *e)
{
	struct site *s;

	return ctx_site_of(c, params, &s, e) < 0 ? -(int)e->kind : site_place(s, json_object_get(one, "file"), ret, ret_rel, e);
}

/* ---- capture ---- */

/* Is it still what the plan saw? `was` NULL: no file. */
static int is_as_planned(const struct dir *d, const char *rel, const char *was, struct err *e)
{
	autoclose int fd = dir_openat(d, rel, O_RDONLY | O_NONBLOCK, 0, e);
	char digest[DIGEST_TEXT] = "";

	if (fd < 0 && e->kind != ERR_ABSENT)
		return fd;
	if (fd < 0)
		err_clear(e);
	else if (file_digest(fd, rel, digest, e) < 0)
		return -(int)e->kind;
	if (!strcmp(digest, was ? was : ""))
		return 0;
	return err_set(e, ERR_CHANGED, "'%s/%s' is not what it was when the plan was made", d->path, rel);
}

static int note_off(struct ctx *c, const json_t *params, const json_t *one, json_t *undo, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	json_t *record = NULL;
	const char *rel;

	if (open_file(c, params, one, &d, &rel, e) < 0 || is_as_planned(&d, rel, json_str(one, "was", NULL), e) < 0 ||
	    file_undo_record(c, &d, rel, (struct sv){ 0 }, &record, e) < 0)
		return -(int)e->kind;
	json_object_set_new(record, "ours", json_string(""));
	json_array_append_new(undo, record);
	return 0;
}

static int note_put(struct ctx *c, const json_t *params, const json_t *one, json_t *undo, struct err *e)
{
	const char *from = json_str(one, "from", ""), *sha256 = json_str(one, "sha256", "");
	autobuf struct buf content = BUF_MAX(CONTENT_MAX);
	autodir struct dir d = DIR_NONE;
	char digest[DIGEST_TEXT];
	json_t *record = NULL;
	const char *rel;

	if (open_file(c, params, one, &d, &rel, e) < 0 || is_as_planned(&d, rel, json_str(one, "was", NULL), e) < 0 ||
	    file_read_path(from, &content, e) < 0 || blob_put(&c->blobs, buf_sv(&content), digest, e) < 0)
		return -(int)e->kind;
	if (strcmp(digest, sha256) != 0)
		return err_set(e, ERR_CHANGED, "'%s' is not what it was when the plan was made", from);
	if (file_undo_record(c, &d, rel, buf_sv(&content), &record, e) < 0)
		return -(int)e->kind;
	json_array_append_new(undo, record);
	return 0;
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autojson json_t *undo = json_pack("{s[] s[]}", "off", "put");
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(params, "off"), i, one)
	{
		if (note_off(c, params, one, json_object_get(undo, "off"), e) < 0)
			return -(int)e->kind;
	}
	json_array_foreach(json_object_get(params, "put"), i, one)
	{
		if (note_put(c, params, one, json_object_get(undo, "put"), e) < 0)
			return -(int)e->kind;
	}
	*ret_undo = take_ptr(undo);
	return 0;
}

/* ---- forward ---- */

static int take_away(struct ctx *c, const json_t *params, const json_t *one, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *rel;

	if (open_file(c, params, one, &d, &rel, e) < 0 || dir_unlink(&d, rel, e) < 0)
		return -(int)e->kind;
	return dir_sync(&d, file_parent(rel), e);
}

static int put(struct ctx *c, const json_t *params, const json_t *one, struct err *e)
{
	struct file_attr attr = { .mode = 0644, .uid = 0, .gid = 0 };
	autobuf struct buf content = BUF_MAX(CONTENT_MAX);
	autodir struct dir d = DIR_NONE;
	const char *rel;

	if (open_file(c, params, one, &d, &rel, e) < 0 || blob_get(&c->blobs, json_str(one, "sha256", ""), &content, e) < 0 ||
	    file_drop_temps(&d, file_parent(rel), e) < 0)
		return -(int)e->kind;
	return file_replace(&d, rel, buf_sv(&content), attr, e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo unused_arg, json_t **ret_result, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(params, "off"), i, one)
	{
		if (take_away(c, params, one, e) < 0)
			return -(int)e->kind;
	}
	json_array_foreach(json_object_get(params, "put"), i, one)
	{
		if (put(c, params, one, e) < 0)
			return -(int)e->kind;
	}
	*ret_result = json_object();
	return 0;
}

/* 1 as asked, 0 not, -kind. */
static int is_done(struct ctx *c, const json_t *params, const json_t *one, const char *sha256, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const char *rel;

	if (open_file(c, params, one, &d, &rel, e) < 0)
		return -(int)e->kind;
	if (is_as_planned(&d, rel, sha256, e) >= 0)
		return 1;
	if (e->kind != ERR_CHANGED)
		return -(int)e->kind;
	err_clear(e);
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	const json_t *one;
	int done = result != NULL;
	size_t i;

	json_array_foreach(json_object_get(params, "off"), i, one)
		if (done > 0)
			done = is_done(c, params, one, NULL, e);
	json_array_foreach(json_object_get(params, "put"), i, one)
		if (done > 0)
			done = is_done(c, params, one, json_str(one, "sha256", NULL), e);
	*ret = done > 0 ? STEP_IS_DONE : STEP_NOT_DONE;
	return MIN_OF(done, 0);
}

/* ---- back ---- */

/* 1 what stands where a file was taken away is what this plan itself puts there: it goes first on the way back, and is judged by who put
 * it; 0 it is not, -kind. */
static int is_put_by_us(struct ctx *c, const json_t *params, const json_t *one, struct err *e)
{
	const json_t *other;
	int ours = 0;
	size_t i;

	if (!c->plan)
		return 0;
	vec_each(&c->plan->steps, s) {
		if (strcmp(s->kind->name, "package_source"))
			continue;
		json_array_foreach(json_object_get(s->params, "put"), i, other)
			if (!ours && json_equal(json_object_get(other, "file"), json_object_get(one, "file")))
				ours = is_done(c, params, one, json_str(other, "sha256", NULL), e);
	}
	return ours;
}

static int turn(struct ctx *c, const json_t *params, const json_t *undo, const char *list, size_t i, enum turn how, struct err *e)
{
	const json_t *one = json_array_get(json_object_get(params, list), i);
	const json_t *record = json_array_get(json_object_get(undo, list), i);
	autodir struct dir d = DIR_NONE;
	int ours = how == TURN_AHEAD && !strcmp(list, "off") ? is_put_by_us(c, params, one, e) : 0;
	const char *rel;

	if (ours)
		return MIN_OF(ours, 0);
	if (open_file(c, params, one, &d, &rel, e) < 0)
		return -(int)e->kind;
	return how == TURN_BACK ? file_undo(c, &d, rel, record, e) : file_undo_look(c, &d, rel, record, e);
}

static int turn_all(struct ctx *c, const json_t *params, const json_t *undo, enum turn how, struct err *e)
{
	static const char *const lists[] = { "put", "off" };

	for (size_t k = 0; k < ARRAY_LEN(lists); k++)
		for (size_t i = json_array_size(json_object_get(undo, lists[k])); i-- > 0;)
			if (turn(c, params, undo, lists[k], i, how, e) < 0)
				return -(int)e->kind;
	return 0;
}

/* All are looked at before one is touched. */
static int undo_source(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return turn_all(c, params, undo, TURN_LOOK, e) < 0 ? -(int)e->kind : turn_all(c, params, undo, TURN_BACK, e);
}

static int look_source(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return turn_all(c, params, undo, TURN_AHEAD, e);
}

const struct step_kind step_package_source = { "package_source", 1,	 LIFE_DURABLE, describe, capture,
					       apply,		 verify, undo_source,  look_source };
