#include "view/checks_text.h"

#include <string.h>

#include "base/mem.h"
#include "io/json.h"

static enum paint paint_of(const char *verdict)
{
	if (!strcmp(verdict, "block"))
		return PAINT_RED;
	if (!strcmp(verdict, "unsure") || !strcmp(verdict, "warn"))
		return PAINT_YELLOW;
	return !strcmp(verdict, "pass") ? PAINT_GREEN : PAINT_CYAN;
}

static bool same_finding(const json_t *a, const json_t *b)
{
	return a && b && !strcmp(json_str(a, "id", ""), json_str(b, "id", "")) &&
	       !strcmp(json_str(a, "verdict", ""), json_str(b, "verdict", ""));
}

static void head(const json_t *c, const struct style *s, struct buf *ret)
{
	const char *verdict = json_str(c, "verdict", "?");

	view_paint(ret, s, paint_of(verdict), verdict);
	buf_addf(ret, "%*s", (int)(8 - MIN_OF(strlen(verdict), (size_t)7)), "");
	view_paint(ret, s, PAINT_BOLD, json_str(c, "id", "?"));
	buf_adds(ret, ": ");
	view_wrap(ret, s, json_str(c, "title", ""), 8, 8);
	buf_addc(ret, '\n');
}

static void seen(const json_t *c, const struct style *s, struct buf *ret)
{
	const char *subject = json_str(c, "subject", NULL), *text = json_str(c, "seen", "");
	autofree char *both = subject ? xasprintf("%s: %s", subject, text) : xstrdup(text);

	view_field(ret, s, "seen", both);
}

static void advice(const json_t *c, const struct style *s, struct buf *ret)
{
	const char *verdict = json_str(c, "verdict", "?");
	bool unsure = !strcmp(verdict, "unsure"), blocks = !strcmp(verdict, "block");

	if (!strcmp(verdict, "pass"))
		return;
	view_field(ret, s, "why", json_str(c, "reason", NULL));
	view_field(ret, s, "remedy", json_str(c, "remedy", NULL));
	if (unsure || (blocks && json_bool(c, "overridable", false)))
		buf_addf(ret, "    or: --accept %s\n", json_str(c, "id", "?"));
}

/* What follows from a finding is mended with it. */
static void consequences(const json_t *checks, const char *id, const struct style *s,
			 struct buf *ret)
{
	autofree char *text = NULL;
	size_t n = 0, at;
	json_t *c;

	json_array_foreach((json_t *)checks, at, c) n += !strcmp(json_str(c, "follows", ""), id);
	if (!n)
		return;
	text = xasprintf("%zu more cannot be judged because of it (-v shows them)", n);
	view_field(ret, s, "and", text);
}

/* Findings of one check stand together: its words once, what was seen for each subject. */
static void one(const json_t *checks, size_t at, const struct style *s, struct buf *ret)
{
	const json_t *c = json_array_get(checks, at);
	const char *follows = json_str(c, "follows", NULL);

	if (!at || !same_finding(json_array_get(checks, at - 1), c))
		head(c, s, ret);
	seen(c, s, ret);
	if (same_finding(c, json_array_get(checks, at + 1)))
		return;
	if (follows) {
		view_field(ret, s, "follows from", follows);
		return;
	}
	advice(c, s, ret);
	consequences(checks, json_str(c, "id", ""), s, ret);
}

/* Passes and consequences are shown when all are asked for. */
static bool is_shown(const json_t *c, bool all)
{
	return all ||
	       (strcmp(json_str(c, "verdict", ""), "pass") && !json_str(c, "follows", NULL));
}

void view_checks(const json_t *doc, bool all, const struct style *s, struct buf *ret)
{
	const json_t *checks = json_object_get(doc, "checks");
	size_t passed = 0, at;
	int64_t stopping = json_int(doc, "stopping", 0);
	json_t *c;

	json_array_foreach(checks, at, c)
	{
		passed += !strcmp(json_str(c, "verdict", ""), "pass");
		if (is_shown(c, all))
			one(checks, at, s, ret);
	}
	buf_addf(ret, "%zu findings, %zu of them passes%s; ", json_array_size(checks), passed,
		 passed && !all ? " (-v shows them)" : "");
	if (stopping)
		buf_addf(ret, "%lld would stop a run\n", (long long)stopping);
	else
		buf_adds(ret, "nothing stops a run\n");
}
