/* Debian's packages: what is installed, what a .deb is, and dpkg itself, never asking and never in anybody's way: without a
 * terminal, with old configuration files kept, needrestart silent, and every other program that installs packages (apt, its
 * timers, unattended-upgrades) locked out meanwhile.
 *
 * A dpkg that was killed leaves a package half installed or half configured and says so in its database; installing the same
 * or another version of it again is the way out, and is what the caller does. */
#pragma once

#include <jansson.h>

#include "base/clock.h"
#include "io/dir.h"
#include "base/buf.h"

struct dpkg {
	const char *inst;       /* "/": where files of packages lie */
	const char *admin;      /* "/var/lib/dpkg" */
};

/* {"name","version","arch"} of a .deb. ERR_FORMAT, with dpkg-deb's words, when it is damaged or none. */
int dpkg_deb_about(const char *path, json_t **ret, struct err *e) must_check;
/* Its files into an empty directory of ours. ERR_FORMAT when it is damaged. */
int dpkg_deb_extract(const char *path, const char *into, struct err *e) must_check;
/* {path: SHA-256} of the configuration files it brings; `files`: where it was extracted. */
int dpkg_deb_conffiles(const char *path, const struct dir *files, json_t **ret, struct err *e) must_check;
/* A file of its control archive; ERR_ABSENT when there is none of that name. */
int dpkg_deb_control(const char *path, const char *name, struct buf *ret, struct err *e) must_check;
/* "amd64" */
int dpkg_arch(char ret[32], struct err *e) must_check;

/* {"name","version","arch","want": "install"|"hold"|..., "status": "installed"|"half-configured"|..., "conffiles": [path]};
 * ERR_ABSENT when no file of it is installed. */
int dpkg_installed(const struct dpkg *d, const char *name, json_t **ret, struct err *e) must_check;
/* Lines of `dpkg -V`, those of configuration files left out: files that are missing or not as packed. */
int dpkg_verify(const struct dpkg *d, const char *name, struct buf *ret, struct err *e) must_check;

/* The lock of those who install packages, and no dpkg at work; a descriptor that holds it. ERR_BUSY after the deadline. */
int dpkg_lock(const struct dpkg *d, struct deadline until, struct err *e) must_check;
/* With the lock held. files: NULL-ended .deb files. dry: only whether they could be (dependencies, conflicts); needs no lock. */
int dpkg_install(const struct dpkg *d, const char *const *files, bool dry, int64_t within_ns, struct err *e) must_check;
int dpkg_purge(const struct dpkg *d, const char *name, int64_t within_ns, struct err *e) must_check;
/* "hold", "install": what the operator wants of it. */
int dpkg_want(const struct dpkg *d, const char *name, const char *want, struct err *e) must_check;
