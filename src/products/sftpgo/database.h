/* The provider of an installation, found by facts: where it lies was read from the configuration while the server ran, whose
 * environment a stopped plain process has no more. */
#pragma once

#include "products/sftpgo/provider.h"
#include "products/sftpgo/sftpgo.h"

/* Opens what the plan pinned, else what `seen` says. ERR_ABSENT when neither knows. */
int database_open(const struct ctx *c, const struct facts *seen, struct provider **ret, struct err *e) must_check;
