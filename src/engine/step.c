#include "engine/step.h"

int step_capture_nothing(struct ctx *c unused_arg, const json_t *params unused_arg, json_t **ret_undo, struct err *e unused_arg)
{
	*ret_undo = json_object();
	return 0;
}

int step_apply_nothing(struct ctx *c unused_arg, const json_t *params unused_arg, const json_t *undo unused_arg, json_t **ret_result,
                       struct err *e unused_arg)
{
	*ret_result = json_object();
	return 0;
}

int step_verify_result(struct ctx *c unused_arg, const json_t *params unused_arg, const json_t *result, enum step_state *ret,
                       struct err *e unused_arg)
{
	*ret = result ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}
