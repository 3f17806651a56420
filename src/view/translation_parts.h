/* What both views of a "translation" document share: what of it is told, and how it is handed on, a piece at a time, so that of any
 * number of actions one is in memory. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "view/text.h"

#define TRANSLATION_PIECE_MAX (16u << 20)
/* Of a file that has actions alone. */
#define TRANSLATION_NO_RULES "no rules are in this file: those elsewhere that use what is held back must be set inactive by hand"

typedef int (*view_put)(void *arg, struct sv text, struct err *e);

/* A piece, emptied for the next; of one that is full only that it is. */
int translation_hand_on(struct buf *piece, view_put put, void *arg, struct err *e) must_check;

/* The findings of an action or rule, one for each reason and condition, in their order. A token with its translation says nothing
 * that the texts do not: there is none of it. */
struct translation_kind {
	const json_t *finding;          /* the first of them */
	struct buf tokens;              /* of all of them, each once: "{{Name}}, {{Email}}" */
	struct map seen;
};
struct translation_kinds {
	struct translation_kind *v;
	size_t n, room;
};
void translation_kinds_of(const json_t *findings, struct translation_kinds *ret);
void translation_kinds_done(struct translation_kinds *k);
#define autokinds cleanup_with(translation_kinds_done)

/* "a, b, c and 12 more" of the first names of so many in all; nothing of none. */
void translation_names(struct buf *ret, const json_t *list, size_t in_all);

struct sv translation_text_of(const json_t *o, const char *key);
int64_t   translation_count(const json_t *doc, const char *of, const char *name);
