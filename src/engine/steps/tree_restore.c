/* tree_restore: put a restore point live, on request. params {"home","id"}; undo record {"look":{root: ...},"roots":[of the point]}.
 * The world that was live goes to the trash of the run; undo puts it live again. The start of a server lets clients in, so before that none was at
 * work on the data of the point. A point of which clones went live may be pruned meanwhile: the way back needs its roots, and nothing of it. */
#include "engine/restore_point.h"

static int describe(const json_t *params, struct buf *ret, struct err *e)
{
	buf_addf(ret, "put restore point %s live", json_str(params, "id", "?"));
	return buf_check(ret, "the description", e);
}

static int open_point(const json_t *params, struct point *ret, struct err *e)
{
	return point_open(json_str(params, "home", ""), json_str(params, "id", ""), ret, e);
}

static int capture(struct ctx *c, const json_t *params, json_t **ret_undo, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	json_t *look;
	int r;

	if (open_point(params, &p, e) < 0)
		return -e->kind;
	if (p.state != POINT_COMPLETE && p.state != POINT_PROVED)
		r = err_set(e, ERR_REFUSED, "restore point '%s' is not complete, or went live before", p.id);
	else
		r = point_look(&p, &look, e);
	if (r >= 0)
		*ret_undo = json_pack("{so sO}", "look", look, "roots", json_object_get(p.doc, "roots"));
	point_done(&p);
	return r;
}

static int apply(struct ctx *c, const json_t *params, const json_t *undo, json_t **ret_result, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	int r;

	if (open_point(params, &p, e) < 0)
		return -e->kind;
	r = point_stage(&p, c->run, &(struct pass_opts){ .cancel = c->cancel }, e);
	if (r >= 0)
		r = point_go_live(&p, json_object_get(undo, "look"), c->run, c->accept_in_place, e);
	point_done(&p);
	if (r >= 0)
		*ret_result = json_pack("{sb}", "live", 1);
	return r;
}

static int verify(struct ctx *c, const json_t *params, const json_t *result, enum step_state *ret, struct err *e)
{
	/* What the point says was written before the first exchange, and of one that stays complete it says nothing. */
	*ret = json_bool(result, "live", false) ? STEP_IS_DONE : STEP_NOT_DONE;
	return 0;
}

/* One that is gone never went itself. */
static int open_left(const json_t *params, const json_t *undo, struct point *ret, struct err *e)
{
	json_t *roots = json_object_get(undo, "roots");
	struct err absent = ERR_INIT;

	if (open_point(params, ret, &absent) >= 0)
		return 0;
	if (absent.kind != ERR_ABSENT || !roots)
		return err_set(e, absent.kind, "%s", absent.msg);
	ret->id = xstrdup(json_str(params, "id", "?"));
	ret->doc = json_pack("{sO}", "roots", roots);
	ret->state = POINT_COMPLETE;
	return 0;
}

static int undo(struct ctx *c, const json_t *params, const json_t *undo, struct err *e)
{
	struct point p = { .dir = DIR_NONE };
	int r;

	if (open_left(params, undo, &p, e) < 0)
		return -e->kind;
	r = point_go_back(&p, json_object_get(undo, "look"), c->run, c->let_in, e);
	point_done(&p);
	return r;
}

const struct step_kind step_tree_restore = { "tree_restore", 1, LIFE_DURABLE, describe, capture, apply, verify, undo };
