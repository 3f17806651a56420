/* Files that only a new package brings. A manager that was killed while it unpacked may have put them in place with no package that
 * owns them: then the way back takes them away. */
#pragma once

#include "svc/packager.h"

/* Paths that this package's file may bring and that are not there now; added to ret. It may have to be unpacked for that. */
int package_strays_note(const struct packager *p, const char *file, json_t *ret, struct err *e) must_check;
/* Of those, the ones that nobody put there since; added to ret. */
int package_strays_absent(const struct packager *p, const json_t *paths, json_t *ret, struct err *e) must_check;
/* Those that are there and of no package; a directory only when it is empty. */
int package_strays_remove(const struct packager *p, const json_t *paths, struct err *e) must_check;
