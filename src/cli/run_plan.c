#include "cli/run_plan.h"

#include "engine/journal.h"

#define PLAN_MAX (16u << 20)

static char *choose(struct journal *j, const char *run)
{
	struct run_list all = { 0 };
	struct err e = ERR_INIT;
	char *id = xstrdup(run);

	if (!run && journal_runs(j, NULL, &all, &e) >= 0) {
		const struct run_rec *best = all.n ? &all.v[0] : NULL;

		vec_each (&all, it) {
			if (!run_unfinished(it->state))
				continue;
			best = it;
			break;
		}
		id = best ? xstrdup(best->id) : NULL;
	}
	run_list_done(&all);
	return id;
}

void show_run_plan(struct call *c, const char *run)
{
	autobuf struct buf plan = BUF_MAX(PLAN_MAX), goal = BUF_MAX(PLAN_MAX);
	autodir struct dir state = DIR_NONE;
	autojson json_t *doc = NULL;
	autofree char *id = NULL;
	struct journal *j = NULL;
	struct err e = ERR_INIT;

	if (!c->ui.progress || dir_open(c->opts.state_dir, &state, &e) < 0 ||
	    journal_open(&state, DB_READ, &j, &e) < 0)
		return;
	id = choose(j, run);
	if (id && journal_plan(j, id, &plan, &goal, &e) >= 0 &&
	    json_parse(buf_sv(&plan), "the plan", &doc, &e) >= 0)
		ui_plan(&c->ui, doc);
	journal_close(j);
}
