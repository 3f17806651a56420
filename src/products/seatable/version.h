/* Versions of SeaTable, and which change of them is a switch of editions: the same minor, any patch, in either direction.
 * A patch number says nothing across editions (developer 6.1.0 is enterprise 6.1.8), so it is never compared for "older".
 * Source: admin docs upgrade/migrate-seatable-editions, upgrade/upgrade-manual; facts/seatable 2. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

#define SEA_DEVELOPER   "developer"
#define SEA_ENTERPRISE  "enterprise"
#define SEA_VERSION_MAX 999999

struct sea_version {
	int major, minor, patch;
	char suffix[32];                /* "-testing", or "" */
};

/* "6.1.8", "v6.1.8", "6.2.10-testing"; false: not pinned ("latest", "6.1", ""), with leading zeros or beyond SEA_VERSION_MAX. */
bool sea_version_parse(const char *text, struct sea_version *ret);
bool sea_version_same_minor(const struct sea_version *a, const struct sea_version *b);
/* By minor alone: below 0, 0 or above. */
int sea_version_cmp_minor(const struct sea_version *a, const struct sea_version *b);

enum sea_move {
	SEA_MOVE_NOTHING,               /* this very edition and version */
	SEA_MOVE_EDITION,               /* another edition of the same minor */
	SEA_MOVE_PATCH,                 /* another patch of the same edition and minor */
	SEA_MOVE_MINOR,                 /* another minor: the vendor's upgrade, or no way at all */
	SEA_MOVE_TOO_NEW,               /* 7.0 and later: the server is split in two images there */
	SEA_MOVE_NO_DEVELOPER,          /* of this minor there is no Developer Edition */
	SEA_MOVE_UNKNOWN,               /* one of the sides is not known */
};

struct sea_side {
	const char *edition, *version;  /* NULL: not known */
};
enum sea_move sea_move_of(const struct sea_side *from, const struct sea_side *to);
/* The stops on a way that crosses minors, in words, or why there is none. Appended to ret. */
void sea_move_stops(const struct sea_side *from, const struct sea_side *to, struct buf *ret);

/* Was Developer Edition ever released of this minor? By the table of releases in sheet.yaml; a minor that it does not know: yes. */
bool sea_version_has_developer(const struct sea_version *v);
/* The first Enterprise patch made of the same source as this minor's Developer Edition; -1: not known. One below it is a step back from
 * Developer Edition. */
int sea_version_together(const struct sea_version *v);
/* Minor of the Python pipeline's images that this minor was published with, "4.3"; NULL: not known. */
const char *sea_version_python(const struct sea_version *v);
