/* backup_final: the pass with the server stopped. Byte-identical, with manifest, and durable when it returns: before the
 * target's first start. params {}; result {"restore_point","files","bytes","copied","compared"}. */
#include "engine/point_of.h"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "finish the restore point with the server stopped");
	return buf_check(ret, "the description", e);
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct point_told told = { .events = c->events };
	struct pass_opts o = { .cancel = c->cancel, .progress = point_tell, .progress_data = &told };
	struct point p = { .dir = DIR_NONE };
	struct point_pass done;
	int r;

	if (point_of_run(c, true, &p, e) < 0)
		return -e->kind;
	r = point_fill(&p, PASS_FINAL, &o, &done, e);
	if (r >= 0)
		*ret_result = json_pack("{ss sI sI sI sI}", "restore_point", p.id, "files",
		                        (json_int_t)done.total.files, "bytes", (json_int_t)done.total.bytes, "copied",
		                        (json_int_t)done.total.copied_bytes, "compared",
		                        (json_int_t)done.total.compared_bytes);
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
	*ret = p.state == POINT_COMPLETE || p.state == POINT_PROVED ? STEP_IS_DONE : STEP_NOT_DONE;
	point_done(&p);
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	return 0;       /* backup_live's undo forgets the point: older steps of the way back may still need it */
}

const struct step_kind step_backup_final = { "backup_final", 1, LIFE_DURABLE, describe, step_capture_nothing, apply, verify, undo, .harmless = true };
