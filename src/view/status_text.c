#include "view/status_text.h"

#include <string.h>

#include "base/mem.h"
#include "io/json.h"
#include "view/table.h"

static enum paint paint_of(const char *state)
{
	if (!strcmp(state, "stuck"))
		return PAINT_RED;
	return !strncmp(state, "closed", strlen("closed")) ? PAINT_GREEN : PAINT_YELLOW;
}

static void reached_text(const json_t *run, const struct style *s, struct buf *ret)
{
	autofree char *text = NULL;
	const char *step = json_str(run, "step", NULL);

	if (step)
		text = xasprintf("step %s, %s%s", step, json_str(run, "step_state", "?"),
				 json_bool(run, "point_passed", false)
				     ? "; the point of no return is passed"
				     : "");
	view_field(ret, s, "reached", text ?: "no step");
}

/* First of all: are clients served, and is somebody at work? */
static void now_text(const json_t *run, const struct style *s, struct buf *ret)
{
	const char *clients = json_str(run, "clients", "");

	if (!strcmp(clients, "down"))
		view_field(ret, s, "clients", "NOT SERVED: the server is stopped and held until the run is ended");
	else if (!strcmp(clients, "gated"))
		view_field(ret, s, "clients", "KEPT OUT by the gate until the run is ended");
	else if (!strcmp(clients, "unanswered"))
		view_field(ret, s, "clients", "NOT SERVED, as far as is known: the new server was started and has not answered yet");
	else if (!strcmp(clients, "served"))
		view_field(ret, s, "clients", "served");
	view_field(ret, s, "data", json_str(run, "away", NULL));
	view_field(ret, s, "at work now", json_str(run, "at_work", NULL));
}

static void possible_text(const json_t *run, const struct style *s, struct buf *ret)
{
	size_t at;
	json_t *verb;

	json_array_foreach(json_object_get(run, "possible"), at, verb)
	{
		autofree char *call =
		    xasprintf("crossgrade %s %s", json_string_value(verb), json_str(run, "id", ""));

		view_field(ret, s, at ? "or" : "possible now", call);
	}
}

static void unfinished_text(const json_t *run, const struct style *s, struct buf *ret)
{
	const char *state = json_str(run, "state", "?");

	buf_adds(ret, "Unfinished: run ");
	view_paint(ret, s, PAINT_BOLD, json_str(run, "id", "?"));
	buf_adds(ret, " of ");
	view_clean(ret, sv_of(json_str(run, "product", "?")));
	buf_adds(ret, " '");
	view_clean(ret, sv_of(json_str(run, "name", "?")));
	buf_adds(ret, "' is ");
	view_paint(ret, s, paint_of(state), state);
	buf_addc(ret, '\n');
	now_text(run, s, ret);
	view_field(ret, s, "begun", json_str(run, "begun", NULL));
	reached_text(run, s, ret);
	view_field(ret, s, "last", json_str(run, "outcome", NULL));
	possible_text(run, s, ret);
	buf_addc(ret, '\n');
}

static void runs_table(const json_t *runs, const struct style *s, struct buf *ret)
{
	static const char *const heads[] = { "RUN",   "PRODUCT", "NAME", "STATE",
					     "BEGUN", "OUTCOME", NULL };
	autotable struct table t;
	size_t at;
	json_t *run;

	table_init(&t, heads);
	json_array_foreach(runs, at, run)
	{
		const char *state = json_str(run, "state", "?");

		table_row(&t);
		table_cell(&t, PAINT_BOLD, "%s", json_str(run, "id", "?"));
		table_cell(&t, PAINT_PLAIN, "%s", json_str(run, "product", "?"));
		table_cell(&t, PAINT_PLAIN, "%s", json_str(run, "name", "?"));
		table_cell(&t, paint_of(state), "%s%s", state,
			   json_bool(run, "finalized", false) ? ", finalized" : "");
		table_cell(&t, PAINT_PLAIN, "%s", json_str(run, "begun", "?"));
		table_cell(&t, PAINT_PLAIN, "%s", json_str(run, "outcome", ""));
	}
	table_text(&t, s, ret);
}

static void kept_text(const json_t *runs, const struct style *s, struct buf *ret)
{
	size_t at;
	json_t *run;

	json_array_foreach(runs, at, run)
	{
		const json_t *kept = json_object_get(run, "kept");
		autofree char *text = kept ? xasprintf("%s, in %s", json_str(kept, "why", "?"), json_str(kept, "in", "?")) : NULL;
		autofree char *name = kept ? xasprintf("kept of %s", json_str(run, "id", "?")) : NULL;

		if (kept)
			view_field(ret, s, name, text);
	}
}

static void lost_text(const json_t *runs, const struct style *s, struct buf *ret)
{
	size_t at;
	json_t *run;

	json_array_foreach(runs, at, run)
	{
		autofree char *name = xasprintf("no way back of %s", json_str(run, "id", "?"));

		view_field(ret, s, name, json_str(run, "lost", NULL));
	}
}

void view_status(const json_t *doc, const struct style *s, struct buf *ret)
{
	const json_t *runs = json_object_get(doc, "runs");
	size_t at;
	json_t *run;

	if (!json_array_size(runs)) {
		buf_adds(ret, "no runs on this host\n");
		return;
	}
	json_array_foreach(runs, at, run)
	{
		if (json_bool(run, "unfinished", false))
			unfinished_text(run, s, ret);
	}
	runs_table(runs, s, ret);
	kept_text(runs, s, ret);
	lost_text(runs, s, ret);
}
