/* config_set: edit values of one configuration file, losslessly.
 * params {"file":place,"dialect","edits":[{"key","old":str|null,"value":str|null}],"secret":bool}: null is absent.
 * undo record {"image":...,"ours":digest}. Undo puts the old file back whole, unless somebody edited it since. */
#include "engine/step.h"

#include "conf/editor.h"
#include "engine/event.h"
#include "engine/file_undo.h"
#include "engine/product.h"

#define FILE_MAX  (4u << 20)
#define EDITS_MAX 64

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	const json_t *edits = json_object_get(params, "edits");
	size_t at;
	json_t *edit;

	buf_addf(ret, "edit %s:", json_str(json_object_get(params, "file"), "path", "?"));
	json_array_foreach((json_t *)edits, at, edit)
		buf_addf(ret, "%s %s", at ? "," : "", json_str(edit, "key", "?"));
	return buf_check(ret, "the description", e);
}

static int open_target(struct ctx *c, const json_t *params, struct dir *ret, const char **ret_rel,
                       const struct dialect **ret_lang, struct err *e)
{
	struct site *s;

	*ret_lang = dialect_named(json_str(params, "dialect", ""));
	if (!*ret_lang)
		return err_set(e, ERR_BUG, "dialect '%s' is unknown", json_str(params, "dialect", ""));
	if (ctx_site_of(c, params, &s, e) < 0)
		return -e->kind;
	return site_place(s, json_object_get(params, "file"), ret, ret_rel, e);
}

static struct edit edit_of(const json_t *doc)
{
	return (struct edit){ .key = json_str(doc, "key", ""),
		              .value = json_str(doc, "value", NULL),
		              .old = json_str(doc, "old", NULL) };
}

static int edits_of(const json_t *params, struct edit ret[EDITS_MAX], size_t *ret_n, struct err *e)
{
	const json_t *edits = json_object_get(params, "edits");

	if (json_array_size(edits) > EDITS_MAX)
		return err_set(e, ERR_BUG, "more than %d edits in one step", EDITS_MAX);
	*ret_n = json_array_size(edits);
	for (size_t i = 0; i < *ret_n; i++)
		ret[i] = edit_of(json_array_get(edits, i));
	return 0;
}

/* The text as it will be after all edits, for the digest that undo compares with; checks every old value on the way. */
static int edited_text(const struct dialect *lang, const json_t *params, struct sv before, struct buf *ret, struct err *e)
{
	bool secret = json_bool(params, "secret", false);
	struct edit edits[EDITS_MAX];
	size_t n;

	buf_add_sv(ret, before);
	if (edits_of(params, edits, &n, e) < 0)
		return -e->kind;
	for (size_t i = 0; i < n; i++) {
		autobuf struct buf now = BUF_MAX(64 << 10), next = BUF_MAX(FILE_MAX);
		int has = editor_get(lang, buf_sv(ret), edits[i].key, &now, e);

		if (has < 0)
			return has;
		if ((has && !edits[i].old) || (!has && edits[i].old) ||
		    (has && !sv_eq(buf_sv(&now), edits[i].old)))
			return err_set(e, ERR_CHANGED, "'%s' is %s, not %s", edits[i].key,
			               secret ? "changed" : has ? buf_str(&now) : "absent",
			               secret ? "what it was" : edits[i].old ? edits[i].old : "absent");
		if (editor_set(lang, buf_sv(ret), edits[i].key, edits[i].value, &next, e) < 0)
			return -e->kind;
		buf_reset(ret);
		buf_add_sv(ret, buf_sv(&next));
	}
	return buf_check(ret, "the edited file", e);
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autobuf struct buf before = BUF_MAX(FILE_MAX), after = BUF_MAX(FILE_MAX);
	autodir struct dir d = DIR_NONE;
	const struct dialect *lang;
	const char *rel;

	if (open_target(c, params, &d, &rel, &lang, e) < 0 || file_read(&d, rel, &before, e) < 0 ||
	    edited_text(lang, params, buf_sv(&before), &after, e) < 0)
		return err_wrap(e, "'%s'", json_str(json_object_get(params, "file"), "path", "?"));
	return file_undo_record(c, &d, rel, buf_sv(&after), ret_undo, e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct edit edits[EDITS_MAX];
	autodir struct dir d = DIR_NONE;
	const struct dialect *lang;
	const char *rel;
	size_t n;
	int now;

	*ret_result = json_object();
	if (open_target(c, params, &d, &rel, &lang, e) < 0 || file_drop_temps(&d, file_parent(rel), e) < 0)
		return -e->kind;
	now = file_undo_state(&d, rel, undo, e);
	if (now < 0)
		return now;
	if (now == FILE_IS_OURS)
		return 0;
	if (edits_of(params, edits, &n, e) < 0)
		return -e->kind;
	return editor_file(lang, &d, rel, edits, n, json_bool(params, "secret", false), e) < 0 ? -e->kind : 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(FILE_MAX);
	struct edit edits[EDITS_MAX];
	autodir struct dir d = DIR_NONE;
	const struct dialect *lang;
	const char *rel;
	size_t n;

	if (open_target(c, params, &d, &rel, &lang, e) < 0 || file_read(&d, rel, &text, e) < 0 ||
	    edits_of(params, edits, &n, e) < 0)
		return -e->kind;
	*ret = STEP_IS_DONE;
	for (size_t i = 0; i < n; i++) {
		autobuf struct buf now = BUF_MAX(64 << 10);
		int has = editor_get(lang, buf_sv(&text), edits[i].key, &now, e);

		if (has < 0)
			return has;
		if ((has != 0) != (edits[i].value != NULL) || (has && !sv_eq(buf_sv(&now), edits[i].value)))
			*ret = STEP_NOT_DONE;
	}
	return 0;
}

static bool is_secret(const char *key, void *data)
{
	const struct ctx *c = data;

	return c->product->secret_key && c->product->secret_key(NULL, key);
}

/* What somebody made of our file, for people. Only an aid: where it cannot be told the refusal stands alone. */
static void tell_difference(struct ctx *c, const json_t *params, const json_t *undo)
{
	autobuf struct buf old = BUF_MAX(FILE_MAX), ours = BUF_MAX(FILE_MAX), now = BUF_MAX(FILE_MAX), diff = BUF_MAX(FILE_MAX);
	const char *image = json_str(json_object_get(undo, "image"), "content", "");
	autodir struct dir d = DIR_NONE;
	const struct dialect *lang;
	struct err e = ERR_INIT;
	const char *rel;

	if (json_bool(params, "secret", false) || open_target(c, params, &d, &rel, &lang, &e) < 0 ||
	    blob_get(&c->blobs, image, &old, &e) < 0 || edited_text(lang, params, buf_sv(&old), &ours, &e) < 0 ||
	    file_read(&d, rel, &now, &e) < 0 ||
	    editor_diff(lang, rel, buf_sv(&ours), buf_sv(&now), is_secret, c, &diff, &e) <= 0)
		return;
	event_emit(c->events, "warning",
	           json_pack("{ss ss}", "text", "this was changed since crossgrade edited the file", "diff", buf_str(&diff)));
}

static int look_edit(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const struct dialect *lang;
	const char *rel;

	if (open_target(c, params, &d, &rel, &lang, e) < 0)
		return -e->kind;
	if (file_undo_look(c, &d, rel, undo, e) >= 0)
		return 0;
	if (e->kind == ERR_CHANGED)
		tell_difference(c, params, undo);
	return -e->kind;
}

static int undo_edit(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	const struct dialect *lang;
	const char *rel;

	if (look_edit(c, params, undo, e) < 0 || open_target(c, params, &d, &rel, &lang, e) < 0)
		return -e->kind;
	return file_undo(c, &d, rel, undo, e);
}

const struct step_kind step_config_set = { "config_set", 1,	 LIFE_DURABLE, describe, capture,
	                                   apply,	verify, undo_edit,    look_edit };
