/* The gate of a site: a table named after its lock hash, over the ports of params, or the proxy of the server's Compose project that clients
 * come through: it is stopped, within 10 s or by SIGKILL, kept from being started by itself, and started last. Its container stays the one it is. */
#pragma once

#include "engine/step.h"
#include "svc/gate.h"

struct gate_of {
	char          name[48];
	struct gate   gate;             /* its name points to `name` */
	const json_t *proxy;            /* as service_open(), of params; NULL: the table */
	struct ctx   *c;
	struct site  *site;             /* whose clients come through it */
};

int gate_of_site(struct ctx *c, const json_t *params, struct gate_of *ret, struct err *e) must_check;
/* 1 nobody comes in, 0 open, -kind. A proxy that is no more lets nobody in. */
int gate_of_closed(const struct gate_of *g, struct err *e) must_check;
/* Both may be repeated. 1 nobody is answered any more, 0 as gate_close(), -kind. */
int gate_of_close(const struct gate_of *g, struct err *e) must_check;
int gate_of_open(const struct gate_of *g, struct err *e) must_check;
/* For the undo record {"policy": a proxy's for restarts|absent}. ERR_CHANGED when the proxy is down before anybody closed it: to open it
 * would not be ours. */
int gate_of_capture(const struct gate_of *g, json_t **ret_undo, struct err *e) must_check;
/* Open, and as it was captured; after a lost state directory, too. */
int gate_of_undo(const struct gate_of *g, const json_t *undo, struct err *e) must_check;
