/* sftpgo-double: a stand-in for an SFTPGo server, for thousands of crash runs. Never for a benchmark, never called SFTPGo.
 *
 * What it shares with the real one is what a migration can get wrong: its doors open one after the other and only when the
 * database is of its schema; the schema goes from 29 to 33 in four transactions of SQLite, of which the third rewrites texts, and one
 * further with an Enterprise release, known by the day in its version; a release that finds a newer schema starts with a warning; and
 * nothing keeps a second process from the same database. Its files are SFTPGo's: the real server starts on a database of it. It moves
 * no files and knows no logins. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"

struct server {
	char version[48];
	const char *dir;        /* configuration */
	json_t *conf;           /* sftpgo.json */
	json_t *control;        /* CONF/.double.json, of a release that misbehaves */
};

/* ---- doors.c: HTTP and SSH ---- */
int doors_serve(struct server *s);

/* ---- provider.c: the database ---- */
bool provider_migrate(struct server *s);
bool provider_add_user(struct server *s, const char *name);

/* ---- main.c ---- */
void control_read(struct server *s);
bool misbehaves(const struct server *s, const char *what, const char *how);
