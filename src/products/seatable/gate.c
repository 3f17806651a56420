#include "products/seatable/gate.h"

#include <string.h>

const char *sea_no_gate(const struct facts *now)
{
	const char *server = facts_str(now, SEA_SERVER, ""), *proxy = json_str(facts_get(now, SEA_PUBLIC), "proxy", NULL);

	if (!proxy)
		return json_object_get(facts_get(now, SEA_PUBLISHED), server)
			       ? "the server publishes its ports itself: they are its container's, and could come last only with a second container, made in the window"
			       : "no service of the project publishes a door of the web before the server";
	if (strcmp(json_str(json_object_get(facts_get(now, SEA_STATES), proxy), "status", ""), "running") != 0)
		return "the project's proxy is down: nobody but you would start it";
	return NULL;
}
