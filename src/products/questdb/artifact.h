/* What a build of QuestDB is, judged from its bytes: an archive, a jar or an unpacked directory.
 * Nothing of it is run. */
#pragma once

#include "base/pool.h"
#include "io/json.h"

/* The object of QF_ARTIFACT (facts.h). A file that cannot be opened is an error; one that is
 * damaged, unsafe or no QuestDB at all is a finding in it. `known`, NULL none, is such an object of
 * before: of the same bytes it is the answer, and their entries are not read. */
int artifact_judge(const char *path, const json_t *known, const struct cancel *cancel, json_t **ret,
		   struct err *e) must_check;

/* The Java that an executable belongs to, by the `release` file of its home. Fields are "" and 0
 * when not known. */
struct java_home {
	char path[512];
	char version[64];
	int major;
};
void java_home_of(const char *exe, struct java_home *ret);
int java_major(const char *version); /* "17.0.15" 17, "1.8.0_292" 8; 0 when it is none */

/* Edition and version of an installation; "" when not to be seen. Either path may be NULL. */
struct installed {
	char edition[32], version[48];
};
void installed_of(const char *dir, const char *jar, struct installed *ret);
