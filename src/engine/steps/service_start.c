/* service_start: the first start of the target build: the point. The hold is lifted for the moment of the start and stands
 * again after it, so that a restart policy cannot start a server whose gate is gone.
 * params {"launch":digest|null,"argv":[..]|null,"flock":place|null,"within":"10m","stop_within":"10m"};
 * result {"pid","start_ticks"}. Undo stops it and takes the lock again. */
#include "engine/serve.h"

#define WITHIN (600 * NS_PER_S)

static int know(struct ctx *c, struct site *s, const json_t *params, struct err *e)
{
	return serve_know(c, s, json_str(params, "launch", NULL), json_object_get(params, "argv"), e);
}

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "start the new server for the first time");
	return buf_check(ret, "the description", e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct svc_state now = { 0 };
	struct service *service;
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0 || site_service(s, &service, e) < 0 || know(c, s, params, e) < 0 ||
	    service->ops->state(service, &now, e) < 0)
		return -e->kind;
	/* Running already: our own start, before a kill. Whoever else it might be, wait_ready asks for its version. */
	if (now.run != SVC_RUNNING && now.run != SVC_STARTING &&
	    (serve_lift(c, s, false, e) < 0 || serve_start(c, s, json_str(params, "launch", NULL), json_object_get(params, "argv"),
	                params_span(params, "within", WITHIN), &now, e) < 0))
		return -e->kind;
	*ret_result = json_pack("{sI sI}", "pid", (json_int_t)now.id.pid, "start_ticks",
	                        (json_int_t)now.id.start_ticks);
	return serve_hold(c, s, NULL, e);
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	struct svc_state now = { 0 };
	struct service *service;
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0 || site_service(s, &service, e) < 0 ||
	    service->ops->state(service, &now, e) < 0)
		return -e->kind;
	/* A server that ended at once is started all the same: the point is passed. wait_ready tells how it ended. */
	*ret = result ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0 || know(c, s, params, e) < 0 || serve_hold(c, s, NULL, e) < 0 ||
	    serve_stop_started(c, s, params_span(params, "stop_within", WITHIN), e) < 0)
		return -e->kind;
	return serve_hold(c, s, json_object_get(params, "flock"), e);
}

const struct step_kind step_service_start = { "service_start", 1, LIFE_BOOT, describe, step_capture_nothing, apply, verify, undo };
