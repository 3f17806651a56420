/* seatable_point: stands before the first start of the other image and does nothing; its undo looks whether the old one may have the
 * databases as they are, which within a minor release it may: what users wrote since the switch stays. Only where that is asked for
 * (rollback --restore-data) the dumps are put back, and then what goes is dumped beside them before.
 *
 * params {"at": as sea_db_open(),"schemas":[name],"log": schema of operation_log,"within","dumps","of": of seatable_dump, absent where none
 * are made,"release": as there,"frozen": the baseline, as facts_freeze gives it,"license": place|null: what the old edition needs to
 * start,"license_was": facts of it, where the way back puts it there again}; result {}.
 *
 * Databases that moved are the work of another minor release than the image claimed: they are put back without being asked for where
 * nothing was written since the baseline, else only with --restore-data; --force leaves them as they are. Once it was begun to put them back
 * they are neither old nor new, so that is what every later call goes on with, whatever it finds and was asked for. */
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "engine/event.h"
#include "engine/plan.h"
#include "engine/point_of.h"
#include "engine/serve.h"
#include "io/file.h"
#include "products/seatable/baseline.h"
#include "products/seatable/gone.h"
#include "products/seatable/license_place.h"
#include "products/seatable/seatable.h"

#define WITHIN (3600 * NS_PER_S)

static const json_t *dumps_of(const json_t *params)
{
	return json_object_get(params, "dumps");
}

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "databases stay as they are on a way back");
	if (dumps_of(params))
		buf_adds(ret, "; the dumps are there for 'rollback --restore-data'");
	return buf_check(ret, "the description", e);
}

/* ---- looking ---- */

/* {schema: shape}, and which release the data was of: as the dumps found it, or where none were made the baseline. */
static int what_it_was(struct ctx *c, const json_t *params, json_t **ret, char **ret_of, struct err *e)
{
	autofacts struct facts frozen = { 0 };
	const json_t *about;
	const char *schema;

	if (!dumps_of(params)) {
		if (facts_kept(json_object_get(params, "frozen"), &c->blobs, "the baseline", &frozen, e) < 0)
			return -(int)e->kind;
		*ret = json_deep_copy(facts_get(&frozen, BASE_SHAPES));
		*ret_of = xstrdup(facts_str(&frozen, BASE_RELEASE, ""));
		return 0;
	}
	*ret = json_object();
	json_object_foreach((json_t *)dumps_of(params), schema, about)
		json_object_set_new(*ret, schema, json_string(json_str(about, "shape", "")));
	*ret_of = xstrdup(json_str(params, "of", ""));
	return 0;
}

/* 1 they moved, 0 they are as they were. */
static int has_moved(struct ctx *c, const struct sea_db *db, const json_t *params, struct err *e)
{
	autofree char *release = NULL, *of = NULL;
	autojson json_t *shapes = NULL;
	const char *schema;
	const json_t *was;
	struct site *s;

	if (what_it_was(c, params, &shapes, &of, e) < 0 || ctx_site_of(c, params, &s, e) < 0 ||
	    dumps_release(s, json_object_get(params, "release"), &release, e) < 0)
		return -(int)e->kind;
	json_object_foreach(shapes, schema, was)
	{
		char shape[DIGEST_TEXT];

		if (dumps_shape(db, schema, shape, e) < 0)
			return -(int)e->kind;
		if (strcmp(shape, json_string_value(was)) != 0)
			return 1;
	}
	return dumps_release_moved(of, release);
}

/* 1 a call before this one was cut short while it put them back. */
static int is_half_back(struct ctx *c, struct err *e)
{
	const char *home = json_str(json_object_get(c->plan->doc, "restore_point"), "home", NULL);
	autofree char *path = home ? xasprintf("%s/%s", home, c->run) : NULL;
	autodir struct dir d = DIR_NONE;
	struct err why = ERR_INIT;

	if (!path)
		return 0;
	if (dir_open(path, &d, &why) < 0)
		return why.kind == ERR_ABSENT ? 0 : err_set(e, why.kind, "%s", why.msg);
	return dumps_half_loaded(&d, e);
}

/* 1 edits came since the dump, or cannot be counted. */
static int was_edited(const struct sea_db *db, const json_t *params)
{
	const char *log = json_str(params, "log", NULL);
	const char *then = json_str(json_object_get(json_object_get(params, "dumps"), log ?: ""), "edits", NULL);
	autofree char *now = NULL;
	struct err why = ERR_INIT;

	return !then || dumps_edits(db, log, &now, &why) < 0 || strcmp(now, then) != 0;
}

static int refuse_moved(const char *why, struct err *e)
{
	err_set(e, ERR_CHANGED, "the databases or the version of the data moved since the switch, so the old release is not started on them, and "
				"the dumps have not what was written since: %.250s", why);
	return err_hint(e, "'crossgrade rollback --restore-data' puts the dumps back and keeps a dump of what goes; --force starts it as it is");
}

static int refuse_written(const struct writes *since, struct err *e)
{
	autobuf struct buf names = BUF_MAX(64 << 10);

	vec_each (since, it)
		buf_addf(&names, "%s%s", names.len ? ", " : "", it->subject);
	return refuse_moved(since->transactions < 0 ? since->why : buf_str(&names), e);
}

/* Of a table that was moved nobody can tell any more what in it is a user's: it counts as written. */
static int nothing_came(struct ctx *c, const struct sea_db *db, const json_t *params, struct err *e)
{
	autofacts struct facts frozen = { 0 };
	struct writes since = { 0 };
	struct err why = ERR_INIT;
	int r = 0;

	if (!dumps_of(params)) {
		err_set(e, ERR_CHANGED, "the databases or the version of the data moved since the switch, so the old release is not started on them, "
					"and no dump was made");
		return err_hint(e, "put your own backup of them back; --force starts it as they are");
	}
	if (was_edited(db, params))
		return refuse_moved("edits of bases", e);
	if (facts_kept(json_object_get(params, "frozen"), &c->blobs, "the baseline", &frozen, &why) < 0 ||
	    seatable_since(c, &frozen, &since, &why) < 0)
		r = refuse_moved(why.msg, e);
	else if (since.transactions)
		r = refuse_written(&since, e);
	writes_done(&since);
	return r;
}

/* The old edition reads its licence at a start only: that it ran with one says nothing. */
static int look_at_license(struct ctx *c, const json_t *params, struct err *e)
{
	const json_t *place = json_object_get(params, "license"), *was = json_object_get(params, "license_was");
	struct site *s;

	if (c->force)
		return 0;
	if (ctx_site_of(c, params, &s, e) < 0)
		return -(int)e->kind;
	if (json_is_object(was) && sea_license_holds(s, was, json_str(was, "path", "?"), e) < 0)
		return err_hint(e, "that one is what the way back puts there again; --force tries it all the same");
	return json_is_object(place) ? sea_license_place_starts(s, place, e) : 0;
}

static int open_db(const json_t *params, struct sea_db *ret, struct err *e)
{
	if (sea_db_open(json_object_get(params, "at"), ret, e) < 0)
		return -(int)e->kind;
	ret->within_ns = params_span(params, "within", WITHIN);
	return 0;
}

/* Before anything stops. db NULL: what goes was kept by an earlier call. */
static int can_put_back(struct ctx *c, const struct sea_db *db, const json_t *params, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	int r;

	if (point_of_run(c, false, &p, e) < 0)
		return -(int)e->kind;
	r = dumps_prove(&p.dir, json_object_get(params, "dumps"), e);
	if (r >= 0 && db)
		r = gone_has_room(&p, db, json_object_get(params, "schemas"), e);
	point_done(&p);
	return r;
}

static int undo_look(struct ctx *c, const json_t *params, const json_t *undo unused_arg, struct err *e)
{
	autoseadb struct sea_db db = { 0 };
	int half, moved;

	if (look_at_license(c, params, e) < 0)
		return -(int)e->kind;
	half = c->point_passed ? is_half_back(c, e) : 0;
	if (half)
		return half < 0 ? half : can_put_back(c, NULL, params, e);
	if (!c->point_passed || (c->force && !c->restore_data))
		return 0;
	if (open_db(params, &db, e) < 0)
		return -(int)e->kind;
	if (c->restore_data)
		return can_put_back(c, &db, params, e);
	moved = has_moved(c, &db, params, e);
	if (moved <= 0)
		return moved;
	return nothing_came(c, &db, params, e) < 0 ? -(int)e->kind : can_put_back(c, &db, params, e);
}

/* ---- the way back ---- */

/* What users left was kept before the first of them went; what is half put back need not even be fit for a dump. */
static int keep_if_whole(struct point *p, const struct dumps_job *j, const json_t *schemas, struct err *e)
{
	int half = dumps_half_loaded(j->dir, e);
	struct err why = ERR_INIT;

	if (half <= 0)
		return half < 0 ? half : gone_keep(p, j, schemas, e);
	if (gone_keep(p, j, schemas, &why) < 0)
		event_emit(j->events, "note", json_pack("{ss}", "text", why.msg));
	return 0;
}

static int put_back(struct ctx *c, const struct sea_db *db, const json_t *params, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	struct dumps_job j = { .db = db, .dir = &p.dir, .events = c->events };
	const json_t *dumps = json_object_get(params, "dumps");
	int r;

	if (point_of_run(c, false, &p, e) < 0)
		return -(int)e->kind;
	r = dumps_prove(&p.dir, dumps, e);
	if (r >= 0)
		r = keep_if_whole(&p, &j, json_object_get(params, "schemas"), e);
	if (r >= 0)
		r = dumps_load(&j, dumps, e);
	point_done(&p);
	if (r >= 0)
		event_emit(c->events, "note", json_pack("{ss}", "text", "the databases were put back from their dumps"));
	return r;
}

static int undo_point(struct ctx *c, const json_t *params, const json_t *undo unused_arg, struct err *e)
{
	autoseadb struct sea_db db = { 0 };
	int half, moved;

	if (!c->point_passed)
		return 0;       /* the other image was never started */
	half = is_half_back(c, e);
	if (half < 0 || open_db(params, &db, e) < 0)
		return -(int)e->kind;
	if (half || c->restore_data)
		return put_back(c, &db, params, e);
	moved = has_moved(c, &db, params, e);
	if (moved < 0 || !moved || c->force)
		return moved < 0 ? moved : 0;
	return nothing_came(c, &db, params, e) < 0 ? -(int)e->kind : put_back(c, &db, params, e);
}

const struct step_kind step_seatable_point = { "seatable_point", 1, LIFE_DURABLE, describe, step_capture_nothing, step_apply_nothing,
					       step_verify_result, undo_point, undo_look, .harmless = true };
