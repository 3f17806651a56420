/* facts_freeze: the baseline of the proof, read offline from the stopped tree.
 * params {}; result {"facts":the document, or the digest of a blob when it is long}. */
#include "engine/product.h"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "read the stopped data: the baseline of the proof");
	return buf_check(ret, "the description", e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	autofacts struct facts frozen = { 0 };
	json_t *kept;

	if (c->product->inspect(c, c->goal, DEPTH_FROZEN, &frozen, e) < 0 || facts_keep(&frozen, &c->blobs, &kept, e) < 0)
		return -e->kind;
	*ret_result = json_pack("{so}", "facts", kept);
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

const struct step_kind step_facts_freeze = { "facts_freeze", 2, LIFE_DURABLE, describe, step_capture_nothing, apply, verify, undo,
	                                     .harmless = true, .served = true };
