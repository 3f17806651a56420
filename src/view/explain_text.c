#include "view/explain_text.h"

#include "io/json.h"

void view_explanation(const json_t *doc, const struct style *s, struct buf *ret)
{
	view_paint(ret, s, PAINT_BOLD, json_str(doc, "id", "?"));
	buf_adds(ret, ", ");
	view_clean(ret, sv_of(json_str(doc, "about", "?")));
	buf_adds(ret, ": ");
	view_wrap(ret, s, json_str(doc, "text", ""), 0, 4);
	buf_addc(ret, '\n');
	view_field(ret, s, "why", json_str(doc, "reason", NULL));
	view_field(ret, s, "in", json_str(doc, "field", NULL));
	view_field(ret, s, "before", json_str(doc, "before", NULL));
	view_field(ret, s, "after", json_str(doc, "after", NULL));
	view_field(ret, s, "remedy", json_str(doc, "remedy", NULL));
	view_field(ret, s, "undo", json_str(doc, "undo", NULL));
	view_field(ret, s, "source", json_str(doc, "source", NULL));
	view_field(ret, s, "seen", json_str(doc, "seen", NULL));
	if (json_bool(doc, "overridable", false))
		buf_addf(ret, "    --accept %s lets it pass\n", json_str(doc, "id", "?"));
}
