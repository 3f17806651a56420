/* The gate of a site: a table named after its lock hash, over the ports of params. */
#pragma once

#include "engine/step.h"
#include "svc/gate.h"

struct gate_of {
	char        name[48];
	struct gate gate;               /* its name points to `name` */
};

int gate_of_site(struct ctx *c, const json_t *params, struct gate_of *ret, struct err *e) must_check;
