/* What a verb is about: migration.yaml (-f), or a product and flags. Flags win over the file. */
#pragma once

#include "cli/command.h"
#include "engine/goal.h"

/* Was a subject given at all? */
bool subject_given(const struct call *c);
/* The goal. ERR_USAGE when none was given; a file that cannot be read is the caller's mistake too. */
int  subject_goal(const struct call *c, struct goal *ret, struct err *e) must_check;
/* A root that is named must be a directory; NULL is fine. */
int  want_root(const char *root, struct err *e) must_check;
/* The same for a verb that looks at the target: what is named as artifact must be there and can be read. */
int  subject_target(const struct call *c, struct goal *ret, struct err *e) must_check;
/* The document behind it, before validation: for init. */
int  subject_doc(const struct call *c, json_t **ret, struct err *e) must_check;
/* A path of the operator's as an absolute one; heap. */
char *path_absolute(const char *path) must_check;
