/* The licence as it lies in place, judged again just before somebody relies on it. */
#pragma once

#include "engine/site.h"

/* What is at the place, as facts have it. New reference. */
int sea_license_place_read(struct site *s, const json_t *place, json_t **ret, struct err *e) must_check;
/* The day "2026-11-22" in the container, by which the server's start script judges, with seconds of the clock and the name of the zone. false:
 * it cannot be asked. */
bool sea_date_in(const char *container, char day[11], int64_t *seconds, char zone[32]);
/* Would Enterprise start with this one (as facts have it) today? That is the day in the site's container, and this host's where that cannot be
 * asked. ERR_REFUSED with the reason when not. path: for people. */
int sea_license_holds(const struct site *s, const json_t *license, const char *path, struct err *e) must_check;
/* The same of what is at the place; what cannot be told for sure is left to the server. */
int sea_license_place_starts(struct site *s, const json_t *place, struct err *e) must_check;
