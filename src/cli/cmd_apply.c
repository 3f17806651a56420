#include <string.h>

#include "cli/blocked.h"
#include "cli/subject.h"
#include "engine/checks.h"
#include "engine/procedure.h"
#include "view/checks_text.h"
#include "view/plan_text.h"

#define PLAN_MAX (16u << 20)
#define TEXT_MAX (32u << 20)

struct applying {
	struct call *c;
	struct plan plan;
	struct goal goal;
	bool blocked; /* refused by a check before it began */
	struct run_end begun; /* exit not 0: another run is unfinished */
};

/* A plan file that cannot be used is a wrong request (exit 2), whatever is wrong with it. */
static int read_plan(const char *path, struct applying *a, struct err *e)
{
	autobuf struct buf text = BUF_MAX(PLAN_MAX);

	if (file_read_path(path, &text, e) < 0 ||
	    plan_parse(buf_sv(&text), path, &a->plan, e) < 0 ||
	    goal_of_doc(json_deep_copy(json_object_get(a->plan.doc, "goal")), &a->goal, e) < 0) {
		e->kind = ERR_USAGE;
		return err_hint(e,
				"name a plan that 'crossgrade plan -o FILE' wrote, or a product");
	}
	return 0;
}

/* Findings a person must see before he agrees: everything but notes and passes. */
static json_t *worth_asking(const struct results *found, const struct sheet *texts)
{
	autojson json_t *all = checks_json(found, texts);
	json_t *list = json_array(), *c;
	size_t at;

	json_array_foreach(all, at, c)
	{
		const char *verdict = json_str(c, "verdict", "");

		if (strcmp(verdict, "note") && strcmp(verdict, "pass"))
			json_array_append(list, c);
	}
	return list;
}

/* Show warnings and ask; a yes covers them. What blocks is not asked about. */
static int agree(struct applying *a, const struct facts *now, struct err *e)
{
	struct call *c = a->c;
	autobuf struct buf ids = BUF_MAX(TEXT_MAX), text = BUF_MAX(TEXT_MAX);
	autojson json_t *doc = NULL;
	struct results found = { 0 };
	const struct sheet *texts;
	size_t stopping;

	if (sheet_of(a->goal.product, &texts, e) < 0)
		return -e->kind;
	checks_run(product_named(a->goal.product), now, &a->goal, &found);
	stopping = checks_stopping(&found, texts, c->opts.accept, true, &ids);
	doc = json_pack("{sI so}", "stopping", (json_int_t)stopping, "checks",
			worth_asking(&found, texts));
	results_done(&found);
	if (json_array_size(json_object_get(doc, "checks"))) {
		view_checks(doc, false, &c->ui.style, &text);
		ui_text(&c->ui, buf_sv(&text));
	}
	if (stopping) {
		a->blocked = true;
		err_set(e, ERR_REFUSED, "blocked by %s", buf_str(&ids));
		return err_hint(e, "'--accept ID' lets an overridable one pass");
	}
	if (call_confirm(c, "carry out this plan?", e) < 0)
		return -e->kind;
	c->opts.yes = true;
	return 0;
}

/* No plan at hand: make one, show it and ask. */
static int make_plan(struct applying *a, struct err *e)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	autofacts struct facts now = { 0 };
	struct call *c = a->c;

	if (subject_target(c, &a->goal, e) < 0)
		return -e->kind;
	if (run_none_begun(&a->goal, &c->opts, &a->begun))
		return 0;
	if (world_inspect(&a->goal, DEPTH_DEEP, &c->opts, &now, e) < 0)
		return -e->kind;
	if (world_plan(&a->goal, &now, &a->plan, e) < 0) {
		a->blocked = blocked_by_checks(c, &a->goal, &now, e);
		return -e->kind;
	}
	if (!a->plan.steps.n || (c->opts.yes && !c->ui.terminal))
		return 0;
	view_plan(a->plan.doc, &c->ui.style, &text);
	ui_text(&c->ui, buf_sv(&text));
	return agree(a, &now, e);
}

/* A plan from a file was agreed to when it was made; its warnings are asked about where somebody
 * can answer. */
static int take_plan(struct applying *a, const char *path, struct err *e)
{
	autofacts struct facts now = { 0 };
	struct call *c = a->c;

	if (read_plan(path, a, e) < 0)
		return -e->kind;
	if (c->opts.yes || !ui_can_ask(&c->ui) || procedure_of(a->plan.doc))
		return 0;
	if (world_inspect(&a->goal, DEPTH_LIVE, &c->opts, &now, e) < 0)
		return -e->kind;
	facts_carry(&now, plan_deep(&a->plan));
	return agree(a, &now, e);
}

static int carry_out(struct applying *a)
{
	struct run_end end = { 0 };

	ui_plan(&a->c->ui, a->plan.doc);
	run_apply(&a->plan, &a->goal, &a->c->opts, &end);
	return call_end(a->c, &end);
}

int cmd_apply(struct call *c, struct err *e)
{
	const char *word = call_operand(c, 0);
	struct applying a = { .c = c };
	bool from_file = word && !product_named(word);
	int exit;

	if (from_file && args_has(&c->args, OPT_FILE)) {
		err_set(e, ERR_USAGE, "a plan and a migration file at once");
		err_hint(e, "the plan '%s' has everything in it: leave -f out", word);
		return EXIT_USAGE;
	}
	if (from_file && args_has(&c->args, OPT_PROBE_ACCOUNT)) {
		err_set(e, ERR_USAGE, "a plan is carried out as it is, and --probe-account would be more");
		err_hint(e, "give it to 'crossgrade plan', or to apply without a plan");
		return EXIT_USAGE;
	}
	if ((from_file ? take_plan(&a, word, e) : make_plan(&a, e)) < 0)
		exit = a.blocked ? EXIT_BLOCKED : exit_of(e);
	else if (a.begun.exit)
		exit = call_end(c, &a.begun);
	else
		exit = carry_out(&a);
	plan_done(&a.plan);
	goal_done(&a.goal);
	return exit;
}
