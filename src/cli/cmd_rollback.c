#include "cli/run_plan.h"
#include "cli/subject.h"

int cmd_rollback(struct call *c, struct err *e)
{
	const char *run = call_operand(c, 0), *from = c->args.value[OPT_FROM];
	autofree char *point = from ? path_absolute(from) : NULL;
	struct run_end end = { 0 };

	if (run && from) {
		err_set(e, ERR_USAGE, "a run and --from at once");
		err_hint(e, "--from is for a restore point whose journal is lost");
		return EXIT_USAGE;
	}
	show_run_plan(c, run);
	if (point)
		run_rollback_from(point, &c->opts, &end);
	else
		run_rollback(run, &c->opts, &end);
	return call_end(c, &end);
}
