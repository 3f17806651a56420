/* Inside inspect: what one look shares. Each file looks at one noun and records facts; what it cannot see it records as missing
 * with the reason, so that only a canceled or impossible look is an error. */
#pragma once

#include "products/sftpgo/layout.h"
#include "products/sftpgo/provider.h"
#include "products/sftpgo/sftpgo.h"

struct look {
	struct ctx *c;
	struct site *site;
	const struct goal *to;  /* NULL: nothing of a target */
	enum depth depth;
	struct facts *f;
	struct layout l;
	struct provider *db;    /* NULL: could not be read */
	json_t *layer;          /* what was changed in the container itself, by inspect_container.c; NULL: not looked at, or no container */
	json_t *rules;          /* SF_RULES, by inspect_survey.c; NULL: not looked at */
	struct gathering *gathering; /* of the scope, by inspect_scope.c; NULL: nobody began */
	bool all_noted;         /* every object was noted in the one pass over them */
};

/* Short hands, the fact's class in the name. A NULL text is recorded as missing with `why`. */
void look_pin_str(struct look *k, const char *key, const char *value, const char *source);
void look_pin_bool(struct look *k, const char *key, bool value, const char *source);
void look_pin(struct look *k, const char *key, json_t *value, const char *source);     /* stolen */
void look_observe(struct look *k, const char *key, json_t *value, const char *source); /* stolen */
/* The same, but an empty list or object is no fact: absence means none. */
void look_pin_some(struct look *k, const char *key, json_t *value, const char *source);
void look_missing(struct look *k, const char *key, const struct err *why);

void look_at_server(struct look *k);    /* inspect_server.c: who answers */
void look_at_install(struct look *k);   /* inspect_install.c: program, package, service */
void look_at_container(struct look *k); /* inspect_container.c: what docker says of it */
void look_at_image(struct look *k);     /* the same: the image to move to */
void look_at_conf(struct look *k);      /* inspect_conf.c: configuration and doors */
void look_at_files(struct look *k);     /* inspect_files.c: what the configuration names */
void look_at_host(struct look *k);      /* inspect_host.c: ports and repositories */
void look_at_objects(struct look *k);   /* inspect_survey.c: what is in the database */
int  look_at_provider(struct look *k, struct err *e) must_check; /* inspect_provider.c: the database */
void look_at_server_tables(struct look *k); /* inspect_database.c: a database server, and the programs that dump it */
struct object;
void look_note_home(struct look *k, const struct object *o);    /* inspect_scope.c: of each object in a pass over all */
void look_at_scope(struct look *k);     /* what a restore point holds; a pass of its own where none has noted the homes */
void look_gathering_done(struct look *k);
void look_at_login(struct look *k);     /* inspect_login.c: does the server take ours */
int  look_at_trials(struct look *k, struct err *e) must_check; /* inspect_trial.c: logins that the goal asks to try */
void look_at_outside(struct look *k);   /* inspect_outside.c: what clients see of it */
void look_at_crossing(struct look *k);  /* inspect_crossing.c: what the way to Enterprise asks for */
void look_at_events(struct look *k);    /* inspect_events.c: the dump of event actions that the goal names */
void look_at_repository(struct look *k); /* inspect_repository.c: target.package, fetched */
const char *artifact_path(const struct look *k, size_t i); /* the i-th of target.artifact or target.package, NULL beyond */
void look_at_packages(struct look *k);  /* inspect_package.c: the old packages, once the new ones are known */
int  look_at_target(struct look *k, struct err *e) must_check; /* inspect_target.c: the artifact and the host */
void look_at_causes(struct look *k);    /* inspect_causes.c: why facts are missing */
int  look_at_artifact(struct look *k, struct err *e) must_check; /* the artifact alone, and what is wanted */
void look_at_room(struct look *k);      /* the same: the file systems of what is copied and of its copy */
int  look_at_copy(struct look *k, struct err *e) must_check;    /* inspect_windows.c: all that a copied folder tells */
int  look_at_frozen(struct look *k, struct err *e) must_check;  /* inspect_frozen.c: the baseline of the proof */
