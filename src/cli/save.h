/* Files the operator asks for: plans, facts, migration files. */
#pragma once

#include "io/file.h"

/* Durably, in place of what is there. */
/* Directory beside a file of facts, for what is too large for it; heap. Made by who puts something into it. */
char *save_side(const char *path) must_check;
int save_text(const char *path, struct sv text, mode_t mode, struct err *e) must_check;
/* ERR_EXISTS when there is one. */
int save_new(const char *path, struct sv text, mode_t mode, struct err *e) must_check;
