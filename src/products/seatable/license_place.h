/* The licence as it lies in place, judged again just before somebody relies on it. */
#pragma once

#include "engine/site.h"

/* Would Enterprise start with what is at the place, today by this host's clock? ERR_REFUSED with the reason when not; what cannot be told
 * for sure is left to the server. */
int sea_license_place_starts(struct site *s, const json_t *place, struct err *e) must_check;
