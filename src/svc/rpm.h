/* Parts of rpm behind svc/packager.h, each with a file of its own. */
#pragma once

#include "svc/packager.h"

extern const char *const rpm_quiet[]; /* the environment of what we run */

/* rpm.c: "good", "unknown key", "none" or "wrong", by the keys in the database at `keys`; NULL: by those that rpm has. */
int rpm_signature(const char *path, const char *keys, const char **ret, struct err *e) must_check;

/* rpm_lock.c: see packager_ops.lock. dnf's is held; rpm takes its own, so that one is only waited for. */
int rpm_lock(const struct packager *p, struct deadline until, struct err *e) must_check;

/* rpm_sweep.c: see packager_ops.sweep */
int rpm_sweep(const struct packager *p, const char *file, struct err *e) must_check;

/* rpm_held.c: the lines by which dnf's versionlock holds a package, as `dnf versionlock add` of dnf 4 writes them, one a line, the version
 * installed now written "@", and the values of those of dnf 5, "=" before each; "" when none does. Set, "@" is the version that is
 * installed then. */
#define RPM_HELD_NOW  "@"
#define RPM_HELD_TOML "="
int rpm_held(const struct packager *p, const char *name, const char *version, char **ret, struct err *e) must_check;
int rpm_hold(const struct packager *p, const char *name, const char *version, const char *lines, struct err *e) must_check;

/* rpm_held_toml.c: both for a file of dnf 5; evr with its epoch. The text with the values that `lines` says. */
void rpm_held_toml(struct sv text, const char *name, const char *evr, struct buf *ret);
void rpm_hold_toml(struct sv text, const char *name, const char *evr, const char *lines, struct buf *ret);

/* rpm_source.c: caches, and what dnf's repositories have */
json_t *rpm_had(const json_t *package);
/* "sftpgo-2.6.4-1.x86_64.rpm": no epoch in a file's name. Heap. */
char *rpm_file_name(const json_t *package) must_check;
int rpm_fetch(const json_t *package, const char *how, const char *into, struct err *e) must_check;
