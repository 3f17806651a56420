#include "view/translation_text.h"

#include <string.h>

#include "io/json.h"
#include "view/side.h"

#define NAMES_MAX (1u << 20)

static enum paint paint_of(const char *class)
{
	return !strcmp(class, "exact") ? PAINT_GREEN : !strcmp(class, "conditional") ? PAINT_YELLOW : PAINT_RED;
}

static void names(struct buf *ret, const struct style *s, const char *label, const json_t *list, size_t in_all, const char *none)
{
	autobuf struct buf all = BUF_MAX(NAMES_MAX);

	translation_names(&all, list, in_all);
	view_field(ret, s, label, all.len ? buf_str(&all) : none);
}

static void finding(const struct translation_kind *k, const struct style *s, struct buf *ret)
{
	const json_t *f = k->finding;
	const char *condition = json_str(f, "condition", NULL);
	autofree char *head = xasprintf("%s%s%s", buf_str(&k->tokens), k->tokens.len ? ": " : "", json_str(f, "text", ""));
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
	autokinds struct translation_kinds kinds;

	translation_kinds_of(list, &kinds);
	vec_each (&kinds, it)
		finding(it, s, ret);
}

static void action(const json_t *a, const struct style *s, struct buf *ret)
{
	const char *class = json_str(a, "class", "?");
	json_t *change;
	size_t i;

	buf_addc(ret, '\n');
	view_paint(ret, s, PAINT_BOLD, json_str(a, "name", "?"));
	buf_addf(ret, "  %s, ", json_str(a, "type", "?"));
	view_paint(ret, s, paint_of(class), class);
	buf_adds(ret, json_bool(a, "blocking", false) ? ", blocks" : json_bool(a, "held", false) ? ", held back" : "");
	buf_addc(ret, '\n');
	names(ret, s, "used by", json_object_get(a, "used_by"), (size_t)json_int(a, "used_by_in_all", 0), "no rule");
	json_array_foreach(json_object_get(a, "changes"), i, change)
	{
		view_field(ret, s, json_str(change, "field", "?"), json_str(change, "context", ""));
		view_side_by_side(ret, s, translation_text_of(change, "before"), translation_text_of(change, "after"), 6);
	}
	findings(json_object_get(a, "findings"), s, ret);
}

static void rule(const json_t *r, const struct style *s, struct buf *ret)
{
	buf_addc(ret, '\n');
	view_paint(ret, s, PAINT_BOLD, json_str(r, "name", "?"));
	buf_adds(ret, json_bool(r, "set_inactive", false)	   ? "  rule, set inactive"
		      : json_bool(r, "active", false)		   ? "  rule, stays active"
								   : "  rule, is inactive");
	buf_addc(ret, '\n');
	names(ret, s, "because of", json_object_get(r, "because"), (size_t)json_int(r, "because_in_all", 0), NULL);
	names(ret, s, "not in the dump", json_object_get(r, "unknown"), (size_t)json_int(r, "unknown_in_all", 0), NULL);
	findings(json_object_get(r, "findings"), s, ret);
}

/* ---- the last lines, where they are seen ---- */

static long long count(const json_t *doc, const char *of, const char *name)
{
	return (long long)translation_count(doc, of, name);
}

static void heading(struct buf *ret, const struct style *s, const char *text, long long n)
{
	autofree char *line = xasprintf("%s: %lld", text, n);

	view_heading(ret, s, line);
}

static void more(struct buf *ret, const json_t *list, long long in_all)
{
	long long named = (long long)json_array_size(list);

	if (in_all > named)
		buf_addf(ret, "  and %lld more\n", in_all - named);
}

/* Actions with the names by which they can be agreed to. */
static void actions_list(const json_t *doc, const struct style *s, const char *of, const char *text, long long n, struct buf *ret)
{
	const json_t *list = json_object_get(json_object_get(doc, "lists"), of);
	json_t *it;
	size_t i;

	if (n)
		heading(ret, s, text, n);
	json_array_foreach((json_t *)list, i, it)
		names(ret, s, json_str(it, "name", "?"), json_object_get(it, "findings"), 0, NULL);
	more(ret, list, n);
}

static void rules_list(const json_t *doc, const struct style *s, struct buf *ret)
{
	const json_t *list = json_object_get(json_object_get(doc, "lists"), "set_inactive");
	long long n = count(doc, "counts", "rules_set_inactive");
	json_t *name;
	size_t i;

	if (n)
		heading(ret, s, "Rules set inactive", n);
	json_array_foreach((json_t *)list, i, name)
	{
		buf_adds(ret, "  ");
		view_clean(ret, sv_of(json_string_value(name)));
		buf_addc(ret, '\n');
	}
	more(ret, list, n);
}

static void not_shown(struct buf *ret, long long n, const char *what)
{
	if (n)
		buf_addf(ret, "%lld more %s are not shown one by one\n", n, what);
}

static void end(const json_t *doc, const struct style *s, struct buf *ret)
{
	const char *refused = json_str(doc, "refused_by", NULL);

	if (!refused) {
		buf_adds(ret, "wrote ");
		view_clean(ret, sv_of(json_str(doc, "out", "?")));
		buf_addc(ret, '\n');
		return;
	}
	view_paint(ret, s, PAINT_RED, "nothing was written");
	buf_adds(ret, !strcmp(refused, "strict")
			      ? ": not all of it is exact, and --strict was given\n"
			      : ": data may be lost, or the target would refuse it; look at what blocks, and agree with --accept NAME:ACTION\n");
}

static void lists(const json_t *doc, const struct style *s, struct buf *ret)
{
	long long blocking = count(doc, "counts", "blocking"), held = count(doc, "counts", "held");

	actions_list(doc, s, "blocking", "Blocks", blocking, ret);
	actions_list(doc, s, "held", "Held back", held - blocking, ret);
	if (held && !count(doc, "counts", "rules"))
		buf_adds(ret, TRANSLATION_NO_RULES "\n");
	rules_list(doc, s, ret);
}

static void sum(const json_t *doc, const struct style *s, struct buf *ret)
{
	buf_addf(ret,
		 "\n%lld event actions: %lld exact, %lld exact under a condition, %lld not translatable; %lld held back, %lld rules set "
		 "inactive\n",
		 count(doc, "counts", "actions"), count(doc, "counts", "exact"), count(doc, "counts", "conditional"),
		 count(doc, "counts", "not_translatable"), count(doc, "counts", "held"), count(doc, "counts", "rules_set_inactive"));
	buf_addf(ret, "tokens translated: %lld agree with the vendor's documentation, %lld with what was seen on your server, %lld open\n",
		 count(doc, "evidence", "documented"), count(doc, "evidence", "seen"), count(doc, "evidence", "open"));
	not_shown(ret, count(doc, "counts", "not_shown"), "actions");
	not_shown(ret, count(doc, "counts", "rules_not_shown"), "rules");
	end(doc, s, ret);
}

int view_translation(const json_t *doc, const struct style *s, view_put put, void *arg, struct err *e)
{
	autobuf struct buf piece = BUF_MAX(TRANSLATION_PIECE_MAX);
	json_t *it;
	size_t i;

	json_array_foreach(json_object_get(doc, "actions"), i, it)
	{
		action(it, s, &piece);
		if (translation_hand_on(&piece, put, arg, e) < 0)
			return -(int)e->kind;
	}
	json_array_foreach(json_object_get(doc, "rules"), i, it)
	{
		rule(it, s, &piece);
		if (translation_hand_on(&piece, put, arg, e) < 0)
			return -(int)e->kind;
	}
	lists(doc, s, &piece);
	if (translation_hand_on(&piece, put, arg, e) < 0)
		return -(int)e->kind;
	sum(doc, s, &piece);
	return translation_hand_on(&piece, put, arg, e);
}
