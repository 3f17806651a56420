/* How far values are read before the stop and compared after the start: settings.proof of the
 * migration file.
 *
 *	proof: {level: auto | F1 | F2 | F3, within: 10m, max_age: 24h}
 *
 * F0 schema, F1 rows of each partition and the files are always compared; they cost nothing before
 * the stop. F2 and F3 read every table through the old server. */
#pragma once

#include "engine/goal.h"

enum proof_level {
	PROOF_AUTO, /* F2 of all, F3 too of what is small */
	PROOF_F1,   /* nothing is read */
	PROOF_F2,   /* aggregates of each column in each partition */
	PROOF_F3    /* F2, and the content of each partition as text, hashed */
};

struct proof_asked {
	enum proof_level level;
	int64_t within_ns;  /* for reading every table, all in all */
	int64_t max_age_ns; /* a reading of a table written to since counts as long as this */
};

/* ERR_USAGE names the key. `to` may be NULL: the defaults. */
int proof_of(const struct goal *to, struct proof_asked *ret, struct err *e) must_check;
