#include "conf/ini.h"

#include "conf/assign.h"
#include "conf/dotenv.h"

#define BOM "\xef\xbb\xbf"
#define DEFAULT "DEFAULT"
#define SECTION_MAX 1024
#define VALUE_MAX (1u << 20)
#define GROWN_MAX (64u << 20) /* work on references, in bytes */
#define ROUNDS 99             /* so often a value is looked through */

struct value {
	char *text;
	size_t line;
};

struct section {
	char *name;
	struct map values; /* name -> struct value */
	size_t dashes;
};

struct reader {
	struct sv rest;
	size_t line;         /* of the line taken last */
	struct map sections; /* name -> struct section */
	struct section *at;
	size_t grown;
};

static void value_free(void *p)
{
	struct value *v = p;

	free(v->text);
	free(v);
}

static void section_free(void *p)
{
	struct section *s = p;

	map_done(&s->values, value_free);
	free(s->name);
	free(s);
}

static void reader_done(struct reader *r) { map_done(&r->sections, section_free); }

static int bad(const struct reader *r, struct err *e, const char *what)
{
	return err_set(e, ERR_FORMAT, "line %zu: %s", r->line, what);
}

static struct sv behind(struct sv s, size_t n) { return (struct sv){ s.p + n, s.n - n }; }

static struct sv trim_start(struct sv s)
{
	for (size_t n; (n = dotenv_space(s)) > 0;)
		s = behind(s, n);
	return s;
}

static struct sv trim(struct sv s) { return dotenv_trim_end(trim_start(s)); }

static size_t first_of(struct sv s, const char *marks)
{
	size_t i = 0;

	while (i < s.n && !strchr(marks, s.p[i]))
		i++;
	return i;
}

/* s.n when it is not there. */
static size_t find(struct sv s, const char *word)
{
	const char *at = s.p ? memmem(s.p, s.n, word, strlen(word)) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

static bool find_last(struct sv s, const char *word, size_t *ret)
{
	for (size_t n = strlen(word), i = s.n + 1; i-- > 0;) {
		if (s.n - i < n || memcmp(s.p + i, word, n) != 0)
			continue;
		*ret = i;
		return true;
	}
	return false;
}

/* With its line feed; false at the end. */
static bool take_line(struct reader *r, struct sv *ret)
{
	size_t n = find(r->rest, "\n");

	if (!r->rest.n)
		return false;
	*ret = (struct sv){ r->rest.p, n + (n < r->rest.n) };
	r->rest = behind(r->rest, ret->n);
	r->line++;
	return true;
}

/* ---- sections and values ---- */

static struct section *section_of(struct reader *r, const char *name)
{
	struct section *s = map_get(&r->sections, name);

	if (!s) {
		s = xcalloc(1, sizeof *s);
		s->name = xstrdup(name);
		map_put(&r->sections, name, s);
	}
	return s;
}

static int read_header(struct reader *r, struct sv line, struct err *e)
{
	autofree char *name = NULL;
	size_t to;

	if (!find_last(line, "]", &to))
		return bad(r, e, "a section without ']'");
	if (to == 1)
		return bad(r, e, "a section without a name");
	if (to > SECTION_MAX)
		return err_set(e, ERR_REFUSED, "line %zu: the name of a section is too long",
			       r->line);
	name = xstrndup(line.p + 1, to - 1);
	r->at = section_of(r, name);
	r->at->dashes = 0;
	return 0;
}

static void put_value(struct reader *r, struct sv name, const struct buf *text, size_t line)
{
	bool dash = sv_eq(name, "-");
	autofree char *key = dash ? xasprintf("#%zu", ++r->at->dashes) : sv_dup(name);
	struct value *v = map_get(&r->at->values, key);

	if (!v) {
		v = xcalloc(1, sizeof *v);
		map_put(&r->at->values, key, v);
	}
	free(v->text);
	*v = (struct value){ xstrdup(buf_str(text)), line };
}

/* ---- a line ---- */

static const char *quote_of_name(struct sv line)
{
	if (line.n > 6 && sv_starts(line, "\"\"\""))
		return "\"\"\"";
	return line.p[0] == '"' ? "\"" : line.p[0] == '`' ? "`" : NULL;
}

/* The name, and the rest of the line behind '=' or ':'. */
static int cut_name(const struct reader *r, struct sv *line, struct sv *ret, struct err *e)
{
	const char *quote = quote_of_name(*line);
	struct sv name = *line;
	size_t from = 0, to;

	if (quote) {
		name = behind(name, strlen(quote));
		name.n = find(name, quote);
		from = (size_t)(name.p - line->p) + name.n + strlen(quote);
		if (from > line->n)
			return bad(r, e, "a name in quotes that do not end");
	}
	to = from + first_of(behind(*line, from), "=:");
	if (to == line->n)
		return bad(r, e, "no '=' and no ':'");
	if (!quote)
		name.n = to;
	*ret = trim(name);
	*line = behind(*line, to + 1);
	return ret->n ? 0 : bad(r, e, "a name is missing");
}

/* `quote` may stand many lines below; what follows it in its line is nothing. */
static int read_quoted(struct reader *r, struct sv text, const char *quote, struct buf *ret,
		       struct err *e)
{
	size_t to;

	while (!find_last(text, quote, &to)) {
		buf_add_sv(ret, text);
		if (!take_line(r, &text))
			return bad(r, e, "a value in quotes that do not end");
	}
	buf_add(ret, text.p, to);
	return 0;
}

/* Lines that end with a backslash, each without the blanks around it. */
static void read_on(struct reader *r, struct sv text, struct buf *ret)
{
	struct sv line;

	buf_add_sv(ret, text);
	while (take_line(r, &line)) {
		line = trim(line);
		if (!line.n || line.p[line.n - 1] != '\\') {
			buf_add_sv(ret, line);
			return;
		}
		buf_add(ret, line.p, line.n - 1);
	}
}

/* With the same quote at both ends and none between. */
static bool is_within(struct sv s, char quote)
{
	return s.n >= 2 && s.p[0] == quote && memchr(s.p + 1, quote, s.n - 1) == s.p + s.n - 1;
}

static int read_value(struct reader *r, struct sv text, struct buf *ret, struct err *e)
{
	text = trim_start(text);
	if (text.n > 3 && sv_starts(text, "\"\"\""))
		return read_quoted(r, behind(text, 3), "\"\"\"", ret, e);
	if (sv_starts(text, "`"))
		return read_quoted(r, behind(text, 1), "`", ret, e);
	text = dotenv_trim_end(text);
	if (sv_ends(text, "\\")) {
		text.n--;
		read_on(r, text, ret);
		return 0;
	}
	text.n = first_of(text, "#;");
	text = dotenv_trim_end(text);
	if (is_within(text, '\'') || is_within(text, '"'))
		text = (struct sv){ text.p + 1, text.n - 2 };
	buf_add_sv(ret, text);
	return 0;
}

static int read_line(struct reader *r, struct sv line, struct err *e)
{
	autobuf struct buf text = BUF_MAX(CONF_MAX);
	size_t at = r->line;
	struct sv name;

	line = trim_start(line);
	if (!line.n || strchr("#;", line.p[0]))
		return 0;
	if (line.p[0] == '[')
		return read_header(r, line, e);
	if (cut_name(r, &line, &name, e) < 0 || read_value(r, line, &text, e) < 0 ||
	    buf_check(&text, "a value", e) < 0)
		return -(int)e->kind;
	put_value(r, name, &text, at);
	return 0;
}

/* ---- references ---- */

/* The first "%(name)s"; what is in the brackets may be anything but ')'. */
static bool find_reference(struct sv text, struct sv *ret)
{
	struct sv rest = text;

	while (rest.n) {
		struct sv part = { rest.p, first_of(rest, ")") };
		size_t from = find(part, "%(");

		if (part.n == rest.n)
			return false;
		rest = behind(rest, part.n + 1);
		if (from + 2 >= part.n || !sv_starts(rest, "s"))
			continue;
		*ret = (struct sv){ part.p + from, part.n - from + 2 };
		return true;
	}
	return false;
}

static const struct value *value_in(const struct reader *r, const char *section, const char *name)
{
	const struct section *s = map_get(&r->sections, *section ? section : DEFAULT);

	return s ? map_get(&s->values, name) : NULL;
}

/* In the section, or in one that its name is below; each that is asked is work. */
static const struct value *look_up(struct reader *r, const struct section *from, const char *name)
{
	autofree char *section = xstrdup(from->name);

	for (;;) {
		const struct value *v = value_in(r, section, name);
		char *dot = strrchr(section, '.');

		r->grown += strlen(section) + 1;
		if (v || !dot)
			return v;
		*dot = '\0';
	}
}

static void replace_all(struct sv text, struct sv what, struct sv by, struct buf *ret)
{
	autofree char *word = sv_dup(what);

	while (text.n && !ret->full) {
		size_t n = find(text, word);

		buf_add(ret, text.p, n);
		if (n == text.n)
			return;
		buf_add_sv(ret, by);
		text = behind(text, n + what.n);
	}
}

static int too_much(const struct value *v, struct err *e)
{
	return err_set(e, ERR_REFUSED, "line %zu: values that refer to each other grow too large",
		       v->line);
}

/* One reference, wherever it stands in the text; 0 when there is none, or none that leads anywhere.
 */
static int resolve_one(struct reader *r, const struct section *in, const struct value *v,
		       struct buf *text, struct err *e)
{
	struct buf made = BUF_MAX(VALUE_MAX);
	autofree char *name = NULL;
	const struct value *other;
	struct sv what;

	if (!find_reference(buf_sv(text), &what))
		return 0;
	name = xstrndup(what.p + 2, what.n - 4);
	other = look_up(r, in, name);
	if (!other || other == v)
		other = value_in(r, DEFAULT, name);
	if (!other)
		return r->grown > GROWN_MAX ? too_much(v, e) : 0;
	replace_all(buf_sv(text), what, sv_of(other->text), &made);
	r->grown += made.len;
	buf_done(text);
	*text = made;
	return made.full || r->grown > GROWN_MAX ? too_much(v, e) : 1;
}

static int resolve(struct reader *r, const struct section *in, const struct value *v,
		   struct buf *ret, struct err *e)
{
	int got = 1;

	buf_adds(ret, v->text);
	for (size_t i = 0; got > 0 && i < ROUNDS; i++)
		got = resolve_one(r, in, v, ret, e);
	return got < 0 ? got : 0;
}

static int tell_all(struct reader *r, const struct section *in, conf_seen seen, void *data,
		    struct err *e)
{
	map_each (&in->values, it) {
		const struct value *v = it->value;
		autobuf struct buf text = BUF_MAX(CONF_MAX);
		autofree char *key = xasprintf("%s.%s", in->name, it->key);

		if (resolve(r, in, v, &text, e) < 0 ||
		    seen(data, key, buf_str(&text), v->line, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

int ini_each(struct sv text, conf_seen seen, void *data, struct err *e)
{
	cleanup_with(reader_done) struct reader r = { .rest = text };
	struct sv line;

	if (conf_admit(text, e) < 0)
		return -(int)e->kind;
	if (!conf_is_utf8(text))
		return err_set(e, ERR_REFUSED, "it is no UTF-8");
	if (sv_starts(text, BOM))
		r.rest = behind(text, strlen(BOM));
	r.at = section_of(&r, DEFAULT);
	while (take_line(&r, &line))
		if (read_line(&r, line, e) < 0)
			return -(int)e->kind;
	map_each (&r.sections, it)
		if (tell_all(&r, it->value, seen, data, e) < 0)
			return -(int)e->kind;
	return 0;
}
