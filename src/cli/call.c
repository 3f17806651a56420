#include "cli/command.h"

#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "cli/signals.h"
#include "cli/subject.h"

static struct cancel interrupted;

/* Root's state lives in /var/lib; anyone else's where XDG says. Heap. */
static char *default_state_dir(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (geteuid() == 0)
		return xstrdup("/var/lib/crossgrade");
	if (state && *state == '/')
		return xasprintf("%s/crossgrade", state);
	return xasprintf("%s/.local/state/crossgrade", home && *home == '/' ? home : "/tmp");
}

static enum out_format format_of(const struct args *a)
{
	const char *word = a->value[OPT_OUTPUT] ?: "text";

	return !strcmp(word, "json") ? OUT_JSON : !strcmp(word, "jsonl") ? OUT_JSONL : OUT_TEXT;
}

void call_begin(struct call *c)
{
	const struct args *a = &c->args;

	c->out = (struct out){ .format = format_of(a), .color = ui_wants_color(a, STDOUT_FILENO) };
	ui_init(&c->ui, a);
	c->out.width = c->ui.style.width;
}

static int timeout_of(const struct args *a, int64_t *ret_ns, struct err *e)
{
	const char *text = a->value[OPT_TIMEOUT];

	*ret_ns = 0;
	if (!text || (clock_parse_span(text, ret_ns) && *ret_ns > 0))
		return 0;
	err_set(e, ERR_USAGE, "--timeout: '%s' is not a span of time", text);
	return err_hint(e, "write 30s, 10m or 2h");
}

/* One that is not there yet is made, or holds no runs. */
static int want_state_dir(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0 || S_ISDIR(st.st_mode))
		return 0;
	return err_set(e, ERR_USAGE, "--state-dir: '%s' is not a directory", path);
}

int call_options(struct call *c, struct err *e)
{
	const struct args *a = &c->args;
	struct run_opts *o = &c->opts;
	int64_t within_ns;

	c->state_dir =
	    a->value[OPT_STATE_DIR] ? path_absolute(a->value[OPT_STATE_DIR]) : default_state_dir();
	c->accept = args_all(a, OPT_ACCEPT);
	c->accept_loss = args_all(a, OPT_ACCEPT_LOSS);
	c->events = events_new();
	*o = (struct run_opts){
		.state_dir = c->state_dir,
		.events = c->events,
		.cancel = &interrupted,
		.hold = args_has(a, OPT_HOLD),
		.unattended = args_has(a, OPT_UNATTENDED),
		.force = args_has(a, OPT_FORCE),
		.prove_all = args_has(a, OPT_PROVE),
		.accept_in_place = args_has(a, OPT_ACCEPT_IN_PLACE),
		.restore_data = args_has(a, OPT_RESTORE_DATA),
		.accept = c->accept,
		.accept_loss = c->accept_loss,
		.accept_no_backup = args_has(a, OPT_ACCEPT_NO_BACKUP),
		.accept_no_return = args_has(a, OPT_ACCEPT_NO_RETURN),
		.accept_open = args_has(a, OPT_ACCEPT_OPEN),
		.yes = args_has(a, OPT_YES),
	};
	if (!o->yes && ui_can_ask(&c->ui)) {
		o->ask = ui_ask;
		o->ask_data = &c->ui;
	}
	if (a->value[OPT_SAVE_NEW_WRITES])
		o->save_writes = c->save_writes = path_absolute(a->value[OPT_SAVE_NEW_WRITES]);
	if (want_state_dir(c->state_dir, e) < 0 ||
	    args_bytes(a, OPT_IO_LIMIT, &o->io_limit, e) < 0 || timeout_of(a, &within_ns, e) < 0)
		return -e->kind;
	events_to(c->events, ui_event, &c->ui);
	if (c->out.format == OUT_JSONL)
		events_to(c->events, out_event, &c->out);
	signals_catch(&interrupted, within_ns,
		      a->cmd->flags & CMD_TOUCHES
			  ? a->cmd->interrupted ?: "will turn back at the next safe point"
			  : NULL);
	return 0;
}

const char *call_operand(const struct call *c, size_t i)
{
	return i < c->args.operands.n ? c->args.operands.v[i] : NULL;
}

int call_confirm(struct call *c, const char *question, struct err *e)
{
	if (c->opts.yes)
		return 0;
	if (!ui_can_ask(&c->ui)) {
		err_set(e, ERR_USAGE, "there is no terminal to ask at, and no --yes: %s", question);
		return err_hint(e, "give --yes to agree");
	}
	if (ui_ask(&c->ui, question) == 1)
		return 0;
	return err_set(e, ERR_REFUSED, "not agreed to; nothing was changed");
}

int exit_of(const struct err *e)
{
	switch (e->kind) {
	case ERR_OK:
		return EXIT_DONE;
	case ERR_USAGE:
		return EXIT_USAGE;
	case ERR_CANCELED:
		return EXIT_INTERRUPTED;
	default:
		return EXIT_FAILED;
	}
}

/* How to go on after a run that did not simply end. */
static const char *next_of(int exit)
{
	switch (exit) {
	case EXIT_HELD:
		return "'crossgrade resume' goes through the window, 'crossgrade rollback' drops "
		       "the run";
	case EXIT_UNFINISHED:
		return "'crossgrade status' tells what is unfinished and what is possible now";
	case EXIT_STANDS:
		return "'crossgrade verify' compares again, 'crossgrade rollback --save-new-writes "
		       "DIR' goes back, "
		       "'crossgrade finalize' keeps the new world";
	case EXIT_STUCK:
		return "'crossgrade status' tells what is known; mend the cause, then repeat "
		       "'crossgrade rollback'";
	case EXIT_DRIFTED:
		return "make a new plan: 'crossgrade plan'";
	case EXIT_BLOCKED:
		return "'crossgrade check' tells every finding and its remedy";
	default:
		return NULL;
	}
}

static json_t *end_json(const struct call *c, const struct run_end *end)
{
	json_t *doc =
	    json_pack("{ss ss? si ss ss ss?}", "verb", c->args.cmd->name, "run",
		      *end->run ? end->run : NULL, "exit", end->exit, "meaning",
		      exit_meaning(end->exit), "outcome", end->line, "next", next_of(end->exit));

	if (end->err.kind != ERR_OK)
		json_object_set_new(doc, "error", error_json(&end->err, end->exit));
	return doc;
}

int call_end(struct call *c, const struct run_end *end)
{
	const char *next = *end->err.hint ? end->err.hint : next_of(end->exit);
	bool answered = end->err.kind == ERR_OK || *end->run;

	if (!out_is_text(&c->out)) {
		out_doc(&c->out, "run", end_json(c, end));
		return end->exit;
	}
	if (answered && *end->line)
		out_line(&c->out, end->line);
	/* One failure, one line: the answer often holds the error's words already. */
	if (end->err.kind != ERR_OK && !(answered && strstr(end->line, end->err.msg)))
		ui_error(&c->ui, &end->err);
	else if (next)
		ui_hint(&c->ui, next);
	return end->exit;
}

int call_begun(const struct run_end *begun, struct err *e)
{
	err_set(e, begun->err.kind, "%s", begun->line);
	err_hint(e, "%s", begun->err.hint);
	return begun->exit;
}

void call_done(struct call *c)
{
	ui_done(&c->ui);
	events_free(c->events);
	free(c->accept);
	free(c->accept_loss);
	free(c->state_dir);
	free(c->save_writes);
	args_done(&c->args);
}
