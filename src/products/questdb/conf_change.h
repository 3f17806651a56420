/* What a migration changes in server.conf. One answer for the plan and for the checks. */
#pragma once

#include "engine/goal.h"
#include "products/questdb/change.h"

/* Below ROOT: where the administrator's password lies on Enterprise, and the name it has there. */
#define ADMIN_PASSWORD_FILE "conf/admin.password"

/* settings.access of the goal. */
bool access_is_legacy(const struct goal *to);

/* [{"key","old","value"}], as config_set takes them; empty when nothing changes. New reference. */
json_t *conf_change(const struct facts *now, const struct goal *to,
		    const struct change *c) must_check;
/* Does it set or take out this key? */
bool conf_changes_key(const json_t *edits, const char *key);
