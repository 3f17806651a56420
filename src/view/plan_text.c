#include "view/plan_text.h"

#include <string.h>

#include "engine/procedure.h"
#include "io/json.h"
#include "view/forecast_text.h"
#include "view/procedure_text.h"

static const struct {
	const char *phase, *title;
} phases[] = {
	{ "stage", "Prepare, while the server serves" },
	{ "freeze", "Stop and keep the old world" },
	{ "change", "Change" },
	{ "thaw", "Start the new world" },
	{ "prove", "Prove it, clients still out" },
	{ "open", "Let clients in" },
	{ "after", "Afterwards, while the server serves" },
};

static bool has_flag(const json_t *step, const char *name)
{
	size_t at;
	json_t *flag;

	json_array_foreach(json_object_get(step, "flags"), at, flag)
	{
		if (!strcmp(json_string_value(flag) ?: "", name))
			return true;
	}
	return false;
}

static const char *phase_title(const char *phase)
{
	for (size_t i = 0; i < ARRAY_LEN(phases); i++)
		if (!strcmp(phases[i].phase, phase))
			return phases[i].title;
	return phase;
}

static void point_text(const json_t *doc, const struct style *s, struct buf *ret)
{
	view_paint(ret, s, PAINT_RED,
		   plan_keeps_data(doc)
		       ? "      the new build runs from here; a way back keeps the data as users left it"
		   : plan_has_return(doc)
		       ? "      point of no return: from here only the restore point brings the "
			 "old data back"
		       : "      point of no return: no restore point is made, nothing of crossgrade's "
			 "brings the old data back from here");
	buf_addc(ret, '\n');
}

static void step_text(const json_t *doc, const json_t *step, size_t number, const struct style *s,
		      struct buf *ret)
{
	const char *why = json_str(step, "why", NULL);

	buf_addf(ret, "  %2zu  ", number);
	view_wrap(ret, s, json_str(step, "text", "?"), 6, 6);
	buf_adds(ret, "  ");
	view_paint(ret, s, PAINT_DIM, json_str(step, "id", "?"));
	if (has_flag(step, "in-window"))
		view_paint(ret, s, PAINT_YELLOW, "  [server down]");
	buf_addc(ret, '\n');
	if (why) {
		buf_adds(ret, "      ");
		view_wrap(ret, s, why, 6, 6);
		buf_addc(ret, '\n');
	}
	if (has_flag(step, "point"))
		point_text(doc, s, ret);
	if (has_flag(step, "no-undo")) {
		view_paint(ret, s, PAINT_YELLOW, "      cannot be undone");
		buf_addc(ret, '\n');
	}
}

static void steps_text(const json_t *doc, const struct style *s, struct buf *ret)
{
	const char *phase = "";
	size_t at;
	json_t *step;

	json_array_foreach(json_object_get(doc, "steps"), at, step)
	{
		if (strcmp(phase, json_str(step, "phase", ""))) {
			phase = json_str(step, "phase", "");
			view_heading(ret, s, phase_title(phase));
		}
		step_text(doc, step, at + 1, s, ret);
	}
}

static void diff_line(struct sv line, const struct style *s, struct buf *ret)
{
	autofree char *text = sv_dup(line);
	enum paint p = line.n && line.p[0] == '+'   ? PAINT_GREEN
		       : line.n && line.p[0] == '-' ? PAINT_RED
						    : PAINT_PLAIN;

	view_paint(ret, s, p, text);
	buf_addc(ret, '\n');
}

void view_diff(const char *diff, const struct style *s, struct buf *ret)
{
	struct sv rest = sv_of(diff);

	while (rest.n)
		diff_line(sv_line(&rest), s, ret);
}

static void diffs_text(const json_t *doc, const struct style *s, struct buf *ret)
{
	const json_t *diffs = json_object_get(doc, "diffs");
	size_t at;
	json_t *d;

	if (json_array_size(diffs))
		view_heading(ret, s, "Changes to files");
	json_array_foreach(diffs, at, d)
	{
		view_paint(ret, s, PAINT_BOLD, json_str(d, "file", "?"));
		buf_addc(ret, '\n');
		view_diff(json_str(d, "diff", ""), s, ret);
	}
}

static void forecast_text(const json_t *doc, const struct style *s, struct buf *ret)
{
	const json_t *forecast = json_object_get(doc, "forecast");
	const char *key;
	json_t *value;

	if (!json_object_size(forecast))
		return;
	view_heading(ret, s, "Forecast (computed, not measured)");
	json_object_foreach((json_t *)forecast, key, value) { view_forecast(ret, key, value, 2); }
}

static void losses_text(const json_t *doc, const struct style *s, struct buf *ret)
{
	const json_t *losses = json_object_get(doc, "losses");
	size_t at;
	json_t *loss;

	if (json_array_size(losses))
		view_heading(ret, s, "Losses to agree to");
	json_array_foreach(losses, at, loss)
	{
		buf_adds(ret, "  ");
		view_paint(ret, s, PAINT_RED, json_str(loss, "id", "?"));
		buf_adds(ret, ": ");
		view_wrap(ret, s, json_str(loss, "text", ""), 4, 4);
		buf_addf(ret, " (--accept-loss %s)\n", json_str(loss, "id", "?"));
	}
}

static void notes_text(const json_t *doc, const struct style *s, struct buf *ret)
{
	const json_t *notes = json_object_get(doc, "notes");
	size_t at;
	json_t *note;

	if (json_array_size(notes))
		view_heading(ret, s, "To know beforehand");
	json_array_foreach(notes, at, note)
	{
		buf_adds(ret, "  - ");
		view_wrap(ret, s, json_string_value(note) ?: "", 4, 4);
		buf_addc(ret, '\n');
	}
}

static void head_text(const json_t *doc, const struct style *s, struct buf *ret)
{
	const json_t *target = json_object_get(json_object_get(doc, "goal"), "target");

	view_paint(ret, s, PAINT_BOLD, "Plan");
	buf_adds(ret, " for ");
	view_clean(ret, sv_of(json_str(doc, "product", "?")));
	buf_adds(ret, " '");
	view_clean(ret, sv_of(json_str(doc, "name", "?")));
	buf_adds(ret, "' to ");
	view_clean(ret, sv_of(json_str(target, "edition", "the same edition")));
	buf_adds(ret, ", ");
	view_clean(ret, sv_of(json_str(target, "version", "the artifact's version")));
	buf_addf(ret, "\ndigest %s\n", json_str(doc, "digest", "?"));
}

void view_plan(const json_t *doc, const struct style *s, struct buf *ret)
{
	head_text(doc, s, ret);
	if (procedure_of(doc))
		view_procedure(procedure_of(doc), s, ret);
	else if (!json_array_size(json_object_get(doc, "steps")))
		buf_adds(ret, "\nnothing to do: the installation is as asked\n");
	steps_text(doc, s, ret);
	diffs_text(doc, s, ret);
	forecast_text(doc, s, ret);
	notes_text(doc, s, ret);
	losses_text(doc, s, ret);
}
