#include "cli/command.h"

int cmd_finalize(struct call *c, struct err *e)
{
	bool point_too = args_has(&c->args, OPT_WITH_POINT);
	struct run_end end = { 0 };

	if (call_confirm(c,
			 point_too ? "give up the way back and remove the restore point?"
				   : "give up the way back?",
			 e) < 0)
		return exit_of(e);
	run_finalize(call_operand(c, 0), point_too, &c->opts, &end);
	return call_end(c, &end);
}
