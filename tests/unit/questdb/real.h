/* A real QuestDB server for a test, by tests/real/questdb.sh. */
#pragma once

#include "engine/goal.h"
#include "engine/step.h"

struct real {
	char *home; /* temporary directory of ours */
	char *root;
	const char *version;
	struct goal goal;
	struct site site;
	struct ctx ctx;
	bool running;
};

/* 1 started and loaded; 0 it cannot be had here: the reason was printed, the test is to be skipped.
 */
int real_start(struct real *r, const char *version);
void real_home(struct real *r, const char *version); /* the directories only */
bool real_try(struct real *r);   /* start on them, nothing loaded; false: cannot be had here */
bool real_again(struct real *r); /* start it again on its root */
bool real_call(struct real *r, const char *verb, const char *a, const char *b);
void real_bind(struct real *r); /* site and context as a look has them, of now */
void real_done(struct real *r);
