#include "conf/toml_word.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "conf/assign.h"

#define NUMBER_MAX 64

int toml_bad(const struct toml_words *w, struct err *e, const char *what)
{
	return err_set(e, ERR_FORMAT, "line %zu: %s", w->line, what);
}

int toml_refuse(const struct toml_words *w, struct err *e, const char *what)
{
	return err_set(e, ERR_REFUSED, "line %zu: %s is not read", w->line, what);
}

/* ---- between words ---- */

static char here(const struct toml_words *w) { return (char)(w->p < w->end ? *w->p : '\0'); }

bool toml_take(struct toml_words *w, char c)
{
	if (w->p == w->end || *w->p != c)
		return false;
	w->p++;
	return true;
}

void toml_blanks(struct toml_words *w)
{
	while (here(w) == ' ' || here(w) == '\t')
		w->p++;
}

/* A carriage return stands before a line feed alone: toml_read() has looked. */
static bool take_line_end(struct toml_words *w)
{
	(void)toml_take(w, '\r');
	if (!toml_take(w, '\n'))
		return false;
	w->line++;
	return true;
}

int toml_line_end(struct toml_words *w, struct err *e)
{
	toml_blanks(w);
	if (here(w) == '#')
		while (w->p < w->end && *w->p != '\r' && *w->p != '\n')
			w->p++;
	return take_line_end(w) || w->p == w->end ? 0
						  : toml_bad(w, e, "more than one thing in a line");
}

int toml_gap(struct toml_words *w, struct err *e)
{
	for (;;) {
		toml_blanks(w);
		if (w->p == w->end || !strchr("#\r\n", *w->p))
			return 0;
		if (toml_line_end(w, e) < 0)
			return -(int)e->kind;
	}
}

/* ---- texts ---- */

static size_t run_of(const struct toml_words *w, char c)
{
	size_t n = 0;

	while (w->p + n < w->end && w->p[n] == c)
		n++;
	return n;
}

static int add_rune(struct toml_words *w, size_t digits, struct buf *ret, struct err *e)
{
	unsigned long rune = 0;

	for (; digits; digits--, w->p++) {
		int digit = conf_hex(here(w));

		if (digit < 0)
			return toml_bad(w, e, "an escape that is none");
		rune = rune << 4 | (unsigned long)digit;
	}
	if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
		return toml_bad(w, e, "an escape that is no character");
	if (!rune)
		return toml_refuse(w, e, "a NUL");
	conf_add_utf8(ret, rune);
	return 0;
}

/* A backslash at a line's end takes all that is blank behind it. */
static bool skip_line_end(struct toml_words *w)
{
	struct toml_words look = *w;

	toml_blanks(&look);
	if (!take_line_end(&look))
		return false;
	do
		toml_blanks(&look);
	while (take_line_end(&look));
	*w = look;
	return true;
}

static int add_escape(struct toml_words *w, bool many, struct buf *ret, struct err *e)
{
	static const char written[] = "btnfr\"\\", meant[] = "\b\t\n\f\r\"\\";
	const char *at;
	char c;

	w->p++;
	if (many && skip_line_end(w))
		return 0;
	c = here(w);
	at = c ? strchr(written, c) : NULL;
	w->p += w->p < w->end;
	if (c == 'u' || c == 'U')
		return add_rune(w, c == 'u' ? 4 : 8, ret, e);
	if (!at)
		return toml_bad(w, e, "an escape that is none");
	buf_addc(ret, meant[at - written]);
	return 0;
}

/* Quotes within a text of many lines, or its end with up to two that belong to it. */
static int add_quotes(struct toml_words *w, size_t n, struct buf *ret, struct err *e)
{
	bool ends = n >= 3;

	if (n > 5)
		return toml_bad(w, e, "too many quotes");
	buf_add(ret, w->p, ends ? n - 3 : n);
	w->p += n;
	return ends;
}

static int add_character(struct toml_words *w, bool many, struct buf *ret, struct err *e)
{
	if (*w->p == '\r')
		return toml_refuse(w, e, "a carriage return within a text");
	if (*w->p == '\n' && !many)
		return toml_bad(w, e, "a text that does not end");
	w->line += *w->p == '\n';
	buf_addc(ret, *w->p++);
	return 0;
}

/* Behind the opening quotes. */
static int read_text(struct toml_words *w, char quote, bool many, struct buf *ret, struct err *e)
{
	while (w->p < w->end) {
		size_t n = run_of(w, quote);
		int r = 0;

		if (n && !many) {
			w->p++;
			return 0;
		}
		if (n)
			r = add_quotes(w, n, ret, e);
		else if (*w->p == '\\' && quote == '"')
			r = add_escape(w, many, ret, e);
		else
			r = add_character(w, many, ret, e);
		if (r)
			return r < 0 ? r : 0;
	}
	return toml_bad(w, e, "a text that does not end");
}

static int read_quoted(struct toml_words *w, bool may_be_many, struct buf *ret, struct err *e)
{
	char quote = *w->p;
	bool many = run_of(w, quote) >= 3;

	if (many && !may_be_many)
		return toml_bad(w, e, "a name of many lines");
	w->p += many ? 3 : 1;
	if (many)
		(void)take_line_end(w);
	return read_text(w, quote, many, ret, e);
}

static bool is_bare(char c)
{
	return conf_is_letter(c) || conf_is_digit(c) || c == '_' || c == '-';
}

int toml_name(struct toml_words *w, struct buf *ret, struct err *e)
{
	if (here(w) == '"' || here(w) == '\'') {
		if (read_quoted(w, false, ret, e) < 0)
			return -(int)e->kind;
		if (!ret->len || memchr(ret->data, '.', ret->len))
			return toml_refuse(w, e, "a name that is empty or has a dot");
		return buf_check(ret, "a name", e);
	}
	while (is_bare(here(w)))
		buf_addc(ret, *w->p++);
	return ret->len ? buf_check(ret, "a name", e) : toml_bad(w, e, "a name is missing");
}

/* ---- numbers ---- */

static bool is_digit_of(char c, int base)
{
	int digit = conf_hex(c);

	return digit >= 0 && digit < base;
}

static int base_of(const char *s)
{
	if (s[0] != '0' || !s[1] || !strchr("xob", s[1]))
		return 10;
	return s[1] == 'x' ? 16 : s[1] == 'o' ? 8 : 2;
}

/* Without the underscores, each of which stands between two digits. */
static bool without_underscores(struct sv word, char *ret)
{
	char text[NUMBER_MAX];
	int base;

	if (word.n >= NUMBER_MAX)
		return false;
	memcpy(text, word.p, word.n);
	text[word.n] = '\0';
	base = base_of(text);
	for (size_t i = 0; i < word.n; i++) {
		if (text[i] != '_')
			*ret++ = text[i];
		else if (!i || !is_digit_of(text[i - 1], base) || !is_digit_of(text[i + 1], base))
			return false;
	}
	*ret = '\0';
	return true;
}

static size_t digits_at(const char *s) { return strspn(s, "0123456789"); }

static bool is_decimal(const char *s, bool *ret_whole)
{
	size_t n;

	s += *s == '+' || *s == '-';
	n = digits_at(s);
	if (!n || (n > 1 && *s == '0'))
		return false;
	s += n;
	*ret_whole = !*s;
	if (*s == '.') {
		n = digits_at(s + 1);
		if (!n)
			return false;
		s += 1 + n;
	}
	if (*s == 'e' || *s == 'E') {
		s += 1 + (s[1] == '+' || s[1] == '-');
		n = digits_at(s);
		if (!n)
			return false;
		s += n;
	}
	return !*s;
}

static bool are_digits_of(const char *s, int base)
{
	bool any = *s;

	for (; *s; s++)
		if (!is_digit_of(*s, base))
			return false;
	return any;
}

static json_t *whole_number(const char *digits, int base)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(digits, &end, base);
	return *end || errno ? NULL : json_integer(n);
}

/* NULL when it is none, or too large. */
static json_t *number(struct sv word)
{
	char s[NUMBER_MAX];
	bool whole;
	int base;

	if (!without_underscores(word, s))
		return NULL;
	base = base_of(s);
	if (base != 10)
		return are_digits_of(s + 2, base) ? whole_number(s + 2, base) : NULL;
	if (!is_decimal(s, &whole))
		return NULL;
	return whole ? whole_number(s, 10) : json_real(strtod(s, NULL));
}

static bool is_time(struct sv s)
{
	size_t n = 0;

	while (n < s.n && conf_is_digit(s.p[n]))
		n++;
	return n < s.n && ((n == 4 && s.p[n] == '-') || (n == 2 && s.p[n] == ':'));
}

static bool is_no_number(struct sv s)
{
	if (s.n && strchr("+-", s.p[0]))
		s = (struct sv){ s.p + 1, s.n - 1 };
	return sv_eq(s, "inf") || sv_eq(s, "nan");
}

static struct sv bare_word(const struct toml_words *w)
{
	struct sv word = { w->p, 0 };

	while (w->p + word.n < w->end && !strchr(" \t\r\n,]}#", w->p[word.n]))
		word.n++;
	return word;
}

static int read_bare(struct toml_words *w, json_t **ret, struct err *e)
{
	struct sv word = bare_word(w);
	json_t *v;

	if (is_time(word) || is_no_number(word))
		return toml_refuse(w, e, is_time(word) ? "a date or a time" : "inf or nan");
	if (sv_eq(word, "true") || sv_eq(word, "false"))
		v = json_boolean(word.p[0] == 't');
	else
		v = number(word);
	if (!v)
		return toml_bad(w, e, "a value that is none");
	w->p += word.n;
	*ret = v;
	return 0;
}

int toml_scalar(struct toml_words *w, json_t **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(CONF_VALUE_MAX);

	if (here(w) != '"' && here(w) != '\'')
		return read_bare(w, ret, e);
	if (read_quoted(w, true, &text, e) < 0 || buf_check(&text, "a text", e) < 0)
		return -(int)e->kind;
	*ret = json_text(buf_str(&text));
	return 0;
}
