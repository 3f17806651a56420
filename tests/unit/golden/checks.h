/* Every check of a product: has texts, fires in its case and is quiet in the other, and never passes
 * what was not seen. Cases are <check>-fires and <check>-quiet below GOLDEN_DIR, the product's
 * source lies in PRODUCT_SOURCE. */
#pragma once

#include "engine/product.h"

/* A case beyond those two: <check>-<kind>, and the worst that it says. */
struct golden_degree {
	const char *id, *kind;
	enum verdict worst;
};

struct golden_checks {
	const struct product *product;
	const struct golden_degree *degrees;  /* ended by one without id */
	/* Checks that judge the goal alone: without facts they know as much as with them. NULL-ended. */
	const char *const *goal_checks;
};

/* The whole test: what main() returns. */
int golden_checks_run(const struct golden_checks *g);
