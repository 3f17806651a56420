/* service_reload: the service manager reads its files again. params {}. Undone by service_stop's undo, which reloads before it
 * starts the old server, when the files are back. */
#include "engine/step.h"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "let the service manager read its files again");
	return buf_check(ret, "the description", e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct service *service;
	struct site *s;

	if (ctx_site_of(c, params, &s, e) < 0 || site_service(s, &service, e) < 0)
		return -e->kind;
	*ret_result = json_object();
	return service->ops->reload ? service->ops->reload(service, false, e) : 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return 0;
}

const struct step_kind step_service_reload = { "service_reload", 1, LIFE_DURABLE, describe,
					       step_capture_nothing, apply, step_verify_result, undo };
