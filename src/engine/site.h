/* A site: one installation on one host. Steps name things relative to a site, never absolutely, so that the same plan can
 * be bound to another site (a rehearsal's copy) or be run by an agent on the far host.
 *
 * In a plan: {"roots":{"root":"/var/lib/questdb","install":"/opt/questdb",...},"service":{...},"lock":{"at":"root",
 * "path":"db/tables.d.lock"}|absent,"probe":{"host","http","pg",...}}. A place is {"at":"root","path":"conf/server.conf"}. */
#pragma once

#include "io/json.h"
#include "svc/service.h"

struct site {
	char          *name;
	json_t        *doc;
	json_t        *login;           /* `source.login` or `target.login`: paths of secret files, no secrets; or NULL */
	struct service *service;        /* opened on first use */
	char          *hold;            /* what a run holds the service by; NULL: no run */
};

int  site_bind(const char *name, const json_t *doc, struct site *ret, struct err *e) must_check;
void site_done(struct site *s);

const char *site_root_path(const struct site *s, const char *root);     /* NULL when the site has no such root */
/* Open the directory of a named root. */
int site_root(const struct site *s, const char *root, struct dir *ret, struct err *e) must_check;
/* Make everything on the file systems of the roots durable. */
int site_sync(const struct site *s, struct err *e) must_check;
/* Open the root of a place; *ret_rel is borrowed from `place`. */
int site_place(const struct site *s, const json_t *place, struct dir *ret, const char **ret_rel, struct err *e) must_check;
/* The same as an absolute path for messages and for programs we start; heap. */
int site_path(const struct site *s, const json_t *place, char **ret, struct err *e) must_check;
/* Can a stopped server of this site be kept from being started by others: by the hold of its service, or by its lock? A process
 * that is known by its ports alone cannot. `doc` as in a plan. */
bool site_can_hold(const json_t *doc);
int site_service(struct site *s, struct service **ret, struct err *e) must_check;      /* borrowed */
json_t *place_of(const char *root, const char *path) must_check;
