/* Notes: a server that keeps notes as files. What the files of this product offer each other. */
#pragma once

#include "engine/product.h"
#include "products/notes/facts.h"

extern const struct product product_notes;
extern const char notes_sheet[];        /* text of sheet.yaml, embedded by Meson */
extern const struct check notes_checks[];

/* inspect.c: looking */
int notes_site(const struct goal *g, struct site *ret, struct err *e);
int notes_find(struct host *h, struct instances *ret, struct err *e);
int notes_inspect(struct ctx *c, const struct goal *to, enum depth d, struct facts *ret, struct err *e);

/* plan.c: thinking */
int notes_scope(const struct facts *now, const struct goal *to, struct scope *ret, struct err *e);
int notes_plan(const struct facts *now, const struct goal *to, struct plan *ret, struct err *e);

/* talk.c: the server itself. The version it answers with; 0 answers, -kind. */
int notes_ask_version(const struct site *s, bool as_client, int64_t within_ns, char ret[48], struct err *e) must_check;
int notes_probe(const struct site *s, bool as_client, int64_t within_ns, struct probe *ret, struct err *e);

/* data.c: {name: sha256} of the notes, read from the files; comparing and counting by it. */
int notes_read(const struct site *s, json_t **ret, struct err *e) must_check;
int notes_verify(struct ctx *c, const struct facts *frozen, const struct goal *to, enum depth d, struct comparisons *ret,
                 struct err *e);
int notes_since(struct ctx *c, const struct facts *frozen, struct writes *ret, struct err *e);
int notes_save_since(struct ctx *c, const struct writes *w, const struct dir *to, struct err *e);
