#include "view/translation_text.h"

#include <string.h>

#include "base/mem.h"
#include "io/json.h"
#include "view/side.h"

static struct sv text_of(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return (struct sv){ json_is_string(v) ? json_string_value(v) : "", json_string_length(v) };
}

static enum paint paint_of(const char *class)
{
	return !strcmp(class, "exact") ? PAINT_GREEN : !strcmp(class, "conditional") ? PAINT_YELLOW : PAINT_RED;
}

static char *names_of(const json_t *list)
{
	autobuf struct buf all = BUF_MAX(16u << 10);
	json_t *name;
	size_t i;

	json_array_foreach((json_t *)list, i, name) buf_addf(&all, "%s%s", i ? ", " : "", json_string_value(name));
	return xstrdup(buf_str(&all));
}

static bool same_kind(const json_t *a, const json_t *b)
{
	return !strcmp(json_str(a, "reason", ""), json_str(b, "reason", "")) &&
	       !strcmp(json_str(a, "condition", ""), json_str(b, "condition", ""));
}

bool translation_is_told(const json_t *findings, size_t i)
{
	const json_t *f = json_array_get(findings, i);

	for (size_t j = 0; j < i; j++) {
		if (same_kind(json_array_get(findings, j), f))
			return false;
	}
	return strcmp(json_str(f, "reason", ""), "same") != 0;
}

char *translation_tokens(const json_t *findings, size_t i)
{
	autobuf struct buf all = BUF_MAX(4096);
	const json_t *first = json_array_get(findings, i), *f;
	autojson json_t *seen = json_object();

	for (; (f = json_array_get(findings, i)); i++) {
		const char *token = json_str(f, "token", NULL);

		if (!token || !same_kind(first, f) || json_object_get(seen, token))
			continue;
		buf_addf(&all, "%s%s", all.len ? ", " : "", token);
		json_object_set_new(seen, token, json_true());
	}
	return xstrdup(buf_str(&all));
}

static void finding(const json_t *list, size_t i, const struct style *s, struct buf *ret)
{
	const json_t *f = json_array_get(list, i);
	const char *condition = json_str(f, "condition", NULL);
	autofree char *tokens = translation_tokens(list, i),
		      *head = xasprintf("%s%s%s", tokens, *tokens ? ": " : "", json_str(f, "text", ""));
	autofree char *when = condition ? xasprintf("%s (%s)", json_str(f, "if", ""), condition) : NULL;

	view_field(ret, s, json_str(f, "reason", "?"), head);
	view_field(ret, s, "  the same if", when);
	view_field(ret, s, "  differs", json_str(f, "differs", ""));
	if (json_bool(f, "agreed", false))
		view_field(ret, s, "  agreed to", "by --accept");
	view_field(ret, s, "  source", strcmp(json_str(f, "class", ""), "exact") ? json_str(f, "source", NULL) : NULL);
}

static void findings(const json_t *list, const struct style *s, struct buf *ret)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (translation_is_told(list, i))
			finding(list, i, s, ret);
	}
}

static void action(const json_t *a, const struct style *s, struct buf *ret)
{
	const char *class = json_str(a, "class", "?");
	autofree char *rules = names_of(json_object_get(a, "used_by"));
	json_t *change;
	size_t i;

	buf_addc(ret, '\n');
	view_paint(ret, s, PAINT_BOLD, json_str(a, "name", "?"));
	buf_addf(ret, "  %s, ", json_str(a, "type", "?"));
	view_paint(ret, s, paint_of(class), class);
	buf_adds(ret, json_bool(a, "blocking", false) ? ", blocks" : json_bool(a, "held", false) ? ", held back" : "");
	buf_addc(ret, '\n');
	view_field(ret, s, "used by", *rules ? rules : "no rule");
	json_array_foreach(json_object_get(a, "changes"), i, change)
	{
		view_field(ret, s, json_str(change, "field", "?"), json_str(change, "context", ""));
		view_side_by_side(ret, s, text_of(change, "before"), text_of(change, "after"), 6);
	}
	findings(json_object_get(a, "findings"), s, ret);
}

static void rule(const json_t *r, const struct style *s, struct buf *ret)
{
	autofree char *because = names_of(json_object_get(r, "because"));

	buf_addc(ret, '\n');
	view_paint(ret, s, PAINT_BOLD, json_str(r, "name", "?"));
	buf_adds(ret, json_bool(r, "set_inactive", false)	   ? "  rule, set inactive"
		      : json_bool(r, "active", false)		   ? "  rule, stays active"
								   : "  rule, is inactive");
	buf_addc(ret, '\n');
	view_field(ret, s, "because of", because);
	findings(json_object_get(r, "findings"), s, ret);
}

static long long count(const json_t *doc, const char *of, const char *name)
{
	return (long long)json_int(json_object_get(doc, of), name, 0);
}

/* The last lines, where they are seen. */
static void sum(const json_t *doc, const struct style *s, struct buf *ret)
{
	const char *refused = json_str(doc, "refused_by", NULL);

	buf_addf(ret, "\n%lld event actions: %lld exact, %lld exact under a condition, %lld not translatable; %lld held back, %lld rules set "
		      "inactive\n",
		 count(doc, "counts", "actions"), count(doc, "counts", "exact"), count(doc, "counts", "conditional"),
		 count(doc, "counts", "not_translatable"), count(doc, "counts", "held"), count(doc, "counts", "rules_set_inactive"));
	buf_addf(ret, "findings: %lld agree with the vendor's documentation, %lld seen on your server, %lld open\n",
		 count(doc, "evidence", "documented"), count(doc, "evidence", "seen"), count(doc, "evidence", "open"));
	if (count(doc, "counts", "not_shown"))
		buf_addf(ret, "%lld more actions are not shown one by one\n", count(doc, "counts", "not_shown"));
	if (!refused) {
		buf_adds(ret, "wrote ");
		view_clean(ret, sv_of(json_str(doc, "out", "?")));
		buf_addc(ret, '\n');
		return;
	}
	view_paint(ret, s, PAINT_RED, "nothing was written");
	buf_adds(ret, !strcmp(refused, "strict") ? ": not all of it is exact, and --strict was given\n"
						 : ": data may be lost, or the target would refuse it; look at what blocks, and agree with --accept NAME\n");
}

void view_translation(const json_t *doc, const struct style *s, struct buf *ret)
{
	json_t *it;
	size_t i;

	json_array_foreach(json_object_get(doc, "actions"), i, it) action(it, s, ret);
	json_array_foreach(json_object_get(doc, "rules"), i, it) rule(it, s, ret);
	sum(doc, s, ret);
}
