#include "view/differences_text.h"

#include <string.h>

#include "io/json.h"

static void one(const json_t *d, const struct style *s, struct buf *ret)
{
	const char *was = json_str(d, "was", NULL), *is = json_str(d, "is", NULL);
	const char *rule = json_str(d, "rule", NULL), *why = json_str(d, "why", NULL);

	buf_adds(ret, "  ");
	view_paint(ret, s, PAINT_BOLD, json_str(d, "subject", "?"));
	buf_adds(ret, ", ");
	view_clean(ret, sv_of(json_str(d, "what", "?")));
	if (was || is) {
		buf_adds(ret, ": was ");
		view_clean(ret, sv_of(was ?: "absent"));
		buf_adds(ret, ", is ");
		view_clean(ret, sv_of(is ?: "absent"));
	}
	buf_addc(ret, '\n');
	view_field(ret, s, "explained by", rule);
	view_field(ret, s, "because", why);
}

static size_t section(const json_t *doc, const char *outcome, const char *title,
		      const struct style *s, struct buf *ret)
{
	size_t n = 0, at;
	json_t *d;

	json_array_foreach(json_object_get(doc, "differences"), at, d)
	{
		if (strcmp(json_str(d, "outcome", ""), outcome))
			continue;
		if (!n++)
			view_heading(ret, s, title);
		one(d, s, ret);
	}
	return n;
}

void view_differences(const json_t *doc, const struct style *s, struct buf *ret)
{
	const char *level = json_str(doc, "level", NULL);
	size_t different = section(doc, "different", "Different", s, ret);
	size_t unproved = section(doc, "not-proved", "Not proved", s, ret);
	size_t explained = section(doc, "explained", "Different, as expected", s, ret);

	buf_addf(ret, "%s%lld compared and equal, %zu different, %zu explained, %zu not proved",
		 different + unproved + explained ? "\n" : "", (long long)json_int(doc, "same", 0),
		 different, explained, unproved);
	if (level)
		buf_addf(ret, " (compared: %s)", level);
	buf_addc(ret, '\n');
}
