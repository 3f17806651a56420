#include "cli/run_plan.h"

int cmd_resume(struct call *c, struct err *e)
{
	struct run_end end = { 0 };

	show_run_plan(c, call_operand(c, 0));
	run_resume(call_operand(c, 0), &c->opts, &end);
	return call_end(c, &end);
}
