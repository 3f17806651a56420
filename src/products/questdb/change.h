/* What a migration is: from which edition and version to which, as facts and goal tell it. */
#pragma once

#include "engine/facts.h"
#include "engine/goal.h"
#include "products/questdb/facts.h"
#include "products/questdb/version.h"

enum crossing { CROSS_UNKNOWN, CROSS_NONE, CROSS_TO_ENTERPRISE, CROSS_TO_OPEN_SOURCE };

struct change {
	const char *from_edition, *from_version; /* NULL: not known */
	const char *to_edition, *to_version;
	enum crossing crossing;
	enum core_by from_by, to_by;
	struct version from_core, to_core;
	const json_t *artifact; /* QF_ARTIFACT or NULL */
	bool nothing;           /* the very build is installed already, and runs */
};

/* `to` may be NULL: then nothing of a target is known. All borrowed. */
void change_of(const struct facts *now, const struct goal *to, struct change *ret);

int change_java(const struct change *c); /* Java the target needs; 0 when not known */
