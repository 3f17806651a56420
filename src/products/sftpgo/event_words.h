/* What an operator is told of a finding beyond its row in template.h: an example, and what to do. The one place for it: `crossgrade
 * explain` shows it, docs/sftpgo-events.md repeats it and a test holds the page against it. Pure. */
#pragma once

#include "products/sftpgo/template.h"

struct event_words {
	const char *field;              /* of the example; NULL: it is of what a server does, in words, not of a text */
	struct template_release release;
	unsigned triggers;
	const char *before, *after;
	const char *remedy;
};
/* Never NULL. */
const struct event_words *event_words_of_reason(enum template_reason r);
const struct event_words *event_words_of_condition(enum template_condition c);

/* The body of an "explanation" document of a reason, a condition, or both of that name; NULL: there is none. New reference. */
json_t *event_words_explain(const char *finding) must_check;
/* The i-th name of them all; NULL behind the last. */
const char *event_words_name(size_t i);
