/* seatable_dump: all schemas of SeaTable into the run's restore point, by the database's own program in its own container.
 * params {"at": as sea_db_open(),"schemas":[name],"log": schema of operation_log,"release": place,"within":"1h"}; result {"dumps": as
 * dumps_take(),"of": as dumps_release()}, which seatable_point names. Its undo is nothing: the restore point goes as a whole.
 *
 * With the server running each schema is as of one moment, one after the other; databases before folders, so that they refer to nothing
 * that is not there (docs/maintenance/backup-recovery of the vendor's admin docs). */
#include "engine/point_of.h"
#include "engine/serve.h"
#include "products/seatable/dumps.h"

#define WITHIN (3600 * NS_PER_S)

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	const json_t *one;
	size_t i;

	buf_adds(ret, "dump");
	json_array_foreach(json_object_get(params, "schemas"), i, one)
		buf_addf(ret, "%s %s", i ? "," : "", json_string_value(one));
	buf_adds(ret, " into the restore point");
	return buf_check(ret, "the description", e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo unused_arg, json_t **ret_result, struct err *e)
{
	autoseadb struct sea_db db = { 0 };
	struct point p = { .dir = DIR_NONE };
	autofree char *release = NULL;
	json_t *dumps = NULL;
	struct site *s;
	struct dumps_job j = { .db = &db,
			       .dir = &p.dir,
			       .log = json_str(params, "log", NULL),
			       .events = c->events };
	int r;

	if (ctx_site_of(c, params, &s, e) < 0 || dumps_release(s, json_object_get(params, "release"), &release, e) < 0 ||
	    sea_db_open(json_object_get(params, "at"), &db, e) < 0 || point_of_run(c, true, &p, e) < 0)
		return -(int)e->kind;
	db.within_ns = params_span(params, "within", WITHIN);
	db.cancel = c->cancel;
	r = dumps_take(&j, json_object_get(params, "schemas"), "", &dumps, e);
	point_done(&p);
	if (r >= 0)
		*ret_result = json_pack("{so ss}", "dumps", dumps, "of", release);
	return r;
}

static int is_there(const struct dir *d, const json_t *dumps)
{
	struct err absent = ERR_INIT;
	const char *schema;
	const json_t *about;
	struct stat st;

	json_object_foreach((json_t *)dumps, schema, about)
		if (dir_stat(d, json_str(about, "file", "?"), &st, &absent) < 0 || st.st_size != json_int(about, "bytes", -1))
			return false;
	return json_object_size(dumps) > 0;
}

static int verify(struct ctx *c, const json_t *params unused_arg, const json_t *result, enum step_state *ret, struct err *e)
{
	struct point p = { .dir = DIR_NONE };

	*ret = STEP_NOT_DONE;
	if (!result)
		return 0;
	if (point_of_run(c, false, &p, e) < 0)
		return -(int)e->kind;
	if (is_there(&p.dir, json_object_get(result, "dumps")))
		*ret = STEP_IS_DONE;
	point_done(&p);
	return 0;
}

static int undo(struct ctx *c unused_arg, const json_t *params unused_arg, const json_t *undo unused_arg, struct err *e unused_arg)
{
	return 0;
}

const struct step_kind step_seatable_dump = { "seatable_dump", 1, LIFE_DURABLE, describe, step_capture_nothing, apply, verify, undo,
					       .served = true };
