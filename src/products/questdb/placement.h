/* Where the new build goes and how it takes the old one's place. One answer for the plan and for
 * the checks. */
#pragma once

#include "engine/goal.h"
#include "products/questdb/change.h"

enum taking {
	TAKE_LINK,     /* the launcher names a link: it is pointed at the new directory */
	TAKE_EXCHANGE, /* the new directory, or jar, and the old one exchange their names */
	TAKE_LAUNCHER  /* the old build stays where it is: the launcher names the new one */
};

struct placement {
	enum taking taking;
	bool jar;       /* a single jar; else an unpacked archive */
	char *staged;   /* directory that is made for the new build */
	char *live;     /* path of the build once it took its place: a directory, or the jar */
	char *swapped;  /* link, directory or jar that is replaced; NULL with TAKE_LAUNCHER */
	char *java;     /* executable that will start it */
	char *jar_path; /* jar as -p will name it; NULL for a runtime */
};
#define autoplacement cleanup_with(placement_done)

void placement_done(struct placement *p);
/* ERR_ABSENT when a fact it rests on is missing, ERR_REFUSED when the new build cannot take the old
 * one's place. */
int placement_of(const struct facts *now, const struct goal *to, const struct change *c,
		 struct placement *ret, struct err *e) must_check;
