/* What the files say of a service and its container does not have yet: whoever makes it anew brings that into force, too. */
#pragma once

#include <jansson.h>

/* service: of the merged configuration; seen, image: docker's words on its container and on the image that runs, or NULL. New reference:
 * ["variable JWT_PRIVATE_KEY","mount /shared/x","port 80/tcp"], names alone, for values may be secrets. */
json_t *sea_pending(const json_t *service, const json_t *seen, const json_t *image);
