/* SFTPGo's tables in a database that may hold others', and what hangs on them. PostgreSQL and MariaDB.
 *
 * A table is SFTPGo's by its name: each name that a release from 2.6 on uses, with the prefix of the configuration. One that a later
 * release adds is known by when it came: while that migrated (tables_made.h). */
#pragma once

#include "io/json.h"
#include "products/sftpgo/provider.h"

/* Those that are there, sorted; new reference. */
int tables_list(struct provider *p, json_t **ret, struct err *e) must_check;
/* Others that begin with the same prefix, of the same account where the database tells (PostgreSQL): of a release that is not known
 * here, or somebody else's. Sorted; new reference. */
int tables_unknown(struct provider *p, json_t **ret, struct err *e) must_check;
/* Of those: tables, columns and their types, not what is in them, as one digest. Half a migration shows in it. */
int tables_shape(struct provider *p, char ret[65], struct err *e) must_check;
/* Bytes of them and their indexes. */
int tables_size(struct provider *p, int64_t *ret, struct err *e) must_check;
/* What of others would keep them from being dropped or put back, each in words; new reference. */
int tables_tied(struct provider *p, json_t **ret, struct err *e) must_check;
/* Others that a foreign key ties to them, or to one of these others. Sorted; new reference. */
int tables_leaning(struct provider *p, json_t **ret, struct err *e) must_check;
/* The schema that they lie in; heap. PostgreSQL. */
int tables_schema(struct provider *p, char **ret, struct err *e) must_check;
/* The name in quotes of this driver; appended. */
void tables_quote(const char *driver, const char *name, struct buf *ret);
