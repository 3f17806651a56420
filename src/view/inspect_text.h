/* "instances" and "facts" documents for people. */
#pragma once

#include "view/text.h"

void view_instances(const json_t *doc, const struct style *s, struct buf *ret);
void view_facts(const json_t *doc, const struct style *s, struct buf *ret);
