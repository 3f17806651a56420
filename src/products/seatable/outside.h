/* What clients see of a running server: its certificate, a base opened by one of ours, the programs beside it. A part of the baseline, and looked at
 * again after the switch. */
#pragma once

#include "engine/product.h"

/* Id of the step that looks where the baseline is read with the server stopped. */
#define SEA_OUTSIDE_STEP "outside"

/* {"certificate": {"name","sha256","names","fits","not_after"},"client": sea_client_look(),"helpers": {"python"|"ai": "" | why not}: absent where
 * the server has no container,"missing": {part: why}}. containers: docker's descriptions of the project's; before: an earlier look, or NULL.
 * patience_ns: how long a program that does not answer yet is waited for. New reference. */
json_t *sea_outside_look(struct ctx *c, struct site *s, const json_t *containers, const json_t *before, int64_t patience_ns) must_check;
/* Of the variables of the server's container ("NAME=value"): {name: address} of the programs that it is told to use. Pure; new reference. */
json_t *sea_helpers_of(const json_t *variables) must_check;
