/* gate_close: clients stay out of the new server until the gate checks passed.
 * params {"ports":[..]}; result {"table"}. Gone after a boot, and after any `nft flush ruleset`. */
#include "engine/step.h"

#include <stdio.h>

#include "engine/gate_of.h"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "keep clients out of the new server");
	return buf_check(ret, "the description", e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct gate_of g;

	if (gate_of_site(c, params, &g, e) < 0 || gate_close(&g.gate, e) < 0)
		return -e->kind;
	*ret_result = json_pack("{ss}", "table", g.name);
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	struct gate_of g;
	int closed;

	if (gate_of_site(c, params, &g, e) < 0)
		return -e->kind;
	closed = gate_closed(&g.gate, e);
	*ret = closed > 0 ? STEP_IS_DONE : STEP_NOT_DONE;
	return closed < 0 ? closed : 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	struct gate_of g;

	return gate_of_site(c, params, &g, e) < 0 ? -(int)e->kind : gate_open(&g.gate, e);
}

const struct step_kind step_gate_close = { "gate_close", 1, LIFE_BOOT, describe, step_capture_nothing, apply, verify, undo };
