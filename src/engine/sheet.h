/* A product's sheet.yaml: what ages and what a person should be able to review without C. Embedded; a root-owned file
 * /etc/crossgrade/sheets.d/<product>.yaml may override single entries. crossgrade-sheet(5).
 *
 *	checks:
 *	  questdb.disk-room:
 *	    title: room for the restore point
 *	    reason: ...
 *	    remedy: ...
 *	    source: ...
 *	    seen: 2026-11-21
 *	    overridable: true          (optional: --accept ID lets a block pass)
 *	rules: {id: {text, source}}    what explains a difference after a migration
 *	values: ...                    version tables, keys, paths: the product's */
#pragma once

#include "io/json.h"

struct sheet {
	json_t *doc;
};
struct sheet_check {
	const char *title, *reason, *remedy, *source, *seen;
	bool        overridable;
};

int  sheet_load(const char *name, struct sv embedded, struct sheet *ret, struct err *e) must_check;
void sheet_done(struct sheet *s);
bool sheet_check(const struct sheet *s, const char *id, struct sheet_check *ret);      /* false: no such id */
const char   *sheet_rule(const struct sheet *s, const char *id);                        /* its text, or NULL */
const char   *sheet_rule_source(const struct sheet *s, const char *id);                 /* NULL too */
const json_t *sheet_value(const struct sheet *s, const char *key);                      /* below values: */
/* Loaded once a process by product name; ERR_BUG for a product without one. */
int sheet_of(const char *product, const struct sheet **ret, struct err *e) must_check;
