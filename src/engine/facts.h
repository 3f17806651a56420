/* What was seen of an installation, typed, with its source.
 *
 * A fact has a dotted key ("server.version", "conf.cairo.root", "tables"), a JSON value and a class. Pinned facts
 * (identity, version, configuration, layout, scope, schema) are what a plan rests on: its digest and drift see them only.
 * Observed facts (sizes, counts, lag, free space) feed checks and the forecast; under live writers they always move. Deep
 * facts (what a full read of the data tells) are observed ones too dear to be taken again: a plan carries them, dated, and
 * whoever uses them asks how old they are and what has moved since.
 * A fact that could not be seen is absent, never a guess: facts_miss() says why, and checks that need it say UNSURE.
 *
 * Thinking code (checks, scope, plan) gets facts and nothing else, so one facts.json reproduces a server. At most 4 MiB
 * as text; bulk goes to side files named by digest. No secret is ever a fact. */
#pragma once

#include "io/json.h"

enum fact_class { FACT_PINNED, FACT_OBSERVED, FACT_DEEP };

struct facts {
	json_t *doc;            /* {"schema":"crossgrade/facts/1","product","name","taken","facts":{...},"missing":{...}} */
};

#define autofacts cleanup_with(facts_done)

void facts_init(struct facts *f, const char *product, const char *name);
void facts_done(struct facts *f);

/* Record a value (stolen). `source` is where it was seen: "/settings", "/proc/812/cmdline", "db/_upgrade.d". */
void facts_put(struct facts *f, enum fact_class class, const char *key, json_t *value, const char *source);
void facts_put_str(struct facts *f, enum fact_class class, const char *key, const char *value, const char *source);
void facts_put_int(struct facts *f, enum fact_class class, const char *key, int64_t value, const char *source);
void facts_put_bool(struct facts *f, enum fact_class class, const char *key, bool value, const char *source);
/* Mark what was recorded as never seen on a real build of that edition. */
void facts_unconfirmed(struct facts *f, const char *key);
/* All but those whose key begins with one of these words, which are of the host or of the goal: NULL-ended. */
void facts_unconfirmed_but(struct facts *f, const char *const *words);
void facts_miss(struct facts *f, const char *key, const char *why);
/* The same, because of another fact: that one is missing too, or does not tell. why NULL: as that one is missing. Who judges
 * `cause` names what is to be mended (engine/check.h). */
void facts_miss_after(struct facts *f, const char *key, const char *cause, const char *why);

/* Borrowed; NULL when absent. */
const json_t *facts_get(const struct facts *f, const char *key);
const char   *facts_str(const struct facts *f, const char *key, const char *absent);
int64_t       facts_int(const struct facts *f, const char *key, int64_t absent);
bool          facts_bool(const struct facts *f, const char *key, bool absent);
const char   *facts_source(const struct facts *f, const char *key);     /* NULL when absent */
const char   *facts_why_missing(const struct facts *f, const char *key);/* NULL when not recorded as missing */
const char   *facts_cause(const struct facts *f, const char *key);      /* where its causes end: itself when it has none */

/* Of those that are missing and are read out of another, which is missing too: because of that. Origins come before what is read
 * out of them; ends with .key NULL. */
struct fact_origin {
	const char *key, *from;
};
void facts_trace(struct facts *f, const struct fact_origin *origins);

/* {key: value} of the pinned facts, new reference. Sorted by key. */
json_t *facts_pinned(const struct facts *f);
/* The whole document with the pinned facts alone, new reference. */
json_t *facts_doc_pinned(const struct facts *f);
/* {key: entry} of the deep facts, each with the time it was taken; new reference. */
json_t *facts_deep(const struct facts *f);
/* Take over deep facts of a plan, where f has none of its own. */
void    facts_carry(struct facts *f, const json_t *deep);
/* When a fact was taken, RFC 3339; a carried one earlier than the rest. NULL when it is absent. */
const char *facts_taken(const struct facts *f, const char *key);
int     facts_parse(struct sv text, const char *what, struct facts *ret, struct err *e) must_check;
/* For the result of a step: themselves, or the digest of a blob when that would be long. What is in the result needs no fsync of its own. */
struct dir;
int     facts_keep(const struct facts *f, const struct dir *blobs, json_t **ret, struct err *e) must_check;
int     facts_kept(const json_t *kept, const struct dir *blobs, const char *what, struct facts *ret, struct err *e) must_check;
int     facts_check_size(const struct facts *f, struct err *e) must_check;      /* ERR_SPACE beyond 4 MiB */
