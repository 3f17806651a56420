/* Inside inspect: what one look shares. Each file looks at one noun and records facts; what it
 * cannot see it records as missing with the reason, so that only a canceled or impossible look is
 * an error. */
#pragma once

#include "products/questdb/layout.h"
#include "products/questdb/questdb.h"
#include "products/questdb/sql.h"
#include "products/questdb/tables.h"

struct look {
	struct ctx *c;
	struct site *site;
	const struct goal *to; /* NULL: nothing of a target */
	enum depth depth;
	struct facts *f;
	struct layout l;
	struct dir root, db;
	bool has_db; /* db is open */
	struct tables tables;
	bool has_tables;
	struct sql sql;
	bool answers;   /* /settings answered */
	bool logged_in; /* /exec takes our login */
};

bool look_live(const struct look *k); /* the running server is to be asked */

/* Short hands, the fact's class in the name. A NULL text is recorded as missing with `why`. */
void pin_str(struct look *k, const char *key, const char *value, const char *source);
void pin_int(struct look *k, const char *key, int64_t value, const char *source);
void pin_bool(struct look *k, const char *key, bool value, const char *source);
void pin(struct look *k, const char *key, json_t *value, const char *source);     /* stolen */
void observe(struct look *k, const char *key, json_t *value, const char *source); /* stolen */
/* The same, but an empty list or object is no fact: absence means none. */
void observe_some(struct look *k, const char *key, json_t *value, const char *source);
void pin_some(struct look *k, const char *key, json_t *value, const char *source);
void missing(struct look *k, const char *key, const struct err *why);

json_t *text_json(
    const char *text); /* json_string, and something readable for what is not UTF-8; NULL: null */
json_t *id_json(const struct dir *d);      /* "ino:born_ns": holds over a boot, unlike the device */
json_t *owner_json(const struct stat *st); /* {"uid","gid","mode"} */
json_t *masked_argv(char *const *argv);    /* -Dsome.password=x keeps its name only */

void inspect_server(struct look *k);  /* inspect_server.c: process, version, login */
void inspect_live(struct look *k);    /* inspect_live.c: what only a running server knows */
void inspect_root(struct look *k);    /* inspect_root.c: directories, links, leftovers */
void inspect_install(struct look *k); /* inspect_install.c: installation, service, launcher */
void inspect_conf(struct look *k);    /* inspect_conf.c: settings, ports, clients */
void inspect_texts(struct look *k);   /* inspect_texts.c: files a plan changes */
int inspect_tables(struct look *k, struct err *e) must_check; /* inspect_tables.c */
void inspect_host(struct look *k);       /* inspect_host.c: machine, limits, file systems */
void inspect_neighbours(struct look *k); /* inspect_neighbours.c: who else is here */
void inspect_target(struct look *k); /* inspect_target.c: artifact and what else the goal names */
int inspect_fingerprints(struct look *k,
			 struct err *e) must_check; /* inspect_fingerprints.c: every table, once */
void inspect_later(struct look *k);  /* inspect_later.c: TLS and replication, if asked for */
void inspect_frozen(struct look *k); /* inspect_frozen.c: the baseline of the proof */
