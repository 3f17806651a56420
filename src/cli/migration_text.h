/* A commented migration.yaml from a migration document. */
#pragma once

#include "io/json.h"

void migration_text(const json_t *doc, struct buf *ret);
