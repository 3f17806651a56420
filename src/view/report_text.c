#include "view/report_text.h"

#include <string.h>

#include "io/json.h"
#include "view/differences_text.h"
#include "view/forecast_text.h"
#include "view/table.h"

static enum paint paint_of(const char *state)
{
	if (!strcmp(state, "done"))
		return PAINT_GREEN;
	return !strcmp(state, "none") ? PAINT_DIM : PAINT_YELLOW;
}

static void head_text(const json_t *doc, const struct style *s, struct buf *ret)
{
	buf_adds(ret, "Run ");
	view_paint(ret, s, PAINT_BOLD, json_str(doc, "run", "?"));
	buf_adds(ret, " of ");
	view_clean(ret, sv_of(json_str(doc, "product", "?")));
	buf_adds(ret, " '");
	view_clean(ret, sv_of(json_str(doc, "name", "?")));
	buf_addf(ret, "': %s\n", json_str(doc, "state", "?"));
	view_field(ret, s, "begun", json_str(doc, "begun", NULL));
	view_field(ret, s, "ended", json_str(doc, "ended", NULL));
	view_field(ret, s, "ended with", json_str(doc, "meaning", NULL));
	view_field(ret, s, "outcome", json_str(doc, "outcome", NULL));
}

static void steps_text(const json_t *doc, const struct style *s, struct buf *ret)
{
	static const char *const heads[] = {
		"STEP", "STATE", "TOOK", "BYTES", "RATE", "WHAT", NULL
	};
	autotable struct table t;
	char span[48], bytes[48], rate[48];
	size_t at;
	json_t *step;

	view_heading(ret, s, "Steps");
	table_init(&t, heads);
	json_array_foreach(json_object_get(doc, "steps"), at, step)
	{
		int64_t took = json_int(step, "took_ms", -1),
			n = json_int(step, "copied_bytes", json_int(step, "bytes", -1));
		int64_t speed = json_int(step, "rate_bytes", -1);
		const char *state = json_str(step, "state", "?");

		table_row(&t);
		table_cell(&t, PAINT_BOLD, "%s", json_str(step, "id", "?"));
		table_cell(&t, paint_of(state), "%s", state);
		table_cell(&t, PAINT_PLAIN, "%s", took < 0 ? "" : view_ms(took, span, sizeof span));
		table_cell(&t, PAINT_PLAIN, "%s",
			   n < 0 ? "" : view_bytes((uint64_t)n, bytes, sizeof bytes));
		table_cell(&t, PAINT_PLAIN, "%s%s",
			   speed < 0 ? "" : view_bytes((uint64_t)speed, rate, sizeof rate),
			   speed < 0 ? "" : "/s");
		table_cell(&t, PAINT_PLAIN, "%s", json_str(step, "text", ""));
	}
	table_text(&t, s, ret);
}

/* What steps found out that is no number. */
static void notes_text(const json_t *doc, const struct style *s, struct buf *ret)
{
	json_t *step, *note;
	bool any = false;
	size_t at, i;

	json_array_foreach(json_object_get(doc, "steps"), at, step)
		json_array_foreach(json_object_get(step, "notes"), i, note)
		{
			if (!any)
				view_heading(ret, s, "Found out");
			any = true;
			view_field(ret, s, json_str(step, "id", "?"), json_string_value(note));
		}
}

static void measure_line(struct buf *ret, const json_t *o, const char *key, const char *label)
{
	const json_t *value = json_object_get(o, key);

	if (!value || json_is_null(value))
		return;
	buf_addf(ret, "    %s: ", label);
	view_measure(ret, key, value);
	buf_addc(ret, '\n');
}

static void downtime_text(const json_t *doc, const struct style *s, struct buf *ret)
{
	const json_t *d = json_object_get(doc, "downtime");

	view_heading(ret, s, "Downtime, measured from outside");
	view_field(ret, s, "not measured", json_str(d, "not_measured", NULL));
	if (json_int(d, "probes", 0) && !json_array_size(json_object_get(d, "gaps"))) {
		buf_adds(ret, "    no gap was seen; a shorter one than between two probes may have been there\n");
	} else {
		measure_line(ret, d, "longest_ms", "longest gap");
		measure_line(ret, d, "total_ms", "all gaps");
	}
	measure_line(ret, d, "unmeasured_ms", "not measured for");
	measure_line(ret, d, "own_stop_and_start_ms", "this start's own stop and start-up");
	measure_line(ret, d, "probes", "probes");
}

static void forecast_text(const json_t *doc, const struct style *s, struct buf *ret)
{
	const json_t *list = json_object_get(doc, "forecast");
	size_t at;
	json_t *f;

	if (json_array_size(list))
		view_heading(ret, s, "Forecast (computed), and what happened");
	json_array_foreach(list, at, f)
	{
		const json_t *happened = json_object_get(f, "happened");

		view_forecast(ret, json_str(f, "what", "?"), json_object_get(f, "forecast"), 4);
		if (happened && !json_is_null(happened))
			view_forecast(ret, "happened", happened, 6);
	}
}

/* What the plan said beforehand, of what nobody has seen among it. */
static void plan_notes_text(const json_t *doc, const struct style *s, struct buf *ret)
{
	const json_t *list = json_object_get(doc, "notes");
	json_t *note;
	size_t at;

	if (json_array_size(list))
		view_heading(ret, s, "Noted in the plan");
	json_array_foreach(list, at, note)
	{
		buf_adds(ret, "  - ");
		view_clean(ret, sv_of(json_string_value(note) ?: ""));
		buf_addc(ret, '\n');
	}
}

static void proof_text(const json_t *doc, const struct style *s, struct buf *ret)
{
	json_t *all = json_array();
	autojson json_t *proof =
	    json_pack("{sO? sO? so}", "same", json_object_get(doc, "same"), "level",
		      json_object_get(doc, "level"), "differences", all);

	json_array_extend(all, json_object_get(doc, "differences"));
	json_array_extend(all, json_object_get(doc, "not_proved"));
	view_heading(ret, s, "Proof");
	view_differences(proof, s, ret);
}

/* Where it is; of what is not ours, what it is worth. */
static const char *point_words(const json_t *point)
{
	const char *kind = json_str(point, "kind", "tree");

	if (!strcmp(kind, "snapshot"))
		return "a snapshot of the operator's; its proof is its exit status: not proved";
	if (!strcmp(kind, "external"))
		return "the operator's word that there is one: not proved";
	return !strcmp(kind, "none") ? "none was made" : json_str(point, "home", NULL);
}

void view_report(const json_t *doc, const struct style *s, struct buf *ret)
{
	head_text(doc, s, ret);
	steps_text(doc, s, ret);
	notes_text(doc, s, ret);
	downtime_text(doc, s, ret);
	forecast_text(doc, s, ret);
	proof_text(doc, s, ret);
	plan_notes_text(doc, s, ret);
	view_heading(ret, s, "The way back");
	view_field(ret, s, "restore point", point_words(json_object_get(doc, "restore_point")));
	view_field(ret, s, "how", json_str(doc, "way_back", NULL));
	view_field(ret, s, "new writes", json_str(json_object_get(doc, "new_writes"), "kept", NULL));
}
