/* Another reader of the same format, asked in one go: questions on its standard input, a line each,
 * answers back. */
#pragma once

#include "conf/editor.h"

bool in_path(const char *program);
/* Runs argv (from PATH) and fails the test when it does not end well within 100 s. */
void oracle_ask(char *const argv[], struct sv questions, struct buf *ret);

/* Appends s as the answers spell it: its bytes as hex. */
void oracle_hex(const char *s, struct buf *ret);
/* Appends what we make of a text, as a line: "key=value" pairs in order, each spelled (by oracle_hex(), or as the oracle does), or
 * "error". False, and nothing appended, for a text that we refuse: about that no other reader can be asked. */
bool oracle_answer(const struct dialect *lang, struct sv text, void (*spell)(const char *s, struct buf *ret),
		   struct buf *ret);
/* Appends the text as a question: its bytes as hex, and a line feed. */
void oracle_question(struct sv text, struct buf *questions);
/* Compares answers line by line; fails with the seed and the question. Returns how many of ours are
 * `counted`. */
size_t oracle_compare(uint64_t seed, struct sv questions, struct sv ours, struct sv theirs,
		      const char *counted);
