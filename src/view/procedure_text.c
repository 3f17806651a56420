#include "view/procedure_text.h"

#include "io/json.h"

static void commands_text(const json_t *step, struct buf *ret)
{
	const json_t *line;
	size_t at;

	if (json_array_size(json_object_get(step, "commands")))
		buf_addc(ret, '\n');
	json_array_foreach(json_object_get(step, "commands"), at, line)
	{
		buf_adds(ret, "          ");
		view_clean(ret, sv_of(json_string_value(line) ?: ""));
		buf_addc(ret, '\n');
	}
}

static void expect_text(const json_t *step, const struct style *s, struct buf *ret)
{
	const json_t *line;
	size_t at;

	if (json_array_size(json_object_get(step, "expect")))
		buf_addc(ret, '\n');
	json_array_foreach(json_object_get(step, "expect"), at, line)
	{
		buf_adds(ret, "      - ");
		view_wrap(ret, s, json_string_value(line) ?: "", 8, 8);
		buf_addc(ret, '\n');
	}
}

static void step_text(const json_t *step, size_t number, const struct style *s, struct buf *ret)
{
	const char *why = json_str(step, "why", NULL);

	buf_addf(ret, "\n  %2zu  ", number);
	view_wrap(ret, s, json_str(step, "title", "?"), 6, 6);
	buf_adds(ret, "  ");
	view_paint(ret, s, PAINT_DIM, json_str(step, "id", "?"));
	if (json_bool(step, "down", false))
		view_paint(ret, s, PAINT_YELLOW, "  [server down]");
	buf_addc(ret, '\n');
	if (why) {
		buf_adds(ret, "      ");
		view_wrap(ret, s, why, 6, 6);
		buf_addc(ret, '\n');
	}
	if (json_bool(step, "point", false)) {
		view_paint(ret, s, PAINT_RED, "      point of no return: from here only the way back below "
					      "brings the old data back");
		buf_addc(ret, '\n');
	}
	commands_text(step, ret);
	expect_text(step, s, ret);
}

static void way_text(const json_t *steps, const char *title, const struct style *s, struct buf *ret)
{
	const json_t *step;
	size_t at;

	view_heading(ret, s, title);
	json_array_foreach((json_t *)steps, at, step) { step_text(step, at + 1, s, ret); }
}

void view_procedure(const json_t *procedure, const struct style *s, struct buf *ret)
{
	buf_adds(ret, "\nby hand, on ");
	view_clean(ret, sv_of(json_str(procedure, "host", "?")));
	buf_adds(ret, "; commands are for ");
	view_clean(ret, sv_of(json_str(procedure, "shell", "?")));
	buf_adds(ret, ". Go on only when what stands below a step is so.\n");
	way_text(json_object_get(procedure, "forward"), "There", s, ret);
	way_text(json_object_get(procedure, "back"), "The way back", s, ret);
}
