/* Packages of an installation, as the step kinds that stage and install them name them. */
#pragma once

#include "engine/step.h"
#include "svc/packager.h"

/* The params' "manager" (absent: dpkg), and the site's roots "packages" (its database) and "system" (where files of packages lie). */
int packages_of_site(const struct site *s, const json_t *params, struct packager *ret, struct err *e) must_check;
/* Is this version of it installed, and configured? 1, 0, -kind. `version` NULL: is it not there at all? */
int package_is(const struct packager *p, const char *name, const char *version, struct err *e) must_check;
/* The same of what packager_ops.installed() said: NULL, that it is not there. */
bool package_is_of(const json_t *now, const char *version);
/* Where a path of a package's lies: its directory, whose parents may be links of the distribution's (/lib), and the name in it, of
 * `path`. ERR_ABSENT: there is no such directory. */
int package_file_at(const struct packager *p, const char *path, struct dir *ret, const char **ret_name, struct err *e) must_check;
/* What tells a large blob of the run from one that somebody wrote to since it was read whole, as text. Heap. */
int package_mark(const struct ctx *c, const char *name, char **ret, struct err *e) must_check;
/* Absolute paths of large blobs of the run; NULL-ended, for words_free(). */
char **package_files(const struct ctx *c, const json_t *names) must_check;
/* The lock of those who install packages, held until this call ends: between two of our steps nobody else is to install anything. */
int packages_lock(struct ctx *c, const struct packager *p, int64_t within_ns, struct err *e) must_check;
bool packages_are_locked(const struct ctx *c);
