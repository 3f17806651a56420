/* backup_live: copy the data while the server runs, in passes, and read the copies back, so that the pass in the window has
 * only little left. Holds no checkpoint; the stopped pass decides.
 * params {"passes":n}; result {"restore_point","files","bytes","copied","not_cold"}. The point has the run's id. */
#include "engine/plan.h"
#include "engine/restore_point.h"
#include "engine/point_of.h"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "copy the data while the server runs, and read the copy back");
	return buf_check(ret, "the description", e);
}

/* A first time all of it is copied, and read back. */
static int passes(struct ctx *c, struct point *p, int64_t n, struct point_pass *ret, struct err *e)
{
	struct point_told told = { .events = c->events };
	struct pass_opts o = { .cancel = c->cancel,
		               .limit_bytes_per_s = c->io_limit,
		               .idle_io = true,
		               .reserve_bytes = point_reserve(p),
		               .progress = point_tell,
		               .progress_data = &told };

	if (!point_is_begun(p) && point_measure(p, c->cancel, &told.total, e) < 0)
		return -e->kind;
	told.total *= 2;
	return point_fill_live(p, n, &o, ret, e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	struct point_pass done = { 0 };
	int r;

	if (point_of_run(c, true, &p, e) < 0)
		return -e->kind;
	r = passes(c, &p, json_int(params, "passes", 2), &done, e);
	if (r >= 0)
		*ret_result = json_pack("{ss sI sI sI sI}", "restore_point", p.id, "files",
		                        (json_int_t)done.total.files, "bytes", (json_int_t)done.total.bytes, "copied",
		                        (json_int_t)done.total.copied_bytes, "not_cold", (json_int_t)done.cached);
	point_done(&p);
	return r;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	struct point p = { .dir = DIR_NONE };

	*ret = STEP_NOT_DONE;
	if (!result)
		return 0;
	if (point_of_run(c, false, &p, e) < 0)
		return -e->kind;
	*ret = STEP_IS_DONE;
	point_done(&p);
	return 0;
}

/* Of the several backup_live steps of a plan the first made the point, so the last undo finds nothing. */
static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return point_forget(c, e);
}

const struct step_kind step_backup_live = { "backup_live", 1, LIFE_DURABLE, describe, step_capture_nothing, apply, verify, undo };
