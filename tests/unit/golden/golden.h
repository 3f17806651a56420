/* Golden cases of a product, below GOLDEN_DIR: a case is a directory with facts.json and goal.yaml,
 * each a merge patch (RFC 7396) over base-facts.json and base-goal.yaml. UPDATE_GOLDEN=1 writes
 * what is expected anew. */
#pragma once

#include "engine/facts.h"
#include "engine/goal.h"

/* Facts and goal of a case directory; absent patches change nothing. Fails the test on its own. */
void golden_case(const char *dir, struct facts *now, struct goal *to);
bool golden_has(const char *dir);
/* The plan of a case, made twice to the same bytes, is its plan.json. The pinned facts are left out: facts.json has them. */
void golden_plan(const char *dir);
/* No plan is made of the case, for that reason; words: of the message. */
void golden_no_plan(const char *dir, enum err_kind kind, const char *words);
/* Compare text with a file of the case, or write it. */
void golden_same(const char *dir, const char *file, const char *text);
