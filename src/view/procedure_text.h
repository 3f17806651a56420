/* The procedure of a "plan" document for people: what to do on the other host, what to see before going on, and the way back.
 * Commands are never wrapped: each line is to be pasted as it stands. */
#pragma once

#include "view/text.h"

void view_procedure(const json_t *procedure, const struct style *s, struct buf *ret);
