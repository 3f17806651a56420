/* What a container that is about to be removed, or could not be made anew, wrote last: kept in the state directory, so that a failure can be
 * understood later. */
#pragma once

#include "engine/step.h"

/* Into logs/<run>-<name>.log, 0600: a log can hold what is nobody's business; values of its environment that the product calls secret are cut.
 * That it cannot be had is no error. */
void keep_container_logs(struct ctx *c, const json_t *seen);
