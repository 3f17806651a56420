/* The tables of the databases at one look: how many rows each has, and what they say. */
#pragma once

#include "engine/facts.h"
#include "products/seatable/database.h"

/* BASE_TABLES, BASE_UNCOUNTED, BASE_SUMS, BASE_UNSUMMED. own: names of the schemas; quick, before: as sea_baseline(). Clients are
 * not kept waiting for what is large where BASE_STILL says that they would. */
int sea_baseline_tables(const struct sea_db *db, const json_t *own, bool quick, const struct facts *before, struct facts *ret, struct err *e)
	must_check;
