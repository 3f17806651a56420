#include <string.h>

#include "engine/container_move.h"
#include "products/sftpgo/sftpgo.h"

bool sftpgo_follows(const struct goal *to)
{
	return to && !strcmp(goal_setting(to, "role", "leader"), "follower");
}

static bool is_there(const struct change *c)
{
	return c->from_version && c->to_version && !strcmp(c->from_version, c->to_version);
}

void sftpgo_change(const struct facts *now, const struct goal *to, struct change *ret)
{
	struct change c = { .from_edition = facts_str(now, SF_EDITION, NULL),
			    .from_version = facts_str(now, SF_VERSION, NULL),
			    .to_edition = facts_str(now, SF_TARGET_EDITION, NULL),
			    .to_version = facts_str(now, SF_TARGET_VERSION, NULL),
			    .artifact = facts_get(now, SF_ARTIFACT) };

	if (to && !c.to_edition)
		c.to_edition = goal_edition(to);
	if (to && !c.to_version)
		c.to_version = goal_version(to);
	/* The image that is in force may hold another version than its tag, or the goal, says. */
	c.nothing = is_there(&c);
	if (container_is(facts_str(now, SF_SERVICE_KIND, NULL)))
		c.nothing = container_stays(now) && (!c.to_version || c.nothing);
	*ret = c;
}
