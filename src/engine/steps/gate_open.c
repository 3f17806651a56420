/* gate_open: clients are let in, and whoever starts the service may start it again.
 * params {"ports":[..]} ([]: there was no gate). Undo closes the gate again, so that what is counted on the way back stays
 * counted. */
#include "engine/gate_of.h"
#include "engine/serve.h"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "let clients in");
	return buf_check(ret, "the description", e);
}

static bool no_gate(const json_t *params)
{
	return json_array_size(json_object_get(params, "ports")) == 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct gate_of g;
	struct site *s;

	/* What the new server made of the data at its first start it need not have synced: a power cut after this must find the
	 * world that was just proved. */
	if (ctx_site_of(c, params, &s, e) < 0 || site_sync(s, e) < 0 || serve_lift(c, s, true, e) < 0)
		return -e->kind;
	*ret_result = json_object();
	if (no_gate(params))
		return 0;
	return gate_of_site(c, params, &g, e) < 0 ? -(int)e->kind : gate_open(&g.gate, e);
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	struct gate_of g;
	int closed = 0;

	if (!no_gate(params)) {
		if (gate_of_site(c, params, &g, e) < 0)
			return -e->kind;
		closed = gate_closed(&g.gate, e);
	}
	*ret = closed > 0 ? STEP_NOT_DONE : STEP_IS_DONE;
	return closed < 0 ? closed : 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	struct gate_of g;

	if (no_gate(params))
		return 0;
	return gate_of_site(c, params, &g, e) < 0 ? -(int)e->kind : gate_close(&g.gate, e);
}

const struct step_kind step_gate_open = { "gate_open", 1, LIFE_DURABLE, describe, step_capture_nothing, apply, verify, undo };
