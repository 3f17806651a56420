/* What every product's plan says around its own change, in the same words: so that a product writes its change, and what is its own.
 *
 * Steps of the window in their order: hooks, the restore point, the frozen facts, then the product's change and start, then gate,
 * comparison and opening. `door` is what the gate closes: ports, [9000,..], or a proxy as gate_close has it, {"kind",..}; [] or {}: there
 * is no gate, and the steps say so by their flags. */
#pragma once

#include "engine/plan.h"

/* ---- what the goal asks for */
bool window_copies(const struct goal *to);      /* a restore point of our own is made */
/* Is a gate closed? usable: one can be, here. Without a word in the goal it is where it can. */
bool window_wants_gate(const struct goal *to, bool usable);
bool window_is_gated(const json_t *door);
/* ERR_USAGE for a word of the gate or a span that cannot be read. */
int  window_settings(const struct goal *to, const char *const *spans, size_t n, struct err *e) must_check;
/* What a plan cannot be made without; checks say it more kindly, a plan must not be made up. ERR_ABSENT names the first. */
int  window_needs(const struct facts *now, const char *const *keys, size_t n, struct err *e) must_check;

/* ---- places */
/* Of an absolute path: its directory becomes root `name` of the site. New reference. */
json_t *window_place(json_t *roots, const char *name, const char *path) must_check;
/* Target of a link that is pointed at `staged`: relative when both lie in one directory, so that it holds when that moves. */
json_t *window_link(const char *link, const char *staged) must_check;

/* ---- steps */
void window_hook(struct plan *p, const struct goal *to, enum phase phase, const char *id, const char *name, const char *why);
/* Most of the restore point, while the server runs; nothing where none of our own is made. */
void window_copy_live(struct plan *p, const struct goal *to, enum phase phase, const char *id, int passes, const char *why);
/* The last of the restore point, or the operator's snapshot. lock: place whose flock the server holds, stolen; NULL none. */
void window_keep(struct plan *p, const struct goal *to, json_t *lock, const char *why);
void window_freeze(struct plan *p, const char *why);
/* The way out of the window: close the gate, compare behind it, let clients in, compare all. A gate that holds clients back before the
 * stop is of PHASE_FREEZE, one that only the new server needs of PHASE_THAW. */
void window_close_gate(struct plan *p, enum phase phase, json_t *door, const char *why);
void window_prove(struct plan *p, const struct goal *to, const json_t *door, const char *why);
void window_open(struct plan *p, const struct goal *to, json_t *door);
void window_prove_deep(struct plan *p);
unsigned window_ready_flags(const json_t *door);        /* of the step that waits for the new server */
unsigned window_start_flags(const json_t *door);        /* of its first start */

/* ---- notes */
void window_note_gate(struct plan *p, const json_t *door);
void window_note_old_build(struct plan *p, const char *path);
void window_note_unseen_edition(struct plan *p);        /* no build of it was ever had */
