/* What each step kind does, and what its undo does, in words for 'crossgrade explain'. A test holds this table against the
 * registry of kinds. */
#pragma once

struct kind_text {
	const char *kind, *does, *undo;
};
extern const struct kind_text kind_texts[];     /* ends with .kind = NULL */
