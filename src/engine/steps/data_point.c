/* data_point: stands before the first start of the target and does nothing; its undo is the way back of the data. Once a
 * target build was started, the old world's data comes from the restore point and from nowhere else.
 * params {}; undo record: who is where, {"look":{root: ...}}. */
#include "engine/point_of.h"

#include "engine/plan.h"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_adds(ret, "the restore point is the way back of the data");
	return buf_check(ret, "the description", e);
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	json_t *look;
	int r;

	if (point_of_run(c, false, &p, e) < 0)
		return -e->kind;
	r = point_look(&p, &look, e);
	point_done(&p);
	if (r >= 0)
		*ret_undo = json_pack("{so}", "look", look);
	return r;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	int r;

	if (!c->point_passed)
		return 0;       /* no target build was ever started: the data is the old one */
	if (ctx_keeps_data(c))
		return 0;
	if (point_of_run(c, false, &p, e) < 0)
		return -e->kind;
	r = point_go_live(&p, json_object_get(undo, "look"), c->run, c->accept_in_place, e);
	point_done(&p);
	return r;
}

/* Found out in the middle of the way back, want of room would leave no server at all. Whether it was agreed to do without is for who asks. */
static int undo_look(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	int r;

	if (!c->point_passed || ctx_keeps_data(c))
		return 0;
	if (point_of_run(c, false, &p, e) < 0)
		return -e->kind;
	r = point_room_back(&p, json_object_get(undo, "look"), c->run, e);
	point_done(&p);
	return r;
}

const struct step_kind step_data_point = { "data_point", 1, LIFE_DURABLE, describe, capture, step_apply_nothing,
					   step_verify_result, undo, .undo_look = undo_look, .harmless = true };
