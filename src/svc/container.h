/* What Docker says about a container. The two _of functions only think, so that a saved answer can
 * be read again. */
#pragma once

#include "svc/service.h"

/* By id or name. ERR_ABSENT: no docker, or no such container; ERR_REFUSED: docker says no. */
int container_inspect(const char *name, json_t **ret, struct err *e) must_check;
int container_state_of(const json_t *seen, struct svc_state *ret, struct err *e) must_check;
/* {"kind":"compose","project":..,"service":..} by its labels, else
 * {"kind":"container","name":..}. */
json_t *container_config_of(const json_t *seen);
