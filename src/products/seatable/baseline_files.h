/* The part of the baseline that lies in files. */
#pragma once

#include "engine/product.h"

/* BASE_RELEASE, BASE_CONF and, unless quick, BASE_FOLDERS. What cannot be read is missing. */
void sea_baseline_files(struct ctx *c, struct site *s, bool quick, struct facts *ret);
