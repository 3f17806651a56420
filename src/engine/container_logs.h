/* What a container that is about to be removed wrote, kept in the state directory, so that a failure can be understood later. */
#pragma once

#include "engine/step.h"

/* Into logs/<run>-<name>.log, 0600: a log can hold what is nobody's business. That it cannot be had is no error. */
void keep_container_logs(struct ctx *c, const json_t *seen);
