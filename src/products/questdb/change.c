#include "products/questdb/change.h"

static enum crossing crossing_of(const struct change *c)
{
	if (!c->from_edition || !c->to_edition)
		return CROSS_UNKNOWN;
	if (!strcmp(c->from_edition, c->to_edition))
		return CROSS_NONE;
	return edition_is_enterprise(c->to_edition) ? CROSS_TO_ENTERPRISE : CROSS_TO_OPEN_SOURCE;
}

/* Same digest: the build that is asked for is the one that is installed. */
static bool installed_already(const struct facts *now, const struct change *c)
{
	const char *there = json_str(facts_get(now, QF_INSTALL_ARTIFACT), "sha256", NULL);
	const char *asked = json_str(c->artifact, "sha256", NULL);

	return c->crossing == CROSS_NONE && there && asked && !strcmp(there, asked);
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
	c.nothing = installed_already(now, &c);
	*ret = c;
}

int change_java(const struct change *c)
{
	int needs = (int)json_int(c->artifact, "java_major", 0);

	if (needs)
		return needs;
	return c->to_by != CORE_UNKNOWN ? core_java(c->to_core) : 0;
}
