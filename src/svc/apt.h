/* Packages from a repository by apt's own tools, which check its signature, on a configuration of our own: nothing that apt keeps
 * of this host is read or changed but its proxies, certificates and passwords (/etc/apt/auth.conf). It works in a directory below
 * /var/tmp that ends with it, as apt's own account where there is one.
 *
 *	autoapt struct apt a = APT_NONE;
 *	if (apt_open(entries, buf_sv(&keyring), ".gpg", 10 * 60 * NS_PER_S, &a, e) < 0 ||
 *	    apt_version(&a, "sftpgo", "2.7.5", version, e) < 0 || apt_fetch(&a, "sftpgo", version, &into, &name, e) < 0) ... */
#pragma once

#include "base/clock.h"
#include "svc/apt_source.h"

struct apt {
	struct dir      room;
	struct deadline until;
	char            arch[32];
};

#define APT_NONE { .room = DIR_NONE }
#define autoapt  cleanup_with(apt_close)
#define APT_VERSION_MAX 128

/* Read the repository's index. entries: apt_source_judge() let them pass; form: ".gpg" or ".asc", what the keyring is. ERR_REFUSED: its
 * signature is not by a key of the keyring, or none; ERR_ABSENT: nothing there is for this machine; ERR_IO: it cannot be
 * had; ERR_TIMEOUT, here and below, once `within_ns` is over for all of it. */
int  apt_open(const json_t *entries, struct sv keyring, const char *form, int64_t within_ns, struct apt *ret, struct err *e)
	must_check;
void apt_close(struct apt *a);
/* The version of that package that is `want`, or `want` with a revision of the package behind it ("2.7.5" is 2.7.5-1), the newest.
 * ERR_ABSENT names those that there are. */
int  apt_version(const struct apt *a, const char *package, const char *want, char ret[APT_VERSION_MAX], struct err *e) must_check;
/* Into that directory under apt_file_name(), heap. ERR_CHANGED when what comes is not what the signed index says. */
int  apt_fetch(const struct apt *a, const char *package, const char *version, const struct dir *into, char **ret_name,
	       struct err *e) must_check;
/* NAME_VERSION_ARCH.deb, the colon of an epoch written %3a: as apt names it in its cache, too. */
char *apt_file_name(const char *package, const char *version, const char *arch) must_check;
