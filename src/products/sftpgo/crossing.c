#include "products/sftpgo/crossing.h"

#include <string.h>

bool crosses_to_enterprise(const struct change *c)
{
	return c->from_edition && c->to_edition && !strcmp(c->from_edition, SFTPGO_OPEN_SOURCE) &&
	       !strcmp(c->to_edition, SFTPGO_ENTERPRISE);
}

static const json_t *variable(const struct facts *now)
{
	return json_object_get(json_object_get(facts_get(now, SF_CONF), "variables"), LICENSE_VARIABLE);
}

const char *license_is_set(const struct facts *now)
{
	return json_str(variable(now), "where", NULL);
}

bool license_is_hidden(const struct facts *now)
{
	static const char env_d[] = "env.d/";
	const char *where = license_is_set(now);

	if (!where)
		return false;
	/* "env.d/NAME:3: VARIABLE" or "environment: VARIABLE" */
	return strncmp(where, env_d, strlen(env_d)) != 0 || strcmp(where + strlen(env_d), LICENSE_FILE) < 0;
}
