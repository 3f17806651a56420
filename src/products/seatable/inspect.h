/* Inside inspect: what one look shares. Each file looks at one noun and records facts; what it cannot see it records as missing
 * with the reason, so that only a canceled or impossible look is an error. */
#pragma once

#include "products/seatable/layout.h"
#include "products/seatable/seatable.h"

struct sea_look {
	struct ctx *c;
	struct site *site;
	const struct goal *to;          /* NULL: nothing of a target */
	const json_t *source;           /* of the goal, or NULL */
	enum depth depth;
	struct facts *f;
	struct sea_layout l;
	const json_t *seen;             /* docker's words on the server's container; NULL: it has none */
	char *data;                     /* directory on this host that is /shared; NULL: not known */
};

/* Short hands, the fact's class in the name; values are stolen. */
void sea_pin(struct sea_look *k, const char *key, json_t *value, const char *source);
void sea_pin_str(struct sea_look *k, const char *key, const char *value, const char *source);
void sea_observe(struct sea_look *k, const char *key, json_t *value, const char *source);
/* An empty list or object is no fact: absence means none. */
void sea_pin_some(struct sea_look *k, const char *key, json_t *value, const char *source);
void sea_observe_some(struct sea_look *k, const char *key, json_t *value, const char *source);
void sea_missing(struct sea_look *k, const char *key, const struct err *why);
bool sea_is_up(const struct sea_look *k);       /* the server's container runs */
bool sea_is_live(const struct sea_look *k);     /* DEPTH_LIVE or deeper */

void sea_look_at_project(struct sea_look *k);   /* inspect_project.c: .env, files, merged configuration */
void sea_look_at_images(struct sea_look *k);    /* inspect_images.c: configured and running, of every service */
void sea_look_at_server(struct sea_look *k);    /* inspect_server.c: edition, version, doors */
void sea_look_at_data(struct sea_look *k);      /* inspect_data.c: the data folder, storage, features */
void sea_look_at_volumes(struct sea_look *k);   /* inspect_volumes.c: what the other containers keep */
void sea_look_at_license(struct sea_look *k);   /* inspect_license.c: licences, present and given */
int  sea_look_at_databases(struct sea_look *k, struct err *e) must_check;       /* inspect_database.c */
void sea_look_at_host(struct sea_look *k);      /* inspect_host.c: docker, room, neighbours */
void sea_look_at_jobs(struct sea_look *k);      /* inspect_jobs.c: backups, and scripts of users */
void sea_look_at_access(struct sea_look *k);    /* inspect_access.c: SELinux and access lists of what the server is given */
void sea_look_at_target(struct sea_look *k);    /* inspect_target.c: what will be in force */
void sea_look_at_causes(struct sea_look *k);    /* inspect_causes.c: why facts are missing */
