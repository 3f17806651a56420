#include <string.h>

#include "cli/subject.h"
#include "engine/product.h"
#include "view/plan_text.h"

#define PLAN_MAX (16u << 20)
#define TEXT_MAX (32u << 20)

/* A plan file that cannot be used is a wrong request (exit 2), whatever is wrong with it. */
static int read_plan(const char *path, struct plan *ret, struct goal *ret_goal, struct err *e)
{
	autobuf struct buf text = BUF_MAX(PLAN_MAX);

	if (file_read_path(path, &text, e) < 0 || plan_parse(buf_sv(&text), path, ret, e) < 0 ||
	    goal_of_doc(json_deep_copy(json_object_get(ret->doc, "goal")), ret_goal, e) < 0) {
		e->kind = ERR_USAGE;
		return err_hint(e, "name a plan that 'crossgrade plan -o FILE' wrote, or a product");
	}
	return 0;
}

/* No plan at hand: make one, show it and ask. */
static int make_plan(struct call *c, struct plan *ret, struct goal *ret_goal, struct err *e)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	autofacts struct facts now = { 0 };

	if (subject_goal(c, ret_goal, e) < 0 || world_inspect(ret_goal, DEPTH_LIVE, &c->opts, &now, e) < 0 ||
	    world_plan(ret_goal, &now, ret, e) < 0)
		return -e->kind;
	if (!ret->steps.n)
		return 0;
	view_plan(ret->doc, &c->ui.style, &text);
	ui_text(&c->ui, buf_sv(&text));
	return call_confirm(c, "carry out this plan?", e);
}

static int nothing_to_do(struct call *c)
{
	struct run_end end = { .exit = EXIT_DONE, .line = "nothing to do: the plan has no steps" };

	return call_end(c, &end);
}

int cmd_apply(struct call *c, struct err *e)
{
	const char *word = call_operand(c, 0);
	autogoal struct goal g = { 0 };
	autoplan struct plan p = { 0 };
	struct run_end end = { 0 };
	bool from_file = word && !product_named(word);

	if (from_file && args_has(&c->args, OPT_FILE)) {
		err_set(e, ERR_USAGE, "a plan and a migration file at once");
		err_hint(e, "the plan '%s' has everything in it: leave -f out", word);
		return EXIT_USAGE;
	}
	if ((from_file ? read_plan(word, &p, &g, e) : make_plan(c, &p, &g, e)) < 0)
		return exit_of(e);
	if (!p.steps.n)
		return nothing_to_do(c);
	ui_plan(&c->ui, p.doc);
	run_apply(&p, &g, &c->opts, &end);
	return call_end(c, &end);
}
