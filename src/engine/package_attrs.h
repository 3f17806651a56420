/* Owners and modes of what a package brings, which rpm sets anew with each version, whatever its scriptlets and the operator made of
 * them (seen: /srv/sftpgo was root's after an rpm that was killed before its scriptlet). dpkg leaves those of directories. */
#pragma once

#include "svc/packager.h"

/* Of its directories, and of files that `odd`, the lines of packager_ops.verify, calls changed:
 * {path: {"mode","uid","gid"}}, added to ret. */
int package_attrs_read(const struct packager *p, const char *name, const char *odd, json_t *ret, struct err *e) must_check;
/* As they were; what is not there any more stays away. */
int package_attrs_write(const struct packager *p, const json_t *attrs, struct err *e) must_check;
