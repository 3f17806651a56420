/* Tables' schemas and partitions in words, as the server itself would say them. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "products/questdb/disk.h"

/* "DOUBLE[][]", "GEOHASH(5c)", "DECIMAL(18,4)"; "TYPE <number>" for one this build does not know.
 */
void schema_type_name(int32_t type, struct buf *ret);
const char *schema_by_name(int32_t partition_by); /* "DAY" ... "NONE" */
/* Directory of a partition with its transaction suffix: "2026-01-05.3",
 * "2026-W02-1T005810-000001.1", "default". */
void schema_partition_dir(const struct disk_meta *m, int64_t ts, int64_t name_txn, struct buf *ret);
/* ["name TYPE", "name SYMBOL INDEXED UPSERT KEY", ...], new reference. */
json_t *schema_columns(const struct disk_meta *m);
bool schema_dedup(const struct disk_meta *m); /* it has upsert keys */
bool schema_two_files(int32_t type);          /* variable length: data and offsets */
/* Bytes that a row takes in the column's file; of a type of variable length in that of its offsets,
 * and 0 where this build does not know it. */
int64_t schema_row_bytes(int32_t type);
/* SHA-256 of what a table is: kind, columns, timestamp, partitioning, WAL, TTL. */
void schema_digest(const struct disk_meta *m, const char *kind, char ret[65]);
