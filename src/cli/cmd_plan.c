#include "cli/blocked.h"
#include "cli/save.h"
#include "cli/subject.h"
#include "engine/checks.h"
#include "engine/procedure.h"
#include "view/plan_text.h"

#define TEXT_MAX (32u << 20)

/* There is something to do, whoever does it. */
static bool is_pending(const struct plan *p)
{
	return p->steps.n || procedure_of(p->doc);
}

/* A plan is made whatever the checks say; what would stop apply is said beside it. */
static int tell_checks(struct call *c, const struct goal *g, const struct facts *now,
		       const struct plan *p, struct err *e)
{
	autobuf struct buf ids = BUF_MAX(1u << 20);
	struct results found = { 0 };
	const struct sheet *texts;

	if (!is_pending(p))
		return 0;
	if (sheet_of(g->product, &texts, e) < 0)
		return -e->kind;
	checks_run(product_named(g->product), now, g, &found);
	if (checks_stopping(&found, texts, c->opts.accept, true, &ids))
		ui_say(&c->ui, "%s %s; 'crossgrade check' tells the remedies",
		       procedure_of(p->doc) ? "not to be begun before a remedy for"
					    : "apply would be stopped by",
		       buf_str(&ids));
	results_done(&found);
	return 0;
}

static int tell(struct call *c, const struct plan *p, struct err *e)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX), file = BUF_MAX(TEXT_MAX);
	struct style style = out_style(&c->out);
	const char *path = c->args.value[OPT_OUT];

	if (path) {
		plan_text(p, &file);
		if (save_text(path, buf_sv(&file), 0600, e) < 0)
			return -e->kind;
	}
	if (!out_is_text(&c->out)) {
		out_doc(&c->out, "plan", json_incref(p->doc));
		return 0;
	}
	view_plan(p->doc, &style, &text);
	out_text(&c->out, buf_sv(&text));
	if (path && procedure_of(p->doc))
		ui_say(&c->ui, "plan written to %s; it is carried out by a person", path);
	else if (path)
		ui_say(&c->ui, "plan written to %s; 'crossgrade apply %s' carries it out", path,
		       path);
	return 0;
}

int cmd_plan(struct call *c, struct err *e)
{
	autogoal struct goal g = { 0 };
	autofacts struct facts now = { 0 };
	autoplan struct plan p = { 0 };
	struct run_end begun = { 0 };

	if (subject_target(c, &g, e) < 0)
		return EXIT_USAGE;
	if (run_none_begun(&g, &c->opts, &begun))
		return call_begun(&begun, e);
	if (world_inspect(&g, DEPTH_DEEP, &c->opts, &now, e) < 0)
		return exit_of(e);
	if (world_plan(&g, &now, &p, e) < 0)
		return blocked_by_checks(c, &g, &now, e) ? EXIT_BLOCKED : exit_of(e);
	if (tell_checks(c, &g, &now, &p, e) < 0 || tell(c, &p, e) < 0)
		return exit_of(e);
	return is_pending(&p) && args_has(&c->args, OPT_DETAILED_EXITCODE) ? EXIT_PENDING : EXIT_DONE;
}
