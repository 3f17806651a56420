/* What the files of this product offer each other. The vtable is product_questdb in product.c. */
#pragma once

#include "engine/product.h"
#include "products/questdb/facts.h"

/* product.c */
extern const struct product product_questdb;

/* layout.c, inspect*.c, probe.c, checkpoint.c: looking */
int questdb_find(struct host *h, struct instances *ret, struct err *e);
int questdb_site(const struct goal *g, struct site *ret, struct err *e);
int questdb_inspect(struct ctx *c, const struct goal *to, enum depth d, struct facts *ret, struct err *e);
int questdb_probe(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e);
int questdb_copy_begin(struct ctx *c, const json_t *left, json_t **ret_hold, struct err *e);
bool questdb_copy_held(const struct ctx *c);            /* a checkpoint of our own is in progress */
int questdb_copy_end(struct ctx *c, const json_t *hold, struct err *e);
bool questdb_secret_key(const char *file, const char *key);

/* Text of sheet.yaml, embedded by Meson. */
extern const char questdb_sheet[];

/* checks.c: thinking; ends with .id = NULL */
extern const struct check questdb_checks[];

/* checks_room.c: thinking */
void questdb_losses(const struct facts *now, const struct goal *to, struct plan *ret);

/* plan.c: thinking */
int questdb_scope(const struct facts *now, const struct goal *to, struct scope *ret, struct err *e);
int questdb_plan(const struct facts *now, const struct goal *to, struct plan *ret, struct err *e);

/* verify.c, since.c: comparing */
int questdb_verify(struct ctx *c, const struct facts *frozen, const struct goal *to, enum depth d,
                   struct comparisons *ret, struct err *e);
int questdb_since(struct ctx *c, const struct facts *frozen, struct writes *ret, struct err *e);
int questdb_save_since(struct ctx *c, const struct writes *w, const struct dir *to, struct err *e);

/* A table that changes by itself: sys.*, telemetry*, _query_trace. Never compared, never counted as written. */
bool questdb_system_table(const char *name);
