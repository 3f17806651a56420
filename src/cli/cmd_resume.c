#include "cli/command.h"

int cmd_resume(struct call *c, struct err *e)
{
	struct run_end end = { 0 };

	run_resume(call_operand(c, 0), &c->opts, &end);
	return call_end(c, &end);
}
