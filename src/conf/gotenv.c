#include "conf/gotenv.h"

#include "conf/assign.h"
#include "conf/dotenv.h"

#define BOM       "\xef\xbb\xbf"
#define LINE_MAX_ ((64u << 10) - 1)     /* its scanner gives up on a longer line */
#define VALUE_MAX (1u << 20)
#define GROWN_MAX (64u << 20)           /* all values of a file */

struct reader {
	struct sv rest;
	size_t line;                    /* lines taken */
	const char *(*outside)(const char *name, void *data);
	void *data;
	struct gotenv *env;
	size_t grown;
};

static struct sv trim(struct sv s)
{
	for (size_t n; (n = dotenv_space(s)) > 0 && s.n; s.n -= n)
		s.p += n;
	return dotenv_trim_end(s);
}

/* What its patterns call \s. */
static bool is_blank(char c)
{
	return c && strchr("\t\n\f\r ", c);
}

static struct sv behind(struct sv s, size_t n)
{
	return (struct sv){ s.p + n, s.n - n };
}

static struct sv behind_blanks(struct sv s)
{
	while (s.n && is_blank(s.p[0]))
		s = behind(s, 1);
	return s;
}

/* A line ends with LF, CR or both. */
static int next_line(struct reader *r, struct sv *ret, struct err *e)
{
	size_t n = 0;

	while (n < r->rest.n && r->rest.p[n] != '\n' && r->rest.p[n] != '\r')
		n++;
	r->line++;
	if (n > LINE_MAX_)
		return err_set(e, ERR_FORMAT, "line %zu: longer than 64 KiB", r->line);
	*ret = (struct sv){ r->rest.p, n };
	r->rest = behind(r->rest, n);
	if (sv_starts(r->rest, "\r\n"))
		r->rest = behind(r->rest, 2);
	else if (r->rest.n)
		r->rest = behind(r->rest, 1);
	return 0;
}

static ssize_t last_index(struct sv s, char c)
{
	for (size_t i = s.n; i-- > 0;)
		if (s.p[i] == c)
			return (ssize_t)i;
	return -1;
}

static size_t index_of(struct sv s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

/* The quote that a trimmed line leaves open, or 0. That the place of the closing one is counted in
 * the text without its blanks is gotenv's own way. */
static char open_quote(struct sv line)
{
	size_t sep = index_of(line, '=');
	struct sv value;
	ssize_t last;

	if (sep == line.n)
		sep = index_of(line, ':');
	if (sep == 0 || sep + 1 >= line.n)
		return 0;
	value = trim(behind(line, sep + 1));
	if (!value.n || (value.p[0] != '"' && value.p[0] != '\''))
		return 0;
	last = last_index(trim(behind(value, 1)), value.p[0]);
	return last >= 0 && value.p[last] != '\\' ? '\0' : value.p[0];
}

/* Lines until one closes the quote. */
static int read_on(struct reader *r, char quote, struct buf *whole, struct err *e)
{
	size_t first = r->line;

	while (quote && r->rest.n) {
		struct sv line = { 0 };
		ssize_t at;

		if (next_line(r, &line, e) < 0)
			return -(int)e->kind;
		buf_addc(whole, '\n');
		buf_add_sv(whole, line);
		at = last_index(line, quote);
		if (at >= 0 && (at == 0 || line.p[at - 1] != '\\'))
			quote = '\0';
	}
	return quote ? err_set(e, ERR_FORMAT, "line %zu: a quote without end", first) : 0;
}

/* Is what stands behind n bytes blanks and perhaps a comment? `last_lf` is the last line feed's
 * index, or -1. */
static bool is_end(struct sv s, size_t n, ssize_t last_lf)
{
	struct sv rest = behind_blanks(behind(s, n));

	return !rest.n || (rest.p[0] == '#' && rest.p - s.p > last_lf);
}

/* The value at the start of s, so that nothing but a comment is left: to the last quote that can be
 * the end, else to a '#'. */
static bool match_value(struct sv s, struct sv *ret)
{
	ssize_t last_lf = last_index(s, '\n');
	size_t n = 0;

	if (s.n && (s.p[0] == '"' || s.p[0] == '\''))
		for (n = s.n; n > 1 && (s.p[n - 1] != s.p[0] || !is_end(s, n, last_lf));)
			n--;
	if (n < 2)
		for (n = 0; n < s.n && s.p[n] != '#' && s.p[n] != '\n';)
			n++;
	*ret = (struct sv){ s.p, n };
	return is_end(s, n, last_lf);
}

static bool is_name(char c)
{
	return conf_is_letter(c) || conf_is_digit(c) || c == '_' || c == '.';
}

static bool match_assignment(struct sv s, struct sv *ret_name, struct sv *ret_value)
{
	struct sv rest;
	size_t n = 0;

	while (n < s.n && is_name(s.p[n]))
		n++;
	*ret_name = (struct sv){ s.p, n };
	rest = behind_blanks(behind(s, n));
	if (n && rest.n && rest.p[0] == '=')
		return match_value(behind_blanks(behind(rest, 1)), ret_value);
	rest = behind(s, n);
	if (!n || !rest.n || rest.p[0] != ':')
		return false;
	for (n = 1; n < rest.n && is_blank(rest.p[n]); n++)
		if (match_value(behind(rest, n + 1), ret_value))
			return true;
	return false;
}

static bool match_line(struct sv line, struct sv *ret_name, struct sv *ret_value)
{
	struct sv s = behind_blanks(line), word = s;

	if (sv_starts(s, "export") && s.n > 6 && is_blank(s.p[6])) {
		word = behind_blanks(behind(s, 6));
		if (match_assignment(word, ret_name, ret_value))
			return true;
	}
	return match_assignment(s, ret_name, ret_value);
}

/* Within double quotes. Its two passes, one after the other: "\\n" is a line feed, too. */
static void unescape(struct sv s, struct buf *ret)
{
	autobuf struct buf ends = BUF_MAX(VALUE_MAX);
	struct sv t;

	for (size_t i = 0; i < s.n; i++) {
		bool escape =
		    s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == 'n' || s.p[i + 1] == 'r');

		if (escape)
			i++;
		buf_addc(&ends, !escape ? s.p[i] : s.p[i] == 'n' ? '\n' : '\r');
	}
	t = buf_sv(&ends);
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] == '\\' && i + 1 < t.n && t.p[i + 1] != '$')
			i++;
		buf_addc(ret, t.p[i]);
	}
	ret->full |= ends.full;
}

static const char *value_of(const struct reader *r, struct sv name)
{
	autofree char *text = sv_dup(name);
	const char *outside = r->outside ? r->outside(text, r->data) : NULL;
	const struct gotenv_var *own = map_get(&r->env->vars, text);

	return outside ? outside : own ? own->value : "";
}

/* s starts with a dollar. Returns the bytes that were taken. */
static size_t expand_one(const struct reader *r, struct sv s, struct buf *ret)
{
	bool brace = s.n > 1 && s.p[1] == '{';
	size_t from = brace ? 2 : 1, to = from;

	while (to < s.n &&
	       ((s.p[to] >= 'A' && s.p[to] <= 'Z') || conf_is_digit(s.p[to]) || s.p[to] == '_'))
		to++;
	if (to == from) {
		buf_add(ret, s.p, from);
		return from;
	}
	buf_adds(ret, value_of(r, (struct sv){ s.p + from, to - from }));
	return to + (to < s.n && s.p[to] == '}');
}

static void expand(const struct reader *r, struct sv s, struct buf *ret)
{
	for (size_t i = 0; i < s.n;) {
		if (s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == '$') {
			size_t n = 2 + (i + 2 < s.n && s.p[i + 2] == '{');

			buf_add(ret, s.p + i + 1, n - 1);
			i += n;
		} else if (s.p[i] == '$') {
			i += expand_one(r, behind(s, i), ret);
		} else {
			buf_addc(ret, s.p[i++]);
		}
	}
}

static void read_value(const struct reader *r, struct sv written, struct buf *ret)
{
	struct sv s = trim(written);
	bool quoted = s.n >= 2 && s.p[0] == s.p[s.n - 1] && (s.p[0] == '"' || s.p[0] == '\'');
	autobuf struct buf said = BUF_MAX(VALUE_MAX);

	if (!quoted) {
		expand(r, s, ret);
	} else if (s.p[0] == '\'') {
		buf_add(ret, s.p + 1, s.n - 2);
	} else {
		unescape((struct sv){ s.p + 1, s.n - 2 }, &said);
		expand(r, buf_sv(&said), ret);
	}
	ret->full |= said.full;
}

static void var_free(void *p)
{
	struct gotenv_var *var = p;

	if (var)
		free(var->value);
	free(var);
}

static int keep(struct reader *r, struct sv name, size_t line, struct buf *value, struct err *e)
{
	autofree char *text = sv_dup(name);
	struct gotenv_var *var;

	r->grown += value->len;
	if (value->full || r->grown > GROWN_MAX)
		return err_set(e, ERR_REFUSED, "line %zu: the value grows too large", line);
	var = xmalloc(sizeof *var);
	*var = (struct gotenv_var){ .value = xstrdup(buf_str(value)), .line = line };
	var_free(map_put(&r->env->vars, text, var));
	return 0;
}

static int read_line(struct reader *r, struct err *e)
{
	autobuf struct buf whole = BUF_MAX(CONF_MAX), value = BUF_MAX(VALUE_MAX);
	struct sv line = { 0 }, name, written;
	size_t first;

	if (next_line(r, &line, e) < 0)
		return -(int)e->kind;
	line = trim(line);
	if (!line.n || line.p[0] == '#')
		return 0;
	first = r->line;
	buf_add_sv(&whole, line);
	if (read_on(r, open_quote(line), &whole, e) < 0)
		return -(int)e->kind;
	if (!match_line(buf_sv(&whole), &name, &written))
		return err_set(e, ERR_FORMAT, "line %zu: no assignment", first);
	read_value(r, written, &value);
	return keep(r, name, first, &value, e);
}

/* Its reader decodes these, ours does not. */
static int check_encoding(struct sv text, struct err *e)
{
	if (conf_admit(text, e) < 0)
		return -(int)e->kind;
	if (sv_starts(text, "\xff\xfe") || sv_starts(text, "\xfe\xff"))
		return err_set(e, ERR_REFUSED, "the file is UTF-16");
	if (sv_starts(text, BOM) && !conf_is_utf8(text))
		return err_set(e, ERR_REFUSED, "a byte order mark, and yet no UTF-8");
	return 0;
}

int gotenv_read(struct sv text, const char *(*outside)(const char *name, void *data), void *data,
		struct gotenv *ret, struct err *e)
{
	autogotenv struct gotenv env = { 0 };
	struct reader r = { .rest = text, .outside = outside, .data = data, .env = &env };

	if (check_encoding(text, e) < 0)
		return -(int)e->kind;
	if (sv_starts(text, BOM))
		r.rest = behind(text, strlen(BOM));
	while (r.rest.n)
		if (read_line(&r, e) < 0)
			return -(int)e->kind;
	*ret = env;
	env = (struct gotenv){ 0 };
	return 0;
}

void gotenv_done(struct gotenv *env)
{
	map_done(&env->vars, var_free);
}
