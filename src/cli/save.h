/* Files the operator asks for: plans, facts, migration files. */
#pragma once

#include "io/file.h"

/* Durably, in place of what is there. */
int save_text(const char *path, struct sv text, mode_t mode, struct err *e) must_check;
/* ERR_EXISTS when there is one. */
int save_new(const char *path, struct sv text, mode_t mode, struct err *e) must_check;
