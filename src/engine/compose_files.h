/* What the files of a Compose project say of one service, and of everything else; and what an edit of one variable would make of both. */
#pragma once

#include "engine/plan.h"
#include "engine/results.h"

/* The variable is the one that is edited: what it is in the environment of any service is none of the rest, for a service that takes .env
 * whole (`env_file`) has every assignment of it there. */
struct compose_part {
	const json_t *project;          /* as svc/compose.h has it */
	const char *service;
	const char *variable;           /* NULL: another edit, or none */
};

/* The image that is in force, as a text or NULL, and a digest of the merged configuration without it. set: as compose_config(). */
int compose_files_read(const struct compose_part *of, const char *set, json_t **ret_image, char ret_rest[65], struct err *e) must_check;
/* They give the service this image, and are `rest` besides; ERR_REFUSED. */
int compose_files_are(const struct compose_part *of, const char *set, const char *image, const char *rest, struct err *e) must_check;
/* May an edit of .env reach them by another way than variables? The values of an `env_file` are what stands in the file, whatever the
 * environment says, and what is included may name one. Yes where that is not to be told. */
bool compose_files_take_more(const json_t *project);

/* What the variable would change: {"image": of the service then|null,"environment": [services that have it there],"more": [places of the
 * merged configuration besides, "services.web.command"]}. None of the values, which may be secrets. */
int compose_files_moved(const struct compose_part *of, const char *value, json_t **ret, struct err *e) must_check;
/* The same judged: BLOCK for anything besides, WARN for another service's environment. Was there anything to say? */
bool compose_files_judge(const json_t *moved, const char *service, const char *variable, const char *id, struct results *ret);
/* And told in the plan, whose environments these are. */
void compose_files_note(struct plan *p, const json_t *moved, const char *service, const char *variable);

/* Of a plan: param "look" of compose_recreate, as step `id` of kind compose_look sees it. New reference. */
json_t *compose_files_from(const char *id) must_check;
