#include "cli/subject.h"
#include "engine/checks.h"
#include "view/checks_text.h"

#define TEXT_MAX (4u << 20)

static json_t *document(const struct goal *g, const struct results *found,
			const struct sheet *texts, size_t stopping)
{
	return json_pack("{ss ss sI so}", "product", g->product, "name", g->name, "stopping",
			 (json_int_t)stopping, "checks", checks_json(found, texts));
}

/* Warnings stop nothing here: --yes or the prompt covers them at apply. */
static int judge(struct call *c, const struct goal *g, const struct results *found,
		 const struct sheet *texts)
{
	autobuf struct buf ids = BUF_MAX(TEXT_MAX), text = BUF_MAX(TEXT_MAX);
	size_t stopping = checks_stopping(found, texts, c->opts.accept, true, &ids);
	autojson json_t *doc = document(g, found, texts, stopping);
	struct style style = out_style(&c->out);

	if (!out_is_text(&c->out)) {
		out_doc(&c->out, "checks", take_ptr(doc));
	} else {
		view_checks(doc, c->ui.verbose, &style, &text);
		out_text(&c->out, buf_sv(&text));
	}
	return stopping ? EXIT_BLOCKED : EXIT_DONE;
}

/* In the middle of a run much is not as it should be: that is told beside the findings, whose document is the answer. */
static bool run_is_open(struct call *c, const struct goal *g)
{
	struct run_end begun = { 0 };
	struct err e = ERR_INIT;

	if (!run_none_begun(g, &c->opts, &begun))
		return false;
	call_begun(&begun, &e);
	ui_error(&c->ui, &e);
	return begun.exit != EXIT_FAILED;
}

int cmd_check(struct call *c, struct err *e)
{
	enum depth depth = args_has(&c->args, OPT_DEEP) ? DEPTH_DEEP : DEPTH_LIVE;
	autogoal struct goal g = { 0 };
	autofacts struct facts now = { 0 };
	struct results found = { 0 };
	const struct sheet *texts;
	bool open;
	int exit;

	if (subject_target(c, &g, e) < 0)
		return EXIT_USAGE;
	open = run_is_open(c, &g);
	if (world_inspect(&g, depth, &c->opts, &now, e) < 0 ||
	    sheet_of(g.product, &texts, e) < 0)
		return open ? EXIT_UNFINISHED : exit_of(e);
	checks_run(product_named(g.product), &now, &g, &found);
	exit = judge(c, &g, &found, texts);
	results_done(&found);
	return exit && open ? EXIT_UNFINISHED : exit;
}
