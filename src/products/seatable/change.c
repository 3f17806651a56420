#include "products/seatable/seatable.h"

#include <string.h>

static bool differ(const char *a, const char *b)
{
	return a && b && strcmp(a, b) != 0;
}

void sea_change_of(const struct facts *now, const struct goal *to, struct sea_change *ret)
{
	struct sea_change c = { .from = { facts_str(now, SEA_EDITION, NULL), facts_str(now, SEA_VERSION, NULL) },
				.to = { facts_str(now, SEA_TO_EDITION, goal_edition(to)), facts_str(now, SEA_TO_VERSION, NULL) },
				.image = json_str(facts_get(now, SEA_TO_IMAGE), "reference", NULL) };

	c.move = sea_move_of(&c.from, &c.to);
	c.to_enterprise = differ(c.from.edition, c.to.edition) && !strcmp(c.to.edition, SEA_ENTERPRISE);
	c.to_developer = differ(c.from.edition, c.to.edition) && !strcmp(c.to.edition, SEA_DEVELOPER);
	*ret = c;
}

const char *sea_log_schema(const json_t *own)
{
	const json_t *log = json_object_get(own, "log");

	return log ? json_string_value(log) : json_str(own, "dtable", NULL);
}
