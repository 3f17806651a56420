/* What checks found, and what a comparison of two worlds found. */
#pragma once

#include "base/vec.h"
#include "io/json.h"

enum verdict { VERDICT_PASS, VERDICT_NOTE, VERDICT_WARN, VERDICT_UNSURE, VERDICT_BLOCK };      /* worst last */

struct result {
	const char  *id;                /* of the check: static text */
	enum verdict verdict;
	char        *subject;           /* "table trades", "port 9000"; NULL: the installation */
	char        *seen;              /* what was seen, one line */
	char        *lacks;             /* unsure: the fact that was wanting, where its causes end; NULL: none */
	const char  *follows;           /* id of the check that names the cause of that (engine/checks.h); NULL: this one does */
};

struct results {
	struct result *v;
	size_t         n, room;
};

/* For checks: one result a subject. The text is printf-like and says what was seen. */
void results_add(struct results *r, const char *id, enum verdict verdict, const char *subject, const char *seen_fmt, ...)
	printf_like(5, 6);
/* The last one is as it is because this fact is missing, or does not tell. */
void results_lack(struct results *r, const char *key);
bool results_warn(const struct results *r);     /* one of them is a warning */
void results_done(struct results *r);
const char *verdict_name(enum verdict v);       /* "pass" ... */

enum outcome { CMP_SAME, CMP_EXPLAINED, CMP_UNPROVED, CMP_DIFFERENT };  /* worst last */

struct comparison {
	enum outcome outcome;
	char        *subject;           /* "table trades", "partition trades/2026-11-20", "server" */
	char        *what;              /* "rows", "column price: max", "version" */
	char        *was, *is;          /* NULL when there is none */
	const char  *rule;              /* id of the sheet rule that explains it, or NULL */
	char        *why;               /* unproved: why it could not be compared */
};

struct comparisons {
	struct comparison *v;           /* differences, explained ones and unproved ones; equal ones are only counted */
	size_t             n, room;
	uint64_t           same;        /* how many were compared and equal */
	char              *level;       /* "F1+files": what was compared */
};

void cmp_same(struct comparisons *c, uint64_t n);
/* Record `was` against `is` (texts, copied; equal ones are counted as same). */
void cmp_text(struct comparisons *c, const char *subject, const char *what, const char *was, const char *is);
void cmp_int(struct comparisons *c, const char *subject, const char *what, int64_t was, int64_t is);
void cmp_add(struct comparisons *c, enum outcome o, const char *subject, const char *what, const char *was,
             const char *is, const char *rule, const char *why);
enum outcome cmp_worst(const struct comparisons *c);
/* What was found different is not to be believed: it is unproved, and why. */
void cmp_doubt(struct comparisons *c, const char *why);
void cmp_move(struct comparisons *from, struct comparisons *to);        /* `from` is empty then; `to` keeps its level */
void comparisons_done(struct comparisons *c);
json_t *comparisons_json(const struct comparisons *c);  /* the "differences" document's body */
