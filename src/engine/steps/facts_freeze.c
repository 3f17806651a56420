/* facts_freeze: the baseline of the proof, read offline from the stopped tree.
 * params {}; result {"facts":digest of a blob}. */
#include "engine/product.h"
#include "io/image.h"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "read the stopped data: the baseline of the proof");
	return buf_check(ret, "the description", e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	autobuf struct buf text = BUF_MAX(16u << 20);
	autofacts struct facts frozen = { 0 };
	char digest[DIGEST_TEXT];

	if (c->product->inspect(c, c->goal, DEPTH_FROZEN, &frozen, e) < 0)
		return -e->kind;
	json_canonical(frozen.doc, &text);
	if (buf_check(&text, "the frozen facts", e) < 0 || blob_put(&c->blobs, buf_sv(&text), digest, e) < 0)
		return -e->kind;
	*ret_result = json_pack("{ss}", "facts", digest);
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	*ret = json_object_get(result, "facts") ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return 0;
}

const struct step_kind step_facts_freeze = { "facts_freeze", 1, LIFE_DURABLE, describe, step_capture_nothing, apply, verify, undo };
