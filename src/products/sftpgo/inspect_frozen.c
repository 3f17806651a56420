/* The baseline of the proof: read from the stopped database, beside the run's records. */
#include "data/out.h"
#include "products/sftpgo/database.h"
#include "products/sftpgo/inspect.h"
#include "products/sftpgo/objects_compare.h"

static json_t *counts_json(const struct object_counts *counts)
{
	json_t *doc = json_object();

	for (int i = 0; i < OBJ__MAX; i++)
		json_object_set_new(doc, object_kind_name((enum object_kind)i), json_integer(counts->n[i]));
	return doc;
}

static int write_objects(struct look *k, struct object_counts *counts, struct err *e)
{
	struct out to;
	int r;

	if (out_open(&to, &k->c->blobs, OBJECTS_FILE, e) < 0)
		return -(int)e->kind;
	r = objects_freeze(k->db, &to, counts, e);
	if (r >= 0)
		r = out_commit(&to, e);
	out_close(&to);
	return r;
}

int look_at_frozen(struct look *k, struct err *e)
{
	struct object_counts counts = { 0 };

	if (!k->db) {
		facts_miss(k->f, SF_FROZEN_OBJECTS, facts_why_missing(k->f, SF_SCHEMA));
		return 0;
	}
	if (k->c->blobs.fd < 0) {
		facts_miss(k->f, SF_FROZEN_OBJECTS, "this call keeps no records of a run");
		return 0;
	}
	if (write_objects(k, &counts, e) < 0)
		return err_wrap(e, "write down the objects of the database");
	look_observe(k, SF_FROZEN_OBJECTS, counts_json(&counts), "data provider");
	return 0;
}
