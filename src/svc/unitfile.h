/* A systemd unit as its files say: unit file and drop-ins, lists with their resets applied. Read
 * from the files, so that it works for a stopped unit and where no manager can be asked. */
#pragma once

#include <jansson.h>

#include "base/vec.h"

struct unitfile {
	char *name;    /* "questdb.service"; NULL: no unit */
	char *file;    /* the unit file that counts */
	json_t *files; /* {path: sha256}, unit file first, then drop-ins in order; ours
			  (crossgrade's) left out */
	json_t *keys;  /* {"Service.ExecStart": ["..."], ...} */
};
#define autounit cleanup_with(unitfile_done)

/* ERR_ABSENT when there is no such unit. */
int unitfile_read(const char *name, struct unitfile *ret, struct err *e) must_check;
void unitfile_done(struct unitfile *u);
/* The last value of a key ("Service.Restart"), `absent` when there is none. Borrowed. */
const char *unitfile_last(const struct unitfile *u, const char *key, const char *absent);
/* NULL-ended words of ExecStart without its prefix characters, $VAR and ${VAR} replaced from env;
 * NULL when none. */
char **unitfile_command(const struct unitfile *u, char *const *env);
/* NULL-ended "K=V" of Environment= and of the files of EnvironmentFile=, the latter winning as for
 * systemd. */
char **unitfile_env(const struct unitfile *u);
/* Names of units whose file or drop-ins hold the word, sorted. */
typedef VEC(char *) unit_names;
int unitfile_mentioning(const char *word, unit_names *ret, struct err *e) must_check;

void words_free(char **words); /* a NULL-ended list and its words; NULL is fine */
