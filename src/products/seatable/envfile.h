/* What .env says, read as Compose reads it (conf/editor.h), and where the vendor's own tools, which `source` it with bash, would read it
 * otherwise. Pure: text in, facts out. Source: facts/seatable 4. */
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "base/map.h"
#include "base/sv.h"

#define SEA_ENV_MAX  (1u << 20)
#define SEA_VARIABLE "SEATABLE_IMAGE"

/* Every value of the file by its key, owned strings; ERR_FORMAT with line and column where Compose refuses it. */
int sea_env_read(struct sv text, struct map *ret, struct err *e) must_check;
/* SEA_ENV_IMAGE of a text that sea_env_read() took. */
int sea_env_image(struct sv text, json_t **ret, struct err *e) must_check;
/* SEA_ENV_BASH: keys of which bash makes another value, or none. New reference. */
json_t *sea_env_bash(struct sv text, const struct map *values) must_check;

/* COMPOSE_FILE and its separator as Compose takes them apart: names as they are listed, blanks and all. NULL: the variable is not set, and
 * Compose looks for files of its own names. New reference. */
json_t *sea_env_files(const struct map *values) must_check;
/* Names that Compose looks for then, in its order; NULL-ended. */
extern const char *const sea_default_files[];
/* And those of which it takes the first as well. */
extern const char *const sea_override_files[];
/* COMPOSE_PROFILES and --profile: names. New reference. */
json_t *sea_env_profiles(const struct map *values) must_check;
