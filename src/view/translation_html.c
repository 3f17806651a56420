#include "view/translation_html.h"

#include <string.h>

#include "io/json.h"
#include "view/translation_text.h"

#define LINE_MAX_BYTES (32u << 20)

static const char page_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<title>Event actions</title>\n<style>\n"
	"body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:75em;padding:0 1em;color:#222;background:#fff}\n"
	"h2{margin:2em 0 .3em;font-size:1.1em}h3{margin:.8em 0 .2em;font-size:.95em;font-weight:normal;color:#555}\n"
	"table{border-collapse:collapse;width:100%;table-layout:fixed}\n"
	"td,th{border:1px solid #ccc;padding:.3em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}\n"
	"td.t{font:13px/1.4 ui-monospace,monospace;white-space:pre-wrap}td.b{background:#fff4f2}td.a{background:#f1faf3}\n"
	"mark{background:#fde68a;color:inherit}mark.exact{background:#d5ecd9}mark.not-translatable{background:#fbb6ae}\n"
	".badge{border-radius:.3em;padding:.1em .4em;font-size:.85em;background:#d5ecd9}\n"
	".conditional{background:#fde68a}.not-translatable,.held{background:#fbb6ae}\n"
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

static struct sv text_of(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return (struct sv){ json_is_string(v) ? json_string_value(v) : "", json_string_length(v) };
}

/* ---- an action ---- */

/* Is it where the finding says? In a text that hides a secret places have moved. */
static bool stands_there(const json_t *finding, struct sv text, size_t at, size_t n)
{
	struct sv token = text_of(finding, "token");

	return n && at <= text.n && n <= text.n - at && (!token.n || (token.n == n && !memcmp(text.p + at, token.p, n)));
}

/* The old text, with a mark on everything that was found in it. Findings of a field stand in the order of the text. */
static void marked(struct buf *ret, const json_t *findings, const char *field, struct sv text)
{
	size_t done = 0, i;
	json_t *f;

	json_array_foreach((json_t *)findings, i, f)
	{
		size_t at = (size_t)json_int(f, "at", 0), n = (size_t)json_int(f, "length", 0);

		if (strcmp(json_str(f, "field", ""), field) || at < done || !stands_there(f, text, at, n))
			continue;
		escaped(ret, (struct sv){ text.p + done, at - done });
		buf_addf(ret, "<mark class=\"%s\">", json_str(f, "class", ""));
		escaped(ret, (struct sv){ text.p + at, n });
		buf_adds(ret, "</mark>");
		done = at + n;
	}
	escaped(ret, (struct sv){ text.p + done, text.n - done });
}

static void change(struct buf *ret, const json_t *action, const json_t *c)
{
	buf_adds(ret, "<h3>");
	word(ret, c, "field");
	buf_adds(ret, " (");
	word(ret, c, "context");
	buf_adds(ret, ")</h3>\n<table><tr><td class=\"t b\">");
	marked(ret, json_object_get(action, "findings"), json_str(c, "field", ""), text_of(c, "before"));
	buf_adds(ret, "</td><td class=\"t a\">");
	escaped(ret, text_of(c, "after"));
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

static void finding(struct buf *ret, const json_t *list, size_t i)
{
	autofree char *tokens = translation_tokens(list, i);
	const json_t *f = json_array_get(list, i);

	buf_adds(ret, "<dt>");
	word(ret, f, "reason");
	if (*tokens) {
		buf_adds(ret, " <code>");
		escaped(ret, sv_of(tokens));
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
	buf_adds(ret, "<dl>\n");
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (translation_is_told(list, i))
			finding(ret, list, i);
	}
	buf_adds(ret, "</dl>\n");
}

static void names(struct buf *ret, const char *label, const json_t *list)
{
	json_t *name;
	size_t i;

	if (!json_array_size(list))
		return;
	buf_addf(ret, "<p>%s", label);
	json_array_foreach((json_t *)list, i, name)
	{
		buf_adds(ret, i ? ", " : " ");
		escaped(ret, sv_of(json_string_value(name)));
	}
	buf_adds(ret, "</p>\n");
}

static void action(struct buf *ret, const json_t *a)
{
	const char *class = json_str(a, "class", "");
	json_t *c;
	size_t i;

	buf_adds(ret, "<h2>");
	word(ret, a, "name");
	buf_addf(ret, " <span class=\"badge %s\">%s</span>%s</h2>\n", class, class,
		 json_bool(a, "blocking", false) ? " <span class=\"badge held\">blocks</span>"
		 : json_bool(a, "held", false)	 ? " <span class=\"badge held\">held back</span>"
						 : "");
	names(ret, "Used by", json_object_get(a, "used_by"));
	json_array_foreach(json_object_get(a, "changes"), i, c) change(ret, a, c);
	findings(ret, json_object_get(a, "findings"));
}

static void rule(struct buf *ret, const json_t *r)
{
	buf_adds(ret, "<h2>Rule ");
	word(ret, r, "name");
	buf_adds(ret, json_bool(r, "set_inactive", false) ? " <span class=\"badge held\">set inactive</span></h2>\n" : "</h2>\n");
	names(ret, "Because of", json_object_get(r, "because"));
	findings(ret, json_object_get(r, "findings"));
}

/* ---- the page ---- */

static long long count(const json_t *doc, const char *of, const char *name)
{
	return (long long)json_int(json_object_get(doc, of), name, 0);
}

static void top(struct buf *ret, const json_t *doc)
{
	buf_adds(ret, "<h1>Event actions of ");
	word(ret, doc, "file");
	buf_adds(ret, ", from ");
	word(ret, doc, "from_version");
	buf_addf(ret, "</h1>\n<p>%lld actions: %lld exact, %lld exact under a condition, %lld not translatable; %lld held back, %lld rules set "
		      "inactive. %lld more are not shown one by one.</p>\n",
		 count(doc, "counts", "actions"), count(doc, "counts", "exact"), count(doc, "counts", "conditional"),
		 count(doc, "counts", "not_translatable"), count(doc, "counts", "held"), count(doc, "counts", "rules_set_inactive"),
		 count(doc, "counts", "not_shown"));
	buf_addf(ret, "<p>Findings: %lld agree with the vendor's documentation, %lld seen on your server, %lld open. No open source release "
		      "executes the templates of Enterprise: what is called exact agrees with the documentation.</p>\n",
		 count(doc, "evidence", "documented"), count(doc, "evidence", "seen"), count(doc, "evidence", "open"));
	if (json_str(doc, "refused_by", NULL)) {
		buf_adds(ret, "<p><span class=\"badge held\">nothing was written: ");
		word(ret, doc, "refused_by");
		buf_adds(ret, "</span></p>\n");
	}
}

void view_translation_html(const json_t *doc, struct buf *ret)
{
	json_t *it;
	size_t i;

	buf_adds(ret, page_head);
	top(ret, doc);
	json_array_foreach(json_object_get(doc, "actions"), i, it) action(ret, it);
	json_array_foreach(json_object_get(doc, "rules"), i, it) rule(ret, it);
	buf_adds(ret, "</body>\n</html>\n");
}
