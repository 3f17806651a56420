/* The progress line: which step, how far, how fast, how long the server has been down. */
#pragma once

#include "io/json.h"
#include "view/text.h"

struct progress;

struct progress *progress_start(const struct style *s);         /* starts its thread */
void progress_stop(struct progress *p);                         /* clears the line; NULL is fine */
void progress_plan(struct progress *p, const json_t *plan);
void progress_event(struct progress *p, const json_t *event);
/* What stands in the line now, uncut. */
void progress_line(struct progress *p, struct buf *ret);
/* Take the line away while something else is printed. */
void progress_hide(struct progress *p);                         /* NULL is fine, as below */
void progress_show(struct progress *p);
/* What the step is called: the plan's words, else its id. Borrowed until the next progress_plan(). */
const char *progress_step_text(const struct progress *p, const char *step);
