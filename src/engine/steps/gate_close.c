/* gate_close: clients stay out of the server until the gate checks passed.
 * params {"ports":[..]} or {"proxy":{"kind":"compose","project","service"}}; undo record and result: gate_of.h; {"table","cut":
 * false, where who asked before may still be answered} or {"proxy": service}, and "was_open" where it was closed again before a server that
 * may have run. Gone after a boot; the table after any `nft flush ruleset`, too. */
#include "engine/step.h"

#include <stdio.h>

#include "engine/gate_of.h"

static const char *proxy_of(const json_t *params)
{
	return json_str(json_object_get(params, "proxy"), "service", NULL);
}

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	if (proxy_of(params))
		buf_addf(ret, "keep clients out: stop %s, which they come through", proxy_of(params));
	else
		buf_adds(ret, "keep clients out of the new server");
	return buf_check(ret, "the description", e);
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	struct gate_of g;

	return gate_of_site(c, params, &g, e) < 0 ? -(int)e->kind : gate_of_capture(&g, ret_undo, e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct gate_of g;
	int cut;

	if (gate_of_site(c, params, &g, e) < 0)
		return -e->kind;
	cut = gate_of_close(&g, e);
	if (cut < 0)
		return cut;
	*ret_result = g.proxy ? json_pack("{ss}", "proxy", proxy_of(params)) : json_pack("{ss sb}", "table", g.name, "cut", cut);
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	struct gate_of g;
	int closed;

	if (gate_of_site(c, params, &g, e) < 0)
		return -e->kind;
	closed = gate_of_closed(&g, e);
	*ret = closed > 0 ? STEP_IS_DONE : STEP_NOT_DONE;
	return closed < 0 ? closed : 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	struct gate_of g;

	return gate_of_site(c, params, &g, e) < 0 ? -(int)e->kind : gate_of_undo(&g, undo, e);
}

const struct step_kind step_gate_close = { "gate_close", 1, LIFE_BOOT, describe, capture, apply, verify, undo };
