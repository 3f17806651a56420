/* The stand-in server (tests/fakes/questdb_double) for a test: a root of its own, started as any
 * release and edition. */
#pragma once

#include "engine/goal.h"
#include "engine/step.h"

struct stand_in {
	char *home, *root;  /* home: temporary directory of ours */
	uint16_t http, min; /* ports chosen free */
	pid_t pid;          /* 0: stopped */
	struct goal goal;
	struct site site;
	struct ctx ctx;
};

void stand_in_make(struct stand_in *s, int tables, const char *version);
/* controls: "DOUBLE_LOSE_TABLE=t0", NULL-ended; NULL: none. Waits until it answers. */
void stand_in_start(struct stand_in *s, const char *edition, const char *version,
		    const char *const *controls);
void stand_in_stop(struct stand_in *s); /* SIGTERM, exit status 143 asserted */
void stand_in_done(struct stand_in *s);
/* One row by ILP; the table is made when it is not there. */
void stand_in_write(struct stand_in *s, const char *table, int64_t seq, int64_t ts_us);
void stand_in_settle(struct stand_in *s); /* until what was written is applied */
void stand_in_frozen(struct stand_in *s, struct facts *ret); /* as facts_freeze takes them */
