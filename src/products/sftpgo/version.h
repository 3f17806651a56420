/* Versions of SFTPGo, and what they tell: edition and schema. Enterprise releases count their third number by date
 * (2.7.20260705), open source ones do not (2.7.5). facts/sftpgo 1.2, 3.2; seen with 2.6.4 and 2.7.5. */
#pragma once

#include <stdbool.h>

#include "base/sv.h"

#define SFTPGO_OPEN_SOURCE "open-source"
#define SFTPGO_ENTERPRISE  "enterprise"

struct sftpgo_version {
	int major, minor, patch;        /* patch: YYYYMMDD of an Enterprise release */
	bool dev;                       /* built from the main branch: "2.7.99-dev" */
};

/* "2.7.5", "v2.7.20260705", "2.7.99-dev", "2.7.5-abc12345-2026-07-17T00:00:00Z"; false: none of these. */
bool sftpgo_version_parse(const char *text, struct sftpgo_version *ret);
int  sftpgo_version_cmp(const struct sftpgo_version *a, const struct sftpgo_version *b);
const char *sftpgo_version_edition(const struct sftpgo_version *v);
/* Schema that a release writes: 28 2.5, 29 2.6, 33 2.7, 34 Enterprise (by its documentation); 0 not known. */
int  sftpgo_version_schema(const struct sftpgo_version *v);
/* Of Enterprise the number is of one day's documentation, for every day and driver: may this build have written another one? */
bool sftpgo_version_may_write(const struct sftpgo_version *v, int schema);

/* The version alone, as "2.7.5" or "2.7.99-dev", out of what a build or server says of itself; false: it tells none.
 * `--version` "SFTPGo 2.7.5-abc12345-2026-07-17T00:00:00Z -metrics +bolt", header Server "SFTPGo/2.7.5", banner
 * "SSH-2.0-SFTPGo_2.7.5", without a version where common.server_version is "short". */
bool sftpgo_version_of(struct sv said, char ret[48]);
/* Edition of a version's text; NULL when it is none. */
const char *sftpgo_edition_of(const char *version);
