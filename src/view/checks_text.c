#include "view/checks_text.h"

#include <string.h>

#include "io/json.h"

static enum paint paint_of(const char *verdict)
{
	if (!strcmp(verdict, "block"))
		return PAINT_RED;
	if (!strcmp(verdict, "unsure") || !strcmp(verdict, "warn"))
		return PAINT_YELLOW;
	return !strcmp(verdict, "pass") ? PAINT_GREEN : PAINT_CYAN;
}

static void one(const json_t *c, const struct style *s, struct buf *ret)
{
	const char *verdict = json_str(c, "verdict", "?"), *subject = json_str(c, "subject", NULL);
	bool stops = !strcmp(verdict, "block") || !strcmp(verdict, "unsure");

	view_paint(ret, s, paint_of(verdict), verdict);
	buf_addf(ret, "%*s", (int)(8 - MIN_OF(strlen(verdict), (size_t)7)), "");
	view_paint(ret, s, PAINT_BOLD, json_str(c, "id", "?"));
	if (subject) {
		buf_adds(ret, ", ");
		view_clean(ret, sv_of(subject));
	}
	buf_addc(ret, '\n');
	view_field(ret, s, "what", json_str(c, "title", NULL));
	view_field(ret, s, "seen", json_str(c, "seen", NULL));
	if (!strcmp(verdict, "pass"))
		return;
	view_field(ret, s, "why", json_str(c, "reason", NULL));
	view_field(ret, s, "remedy", json_str(c, "remedy", NULL));
	if (stops && (!strcmp(verdict, "unsure") || json_bool(c, "overridable", false)))
		buf_addf(ret, "    or: --accept %s\n", json_str(c, "id", "?"));
}

void view_checks(const json_t *doc, bool all, const struct style *s, struct buf *ret)
{
	const json_t *checks = json_object_get(doc, "checks");
	size_t passed = 0, at;
	int64_t stopping = json_int(doc, "stopping", 0);
	json_t *c;

	json_array_foreach(checks, at, c) {
		bool pass = !strcmp(json_str(c, "verdict", ""), "pass");

		passed += pass;
		if (!pass || all)
			one(c, s, ret);
	}
	buf_addf(ret, "%zu findings, %zu of them passes%s; ", json_array_size(checks), passed,
	         passed && !all ? " (-v shows them)" : "");
	if (stopping)
		buf_addf(ret, "%lld would stop a run\n", (long long)stopping);
	else
		buf_adds(ret, "nothing stops a run\n");
}
