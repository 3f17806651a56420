#include "cli/ui.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cli/progress.h"
#include "cli/signals.h"
#include "view/plan_text.h"

#define ANSWER_MAX       4096
#define DIFF_MAX         (8u << 20)
#define ANSWER_WITHIN_MS (600 * 1000) /* a server may be down meanwhile */

static unsigned columns_of(int fd)
{
	struct winsize size;

	return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool ui_wants_color(const struct args *a, int fd)
{
	const char *when = a->value[OPT_COLOR] ?: "auto";
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (strcmp(when, "auto"))
		return !strcmp(when, "always");
	return isatty(fd) && !(no_color && *no_color) && !(term && !strcmp(term, "dumb"));
}

void ui_init(struct ui *ui, const struct args *a)
{
	*ui = (struct ui){
		.quiet = args_has(a, OPT_QUIET),
		.verbose = args_has(a, OPT_VERBOSE),
		.terminal = isatty(STDERR_FILENO),
		.style = { .color = ui_wants_color(a, STDERR_FILENO),
			   .width = columns_of(STDERR_FILENO) },
	};
	if (ui->terminal && !ui->quiet && !args_has(a, OPT_NO_PROGRESS) && a->cmd)
		ui->progress = progress_start(&ui->style);
}

void ui_done(struct ui *ui) { progress_stop(take_ptr(ui->progress)); }

void ui_plan(struct ui *ui, const json_t *plan) { progress_plan(ui->progress, plan); }

static void print_line(struct ui *ui, enum paint p, const char *label, const char *text)
{
	autobuf struct buf line = BUF_MAX(16 << 10);

	if (*label)
		view_paint(&line, &ui->style, p, label);
	view_clean(&line, sv_of(text));
	buf_addc(&line, '\n');
	progress_hide(ui->progress);
	fwrite(line.data, 1, line.len, stderr);
	progress_show(ui->progress);
}

void ui_say(struct ui *ui, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	if (ui->quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	print_line(ui, PAINT_PLAIN, "", text);
}

void ui_text(struct ui *ui, struct sv text)
{
	progress_hide(ui->progress);
	fwrite(text.p, 1, text.n, stderr);
	progress_show(ui->progress);
}

void ui_hint(struct ui *ui, const char *text) { print_line(ui, PAINT_CYAN, "  hint: ", text); }

void ui_error(struct ui *ui, const struct err *e)
{
	print_line(ui, PAINT_RED, "crossgrade: ", e->msg);
	if (*e->hint)
		ui_hint(ui, e->hint);
}

/* Steps are told on a terminal as they end, with -v everywhere. */
static void step_line(struct ui *ui, const json_t *event)
{
	static const struct {
		const char *state, *label;
		enum paint paint;
	} lines[] = {
		{ "done", "done    ", PAINT_GREEN },
		{ "skipped", "skipped ", PAINT_DIM },
		{ "undone", "undone  ", PAINT_YELLOW },
		{ "failed", "failed  ", PAINT_RED },
	};
	const char *step = json_str(event, "step", "");
	const char *text =
	    ui->progress ? progress_step_text(ui->progress, step) : json_str(event, "text", step);

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (!strcmp(json_str(event, "state", ""), lines[i].state))
			print_line(ui, lines[i].paint, lines[i].label, text);
}

/* What Ctrl-C will do changes with the run. */
static void know_what_then(const json_t *event)
{
	const char *state = json_str(event, "state", "");
	bool of_run = !strcmp(json_str(event, "type", ""), "run");

	if ((!strcmp(json_str(event, "phase", ""), "open") && !strcmp(state, "done")) ||
	    (of_run && json_bool(event, "let_in", false)))
		signals_will("will end at the next safe point, the new server stays up");
	else if (of_run && !strcmp(state, "turned"))
		signals_will("the run is on its way back, which goes on to its end");
}

static void warning(struct ui *ui, const json_t *event)
{
	autobuf struct buf diff = BUF_MAX(DIFF_MAX);

	print_line(ui, PAINT_YELLOW, "warning: ", json_str(event, "text", ""));
	view_diff(json_str(event, "diff", ""), &ui->style, &diff);
	ui_text(ui, buf_sv(&diff));
}

void ui_event(void *data, const json_t *event)
{
	struct ui *ui = data;
	const char *type = json_str(event, "type", "");

	progress_event(ui->progress, event);
	know_what_then(event);
	if (ui->quiet)
		return;
	if (!strcmp(type, "warning"))
		warning(ui, event);
	else if (!strcmp(type, "note") && (ui->terminal || ui->verbose))
		print_line(ui, PAINT_PLAIN, "", json_str(event, "text", ""));
	else if (!strcmp(type, "step") && (ui->progress || ui->verbose))
		step_line(ui, event);
}

bool ui_can_ask(const struct ui *ui) { return ui->terminal && isatty(STDIN_FILENO); }

char *ui_prompt(struct ui *ui, const char *question, const char *absent)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[ANSWER_MAX];
	struct sv answer;
	bool answered;

	progress_hide(ui->progress);
	fprintf(stderr, "%s%s%s%s ", question, absent ? " [" : "", absent ?: "", absent ? "]" : "");
	fflush(stderr);
	/* poll() is never restarted: Ctrl-C at a question is an answer. */
	answered = poll(&in, 1, ANSWER_WITHIN_MS) > 0 && fgets(line, sizeof line, stdin);
	progress_show(ui->progress);
	if (!answered)
		return NULL;
	answer = sv_trim(sv_of(line));
	return answer.n || !absent ? sv_dup(answer) : xstrdup(absent);
}

int ui_ask(void *data, const char *question)
{
	autofree char *answer = ui_prompt(data, question, "no");

	return answer && (!strcmp(answer, "yes") || !strcmp(answer, "y"));
}
