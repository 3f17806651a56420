#include <string.h>

#include "products/questdb/fingerprint.h"
#include "products/questdb/inspect.h"

/* What of it fits into facts of 4 MiB beside all else. */
#define TEXTS_MAX 10000
#define CELLS_MAX 50000

static void add_unreadable(struct look *k, const char *table, const struct err *why)
{
	json_t *bad = json_deep_copy(facts_get(k->f, QF_TABLE_UNREADABLE));

	if (!bad)
		bad = json_object();
	json_object_set_new(bad, table, text_json(why->msg));
	observe(k, QF_TABLE_UNREADABLE, bad, "aggregates of all columns");
}

/* Every table read once, so that values can be compared after the switch, and so that a table the
 * old server cannot read is not blamed on it. */
void inspect_fingerprints(struct look *k)
{
	size_t texts = TEXTS_MAX, cells = CELLS_MAX;
	struct fingerprint_opts o = { .cancel = k->c->cancel,
				      .texts_left = &texts,
				      .cells_left = &cells };
	json_t *prints = json_object();
	struct err why = ERR_INIT;

	vec_each (&k->tables.v, t) {
		struct err e = ERR_INIT;
		json_t *print = NULL;

		if (t->internal || !strcmp(t->kind, "view"))
			continue;
		if (!cells) {
			err_set(&why, ERR_SPACE,
				"too many partitions: values of some tables are not kept");
			break;
		}
		if (fingerprint_take(&k->sql, &k->db, t, &o, &print, &e) >= 0) {
			json_object_set_new(prints, t->name, print);
		} else if (e.kind == ERR_REFUSED) {
			add_unreadable(k, t->name, &e);
		} else {
			why = e;
			break;
		}
	}
	observe(k, QF_FINGERPRINTS, prints, "aggregates of all columns");
	if (why.kind)
		missing(k, QF_FINGERPRINTS, &why); /* the rest of them */
}
