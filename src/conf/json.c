#include "conf/assign.h"
#include "conf/json_doc.h"

#include <strings.h>

#define UNIT "  " /* one level's indent where the file shows none */

static const struct json_node *parent_of(const struct json_doc *doc, const struct json_node *node)
{
	return node->parent == NODE_NONE ? NULL : &doc->v[node->parent];
}

static struct assign assign_of(const struct json_node *node)
{
	return (struct assign){
		.key = xstrdup(node->path),
		.line = node->line,
		.from = node->from,
		.to = node->to,
		.line_from = node->name,
		.line_to = node->to,
		.flags =
		    (node->dead ? ASSIGN_OFF : 0) | (node->kind == NODE_VALUE ? 0 : ASSIGN_SECTION),
	};
}

static int json_scan(struct sv text, struct assigns *ret, struct err *e)
{
	autojsondoc struct json_doc doc = { 0 };

	if (json_doc_read(text, false, &doc, e) < 0)
		return -(int)e->kind;
	for (size_t i = 1; i < doc.n; i++)
		*vec_push(ret) = assign_of(&doc.v[i]);
	return 0;
}

/* A text that means one thing to a reader that does not see case. */
static int read_clear(struct sv text, struct json_doc *ret, struct err *e)
{
	autojsondoc struct json_doc doc = { 0 };

	if (json_doc_read(text, false, &doc, e) < 0)
		return -(int)e->kind;
	if (doc.clash != NODE_NONE) {
		const struct json_node *a = &doc.v[doc.twin], *b = &doc.v[doc.clash];

		err_set(e, ERR_REFUSED,
			"line %zu: '%s' is '%s' of line %zu to a reader that does not "
			"see case",
			b->line, b->path, a->path, a->line);
		return err_hint(e, "take one of the two out by hand");
	}
	*ret = doc;
	doc = (struct json_doc){ 0 };
	return 0;
}

static bool is_live(const struct json_node *node)
{
	return !node->dead && node->parent != NODE_NONE;
}

/* The node of this path: ret NULL when there is none, ERR_REFUSED when it is spelled otherwise. */
static int find(const struct json_doc *doc, const char *path, const struct json_node **ret,
		struct err *e)
{
	const struct json_node *found = NULL;

	vec_each (doc, node) {
		if (!is_live(node) || strcasecmp(node->path, path) != 0)
			continue;
		if (strcmp(node->path, path) != 0)
			return err_set(e, ERR_REFUSED, "line %zu: '%s' is spelled '%s' there",
				       node->line, path, node->path);
		found = node;
	}
	*ret = found;
	return 0;
}

/* The object that a new key goes into, and the key's own name. */
static int find_home(const struct json_doc *doc, const char *key, const struct json_node **ret,
		     const char **ret_name, struct err *e)
{
	const char *dot = strrchr(key, '.');
	autofree char *above = dot ? sv_dup((struct sv){ key, (size_t)(dot - key) }) : NULL;
	const struct json_node *home = &doc->v[0];

	if (above && find(doc, above, &home, e) < 0)
		return -(int)e->kind;
	if (!home || home->kind != NODE_OBJECT)
		return err_set(e, ERR_REFUSED, "there is no object to hold '%s'", key);
	*ret = home;
	*ret_name = dot ? dot + 1 : key;
	return 0;
}

static size_t count_dead(const struct json_doc *doc, const char *key)
{
	size_t n = 0;

	vec_each (doc, node)
		n += node->dead && node->kind == NODE_VALUE && !strcmp(node->path, key);
	return n;
}

/* Where a new member goes: behind the last one, or in the place of an empty object's blanks. */
static struct span place(const struct json_doc *doc, const struct json_node *home)
{
	if (home->last == NODE_NONE)
		return (struct span){ .from = home->from + 1, .to = home->to - 1 };
	return (struct span){ .from = doc->v[home->last].to, .to = doc->v[home->last].to };
}

static int want_value(const struct json_node *node, struct err *e)
{
	if (node->kind == NODE_VALUE)
		return 0;
	err_set(e, ERR_REFUSED, "line %zu: '%s' is %s", node->line, node->path,
		node->kind == NODE_OBJECT ? "an object" : "a list of objects");
	return err_hint(e, "name a value in it");
}

static int json_span(struct sv text, const char *key, struct span *ret, struct err *e)
{
	autojsondoc struct json_doc doc = { 0 };
	const struct json_node *node = NULL, *home;
	const char *name;
	struct err none = ERR_INIT;

	if (read_clear(text, &doc, e) < 0 || find(&doc, key, &node, e) < 0)
		return -(int)e->kind;
	if (node && want_value(node, e) < 0)
		return -(int)e->kind;
	if (node)
		*ret =
		    (struct span){ node->from, node->to, node->line, true, count_dead(&doc, key) };
	else if (find_home(&doc, key, &home, &name, &none) == 0)
		*ret = place(&doc, home);
	else /* not there, which is an answer; quote() says that it cannot be put there */
		*ret = (struct span){ .from = text.n, .to = text.n };
	return 0;
}

static int json_value(struct sv text, const struct span *at, struct buf *ret, struct err *e)
{
	json_doc_value((struct sv){ text.p + at->from, at->to - at->from }, ret);
	return buf_check(ret, "a value", e);
}

static int json_each(struct sv text, conf_seen seen, void *data, struct err *e)
{
	autojsondoc struct json_doc doc = { 0 };

	if (read_clear(text, &doc, e) < 0)
		return -(int)e->kind;
	vec_each (&doc, node) {
		autobuf struct buf value = BUF_MAX(CONF_VALUE_MAX);
		struct span at = { .from = node->from, .to = node->to };
		int r;

		if (!is_live(node) || node->kind != NODE_VALUE)
			continue;
		if (json_value(text, &at, &value, e) < 0)
			return -(int)e->kind;
		r = seen(data, node->path, buf_str(&value), node->line, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The value itself is not in the messages: it may be a secret. */
static int check_value(const char *key, const char *value, struct err *e)
{
	autojsondoc struct json_doc doc = { 0 };
	autobuf struct buf form = BUF_MAX(CONF_VALUE_MAX);
	struct err why = ERR_INIT;

	if (json_doc_read(sv_of(value), true, &doc, &why) < 0) {
		err_set(e, ERR_USAGE, "the value for '%s' is no JSON", key);
		return err_hint(e, "text needs quotes: \"text\"");
	}
	if (doc.v[0].kind != NODE_VALUE)
		return err_set(e, ERR_USAGE, "the value for '%s' is an object, or holds one", key);
	json_doc_value(sv_of(value), &form);
	if (strcmp(buf_str(&form), value) != 0)
		return err_set(e, ERR_USAGE,
			       "the value for '%s' has blanks or escapes that it can do without",
			       key);
	return 0;
}

static struct sv blanks_before(struct sv text, size_t to)
{
	size_t from = to;

	while (from > 0 && strchr(" \t\r\n", text.p[from - 1]))
		from--;
	return (struct sv){ text.p + from, to - from };
}

/* The last line end in the blanks, and what follows; n 0 when there is none. */
static struct sv last_line(struct sv blanks)
{
	size_t lf = blanks.n;

	while (lf > 0 && blanks.p[lf - 1] != '\n')
		lf--;
	if (!lf)
		return (struct sv){ 0 };
	lf -= lf > 1 && blanks.p[lf - 2] == '\r' ? 2 : 1;
	return (struct sv){ blanks.p + lf, blanks.n - lf };
}

/* What stands between a name and its value in the file. */
static struct sv colon_of(struct sv text, const struct json_node *member)
{
	struct sv colon = { text.p + member->name_to, member->from - member->name_to };

	return memchr(colon.p, '\n', colon.n) ? SV(": ") : colon;
}

static void add_member(const char *name, struct sv colon, const char *value, struct buf *ret)
{
	json_doc_quote(sv_of(name), ret);
	buf_add_sv(ret, colon);
	buf_adds(ret, value);
}

/* Behind the last member, on its own line if that one has one. */
static void add_behind(struct sv text, const struct json_node *last, const char *name,
		       const char *value, struct buf *ret)
{
	struct sv before = blanks_before(text, last->name), line = last_line(before),
		  colon = colon_of(text, last);

	buf_addc(ret, ',');
	if (line.n)
		buf_add_sv(ret, line);
	else if (last->before != NODE_NONE)
		buf_add_sv(ret, before);
	else if (colon.n > 1)
		buf_addc(ret, ' ');
	add_member(name, colon, value, ret);
}

/* The first member of the file; what the file's style is read from. NULL: none. */
static const struct json_node *first_member(const struct json_doc *doc)
{
	return doc->n > 1 ? &doc->v[1] : NULL;
}

static struct sv indent_of_line(struct sv text, size_t at)
{
	size_t from = at, to;

	while (from > 0 && text.p[from - 1] != '\n')
		from--;
	for (to = from; to < at && strchr(" \t", text.p[to]); to++)
		;
	return (struct sv){ text.p + from, to - from };
}

/* Into an empty object: on a line of its own, unless the file has its members in one line. */
static void add_first(struct sv text, const struct json_doc *doc, const struct json_node *home,
		      const char *name, const char *value, struct buf *ret)
{
	const struct json_node *first = first_member(doc);
	struct sv line = first ? last_line(blanks_before(text, first->name)) : SV("\n" UNIT),
		  outer = indent_of_line(text, home->from), unit = line;
	const char *eol = conf_eol(text);

	if (!line.n) {
		add_member(name, colon_of(text, first), value, ret);
		return;
	}
	(void)sv_cut(&unit, '\n');
	buf_addf(ret, "%s%.*s%.*s", eol, SV_ARG(outer), SV_ARG(unit));
	add_member(name, first ? colon_of(text, first) : SV(": "), value, ret);
	buf_addf(ret, "%s%.*s", eol, SV_ARG(outer));
}

static int check_name(const char *key, const char *name, struct err *e)
{
	if (!*name || !conf_is_utf8(sv_of(name)))
		return err_set(e, ERR_USAGE, "'%s' does not end in a name", key);
	return 0;
}

static int json_quote(struct sv text, const char *key, const char *value, const struct span *at,
		      struct buf *ret, struct err *e)
{
	autojsondoc struct json_doc doc = { 0 };
	const struct json_node *home = NULL;
	const char *name = NULL;

	if (check_value(key, value, e) < 0)
		return -(int)e->kind;
	if (at->present) {
		buf_adds(ret, value);
		return 0;
	}
	if (read_clear(text, &doc, e) < 0 || find_home(&doc, key, &home, &name, e) < 0 ||
	    check_name(key, name, e) < 0)
		return -(int)e->kind;
	if (home->last == NODE_NONE)
		add_first(text, &doc, home, name, value, ret);
	else
		add_behind(text, &doc.v[home->last], name, value, ret);
	return 0;
}

/* A member with the comma that parts it from a neighbour, and the blanks there. */
static struct span member_span(const struct json_doc *doc, const struct json_node *member)
{
	const struct json_node *home = parent_of(doc, member);
	struct span at = { .line = member->line, .present = true };

	if (member->after != NODE_NONE) {
		at.from = member->name;
		at.to = doc->v[member->after].name;
	} else if (member->before != NODE_NONE) {
		at.from = doc->v[member->before].to;
		at.to = member->to;
	} else {
		at.from = home->from + 1;
		at.to = home->to - 1;
	}
	return at;
}

static int json_cut(struct sv text, const char *key, struct span *ret, struct err *e)
{
	autojsondoc struct json_doc doc = { 0 };
	const struct json_node *node = NULL;

	if (read_clear(text, &doc, e) < 0 || find(&doc, key, &node, e) < 0)
		return -(int)e->kind;
	if (!node) {
		*ret = (struct span){ 0 };
		return 0;
	}
	if (want_value(node, e) < 0)
		return -(int)e->kind;
	if (parent_of(&doc, node)->kind == NODE_LIST)
		return err_set(e, ERR_REFUSED, "line %zu: '%s' is an element of a list", node->line,
			       key);
	*ret = member_span(&doc, node);
	return 0;
}

const struct dialect dialect_json = {
	.name = "json",
	.scan = json_scan,
	.span = json_span,
	.value = json_value,
	.quote = json_quote,
	.each = json_each,
	.cut = json_cut,
};
