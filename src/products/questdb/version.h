/* Version numbers of QuestDB, and which core an Enterprise release carries. Enterprise has a
 * version line of its own (3.x) beside that of the open core (9.x, 10.x): only cores can be
 * compared. The pairs are inferred from common release days and stand in sheet.yaml, values:
 * pairing. */
#pragma once

#include "io/json.h"

struct version {
	int major, minor, patch;
};

bool version_parse(const char *text,
		   struct version *ret); /* "9.3.4", "9.3.4-SNAPSHOT"; false: not a version */
int version_cmp(struct version a, struct version b);
bool version_same_line(struct version a, struct version b); /* major and minor */

enum core_by {
	CORE_UNKNOWN,
	CORE_EXACT,   /* open source: the version is the core's */
	CORE_INFERRED /* Enterprise: by the pairing table */
};
enum core_by core_of(const char *edition, const char *text, struct version *ret);

/* Java a release with this core needs, by sheet.yaml, values: java; 0 when not known. */
int core_java(struct version core);

bool edition_is_enterprise(const char *edition); /* NULL: no */

/* An entry of sheet.yaml's values; borrowed, NULL when the sheet has none. */
const json_t *questdb_value(const char *key);
