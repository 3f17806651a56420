/* rule_fire: start the one event rule that the operator named, at the new server. No other event is ever fired. An event cannot be
 * taken back, and after a crash it may be fired a second time, as a hook may run twice.
 * params {"rule": name}; undo record {}; result {"notes":[text]}. The server starts an on-demand rule
 * and answers at once: what its actions did only its log tells. */
#include "engine/step.h"

#include "base/fault.h"
#include "base/mem.h"
#include "engine/event.h"
#include "products/sftpgo/rest.h"
#include "products/sftpgo/trial_fit.h"

#define ACTIVE 1

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "start event rule '%s'", json_str(params, "rule", "?"));
	return buf_check(ret, "the description", e);
}

static int login(struct ctx *c, const json_t *params, struct rest *ret, struct err *e)
{
	struct site *s;

	return ctx_site_of(c, params, &s, e) < 0 ? -(int)e->kind : rest_login(s, ret, e);
}

/* It must still be one that is fired by hand only. */
static int is_ready(struct rest *api, const char *name, struct err *e)
{
	autofree char *path = rest_path("/api/v2/eventrules/", name);
	autojson json_t *rule = NULL;

	if (rest_get(api, path, &rule, e) < 0)
		return e->kind == ERR_ABSENT ? err_set(e, ERR_CHANGED, "event rule '%s' is gone", name) : -(int)e->kind;
	if (json_int(rule, "status", 0) != ACTIVE || json_int(rule, "trigger", 0) != TRIAL_ON_DEMAND)
		return err_set(e, ERR_CHANGED, "event rule '%s' is no active one that is started on demand any more", name);
	return 0;
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	autorest struct rest api = { 0 };

	if (login(c, params, &api, e) < 0 || is_ready(&api, json_str(params, "rule", ""), e) < 0)
		return -(int)e->kind;
	*ret_undo = json_object();
	return 0;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	const char *name = json_str(params, "rule", "");
	autofree char *path = rest_path("/api/v2/eventrules/run/", name);
	autojson json_t *said = NULL;
	autorest struct rest api = { 0 };

	if (login(c, params, &api, e) < 0 || is_ready(&api, name, e) < 0)
		return -(int)e->kind;
	fault_point("rule_fire.start");
	if (rest_post(&api, path, (struct sv){ 0 }, e) < 0)
		return err_wrap(e, "start event rule '%s'", name);
	said = json_sprintf("event rule '%s' was started; what its actions did stands in the server's log alone", name);
	event_emit(c->events, "note", json_pack("{sO}", "text", said));
	*ret_result = json_pack("{s[O]}", "notes", said);
	return 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	*ret = json_object_get(result, "notes") ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return 0;
}

const struct step_kind step_rule_fire = { "rule_fire", 1, LIFE_DURABLE, describe, capture, apply, verify, undo };
