/* Docker Compose v2. A project is known by the labels of its containers, which is what its last `up` was told:
 *
 *	{"project":"shop","directory":"/srv/shop","files":["/srv/shop/compose.yaml",...],"env_file":"/srv/shop/prod.env"|null,
 *	 "version":"2.26.1"}
 *
 * Every call names project, directory and files, so that neither COMPOSE_FILE of a .env that was edited since nor our own
 * environment changes what is meant. Never `compose pull`, a plain `up` or `down`. */
#pragma once

#include "svc/service.h"

/* Of a container's description; ERR_REFUSED with the remedy for one that Compose v1 made, ERR_ABSENT for one that is no project's. */
int compose_project_of(const json_t *seen, json_t **ret, struct err *e) must_check;
/* Version of the plugin, "2.26.1". ERR_ABSENT with the remedy when there is none, ERR_REFUSED for v1. Heap. */
int compose_version(char **ret, struct err *e) must_check;
/* What `docker compose config` makes of the files; `raw`: before variables are put in. `$` is as it is meant, not doubled. set:
 * "VARIABLE=value" as if .env said so, NULL none. */
int compose_config(const json_t *project, bool raw, const char *set, json_t **ret, struct err *e) must_check;
/* The sum that Compose keeps of a service's definition, in a label of its container, to see whether it is to be made anew; `alone`: as it keeps
 * it of one that was made by itself (--no-deps), without what it depends on. Another release of Compose has another sum. */
int compose_hash(const json_t *project, const char *service, bool alone, char ret[65], struct err *e) must_check;
/* The same of a container's description; NULL: there is none, or it is of another release than `version`. Borrowed. */
const char *compose_hash_of(const json_t *seen, const char *version);
/* The image of a service in such a configuration; NULL: it has none (it is built). */
const char *compose_image(const json_t *config, const char *service);
/* Every container of the project, stopped ones too: docker's descriptions. */
int compose_containers(const char *project, json_t **ret, struct err *e) must_check;
/* Of these the ones of a service; new reference. */
json_t *compose_of_service(const json_t *containers, const char *service) must_check;
/* Make the container of one service anew from the files, without starting it, pulling, building or touching another service;
 * volumes without a name stay its own. Nothing happens when it is as the files say. */
int compose_recreate(const json_t *project, const char *service, struct err *e) must_check;
/* Of a container's description: the id of the one that Compose made it in place of; NULL: it does not tell. Borrowed. */
const char *compose_replaced(const json_t *seen);

/* What a Compose that was killed left of a service. While it makes a container anew it calls it "<12 digits>_NAME", and the next one neither
 * ends that nor takes it for wrong: beside the old one it is removed, alone it gets its name. Waits until no Compose is at work. */
int compose_tidy(const char *project, const char *service, struct err *e) must_check;
/* Of a container's description: NAME, where it still has such a name; NULL: it has its own. */
const char *compose_name_to_be(const json_t *seen);

/* ---- only thinking */
/* The files that COMPOSE_FILE names, as Compose splits it: by the separator (":" when NULL or empty), blanks kept, relative to the
 * directory. */
json_t *compose_files(const char *list, const char *separator, const char *directory) must_check;
/* How an image as it is written ("acme/db:${TAG:-1}") comes to be `wanted`: the one variable's name and value. ERR_ABSENT: there is
 * no variable in it; ERR_REFUSED: it cannot become `wanted` through one variable alone. */
int compose_variable(const char *written, const char *wanted, char **ret_name, char **ret_value, struct err *e) must_check;
/* Take the doubled `$` of `docker compose config` away, in every text of the document. New reference. */
json_t *compose_plain(const json_t *doc) must_check;
