/* A preflight check: pure, no I/O. Its texts (title, reason, remedy, source, overridable) stand in the product's
 * sheet.yaml under its id. */
#pragma once

#include "engine/facts.h"
#include "engine/goal.h"
#include "engine/results.h"

struct check {
	const char *id;         /* "questdb.disk-room" */
	void (*look)(const struct facts *now, const struct goal *to, struct results *ret);
	bool restore;           /* judges also the putting back of a restore point, which has no target */
	const char *judges;     /* key of the fact whose absence or badness it names: other checks that lack it follow from this one */
};
