/* What the operator asked for: migration.yaml, or flags for the common cases, validated. crossgrade-migration(5). */
#pragma once

#include "io/json.h"

struct product;

struct goal {
	json_t     *doc;                /* the whole document, defaults filled in */
	const char *product, *name;     /* the rest is borrowed from doc */
	json_t     *source, *target, *restore_point, *settings, *hooks;
};

#define autogoal cleanup_with(goal_done)

/* Validate a document (stolen): version, product known, keys known to us or to the product's lists, types, paths absolute.
 * ERR_USAGE names the key and the nearest known one. */
int  goal_of_doc(json_t *doc, struct goal *ret, struct err *e) must_check;
int  goal_read(const char *path, struct goal *ret, struct err *e) must_check;
void goal_done(struct goal *g);

/* "enterprise", "open-source", ... or NULL to keep; version likewise. */
const char *goal_edition(const struct goal *g);
const char *goal_version(const struct goal *g);
const char *goal_setting(const struct goal *g, const char *key, const char *absent);
/* "30s" and the like; ns. ERR_USAGE when it is not a span. */
int  goal_span(const struct goal *g, const char *key, int64_t absent_ns, int64_t *ret_ns, struct err *e) must_check;
/* i-th artifact path, NULL beyond the last: `target.artifact` is a path or a list. */
const char *goal_artifact(const struct goal *g, size_t i);
/* `target.package`: {"version","plugins"|absent,"repository":{"file","keyring"}}, where the product takes one; NULL when it is not
 * given. It stands in place of `target.artifact`. */
const json_t *goal_package(const struct goal *g);
