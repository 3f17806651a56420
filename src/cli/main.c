/* crossgrade: parse, run the verb, tell how it ended. Exit codes: crossgrade(1). */
#include "cli/command.h"

static int tell_error(struct call *c, const struct err *e, int exit)
{
	if (out_is_text(&c->out))
		ui_error(&c->ui, e);
	else
		out_error(&c->out, e, exit);
	return exit;
}

/* An answer that could not be written is a failure of a verb that only looks; a run's own end says
 * more. */
static int finish(struct call *c, int exit)
{
	struct err e = ERR_INIT;

	if (out_finish(&c->out, &e) >= 0)
		return exit;
	ui_error(&c->ui, &e);
	return exit == EXIT_DONE && !(c->args.cmd && c->args.cmd->flags & (CMD_TOUCHES | CMD_MAKES))
		   ? EXIT_FAILED
		   : exit;
}

static int run_verb(struct call *c)
{
	struct err e = ERR_INIT;
	int exit;

	if (call_options(c, &e) < 0)
		return tell_error(c, &e, EXIT_USAGE);
	exit = c->args.cmd->run(c, &e);
	if (e.kind == ERR_DENIED && geteuid() != 0)
		err_hint(&e, "run it as root");
	return e.kind == ERR_OK ? exit : tell_error(c, &e, exit);
}

int main(int argc, char **argv)
{
	struct call c = { 0 };
	struct err e = ERR_INIT;
	int parsed = args_parse(argc, argv, &c.args, &e), exit = EXIT_DONE;

	/* Every time told is UTC; without TZ libarchive's mktime() asks for /etc/localtime at each
	 * of a jar's 10,000 entries. */
	setenv("TZ", "UTC0", 1);
	call_begin(&c);
	if (parsed < 0) {
		exit = tell_error(&c, &e, EXIT_USAGE);
	} else if (args_has(&c.args, OPT_HELP)) {
		help_print(stdout, &c.args);
	} else if (args_has(&c.args, OPT_VERSION)) {
		printf("crossgrade %s\n", CROSSGRADE_VERSION);
	} else if (!c.args.cmd) {
		help_print(stderr, &c.args);
		exit = EXIT_USAGE;
	} else {
		exit = run_verb(&c);
	}
	exit = finish(&c, exit);
	call_done(&c);
	return exit;
}
