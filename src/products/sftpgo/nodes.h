/* Other nodes of a shared provider that are alive: they wrote their sign of life in the last two minutes. */
#pragma once

#include "engine/step.h"
#include "products/sftpgo/provider.h"

/* Their names, as the table nodes has them; own: "host:port" where they reach this one. New reference. */
int nodes_others(struct provider *p, const char *own, json_t **ret, struct err *e) must_check;
/* ERR_CHANGED, named, when there is one on `what`, the database in words. Its own session has ended when it returns. */
int nodes_none(const struct ctx *c, const char *own, const char *what, struct err *e) must_check;
