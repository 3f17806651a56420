#include "cli/command.h"
#include "engine/report.h"
#include "view/report_text.h"

#define TEXT_MAX (8u << 20)

/* The run asked for, else the newest. Heap. */
static int choose_run(struct journal *j, const char *asked, char **ret, struct err *e)
{
	struct run_list all = { 0 };
	int r = 0;

	if (asked) {
		*ret = xstrdup(asked);
		return 0;
	}
	if (journal_runs(j, NULL, &all, e) < 0)
		return -e->kind;
	if (all.n)
		*ret = xstrdup(all.v[0].id);
	else
		r = err_set(e, ERR_ABSENT, "there is no run to report");
	run_list_done(&all);
	return r;
}

static int make(struct call *c, json_t **ret, struct err *e)
{
	autodir struct dir state = DIR_NONE;
	autofree char *run = NULL;
	struct journal *j = NULL;
	int r;

	if (dir_open(c->opts.state_dir, &state, e) < 0 ||
	    journal_open(&state, DB_READ, &j, e) < 0) {
		if (e->kind == ERR_ABSENT)
			err_hint(e, "no run was made here yet, or --state-dir names another place");
		return -e->kind;
	}
	r = choose_run(j, call_operand(c, 0), &run, e);
	if (r >= 0)
		r = report_make(j, &state, run, ret, e);
	journal_close(j);
	return r;
}

int cmd_report(struct call *c, struct err *e)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	struct style style = out_style(&c->out);
	autojson json_t *doc = NULL;

	if (make(c, &doc, e) < 0)
		return call_operand(c, 0) && e->kind == ERR_ABSENT ? EXIT_USAGE : exit_of(e);
	if (!out_is_text(&c->out)) {
		out_doc(&c->out, "report", take_ptr(doc));
		return EXIT_DONE;
	}
	view_report(doc, &style, &text);
	out_text(&c->out, buf_sv(&text));
	return EXIT_DONE;
}
