/* seatable_outside: what clients see of the old server, looked at while it still runs, where the baseline is read after its stop.
 * params {}; result {"seen": as sea_outside_look()}, which the baseline takes over. */
#include "products/seatable/outside.h"
#include "svc/compose.h"

static int describe(const json_t *params unused_arg, struct buf *ret, struct err *e)
{
	buf_adds(ret, "look at the server as its clients do: a base, its certificate");
	return buf_check(ret, "the description", e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo unused_arg, json_t **ret_result, struct err *e)
{
	autojson json_t *containers = NULL;
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0 ||
	    compose_containers(json_str(json_object_get(s->doc, "service"), "project", ""), &containers, e) < 0)
		return -(int)e->kind;
	*ret_result = json_pack("{so}", "seen", sea_outside_look(c, s, containers, NULL, 0));
	return 0;
}

static int undo(struct ctx *c unused_arg, const json_t *params unused_arg, const json_t *undo unused_arg, struct err *e unused_arg)
{
	return 0;
}

const struct step_kind step_seatable_outside = { "seatable_outside", 1, LIFE_DURABLE, describe, step_capture_nothing, apply,
						 step_verify_result, undo, .harmless = true, .served = true };
