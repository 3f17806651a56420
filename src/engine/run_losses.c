/* What a migration loses is agreed to by its name, one by one: what the plan says, and what was counted since. */
#include <string.h>

#include "engine/run_world.h"

#define IN_PLACE "in-place"     /* a document of the run, {"agreed": bool} */

bool run_agrees_in_place(const struct run_opts *o)
{
	return o->accept_in_place || loss_accepted(o, LOSS_IN_PLACE);
}

/* By an earlier call; before the first word of any, by the plan, whose losses were agreed to when the run began. */
static int was_agreed_in_place(struct world *w, bool *ret, struct err *e)
{
	autojson json_t *doc = NULL;
	struct err absent = ERR_INIT;

	*ret = plan_names_loss(&w->plan, LOSS_IN_PLACE);
	if (journal_get_doc(w->journal, w->run, IN_PLACE, &doc, &absent) >= 0)
		*ret = json_bool(doc, "agreed", false);
	else if (absent.kind != ERR_ABSENT)
		return err_set(e, absent.kind, "%s", absent.msg);
	return 0;
}

int run_keep_in_place(struct world *w, struct err *e)
{
	autojson json_t *doc = json_pack("{sb}", "agreed", (int)w->ctx.accept_in_place);
	bool before;

	if (was_agreed_in_place(w, &before, e) < 0)
		return -(int)e->kind;
	return before == w->ctx.accept_in_place ? 0 : journal_put_doc(w->journal, w->run, IN_PLACE, doc, e);
}

int run_know_in_place(struct world *w, struct err *e)
{
	bool before;

	if (was_agreed_in_place(w, &before, e) < 0)
		return -(int)e->kind;
	w->ctx.accept_in_place |= before;
	return 0;
}

/* Has it a flag of its own, and was that given? In place, by any call of the run. */
static bool has_flag(const struct world *w, const char *id, bool *ret_given)
{
	const struct {
		const char *id;
		bool        given;
	} flags[] = {
		{ "no-backup", w->o->accept_no_backup },
		{ "no-return", w->o->accept_no_return },
		{ "open", w->o->accept_open },
		{ LOSS_IN_PLACE, w->ctx.accept_in_place },
	};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (!strcmp(flags[i].id, id)) {
			*ret_given = flags[i].given;
			return true;
		}
	return false;
}

static bool is_agreed(const struct world *w, const char *id)
{
	bool given;

	return loss_accepted(w->o, id) || (has_flag(w, id, &given) && given);
}

static int disagree(const struct world *w, const json_t *loss, struct err *e)
{
	const char *id = json_str(loss, "id", "");
	bool given;

	err_set(e, ERR_REFUSED, "not agreed to: %s", json_str(loss, "text", id));
	return err_hint(e, has_flag(w, id, &given) ? "'--accept-%s' agrees to it" : "'--accept-loss %s' agrees to it", id);
}

int run_losses_agreed(const struct world *w, struct err *e)
{
	size_t at;
	json_t *loss;

	json_array_foreach(json_object_get(w->plan.doc, "losses"), at, loss)
		if (!is_agreed(w, json_str(loss, "id", "")))
			return disagree(w, loss, e);
	return 0;
}

int run_losses_since(struct world *w, const struct facts *now, struct err *e)
{
	autoplan struct plan found = { 0 };
	size_t at;
	json_t *loss;

	if (!w->product->losses || run_puts_back(&w->plan))
		return 0;
	plan_init(&found, &w->goal);
	w->product->losses(now, &w->goal, &found);
	json_array_foreach(json_object_get(found.doc, "losses"), at, loss) {
		const char *id = json_str(loss, "id", "");

		if (!plan_names_loss(&w->plan, id) && !is_agreed(w, id))
			return disagree(w, loss, e);
	}
	return 0;
}

/* What is lost may have grown, and beside the data the room for a copy from afar may be gone. */
int run_losses_last(struct world *w, struct err *e)
{
	bool beside = !strcmp(json_str(w->goal.restore_point, "store", "beside"), "beside");
	autofacts struct facts now = { 0 };
	bool begun;

	if (!w->product->losses || (beside && !json_array_size(json_object_get(w->plan.doc, "losses"))))
		return 0;
	if (run_reached(w, PHASE_FREEZE, &begun, e) < 0)
		return -e->kind;
	if (begun)
		return 0;
	if (w->product->inspect(&w->ctx, &w->goal, DEPTH_LIVE, &now, e) < 0) {
		/* Hours of copying are not taken away for a look that can be repeated. */
		if (e->kind != ERR_CANCELED) {
			w->held = EXIT_FAILED;
			err_hint(e, "'crossgrade rollback' drops the run");
		}
		return err_wrap(e, "'crossgrade resume' looks again: count once more what is lost");
	}
	if (run_losses_since(w, &now, e) >= 0)
		return 0;
	w->held = EXIT_LOSS;
	return -(int)e->kind;
}
