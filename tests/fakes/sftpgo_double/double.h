/* sftpgo-double: a stand-in for an SFTPGo server, for thousands of crash runs. Never for a benchmark, never called SFTPGo.
 *
 * What it shares with the real one is what a migration can get wrong: its doors open one after the other and only when the
 * database is of its schema; the schema goes from 29 to 33 in four transactions of SQLite, of which the third rewrites texts, and one
 * further with an Enterprise release, known by the day in its version; a release that finds a newer schema starts with a warning; and
 * nothing keeps a second process from the same database. Its files are SFTPGo's: the real server starts on a database of it. It moves
 * no files, and takes any password of an administrator's. */
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

/* ---- api.c: a status of HTTP, and with 200 what is told; heap ---- */
int api_serve(struct server *s, const char *verb, const char *path, const char *head, const char *body, char **ret);

/* ---- provider.c: the database ---- */
bool provider_is_enterprise(const char *version);
bool provider_migrate(struct server *s);
bool provider_add_user(struct server *s, const char *name);
json_t *provider_rule(struct server *s, const char *name); /* NULL: there is none; else the caller's */
bool provider_rule_set(struct server *s, const char *name, int status);

/* ---- main.c ---- */
void control_read(struct server *s);
bool misbehaves(const struct server *s, const char *what, const char *how);
