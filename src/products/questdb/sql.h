/* Asking a QuestDB server over HTTP: /exec and /settings, on the console's port.
 *
 *	autosql struct sql db = { 0 };
 *	autorows struct sql_rows r = { 0 };
 *	if (sql_open(site, &db, e) < 0 || sql_ask(&db, "select name from wal_tables()", 0, &r, e) <
 *0) ... for (size_t i = 0; i < r.n; i++) sql_text(&r, i, "name");
 *
 * Columns are always taken by name: their number and order changed with nearly every release. GET
 *only; whoever puts a statement that changes something in asks once. */
#pragma once

#include "engine/site.h"
#include "net/http.h"

struct sql {
	struct http http;
	struct secret password, token;
	char *user;
};
#define autosql cleanup_with(sql_close)

/* Address and login of a site. Asked is only which edition answers, and only when the site has a
 * login for another one. Sockets carry the gate's mark where we may set it. */
int sql_open(const struct site *s, struct sql *ret, struct err *e) must_check;
/* The same without the site's login: for what a server tells everybody. */
int sql_open_as_anybody(const struct site *s, struct sql *ret, struct err *e) must_check;
void sql_close(struct sql *db);

struct sql_rows {
	json_t *doc, *dataset; /* the answer; its rows, borrowed */
	json_t *columns;       /* name -> position */
	size_t n;
};
#define autorows cleanup_with(sql_rows_done)

/* ERR_REFUSED with the server's words when it does not like the statement, ERR_DENIED when it wants
 * another login, ERR_FORMAT for an answer that is none (an error after streaming began breaks the
 * JSON). within_ns 0: 30 s. */
int sql_ask(const struct sql *db, const char *statement, int64_t within_ns, struct sql_rows *ret,
	    struct err *e) must_check;
int sql_askf(const struct sql *db, int64_t within_ns, struct sql_rows *ret, struct err *e,
	     const char *fmt, ...) printf_like(5, 6) must_check;
/* The body of an answer to /exec, from any server or none: what sql_ask() makes of it. */
int sql_parse(long status, struct sv body, struct sql_rows *ret, struct err *e) must_check;
/* The rows of a statement as CSV, piece by piece as they come. An answer that breaks off is ERR_IO.
 */
int sql_export(const struct sql *db, const char *statement, int64_t within_ns,
	       int (*sink)(void *data, struct sv piece, struct err *e), void *data,
	       struct err *e) must_check;
void sql_rows_done(struct sql_rows *r);

bool sql_has(const struct sql_rows *r, const char *column);
const char *sql_text(const struct sql_rows *r, size_t row,
		     const char *column); /* NULL: null, absent or no text */
int64_t sql_int(const struct sql_rows *r, size_t row, const char *column, int64_t absent);
bool sql_bool(const struct sql_rows *r, size_t row, const char *column, bool absent);
/* 'text' with quotes doubled, for a statement; heap. */
char *sql_quote(const char *text) must_check;

struct sql_settings {
	char edition[32]; /* "open-source", "enterprise", "" when not told */
	char version[48];
	int accepts_writes; /* -1: not told */
};
/* GET /settings, which needs no login: flat (8.x), nested (9.x) or empty (7.x). */
int sql_settings(const struct sql *db, int64_t within_ns, struct sql_settings *ret,
		 struct err *e) must_check;
int sql_settings_parse(struct sv body, struct sql_settings *ret, struct err *e) must_check;

/* GET of another path that answers with JSON: "/warnings". ERR_REFUSED for a status that is not
 * 200. New reference. */
int sql_get(const struct sql *db, const char *path, int64_t within_ns, json_t **ret,
	    struct err *e) must_check;

/* `select build()`: the whole line, heap, and the version in it ("" when there is none). */
int sql_build(const struct sql *db, char **ret_line, char version[48], struct err *e) must_check;
