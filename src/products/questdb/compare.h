/* Two moments of one table against each other: schema (F0), transactions and rows of each partition
 * (F1). Thinks only.
 *
 * A difference is explained by what the transactions say, with the rule of sheet.yaml: written to
 * since, applied from the frozen log, a view's refresh, a TTL that expired, a type conversion that
 * was pending. Where no transaction moved there is nothing to explain with: then it is a
 * difference. Fewer transactions are a loss. */
#pragma once

#include "products/questdb/baseline.h"

/* Why `now` may differ from `then`: id of a rule, static; NULL when nothing moved. */
const char *compare_rule(const struct shape *then, const struct shape *now,
			 bool conversion_pending);

/* `now` is of the table t. */
void compare_schema(const struct shape *then, const struct table *t, const char *rule,
		    struct comparisons *ret);
void compare_transactions(const struct shape *then, const struct shape *now,
			  struct comparisons *ret);
void compare_rows(const struct shape *then, const struct shape *now, const char *rule,
		  struct comparisons *ret);

/* server.conf below the root against QF_CONF; edits: of the plan's own step, or NULL. */
int compare_config(const struct facts *then, const struct dir *root, const json_t *edits,
		   struct comparisons *ret, struct err *e) must_check;
/* then: QF_FROZEN_FILES. */
void compare_small_files(const json_t *then, const struct dir *root, const struct dir *db,
			 struct comparisons *ret);

/* Transactions of the frozen log that are not applied yet. */
int64_t compare_unapplied(const struct shape *then, const struct shape *now);
