/* The content of a partition as the server writes it out: level F3. Rows come in the order they are
 * stored, which an untouched partition keeps. */
#pragma once

#include "products/questdb/baseline.h"
#include "products/questdb/sql.h"

/* All rows of one partition, by its range of time: names of split-off partitions mean nothing to a
 * query. ERR_ABSENT when there is no such partition now. */
int content_select(const struct table *t, const char *key, struct buf *ret,
		   struct err *e) must_check;
/* SHA-256 of those rows as CSV. ERR_REFUSED with the server's words, ERR_TIMEOUT. */
int content_digest(const struct sql *db, const struct table *t, const char *key, int64_t within_ns,
		   char ret[65], struct err *e) must_check;
