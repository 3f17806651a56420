/* Objects of the database by which it is judged whether a login may be tried, and what it can be asked for. */
#pragma once

#include "products/sftpgo/objects.h"

struct trial_objects {
	json_t *users, *groups; /* {name: object}: of the users that are named; all groups */
	json_t *remote;         /* {name: true}: folders whose files do not lie on this host */
	json_t *rules;          /* [object]: event rules */
};
#define autotrialobjects cleanup_with(trial_objects_done)

/* users: `settings.probe_users`, or NULL. */
int  trial_objects_read(struct provider *db, const json_t *users, struct trial_objects *ret, struct err *e) must_check;
void trial_objects_done(struct trial_objects *o);
/* trial_user() of one of them, who need not be there. New reference. */
json_t *trial_objects_user(const struct trial_objects *o, const char *name) must_check;
/* [virtual path]: where it sees files that do not lie on this host, by its own folders and its groups'. A path with a placeholder is
 * left out, and what is beyond the first 32. New reference. */
json_t *trial_objects_remote(const struct trial_objects *o, const char *name) must_check;
