/* A Compose file as text, where the merged configuration does not tell which file said something. Only to name a file for people: facts
 * come from `docker compose config`. */
#pragma once

#include "base/sv.h"

/* Does it give this service an image? By the indentation of lines, as people write them. */
bool sea_yml_image(struct sv text, const char *service);
/* Does it use !override or !reset, which Compose knows since 2.24.4? */
bool sea_yml_has_tags(struct sv text);
