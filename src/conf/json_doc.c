/* The grammar is RFC 8259 as Go's encoding/json reads it: the last of two members of one name wins,
 * whole; what is not UTF-8 in a string, and half a surrogate pair, is U+FFFD. */
#include "conf/json_doc.h"

#include <math.h>

#include "base/map.h"
#include "conf/assign.h"

#define DEPTH_MAX 128
#define NODES_MAX ((size_t)1 << 18)
#define PATHS_MAX ((size_t)32 << 20) /* bytes of all paths */
#define BLANKS " \t\r\n"
#define NOT_UTF8 0xfffdul
#define SAID_MAX (3 * CONF_MAX) /* of a string: what is not UTF-8 grows */

struct reader {
	struct sv text;
	size_t pos, line;
	struct json_doc *doc;
	unsigned depth;
	size_t paths; /* bytes */
};

static int read_value(struct reader *r, size_t at, struct err *e);

static int bad(const struct reader *r, const char *what, struct err *e)
{
	return err_set(e, ERR_FORMAT, "line %zu: %s", r->line, what);
}

static int too_much(const struct reader *r, const char *what, struct err *e)
{
	return err_set(e, ERR_REFUSED, "line %zu: %s", r->line, what);
}

/* The next byte that is no blank, 0 at the end. */
static char peek(struct reader *r)
{
	for (; r->pos < r->text.n && strchr(BLANKS, r->text.p[r->pos]); r->pos++)
		r->line += r->text.p[r->pos] == '\n';
	return r->pos < r->text.n ? r->text.p[r->pos] : '\0';
}

static int expect(struct reader *r, char c, const char *what, struct err *e)
{
	if (peek(r) != c)
		return bad(r, r->pos == r->text.n ? "the text ends in the middle" : what, e);
	r->pos++;
	return 0;
}

/* Behind a backslash. */
static int pass_escape(struct reader *r, struct err *e)
{
	char c = r->pos < r->text.n ? r->text.p[r->pos] : '\0';

	if (c != 'u') {
		r->pos++;
		return c && strchr("\"\\/bfnrt", c) ? 0 : bad(r, "no such escape", e);
	}
	for (size_t i = 1; i <= 4; i++)
		if (r->pos + i >= r->text.n || conf_hex(r->text.p[r->pos + i]) < 0)
			return bad(r, "a \\u without four hexadecimal digits", e);
	r->pos += 5;
	return 0;
}

/* The text [from, pos) is a string, quotes included. */
static int pass_string(struct reader *r, struct err *e)
{
	if (expect(r, '"', "a name in quotes is missing", e) < 0)
		return -(int)e->kind;
	while (r->pos < r->text.n) {
		unsigned char c = (unsigned char)r->text.p[r->pos++];

		if (c == '"')
			return 0;
		if (c < ' ')
			return bad(r, "a control character in a string", e);
		if (c == '\\' && pass_escape(r, e) < 0)
			return -(int)e->kind;
	}
	return bad(r, "a string without end", e);
}

static size_t pass_digits(struct reader *r)
{
	size_t from = r->pos;

	while (r->pos < r->text.n && conf_is_digit(r->text.p[r->pos]))
		r->pos++;
	return r->pos - from;
}

static bool pass_any(struct reader *r, const char *these)
{
	if (r->pos == r->text.n || !strchr(these, r->text.p[r->pos]))
		return false;
	r->pos++;
	return true;
}

/* Go reads every number as a double and refuses what is too large for one. */
static int pass_number(struct reader *r, struct err *e)
{
	size_t from = r->pos;
	autofree char *written = NULL;

	pass_any(r, "-");
	if (!pass_any(r, "0") && !pass_digits(r))
		return bad(r, "no value", e);
	if (pass_any(r, ".") && !pass_digits(r))
		return bad(r, "a number without digits after its point", e);
	if (pass_any(r, "eE")) {
		pass_any(r, "+-");
		if (!pass_digits(r))
			return bad(r, "a number without digits in its exponent", e);
	}
	written = sv_dup((struct sv){ r->text.p + from, r->pos - from });
	return isinf(strtod(written, NULL)) ? bad(r, "a number too large", e) : 0;
}

static int pass_word(struct reader *r, struct err *e)
{
	static const char *const words[] = { "true", "false", "null" };
	struct sv rest = { r->text.p + r->pos, r->text.n - r->pos };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!sv_starts(rest, words[i]))
			continue;
		r->pos += strlen(words[i]);
		return 0;
	}
	return bad(r, "no value", e);
}

/* A child of `parent`; `name` is its name, or the number it has. ret: its index. */
static int add_node(struct reader *r, size_t parent, const char *name, size_t *ret, struct err *e)
{
	struct json_doc *doc = r->doc;
	const char *above = doc->v[parent].path;
	size_t at = doc->n, before = doc->v[parent].last;

	if (at >= NODES_MAX || r->paths > PATHS_MAX)
		return too_much(r, "more values, or longer names, than are edited", e);
	*vec_push(doc) = (struct json_node){
		.path = xasprintf("%s%s%s", above, parent ? "." : "", name),
		.line = r->line,
		.name = r->pos,
		.name_to = r->pos,
		.parent = parent,
		.before = before,
		.after = NODE_NONE,
		.last = NODE_NONE,
	};
	if (before != NODE_NONE)
		doc->v[before].after = at;
	doc->v[parent].last = at;
	r->paths += strlen(doc->v[at].path) + 1;
	*ret = at;
	return 0;
}

static unsigned long unit_at(struct sv s, size_t i)
{
	unsigned long unit = 0;

	for (size_t n = 0; n < 4; n++)
		unit = unit << 4 | (unsigned long)conf_hex(s.p[i + n]);
	return unit;
}

/* The character of the escape behind the backslash; *i moves behind it. */
static unsigned long escaped(struct sv s, size_t *i)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	char c = s.p[(*i)++];
	const char *short_form = strchr(from, c);
	unsigned long high, low;

	if (c != 'u')
		return short_form ? (unsigned char)to[short_form - from] : (unsigned char)c;
	high = unit_at(s, *i);
	*i += 4;
	if (high < 0xd800 || high >= 0xe000)
		return high;
	if (high >= 0xdc00 || s.n - *i < 6 || s.p[*i] != '\\' || s.p[*i + 1] != 'u')
		return NOT_UTF8;
	low = unit_at(s, *i + 2);
	if (low < 0xdc00 || low >= 0xe000)
		return NOT_UTF8;
	*i += 6;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* What a string, written with its quotes, says. */
static void unquote(struct sv written, struct buf *ret)
{
	struct sv s = { written.p + 1, written.n - 2 };

	for (size_t i = 0; i < s.n;) {
		size_t n = conf_utf8_char((struct sv){ s.p + i, s.n - i });

		if (s.p[i] == '\\') {
			i++;
			conf_add_utf8(ret, escaped(s, &i));
			continue;
		}
		if (n)
			buf_add(ret, s.p + i, n);
		else
			conf_add_utf8(ret, NOT_UTF8);
		i += n ? n : 1;
	}
}

/* An earlier member of the same name counts no more. */
static void replace_earlier(struct json_doc *doc, struct map *names, const char *name, size_t at)
{
	size_t *seen = map_get(names, name);

	if (!seen) {
		seen = xmalloc(sizeof *seen);
		map_put(names, name, seen);
	} else {
		doc->v[*seen].dead = true;
	}
	*seen = at;
}

static int read_member(struct reader *r, size_t object, struct map *names, struct err *e)
{
	autobuf struct buf name = BUF_MAX(SAID_MAX);
	size_t from, at = 0;

	peek(r);
	from = r->pos;
	if (pass_string(r, e) < 0)
		return -(int)e->kind;
	unquote((struct sv){ r->text.p + from, r->pos - from }, &name);
	if (name.len != strlen(buf_str(&name)))
		return too_much(r, "a name with a NUL", e);
	if (add_node(r, object, buf_str(&name), &at, e) < 0)
		return -(int)e->kind;
	r->doc->v[at].name = from;
	replace_earlier(r->doc, names, buf_str(&name), at);
	if (expect(r, ':', "no colon after the name", e) < 0)
		return -(int)e->kind;
	return read_value(r, at, e);
}

static void names_done(struct map *names)
{
	map_done(names, free);
}

static int read_object(struct reader *r, size_t at, struct err *e)
{
	cleanup_with(names_done) struct map names = { 0 };

	r->doc->v[at].kind = NODE_OBJECT;
	r->pos++;
	if (peek(r) == '}') {
		r->pos++;
		return 0;
	}
	for (;;) {
		if (read_member(r, at, &names, e) < 0)
			return -(int)e->kind;
		if (peek(r) != ',')
			return expect(r, '}', "no comma and no brace after a value", e);
		r->pos++;
	}
}

static int read_element(struct reader *r, size_t list, size_t i, struct err *e)
{
	char number[24];
	size_t at = 0;

	peek(r);
	(void)snprintf(number, sizeof number, "%zu", i);
	return add_node(r, list, number, &at, e) < 0 ? -(int)e->kind : read_value(r, at, e);
}

/* A list without objects is one value: its elements are no nodes. */
static void close_list(struct reader *r, size_t at)
{
	struct json_doc *doc = r->doc;

	for (size_t i = at + 1; i < doc->n; i++) {
		if (doc->v[i].kind != NODE_OBJECT)
			continue;
		doc->v[at].kind = NODE_LIST;
		return;
	}
	for (; doc->n > at + 1; doc->n--) {
		r->paths -= strlen(doc->v[doc->n - 1].path) + 1;
		free(doc->v[doc->n - 1].path);
	}
	doc->v[at].last = NODE_NONE;
}

static int read_list(struct reader *r, size_t at, struct err *e)
{
	r->pos++;
	if (peek(r) == ']') {
		r->pos++;
		return 0;
	}
	for (size_t i = 0;; i++) {
		if (read_element(r, at, i, e) < 0)
			return -(int)e->kind;
		if (peek(r) != ',')
			break;
		r->pos++;
	}
	close_list(r, at);
	return expect(r, ']', "no comma and no bracket after a value", e);
}

static int read_inside(struct reader *r, size_t at, struct err *e)
{
	switch (peek(r)) {
	case '{':
		return read_object(r, at, e);
	case '[':
		return read_list(r, at, e);
	case '"':
		return pass_string(r, e);
	case '-':
	case '0' ... '9':
		return pass_number(r, e);
	default:
		return r->pos == r->text.n ? bad(r, "the text ends in the middle", e)
					   : pass_word(r, e);
	}
}

static int read_value(struct reader *r, size_t at, struct err *e)
{
	if (++r->depth > DEPTH_MAX)
		return too_much(r, "nested deeper than is edited", e);
	peek(r);
	r->doc->v[at].from = r->pos;
	if (read_inside(r, at, e) < 0)
		return -(int)e->kind;
	r->doc->v[at].to = r->pos;
	r->depth--;
	return 0;
}

/* Lower case as Go's strings.ToLower makes it of letters that are, or become, ASCII. */
static char *fold(const char *path)
{
	char *folded = xmalloc(strlen(path) + 1), *to = folded;

	while (*path) {
		if (!strncmp(path, "\xc4\xb0", 2)) { /* I with a dot */
			*to++ = 'i';
			path += 2;
		} else if (!strncmp(path, "\xe2\x84\xaa", 3)) { /* the sign for kelvin */
			*to++ = 'k';
			path += 3;
		} else {
			*to++ = (char)(*path >= 'A' && *path <= 'Z' ? *path + 32 : *path);
			path++;
		}
	}
	*to = '\0';
	return folded;
}

/* Which nodes count, and whether two of those are one key to a reader that does not see case. */
static void weigh(struct json_doc *doc)
{
	struct map seen = { 0 };

	doc->clash = doc->twin = NODE_NONE;
	for (size_t i = 1; i < doc->n; i++) {
		struct json_node *node = &doc->v[i], *other;
		autofree char *folded = NULL;

		node->dead |= doc->v[node->parent].dead;
		if (node->dead || doc->clash != NODE_NONE)
			continue;
		folded = fold(node->path);
		other = map_put(&seen, folded, node);
		if (!other)
			continue;
		doc->clash = i;
		doc->twin = (size_t)(other - doc->v);
	}
	map_done(&seen, NULL);
}

static int read_all(struct reader *r, bool any, struct err *e)
{
	char first = peek(r);

	*vec_push(r->doc) = (struct json_node){
		.path = xstrdup(""),
		.line = r->line,
		.parent = NODE_NONE,
		.before = NODE_NONE,
		.after = NODE_NONE,
		.last = NODE_NONE,
	};
	if (!any && first && first != '{' && first != 'n')
		return bad(r, "this is no object", e);
	if (read_value(r, 0, e) < 0)
		return -(int)e->kind;
	if (peek(r) || r->pos < r->text.n)
		return bad(r, "more text behind the end", e);
	return 0;
}

int json_doc_read(struct sv text, bool any, struct json_doc *ret, struct err *e)
{
	autojsondoc struct json_doc doc = { 0 };
	struct reader r = { .text = text, .line = 1, .doc = &doc };

	if (conf_admit(text, e) < 0 || read_all(&r, any, e) < 0)
		return -(int)e->kind;
	weigh(&doc);
	*ret = doc;
	doc = (struct json_doc){ 0 };
	return 0;
}

void json_doc_done(struct json_doc *doc)
{
	vec_each (doc, node)
		free(node->path);
	vec_done(doc);
}

void json_doc_quote(struct sv text, struct buf *ret)
{
	static const char from[] = "\b\f\n\r\t\"\\", to[] = "bfnrt\"\\";

	buf_addc(ret, '"');
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		const char *special = c ? strchr(from, c) : NULL;

		if (special)
			buf_addf(ret, "\\%c", to[special - from]);
		else if ((unsigned char)c < ' ')
			buf_addf(ret, "\\u%04X", (unsigned)c);
		else
			buf_addc(ret, c);
	}
	buf_addc(ret, '"');
}

/* Bytes of the string at the start of s, quotes included. */
static size_t string_length(struct sv s)
{
	size_t i = 1;

	while (s.p[i] != '"')
		i += s.p[i] == '\\' ? 2 : 1;
	return i + 1;
}

void json_doc_value(struct sv written, struct buf *ret)
{
	for (size_t i = 0; i < written.n;) {
		autobuf struct buf said = BUF_MAX(SAID_MAX);
		size_t n = 1;

		if (written.p[i] == '"') {
			n = string_length((struct sv){ written.p + i, written.n - i });
			unquote((struct sv){ written.p + i, n }, &said);
			json_doc_quote(buf_sv(&said), ret);
		} else if (!strchr(BLANKS, written.p[i])) {
			buf_addc(ret, written.p[i]);
		}
		i += n;
	}
}
