/* The installation's MariaDB, asked inside its own container by its own client: the versions fit, and no port has to be open.
 *
 * Which password is right is found by trying: the one that the server's container was started with, then those of the database's own
 * container, which are only what it was initialised with (docs/maintenance of the vendor's admin docs, read 2026-11-22). */
#pragma once

#include "base/secret.h"
#include "io/json.h"

struct sea_db {
	char *container;
	char *client, *dump;            /* programs in it */
	struct secret password;
	int64_t within_ns;              /* the caller's to set: for whatever is asked, and the server gives a reading statement up by itself
					 * then; 0: a minute */
	const struct cancel *cancel;    /* the caller's to set: as struct cmd */
};
#define autoseadb cleanup_with(sea_db_done)

/* at: {"db": container, "server": container, "client","dump": programs; absent: MariaDB's}. ERR_DENIED: no password that is known is
 * taken; ERR_ABSENT: no container that runs. */
int  sea_db_open(const json_t *at, struct sea_db *ret, struct err *e) must_check;
void sea_db_done(struct sea_db *db);

/* Rows as arrays of texts. What the client cannot tell from a text: NULL is "NULL". At most 16 MiB. ERR_TIMEOUT: not within_ns. */
int sea_db_rows(const struct sea_db *db, const char *sql, json_t **ret, struct err *e) must_check;
/* A field of such a row, "" where it has none; a whole number of it, 0 where it is none. Borrowed. */
const char *sea_db_cell(const json_t *row, size_t i) must_check;
int64_t sea_db_number(const json_t *row, size_t i) must_check;
/* sea_db_rows() to an open file, from where it stands, as many as there are: a line each, a tab between fields, \t \n \\ \0 in them. */
int sea_db_lines(const struct sea_db *db, const char *sql, int fd, struct err *e) must_check;
int sea_db_run(const struct sea_db *db, const char *sql, struct err *e) must_check;
/* Others that are at work in a schema are put out of it: what a killed load of ours left in the container goes on otherwise, beside the
 * next one. ERR_BUSY: one of them does not go. */
int sea_db_alone(const struct sea_db *db, const char *schema, struct err *e) must_check;
/* A name in statements, backticks and all; a text in quotes. Heap. */
char *sea_db_name(const char *name) must_check;
char *sea_db_text(const char *text) must_check;

/* One schema as of one moment to an open file, whole by the program's own last line. Nothing of it is left out, least of all
 * operation_log: edits since the last flush are nowhere else. */
int sea_db_dump(const struct sea_db *db, const char *schema, int fd, struct err *e) must_check;
/* Statements of an open file, from where it stands, into a schema. */
int sea_db_load(const struct sea_db *db, const char *schema, int fd, struct err *e) must_check;
