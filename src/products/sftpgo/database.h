/* The provider of an installation, found by facts: where it lies was read from the configuration while the server ran, whose
 * environment a stopped plain process has no more. The password is no fact: it is read where the configuration has it, each time. */
#pragma once

#include "products/sftpgo/config.h"
#include "products/sftpgo/provider.h"
#include "products/sftpgo/sftpgo.h"

bool database_is_server(const char *driver);    /* not a file */

/* What provider.at is of a configuration; new reference. */
json_t *database_facts(const struct sftpgo_config *conf) must_check;

/* What the plan pinned, else what `seen` says (may be NULL): borrowed from them, but for the password and the connection string, which
 * the caller drops with database_at_done(). conf: read it from there; NULL: from the running server's environment, else that of the run's launch record, and the
 * files. ERR_ABSENT when neither knows. */
int database_at(const struct ctx *c, const struct facts *seen, const struct sftpgo_config *conf, struct provider_at *ret,
                struct err *e) must_check;

void database_at_done(struct provider_at *at);

int database_open(const struct ctx *c, const struct facts *seen, struct provider **ret, struct err *e) must_check;
