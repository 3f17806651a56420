/* target.package: the repository that the new packages come from, and the files of apt or dnf that it takes the place of. Both editions
 * name their file /etc/apt/sources.list.d/sftpgo.list, or /etc/yum.repos.d/sftpgo.repo, and their keys
 * /usr/share/keyrings/sftpgo-archive-keyring.gpg; only the hosts differ. facts/sftpgo 1.1; docs: installation.md of both */
#pragma once

#include "svc/front.h"

struct repository_order {
	const struct front_ops *front;
	const char *file, *keyring;     /* of the operator */
	const char *under;              /* "" this host: before every path of theirs */
	const char *cache;              /* an absolute directory of ours: packages once fetched are not fetched again */
	const json_t *packages;         /* [{"name","version","hint": what to do when it has no such version, or absent}] wanted of it */
	int64_t within_ns;
};

/* Where its files go, and what goes: {"file","sha256","to","was":SHA-256|null,"keyring","keyring_sha256","keyring_to","keyring_was",
 * "off":[{"path","sha256"}]} into doc, as far as it came. keyring_to, keyring_was: absent where the file names no place on this host
 * for its keys. off: files of apt or dnf, switched on, that name a host of the vendor's, `to` with another content among them. ERR_REFUSED, ERR_FORMAT, ERR_ABSENT, ...: what is wrong with it, in words. */
int repository_judge(const struct repository_order *o, json_t *doc, struct err *e) must_check;
/* Absolute paths of the packages, in their order, fetched unless they were before. New reference. */
int repository_fetch(const struct repository_order *o, json_t **ret, struct err *e) must_check;
