/* The part of the baseline that lies in files. */
#pragma once

#include "engine/product.h"

#define SEA_SETTINGS "dtable_web_settings.py"

/* BASE_RELEASE, BASE_CONF, BASE_SETTINGS and, unless quick, BASE_FOLDERS and BASE_CONTENT. What cannot be read is missing. before: as
 * sea_baseline(). */
void sea_baseline_files(struct ctx *c, struct site *s, bool quick, const struct facts *before, struct facts *ret);
