#include "products/sftpgo/database.h"

#include <string.h>

#include "engine/plan.h"

static const char *known(const struct ctx *c, const struct facts *seen, const char *key)
{
	const char *pinned = c->plan ? json_str(plan_pinned(c->plan), key, NULL) : NULL;

	return pinned ? pinned : facts_str(seen, key, NULL);
}

int database_open(const struct ctx *c, const struct facts *seen, struct provider **ret, struct err *e)
{
	struct provider_at at = { .driver = known(c, seen, SF_DRIVER), .path = known(c, seen, SF_DB_FILE) };

	if (!at.driver)
		return err_set(e, ERR_ABSENT, "which data provider it uses is not known");
	return provider_open(&at, ret, e);
}
