/* What package managers know of SFTPGo, whichever they are. */
#pragma once

#include "base/sv.h"
#include "io/json.h"

/* {edition: file}: repositories of the vendor that are switched on, of apt, dnf and zypper below
 * `root` ("" this host). Both editions document the same file names, so their hosts tell them
 * apart. facts/sftpgo 1.1; docs: installation.md */
int packaging_repositories(const char *root, json_t **ret, struct err *e) must_check;

/* Edition whose vendor's host it is; NULL: of neither. */
const char *packaging_vendor(struct sv host);

/* Configuration files that are not as packed, out of what `dpkg --verify` or `rpm --verify` says:
 * "??5?????? c /etc/sftpgo/sftpgo.json". A missing one is none. New reference. */
json_t *packaging_edited(struct sv said) must_check;
/* The same of its other files. */
json_t *packaging_altered(struct sv said) must_check;
