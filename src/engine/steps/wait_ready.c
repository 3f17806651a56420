/* wait_ready: until the new server answers as the edition and version wanted; its own migration may take as long as it
 * works. params {"edition","version","within":"2h","stall":"60s"}; result {"edition","version","ready_ms"}. */
#include "engine/serve.h"

#define WITHIN (7200 * NS_PER_S)
#define STALL  (60 * NS_PER_S)

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "wait until it answers as %s %s", json_str(params, "edition", "the same edition"),
	         json_str(params, "version", ""));
	return buf_check(ret, "the description", e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct expected who = { json_str(params, "edition", ""), json_str(params, "version", "") };
	int64_t began = clock_mono_ns();
	struct probe seen;
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0 || serve_wait(c, s, who, params_span(params, "within", WITHIN),
	                                                    params_span(params, "stall", STALL), &seen, e) < 0)
		return -e->kind;
	*ret_result = json_pack("{ss ss sI}", "edition", seen.edition, "version", seen.version, "ready_ms",
	                        (json_int_t)((clock_mono_ns() - began) / NS_PER_MS));
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	*ret = result ? STEP_IS_DONE : STEP_NOT_DONE;   /* apply returns only when it has been seen */
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return 0;
}

const struct step_kind step_wait_ready = { "wait_ready", 1, LIFE_BOOT, describe, step_capture_nothing, apply, verify, undo, .harmless = true };
