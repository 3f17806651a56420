/* Which bases there are, by name: whether one that is gone was deleted by somebody. A user's deletion leaves the row of a base and marks it, until
 * the trash is cleared; with its workspace it goes at once (dtable-web 3d08b64 dtable/models.py, management/commands/clean_trash_dtables.py). */
#pragma once

#include "products/seatable/database.h"

/* {"bases": {uuid: {"in": id of a workspace,"deleted": bool}},"workspaces": {id: true}}. New reference. */
int sea_bases_look(const struct sea_db *db, const char *schema, json_t **ret, struct err *e) must_check;
/* Did this one of an earlier look go in a way that no user takes? */
bool sea_base_vanished(const json_t *then, const json_t *now, const char *uuid);
