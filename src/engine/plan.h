/* A plan: ordered steps with everything a run needs, and nothing that moves by itself. Same facts, same goal: same bytes.
 *
 * The digest covers the goal, the sites, the pinned facts, the steps and the diffs. The forecast stands outside it, and so do
 * the deep facts, which have a digest of their own: a full read of the data tells something else each time. Params of a later
 * step name a result of an earlier one: {"from": "final-pass", "key": "restore_point"}. */
#pragma once

#include "engine/facts.h"
#include "engine/goal.h"
#include "engine/step.h"
#include "io/file.h"

struct plan {
	json_t      *doc;               /* everything but the steps while it is built; whole after plan_seal() */
	VEC(struct step) steps;
	char         digest[DIGEST_TEXT];
};

#define autoplan cleanup_with(plan_done)

void plan_init(struct plan *p, const struct goal *g);
void plan_done(struct plan *p);

/* For products. Ids are unique and stable; order is the order of adding, phases never go back (ERR_BUG at sealing). */
void plan_site(struct plan *p, const char *name, json_t *doc /* stolen */);
struct step *plan_add(struct plan *p, enum phase phase, const char *id, const char *kind, unsigned flags,
                      json_t *params /* stolen */, const char *why);
void plan_diff(struct plan *p, const char *path, const char *unified_diff);     /* for people, secrets masked */
void plan_note(struct plan *p, const char *fmt, ...) printf_like(2, 3); /* what the operator must know beforehand */
void plan_loss(struct plan *p, const char *id, const char *text);       /* a loss to be agreed to: --accept-loss ID */
/* Beside the data there is no room for a copy from another file system: agreed to by --accept-in-place-restore. */
#define LOSS_IN_PLACE "in-place-restore"
void plan_loss_in_place(struct plan *p);
bool plan_names_loss(const struct plan *p, const char *id);
void plan_forecast(struct plan *p, const char *key, json_t *value /* stolen */);
/* A value of a later step's params. */
json_t *plan_from(const char *step, const char *key) must_check;

/* Put facts, steps and digest into doc. */
int plan_seal(struct plan *p, const struct facts *now, struct err *e) must_check;
/* Read one back: schema, digest (ERR_FORMAT when it was touched), kinds and their versions known (ERR_REFUSED). */
int plan_parse(struct sv text, const char *what, struct plan *ret, struct err *e) must_check;
void plan_text(const struct plan *p, struct buf *ret);          /* as stored and digested */
const struct step *plan_step(const struct plan *p, const char *id);
/* The step after which only the restore point brings the old data back, or NULL. */
const struct step *plan_point(const struct plan *p);
/* Is there an old world to return to once a target build was started? By a restore point that brings the old data back, not with the
 * operator's own backup, or none; or because the data is kept. doc: a plan as JSON. */
bool plan_has_return(const json_t *doc);
/* A way back leaves the data as users made it since, because both builds read and write the same: nobody's write is lost by it, and
 * nothing is put back unless that is asked for (rollback --restore-data). `doc` as above. */
void plan_keep_data(struct plan *p);
bool plan_keeps_data(const json_t *doc);
const json_t *plan_pinned(const struct plan *p);                /* {key: value} */
const json_t *plan_deep(const struct plan *p);                  /* for facts_carry(); NULL: none were taken */

/* Drift: pinned facts of the plan against those of now. Each difference is "key: was X, is Y" or "key cannot be
 * seen any more: WHY", appended to ret (secrets are never facts). Returns how many. */
size_t plan_drift(const struct plan *p, const struct facts *now, struct buf *ret);
