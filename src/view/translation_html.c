#include "view/translation_html.h"

#include <string.h>

#include "io/json.h"
#include "view/translation_parts.h"

#define LINE_MAX_BYTES (32u << 20)

static const char page_head[] =
	TRANSLATION_PAGE_HEAD
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<style>\n"
	"body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:75em;padding:0 1em;color:#222;background:#fff}\n"
	"h2{margin:2em 0 .3em;font-size:1.1em}h3{margin:.8em 0 .2em;font-size:.95em;font-weight:normal;color:#555}\n"
	"table{border-collapse:collapse;width:100%;table-layout:fixed}\n"
	"td,th{border:1px solid #ccc;padding:.3em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}\n"
	"td.t{font:13px/1.4 ui-monospace,monospace;white-space:pre-wrap}td.b{background:#fff4f2}td.a{background:#f1faf3}\n"
	"mark{background:#fde68a;color:inherit}mark.exact{background:#d5ecd9}mark.not-translatable{background:#fbb6ae}\n"
	".badge{border-radius:.3em;padding:.1em .4em;font-size:.85em;background:#d5ecd9}\n"
	".conditional{background:#fde68a}.not-translatable,.held{background:#fbb6ae}\n"
	"summary{font-size:1.1em;font-weight:600;margin:1em 0 .3em;cursor:pointer}\n"
	"dl{margin:.4em 0 .4em 1em}dt{font-weight:600}dd{margin:0 0 .4em 1em}\n"
	"@media (prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}h3{color:#aaa}td,th{border-color:#444}\n"
	"td.b{background:#33211f}td.a{background:#1f2b22}mark,.badge{color:#222}}\n"
	"</style>\n</head>\n<body>\n";

/* ---- text ---- */

static const char *entity(char c)
{
	return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : NULL;
}

static void line(struct buf *ret, struct sv text)
{
	autobuf struct buf clean = BUF_MAX(LINE_MAX_BYTES);

	view_clean(&clean, text);
	for (size_t i = 0; i < clean.len; i++) {
		if (entity(clean.data[i]))
			buf_adds(ret, entity(clean.data[i]));
		else
			buf_addc(ret, clean.data[i]);
	}
}

/* LF is kept by the page; other control characters are shown, so that what is copied is what was seen. */
static void escaped(struct buf *ret, struct sv text)
{
	const char *end;

	while ((end = memchr(text.p, '\n', text.n))) {
		size_t n = (size_t)(end - text.p);

		line(ret, (struct sv){ text.p, n });
		buf_addc(ret, '\n');
		text = (struct sv){ end + 1, text.n - n - 1 };
	}
	line(ret, text);
}

static void word(struct buf *ret, const json_t *o, const char *key)
{
	escaped(ret, sv_of(json_str(o, key, "")));
}

/* ---- an action ---- */

/* Where it stands in the text as it is shown: in one that hides a secret, places have moved. */
static bool place_of(const json_t *finding, struct sv text, size_t from, struct sv *ret)
{
	size_t at = (size_t)json_int(finding, "at", 0), n = (size_t)json_int(finding, "length", 0);
	struct sv token = translation_text_of(finding, "token");
	const char *moved;

	if (!n)
		return false;
	if (at <= text.n && n <= text.n - at && (!token.n || (token.n == n && !memcmp(text.p + at, token.p, n)))) {
		*ret = (struct sv){ text.p + at, n };
		return at >= from;
	}
	moved = token.n ? memmem(text.p + from, text.n - from, token.p, token.n) : NULL;
	*ret = (struct sv){ moved, token.n };
	return moved;
}

/* The old text, with a mark on everything that was found in it. Findings stand in the order of the fields and, of a field, of its
 * text: *next is the first that is not of a field before. */
static void marked(struct buf *ret, const json_t *findings, size_t *next, const char *field, struct sv text)
{
	size_t i = *next, done = 0;
	struct sv place;
	json_t *f;

	while ((f = json_array_get(findings, i)) && strcmp(json_str(f, "field", ""), field))
		i++;
	for (; (f = json_array_get(findings, i)) && !strcmp(json_str(f, "field", ""), field); *next = ++i) {
		if (!place_of(f, text, done, &place))
			continue;
		escaped(ret, (struct sv){ text.p + done, (size_t)(place.p - text.p) - done });
		buf_addf(ret, "<mark class=\"%s\">", json_str(f, "class", ""));
		escaped(ret, place);
		buf_adds(ret, "</mark>");
		done = (size_t)(place.p - text.p) + place.n;
	}
	escaped(ret, (struct sv){ text.p + done, text.n - done });
}

static void change(struct buf *ret, const json_t *action, const json_t *c, size_t *next)
{
	buf_adds(ret, "<h3>");
	word(ret, c, "field");
	buf_adds(ret, " (");
	word(ret, c, "context");
	buf_adds(ret, ")</h3>\n<table><tr><td class=\"t b\">");
	marked(ret, json_object_get(action, "findings"), next, json_str(c, "field", ""), translation_text_of(c, "before"));
	buf_adds(ret, "</td><td class=\"t a\">");
	escaped(ret, translation_text_of(c, "after"));
	buf_adds(ret, "</td></tr></table>\n");
}

static void part(struct buf *ret, const char *label, const json_t *f, const char *key)
{
	if (!*json_str(f, key, ""))
		return;
	buf_addf(ret, "<dd>%s ", label);
	word(ret, f, key);
	buf_adds(ret, "</dd>");
}

static void finding(struct buf *ret, const struct translation_kind *k)
{
	const json_t *f = k->finding;

	buf_adds(ret, "<dt>");
	word(ret, f, "reason");
	if (k->tokens.len) {
		buf_adds(ret, " <code>");
		escaped(ret, buf_sv(&k->tokens));
		buf_adds(ret, "</code>");
	}
	buf_addf(ret, " <span class=\"badge %s\">%s</span>%s</dt>", json_str(f, "class", ""), json_str(f, "class", ""),
		 json_bool(f, "agreed", false) ? " agreed to" : "");
	part(ret, "", f, "text");
	part(ret, "The same if", f, "if");
	part(ret, "Name of the condition:", f, "condition");
	part(ret, "Differs:", f, "differs");
	part(ret, "Source:", f, "source");
	part(ret, "Known by:", f, "evidence");
	buf_addc(ret, '\n');
}

static void findings(struct buf *ret, const json_t *list)
{
	autokinds struct translation_kinds kinds;

	translation_kinds_of(list, &kinds);
	buf_adds(ret, "<dl>\n");
	vec_each (&kinds, it)
		finding(ret, it);
	buf_adds(ret, "</dl>\n");
}

static void names(struct buf *ret, const char *label, const json_t *list, int64_t in_all)
{
	autobuf struct buf all = BUF_MAX(LINE_MAX_BYTES);

	translation_names(&all, list, (size_t)in_all);
	if (!all.len)
		return;
	buf_addf(ret, "<p>%s ", label);
	escaped(ret, buf_sv(&all));
	buf_adds(ret, "</p>\n");
}

/* ---- an action, a rule ---- */

static void badges(struct buf *ret, const json_t *a)
{
	const char *class = json_str(a, "class", "");

	buf_addf(ret, " <span class=\"badge %s\">%s</span>%s", class, class,
		 json_bool(a, "blocking", false) ? " <span class=\"badge held\">blocks</span>"
		 : json_bool(a, "held", false)	 ? " <span class=\"badge held\">held back</span>"
						 : "");
}

/* What is exact is folded: it is not what one looks for. */
static void action(struct buf *ret, const json_t *a, size_t number)
{
	bool folded = !strcmp(json_str(a, "class", ""), "exact") && !json_bool(a, "held", false);
	size_t next = 0, i;
	json_t *c;

	buf_addf(ret, folded ? "<details id=\"a%zu\"><summary>" : "<h2 id=\"a%zu\">", number);
	word(ret, a, "name");
	badges(ret, a);
	buf_adds(ret, folded ? "</summary>\n" : "</h2>\n");
	names(ret, "Used by", json_object_get(a, "used_by"), json_int(a, "used_by_in_all", 0));
	json_array_foreach(json_object_get(a, "changes"), i, c) change(ret, a, c, &next);
	findings(ret, json_object_get(a, "findings"));
	if (folded)
		buf_adds(ret, "</details>\n");
}

static void rule(struct buf *ret, const json_t *r, size_t number)
{
	buf_addf(ret, "<h2 id=\"r%zu\">Rule ", number);
	word(ret, r, "name");
	buf_adds(ret, json_bool(r, "set_inactive", false) ? " <span class=\"badge held\">set inactive</span></h2>\n" : "</h2>\n");
	names(ret, "Because of", json_object_get(r, "because"), json_int(r, "because_in_all", 0));
	names(ret, "Not in the dump", json_object_get(r, "unknown"), json_int(r, "unknown_in_all", 0));
	findings(ret, json_object_get(r, "findings"));
}

/* ---- what waits for somebody's hand ---- */

/* Names to their numbers in the page: {"name": number}. */
static json_t *numbers_of(const json_t *list)
{
	json_t *numbers = json_object(), *it;
	size_t i;

	json_array_foreach((json_t *)list, i, it) json_object_set_new(numbers, json_str(it, "name", ""), json_integer((json_int_t)i));
	return numbers;
}

static void link_to(struct buf *ret, const json_t *numbers, char of, const char *name)
{
	int64_t number = json_int(numbers, name, -1);

	if (number >= 0)
		buf_addf(ret, "<a href=\"#%c%lld\">", of, (long long)number);
	escaped(ret, sv_of(name));
	buf_adds(ret, number >= 0 ? "</a>" : "");
}

static void list_end(struct buf *ret, const json_t *list, long long in_all)
{
	long long named = (long long)json_array_size(list);

	if (in_all > named)
		buf_addf(ret, "<li>and %lld more</li>\n", in_all - named);
	buf_adds(ret, "</ul>\n");
}

static void actions_list(struct buf *ret, const json_t *doc, const json_t *numbers, const char *of, const char *text, long long n)
{
	const json_t *list = json_object_get(json_object_get(doc, "lists"), of);
	json_t *it;
	size_t i;

	if (!n)
		return;
	buf_addf(ret, "<h2>%s: %lld</h2>\n<ul>\n", text, n);
	json_array_foreach((json_t *)list, i, it)
	{
		autobuf struct buf names = BUF_MAX(LINE_MAX_BYTES);

		buf_adds(ret, "<li>");
		link_to(ret, numbers, 'a', json_str(it, "name", ""));
		buf_adds(ret, ": ");
		translation_names(&names, json_object_get(it, "findings"), 0);
		escaped(ret, buf_sv(&names));
		buf_adds(ret, "</li>\n");
	}
	list_end(ret, list, n);
}

static void rules_list(struct buf *ret, const json_t *doc, long long n)
{
	const json_t *list = json_object_get(json_object_get(doc, "lists"), "set_inactive");
	autojson json_t *numbers = numbers_of(json_object_get(doc, "rules"));
	json_t *name;
	size_t i;

	if (!n)
		return;
	buf_addf(ret, "<h2>Rules set inactive: %lld</h2>\n<ul>\n", n);
	json_array_foreach((json_t *)list, i, name)
	{
		buf_adds(ret, "<li>");
		link_to(ret, numbers, 'r', json_string_value(name));
		buf_adds(ret, "</li>\n");
	}
	list_end(ret, list, n);
}

/* ---- the page ---- */

static long long count(const json_t *doc, const char *of, const char *name)
{
	return (long long)translation_count(doc, of, name);
}

static void top(struct buf *ret, const json_t *doc)
{
	buf_adds(ret, "<h1>Event actions of ");
	word(ret, doc, "file");
	buf_adds(ret, ", from ");
	word(ret, doc, "from_version");
	buf_addf(ret,
		 "</h1>\n<p>%lld actions: %lld exact, %lld exact under a condition, %lld not translatable; %lld held back, %lld rules set "
		 "inactive. %lld actions and %lld rules more are not shown one by one.</p>\n",
		 count(doc, "counts", "actions"), count(doc, "counts", "exact"), count(doc, "counts", "conditional"),
		 count(doc, "counts", "not_translatable"), count(doc, "counts", "held"), count(doc, "counts", "rules_set_inactive"),
		 count(doc, "counts", "not_shown"), count(doc, "counts", "rules_not_shown"));
	buf_addf(ret,
		 "<p>Tokens translated: %lld agree with the vendor's documentation, %lld with what was seen on your server, %lld open. No "
		 "open source release executes the templates of Enterprise: what is called exact agrees with the documentation.</p>\n",
		 count(doc, "evidence", "documented"), count(doc, "evidence", "seen"), count(doc, "evidence", "open"));
	if (json_str(doc, "refused_by", NULL)) {
		buf_adds(ret, "<p><span class=\"badge held\">nothing was written: ");
		word(ret, doc, "refused_by");
		buf_adds(ret, "</span></p>\n");
	}
}

static void lists(struct buf *ret, const json_t *doc)
{
	long long blocking = count(doc, "counts", "blocking"), held = count(doc, "counts", "held");
	autojson json_t *numbers = numbers_of(json_object_get(doc, "actions"));

	actions_list(ret, doc, numbers, "blocking", "Blocks", blocking);
	actions_list(ret, doc, numbers, "held", "Held back", held - blocking);
	if (held && !count(doc, "counts", "rules"))
		buf_adds(ret, "<p>" TRANSLATION_NO_RULES "</p>\n");
	rules_list(ret, doc, count(doc, "counts", "rules_set_inactive"));
}

int view_translation_html(const json_t *doc, view_put put, void *arg, struct err *e)
{
	autobuf struct buf piece = BUF_MAX(TRANSLATION_PIECE_MAX);
	json_t *it;
	size_t i;

	buf_adds(&piece, page_head);
	top(&piece, doc);
	if (translation_hand_on(&piece, put, arg, e) < 0)
		return -(int)e->kind;
	lists(&piece, doc);
	json_array_foreach(json_object_get(doc, "actions"), i, it)
	{
		if (translation_hand_on(&piece, put, arg, e) < 0)
			return -(int)e->kind;
		action(&piece, it, i);
	}
	json_array_foreach(json_object_get(doc, "rules"), i, it)
	{
		if (translation_hand_on(&piece, put, arg, e) < 0)
			return -(int)e->kind;
		rule(&piece, it, i);
	}
	if (translation_hand_on(&piece, put, arg, e) < 0)
		return -(int)e->kind;
	buf_adds(&piece, "</body>\n</html>\n");
	return translation_hand_on(&piece, put, arg, e);
}
