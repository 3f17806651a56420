/* Fixtures of the kinds that start, stop and gate the service. */
#include <string.h>

#include "engine/serve.h"
#include "laws/fixture.h"
#include "unit/unit.h"

static json_t *stop(struct bench *b)
{
	bench_put(b, "world/root/lock", "");
	return json_pack("{s{ss ss} ss so}", "expect", "edition", "", "version", "1", "within", "10s", "flock",
	                 place_of("root", "lock"));
}

static bool is_down(struct bench *b)
{
	return bench_is(b, "world/up", "(absent)");
}

static json_t *start(struct bench *b)
{
	bench_drop(b, "world/up");
	bench_put(b, "world/root/lock", "");
	bench_put(b, "world/install/build", "2");
	return json_pack("{sn sn so ss ss}", "launch", "argv", "flock", place_of("root", "lock"), "within", "10s",
	                 "stop_within", "10s");
}

static bool new_is_up(struct bench *b)
{
	return bench_is(b, "world/up", "2");
}

static json_t *nothing(struct bench *b)
{
	return json_object();
}

static json_t *ready(struct bench *b)
{
	return json_pack("{ss ss ss ss}", "edition", "", "version", "1", "within", "5s", "stall", "5s");
}

static json_t *hook(struct bench *b)
{
	bench_program(b, "bin/hook", "touch ran");
	return json_pack("{ss s[o] ss}", "name", "before_stop", "argv", json_sprintf("%s/bin/hook", b->base), "within",
	                 "10s");
}

static bool hook_ran(struct bench *b)
{
	return bench_is(b, "ran", "");
}

/* ---- the gate ---- */

static json_t *ports(struct bench *b)
{
	return json_pack("{s[ii]}", "ports", 9000, 8812);
}

static int change_gate(struct bench *b, const json_t *params, const char *kind, struct err *e)
{
	const struct step_kind *k = step_kind_named(kind);
	autojson json_t *result = NULL;

	return k->apply(&b->ctx, params, NULL, &result, e);
}

static json_t *behind_gate(struct bench *b)
{
	json_t *params = ports(b);
	struct err e = ERR_INIT;

	assert_ok(change_gate(b, params, "gate_close", &e), &e);
	return params;
}

const struct fixture service_fixtures[] = {
	{ .kind = "service_stop", .name = "a running server", .params = stop, .done = is_down },
	{ .kind = "service_start", .name = "the new build", .params = start, .done = new_is_up },
	{ .kind = "service_reload", .name = "nothing to reload", .flags = FX_NO_EFFECT, .params = nothing },
	{ .kind = "wait_ready", .name = "it answers", .flags = FX_NO_EFFECT, .params = ready },
	{ .kind = "hook", .name = "a program", .flags = FX_NO_EFFECT, .params = hook, .done = hook_ran },
	{ .kind = "gate_close", .name = "two ports", .flags = FX_NET, .params = ports },
	{ .kind = "gate_open", .name = "behind a gate", .flags = FX_NET, .params = behind_gate },
	{ NULL },
};
