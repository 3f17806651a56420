/* What a check needs of the facts. It says PASS only for what was seen: a fact that is not there makes it UNSURE, with the reason
 * why it is not. */
#pragma once

#include "engine/facts.h"
#include "engine/results.h"

/* Say UNSURE of `id` because the fact could not be seen, and why. */
void unsure_of(const struct facts *now, const char *key, const char *id, struct results *ret);
/* The same of a fact that is there and does not tell what is asked of it, as `what` says. */
void untold_by(const struct facts *now, const char *key, const char *id, const char *what,
	       struct results *ret);

/* The fact into *v; false after an UNSURE. */
bool need(const struct facts *now, const char *key, const char *id, struct results *ret,
	  const json_t **v);
/* The same for one that is a text; NULL after an UNSURE. */
const char *need_text(const struct facts *now, const char *key, const char *id,
		      struct results *ret);

/* A fact whose absence means none, if `witness` shows that somebody looked. true: *v is the value
 * or NULL for none; false after an UNSURE. */
bool need_if_any(const struct facts *now, const char *key, const char *witness, const char *id,
		 struct results *ret, const json_t **v);

/* One result for each member of such a fact: an array of names or an object by name, whose values
 * are texts, numbers or objects. Subject "<noun> <name>"; `seen` says what a member means. None:
 * PASS "none". */
void judge_members(const struct facts *now, const char *key, const char *witness, const char *id,
		   enum verdict v, const char *noun, const char *seen, struct results *ret);

/* PASS "not across editions" and the like for a check that does not apply. */
void not_asked(const char *id, const char *why, struct results *ret);

void human_bytes(int64_t n, char ret[32]);

/* A compact text of a value for people, heap. */
char *value_text(const json_t *v) must_check;
