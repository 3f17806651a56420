/* What the files of a Compose project say of one service, and of everything else. */
#pragma once

#include "engine/plan.h"

/* The image that is in force, as a text or NULL, and a digest of the merged configuration without it. set: as compose_config(). */
int compose_files_read(const json_t *project, const char *service, const char *set, json_t **ret_image, char ret_rest[65],
                       struct err *e) must_check;
/* They give the service this image, and are `rest` besides; ERR_REFUSED. */
int compose_files_are(const json_t *project, const char *service, const char *set, const char *image, const char *rest,
                      struct err *e) must_check;
/* May an edit of .env reach them by another way than variables? The values of an `env_file` are what stands in the file, whatever the
 * environment says, and what is included may name one. Yes where that is not to be told. */
bool compose_files_take_more(const json_t *project);
/* Of a plan: param "look" of compose_recreate, as step `id` of kind compose_look sees it. New reference. */
json_t *compose_files_from(const char *id) must_check;
