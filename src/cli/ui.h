/* stderr: the talk. Progress on a terminal, questions on a terminal only, one line an error.
 *
 * On a terminal the last line shows what is going on and is redrawn every 100 ms by a thread of its own, so that "server
 * down since 1.2 s" moves while a step waits. In a pipe nothing is said but warnings and errors, with -v every step. */
#pragma once

#include <stdbool.h>

#include "cli/options.h"
#include "io/json.h"
#include "view/text.h"

struct progress;

struct ui {
	bool             quiet, verbose;
	bool             terminal;      /* stderr is one */
	struct style     style;         /* of stderr */
	struct progress *progress;      /* NULL: no progress line */
};

void ui_init(struct ui *ui, const struct args *a);
void ui_done(struct ui *ui);
/* Should stdout or stderr be coloured? --color, NO_COLOR, TERM=dumb, terminal or not. */
bool ui_wants_color(const struct args *a, int fd);

/* What the steps are called and weigh: a plan document, or NULL when it is not at hand. */
void ui_plan(struct ui *ui, const json_t *plan);
/* An event_sink; data is the struct ui. */
void ui_event(void *data, const json_t *event);

void ui_say(struct ui *ui, const char *fmt, ...) printf_like(2, 3);     /* not with --quiet */
void ui_text(struct ui *ui, struct sv text);                            /* a whole view, before a question */
void ui_error(struct ui *ui, const struct err *e);
void ui_hint(struct ui *ui, const char *text);
/* run_opts.ask: 1 yes, 0 no. Only to be given when ui_can_ask(). data is the struct ui. */
int  ui_ask(void *data, const char *question);
bool ui_can_ask(const struct ui *ui);
/* One line of an answer, without its LF; heap. `absent` for an empty one. NULL at the end of the input. */
char *ui_prompt(struct ui *ui, const char *question, const char *absent) must_check;
