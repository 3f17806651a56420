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

int cmd_check(struct call *c, struct err *e)
{
	enum depth depth = args_has(&c->args, OPT_DEEP) ? DEPTH_DEEP : DEPTH_LIVE;
	autogoal struct goal g = { 0 };
	autofacts struct facts now = { 0 };
	struct results found = { 0 };
	const struct sheet *texts;
	int exit;

	if (subject_target(c, &g, e) < 0)
		return EXIT_USAGE;
	if (world_inspect(&g, depth, &c->opts, &now, e) < 0 ||
	    sheet_of(g.product, &texts, e) < 0)
		return exit_of(e);
	checks_run(product_named(g.product), &now, &g, &found);
	exit = judge(c, &g, &found, texts);
	results_done(&found);
	return exit;
}
