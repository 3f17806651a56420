/* gate_open: clients are let in, and whoever starts the service may start it again.
 * params as gate_close has them ("ports":[]: there was no gate). Undo record and result {"was_open": somebody else let clients in before, while the
 * new server was checked|absent}. Undo closes the gate again, so that what is counted on the way back stays
 * counted. */
#include "engine/event.h"
#include "engine/gate_of.h"
#include "engine/serve.h"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "let clients in");
	return buf_check(ret, "the description", e);
}

static bool no_gate(const json_t *params)
{
	return json_array_size(json_object_get(params, "ports")) == 0 && !json_object_get(params, "proxy");
}

/* Looked at once: a second time the opening may be our own. */
static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	struct gate_of g;
	int closed = 1;

	if (!no_gate(params))
		closed = gate_of_site(c, params, &g, e) < 0 ? -(int)e->kind : gate_of_closed(&g, e);
	if (closed < 0)
		return closed;
	*ret_undo = json_object();
	if (closed)
		return 0;
	json_object_set_new(*ret_undo, "was_open", json_true());
	event_emit(c->events, "warning",
	           json_pack("{ss}", "text", "somebody opened the gate: clients were let in before the new server was checked"));
	return 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct gate_of g;
	struct site *s;

	/* What the new server made of the data at its first start it need not have synced: a power cut after this must find the
	 * world that was just proved. */
	if (ctx_site_of(c, params, &s, e) < 0 || site_sync(s, e) < 0 || serve_lift(c, s, true, e) < 0)
		return -e->kind;
	*ret_result = json_bool(undo, "was_open", false) ? json_pack("{sb}", "was_open", 1) : json_object();
	if (no_gate(params))
		return 0;
	return gate_of_site(c, params, &g, e) < 0 ? -(int)e->kind : gate_of_open(&g, e);
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	struct gate_of g;
	int closed = 0;

	if (!no_gate(params)) {
		if (gate_of_site(c, params, &g, e) < 0)
			return -e->kind;
		closed = gate_of_closed(&g, e);
	}
	*ret = closed > 0 ? STEP_NOT_DONE : STEP_IS_DONE;
	return closed < 0 ? closed : 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	struct gate_of g;

	if (no_gate(params))
		return 0;
	return gate_of_site(c, params, &g, e) < 0 || gate_of_close(&g, e) < 0 ? -(int)e->kind : 0;
}

const struct step_kind step_gate_open = { "gate_open", 1, LIFE_DURABLE, describe, capture, apply, verify, undo };
