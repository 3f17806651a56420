/* The driver's own programs that dump a database and load it: of PostgreSQL pg_dump, pg_restore and psql, of MariaDB and MySQL
 * mariadb-dump and mariadb, or mysqldump and mysql. All of one directory, so that they are of one version. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct dump_tool {
	char *dump, *load, *read;       /* programs, absolute; read: pg_restore, else NULL */
	const char *name;               /* of the first */
	char version[48];               /* "15.20" */
	bool mysql;                     /* of MySQL, not of MariaDB: other words for TLS */
};
#define autodumptool cleanup_with(dump_tool_done)

/* dir: where to look, and nowhere else; NULL: the usual places. The one of the server's own version, else the oldest that is newer.
 * ERR_ABSENT none, ERR_REFUSED only older ones: both name the package. */
int  dump_tool_find(const char *driver, const char *server, const char *dir, struct dump_tool *ret, struct err *e) must_check;
void dump_tool_done(struct dump_tool *t);

/* "15.20 (Debian 15.20-0)", "10.11.6-MariaDB-0": the first two numbers as one, 1000 for each of the first; 0: no version. */
unsigned dump_version(const char *text);
/* Of PostgreSQL the first number alone tells releases apart. */
unsigned dump_release(const char *driver, const char *text);
/* The version in what a program says to --version; false: it is none of these programs. */
bool dump_tool_said(const char *said, char ret[48]);
