/* The licence as it lies in place, judged again just before somebody relies on it. */
#pragma once

#include "engine/site.h"

/* What is at the place, as facts have it. New reference. */
int sea_license_place_read(struct site *s, const json_t *place, json_t **ret, struct err *e) must_check;
/* Would Enterprise start with this one (as facts have it) today? ERR_REFUSED with the reason when not. path: for people. */
int sea_license_holds(const json_t *license, const char *path, struct err *e) must_check;
/* Would Enterprise start with what is at the place, today by this host's clock? ERR_REFUSED with the reason when not; what cannot be told
 * for sure is left to the server. */
int sea_license_place_starts(struct site *s, const json_t *place, struct err *e) must_check;
