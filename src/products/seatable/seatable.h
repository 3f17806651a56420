/* SeaTable: what the files of this product offer each other. facts.h has the words of its facts. */
#pragma once

#include "engine/product.h"
#include "products/seatable/facts.h"
#include "products/seatable/version.h"

extern const struct product product_seatable;
extern const char seatable_sheet[];     /* text of sheet.yaml, embedded by Meson */
extern const struct check seatable_checks[];

/* Looking. */
int seatable_inspect(struct ctx *c, const struct goal *to, enum depth d, struct facts *ret, struct err *e);
int seatable_probe(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e);
int seatable_verify(struct ctx *c, const struct facts *frozen, const struct goal *to, enum depth d,
                    struct comparisons *ret, struct err *e);
int seatable_since(struct ctx *c, const struct facts *frozen, struct writes *ret, struct err *e);
int seatable_save_since(struct ctx *c, const struct writes *w, const struct dir *to, struct err *e);

/* Thinking. */
int seatable_scope(const struct facts *now, const struct goal *to, struct scope *ret, struct err *e);
int seatable_plan(const struct facts *now, const struct goal *to, struct plan *ret, struct err *e);
void seatable_losses(const struct facts *now, const struct goal *to, struct plan *ret);

/* What a migration is, as facts and goal tell it. All borrowed; NULL: not known. */
struct sea_change {
	struct sea_side from, to;
	const char *image;              /* that will be in force */
	enum sea_move move;
	bool to_enterprise, to_developer;       /* across editions */
};
void sea_change_of(const struct facts *now, const struct goal *to, struct sea_change *ret);
/* The schema that has operation_log, of SEA_DB_OWN; NULL: not known. Borrowed. */
const char *sea_log_schema(const json_t *own);
