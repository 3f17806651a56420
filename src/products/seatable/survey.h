/* What is asked of the databases, in one statement each time, and its rows read. Pure: rows are as sea_db_rows() gives them.
 * Source: facts/seatable 3.5, 3.6, 5.1, 5.2. */
#pragma once

#include "base/buf.h"
#include "io/json.h"

struct sea_schemas {
	const char *dtable, *ccnet, *seafile;
	const char *log;        /* of operation_log, where that is a schema of its own; NULL: it is in dtable */
};
/* May this stand in a statement as a name, in backquotes, or as a text? */
bool sea_sql_name(const char *name);

/* Version, schemas, sizes, engines, and the columns of the tables that are counted. */
void sea_survey_sql(const struct sea_schemas *own, struct buf *ret);
/* {"version","schemas": [..],"sizes": SEA_DB_SIZES,"engines": SEA_DB_ENGINES of all schemas,"columns": {"schema.table.column": type}}. New reference. */
json_t *sea_survey_read(const json_t *rows) must_check;

/* The schema that has operation_log, where the configuration puts it into one of its own: the one that it names, else the only further one that
 * has that table and is no other SeaTable's: a guess. false: it cannot be told, or is not there. *ret: NULL, it is dtable's after all. Borrowed
 * from the survey. */
bool sea_survey_log(const struct sea_schemas *own, const json_t *survey, const char *named, const char **ret);

/* Counts of what is there by that survey; nothing is appended where nothing is. */
void sea_counts_sql(const struct sea_schemas *own, const json_t *survey, struct buf *ret);
/* {"users": SEA_USERS,"counts": SEA_COUNTS,"missing": SEA_UNCOUNTED,"fresh": seconds|absent}. New reference. */
json_t *sea_counts_read(const struct sea_schemas *own, const json_t *survey, const json_t *rows) must_check;
