/* hook: the operator's own program at a moment of the run: alarms, load balancers, DNS.
 * params {"name","argv":[..],"within":"30s"}; result {"status"}. Runs at least once after a crash. */
#include "engine/step.h"

#include <string.h>

#include "io/cmd.h"

#define WORDS_MAX 64

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	const char *program = json_string_value(json_array_get(json_object_get(params, "argv"), 0));

	buf_addf(ret, "run hook %s: %s", json_str(params, "name", "?"), program ? program : "?");
	return buf_check(ret, "the description", e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	const json_t *words = json_object_get(params, "argv");
	const char *name = json_str(params, "name", "?");
	const char *argv[WORDS_MAX + 1] = { 0 };
	struct cmd cmd = { .argv = argv, .within_ns = 30 * NS_PER_S, .die_with_us = true };
	struct cmd_result out = { 0 };
	const char *within = json_str(params, "within", NULL);
	int r;

	if (json_array_size(words) > WORDS_MAX)
		return err_set(e, ERR_USAGE, "hook '%s' has more than %d words", name, WORDS_MAX);
	for (size_t i = 0; i < json_array_size(words); i++)
		argv[i] = json_string_value(json_array_get(words, i));
	if (within && !clock_parse_span(within, &cmd.within_ns))
		return err_set(e, ERR_USAGE, "the deadline of hook '%s' is not a span of time", name);
	r = cmd_run(&cmd, &out, e);
	if (r >= 0 && out.status)
		r = cmd_said_no(&out, e);
	if (r >= 0)
		*ret_result = json_pack("{si}", "status", out.status);
	cmd_result_done(&out);
	return r < 0 ? err_wrap(e, "hook '%s'", name) : 0;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	*ret = json_int(result, "status", -1) == 0 ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return 0;
}

const struct step_kind step_hook = { "hook", 1, LIFE_DURABLE, describe, step_capture_nothing, apply, verify, undo };
