#include "products/questdb/change.h"

#include "engine/container_move.h"

static enum crossing crossing_of(const struct change *c)
{
	if (!c->from_edition || !c->to_edition)
		return CROSS_UNKNOWN;
	if (!strcmp(c->from_edition, c->to_edition))
		return CROSS_NONE;
	return edition_is_enterprise(c->to_edition) ? CROSS_TO_ENTERPRISE : CROSS_TO_OPEN_SOURCE;
}

static bool same_text(const json_t *a, const json_t *b, const char *key)
{
	const char *x = json_str(a, key, NULL), *y = json_str(b, key, NULL);

	return x && y && !strcmp(x, y);
}

/* An archive and what was unpacked of it have no digest in common: the same release, built from the
 * same commit where both tell, with Java or without. A server that runs something else was not
 * restarted since, and is to be. */
static bool same_build(const json_t *there, const struct change *c)
{
	bool built_otherwise = json_str(there, "build", NULL) &&
			       json_str(c->artifact, "build", NULL) &&
			       !same_text(there, c->artifact, "build");

	return c->from_version && c->to_version && !strcmp(c->from_version, c->to_version) &&
	       same_text(there, c->artifact, "version") && !built_otherwise &&
	       json_bool(there, "has_java", false) == json_bool(c->artifact, "has_java", false);
}

/* The build that is asked for is the one that is installed, where it is wanted. */
static bool installed_already(const struct facts *now, const struct goal *to,
			      const struct change *c)
{
	const json_t *there = facts_get(now, QF_INSTALL_ARTIFACT);
	const char *place = to ? json_str(to->target, "directory", NULL) : NULL;

	if (container_stays(now))
		return true;
	if (c->crossing != CROSS_NONE ||
	    (place && strcmp(place, facts_str(now, QF_INSTALL, "")) != 0))
		return false;
	return same_text(there, c->artifact, "sha256") || same_build(there, c);
}

void change_of(const struct facts *now, const struct goal *to, struct change *ret)
{
	struct change c = { .artifact = facts_get(now, QF_ARTIFACT) };
	const char *wanted = to ? goal_edition(to) : NULL;

	c.from_edition = facts_str(now, QF_EDITION, NULL);
	c.from_version = facts_str(now, QF_VERSION, NULL);
	c.to_edition = wanted ? wanted : c.from_edition;
	c.to_version = facts_str(now, QF_TARGET_VERSION, to ? goal_version(to) : NULL);
	c.crossing = crossing_of(&c);
	c.from_by = core_of(c.from_edition, c.from_version, &c.from_core);
	c.to_by = core_of(c.to_edition, c.to_version, &c.to_core);
	c.nothing = installed_already(now, to, &c);
	*ret = c;
}

int change_java(const struct change *c)
{
	int needs = (int)json_int(c->artifact, "java_major", 0);

	if (needs)
		return needs;
	return c->to_by != CORE_UNKNOWN ? core_java(c->to_core) : 0;
}
