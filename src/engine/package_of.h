/* Packages of an installation, as the step kinds that stage and install them name them. */
#pragma once

#include "engine/step.h"
#include "svc/packager.h"

/* The params' "manager" (absent: dpkg), and the site's roots "packages" (its database) and "system" (where files of packages lie). */
int packages_of_site(const struct site *s, const json_t *params, struct packager *ret, struct err *e) must_check;
/* Is this version of it installed, and configured? 1, 0, -kind. `version` NULL: is it not there at all? */
int package_is(const struct packager *p, const char *name, const char *version, struct err *e) must_check;
/* Absolute paths of large blobs of the run; NULL-ended, for words_free(). */
char **package_files(const struct ctx *c, const json_t *names) must_check;
/* The lock of those who install packages, held until this call ends: between two of our steps nobody else is to install anything. */
int packages_lock(struct ctx *c, const struct packager *p, int64_t within_ns, struct err *e) must_check;
bool packages_are_locked(const struct ctx *c);
