/* The "translation" document for people: what becomes of each event action, field by field; and last what waits for their hand. */
#pragma once

#include "view/translation_parts.h"

int view_translation(const json_t *doc, const struct style *s, view_put put, void *arg, struct err *e) must_check;
