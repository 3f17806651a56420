/* The schemas of an installation in the restore point of a run: taken, and put back. */
#pragma once

#include "engine/restore_point.h"
#include "engine/site.h"
#include "products/seatable/database.h"

struct dumps_job {
	const struct sea_db *db;        /* its within_ns is for each schema */
	const struct dir *dir;          /* of the restore point: NAME.sql lies in it */
	const char *log;                /* schema of operation_log; NULL: not known */
	struct events *events;          /* what cannot be proved is said to them */
};

/* Every schema to dir/PREFIXschema.sql, durable, and read back. ret: {schema: {"file","sha256","bytes","rows": {table: n},"tables","charset",
 * "collation","shape"}, and, where `log` is named, "edits": of its operation_log}. */
int dumps_take(const struct dumps_job *j, const json_t *schemas, const char *prefix, json_t **ret, struct err *e) must_check;
/* Are the files the ones that were taken? ERR_FORMAT when not. */
int dumps_prove(const struct dir *dir, const json_t *dumps, struct err *e) must_check;
/* Each schema is dropped, made as it was and loaded, with nobody else at work in it, then looked at, its rows too. It is in between
 * meanwhile, and a mark in the directory says so from before the first drop until the last is back: a repetition finishes what a kill
 * cut short. */
int dumps_load(const struct dumps_job *j, const json_t *dumps, struct err *e) must_check;
/* 1 the mark is there, 0 it is not. */
int dumps_half_loaded(const struct dir *dir, struct err *e) must_check;

/* Digest of a schema's columns and indexes: within a minor release it does not move. "": there is no such schema. */
int dumps_shape(const struct sea_db *db, const char *schema, char ret[DIGEST_TEXT], struct err *e) must_check;
/* Character set, collation, number of tables and shape into `about`. ERR_ABSENT: there is no such schema. */
int dumps_about(const struct sea_db *db, const char *schema, json_t *about, struct err *e) must_check;
/* Bytes that the schemas take in the database, as it tells: about what their dumps will. */
int dumps_size(const struct sea_db *db, const json_t *schemas, int64_t *ret, struct err *e) must_check;
/* How many edits operation_log has and the newest of them, as one text. */
int dumps_edits(const struct sea_db *db, const char *schema, char **ret, struct err *e) must_check;
/* What the data says which release it is of: the text at the place, "" where there is none. Heap. */
int dumps_release(struct site *s, const json_t *place, char **ret, struct err *e) must_check;
/* Two of these: another minor release, or not to be told and not the same. A patch more or less moves nothing. */
bool dumps_release_moved(const char *then, const char *now);
