#include "conf/hcl_word.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "conf/assign.h"

#define NUMBER_MAX 64

void hcl_words_done(struct hcl_words *w)
{
	buf_done(&w->text);
	json_decref(w->value);
}

int hcl_bad(const struct hcl_words *w, struct err *e, const char *what)
{
	return err_set(e, w->json ? ERR_REFUSED : ERR_FORMAT, "line %zu: %s", w->line, what);
}

int hcl_refuse(const struct hcl_words *w, struct err *e, const char *what)
{
	return err_set(e, ERR_REFUSED, "line %zu: %s is not read", w->line, what);
}

bool hcl_is_mark(const struct hcl_words *w, char c) { return w->kind == HCL_MARK && w->mark == c; }

static struct sv rest(const struct hcl_words *w)
{
	return (struct sv){ w->p, (size_t)(w->end - w->p) };
}

static char ahead(const struct hcl_words *w, size_t n)
{
	return (char)((size_t)(w->end - w->p) > n ? w->p[n] : '\0');
}

static char here(const struct hcl_words *w) { return ahead(w, 0); }

static void take(struct hcl_words *w, size_t n)
{
	for (; n && w->p < w->end; n--)
		w->line += *w->p++ == '\n';
}

/* ---- between words ---- */

static int skip_comment(struct hcl_words *w, struct err *e)
{
	struct sv left = rest(w);
	const char *end;

	if (sv_starts(left, "/*")) {
		end = left.n > 2 ? memmem(left.p + 2, left.n - 2, "*/", 2) : NULL;
		take(w, end ? (size_t)(end + 2 - left.p) : left.n);
		return end ? 0 : hcl_bad(w, e, "a comment that does not end");
	}
	if (here(w) != '#' && ahead(w, 1) != '/')
		return hcl_bad(w, e, "a '/' alone");
	while (w->p < w->end && *w->p != '\n')
		w->p++;
	return 0;
}

static int skip_gap(struct hcl_words *w, struct err *e)
{
	while (w->p < w->end) {
		if (strchr(" \t\r\n", *w->p))
			take(w, 1);
		else if (w->json || !strchr("#/", *w->p))
			return 0;
		else if (skip_comment(w, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

/* ---- texts ---- */

/* `digits` of `base`; -1 when they are not all there. */
static long take_code(struct hcl_words *w, size_t digits, int base)
{
	long code = 0;

	for (; digits; digits--, w->p++) {
		int digit = conf_hex(here(w));

		if (digit < 0 || digit >= base)
			return -1;
		code = code * base + digit;
	}
	return code;
}

static int add_code(struct hcl_words *w, long code, bool rune, struct buf *ret, struct err *e)
{
	if (code < 0 || code > 0x10ffff || (!rune && code > 0xff))
		return hcl_bad(w, e, "an escape that is none");
	if (!code || (!rune && code > 0x7f) || (code >= 0xd800 && code < 0xe000))
		return hcl_refuse(w, e, "an escape that is no character");
	conf_add_utf8(ret, (unsigned long)code);
	return 0;
}

/* Behind the backslash. */
static int add_escape(struct hcl_words *w, struct buf *ret, struct err *e)
{
	static const char written[] = "abfnrtv\\\"", meant[] = "\a\b\f\n\r\t\v\\\"";
	char c = here(w);
	const char *at = c ? strchr(written, c) : NULL;

	if (c >= '0' && c <= '7')
		return add_code(w, take_code(w, 3, 8), false, ret, e);
	w->p += w->p < w->end;
	if (c == 'x')
		return add_code(w, take_code(w, 2, 16), false, ret, e);
	if (c == 'u' || c == 'U')
		return add_code(w, take_code(w, c == 'u' ? 4 : 8, 16), true, ret, e);
	if (!at)
		return hcl_bad(w, e, "an escape that is none");
	buf_addc(ret, meant[at - written]);
	return 0;
}

/* One character within "${...}", which stays as it is; an escape must be one, and hides a quote. */
static int add_verbatim(struct hcl_words *w, size_t *braces, struct err *e)
{
	struct buf unused = BUF_MAX(16);
	const char *from = w->p;
	int got = 0;

	*braces += *from == '{';
	*braces -= *from == '}';
	take(w, 1);
	if (*from == '\\')
		got = add_escape(w, &unused, e);
	buf_add(&w->text, from, (size_t)(w->p - from));
	buf_done(&unused);
	return got;
}

static int add_character(struct hcl_words *w, size_t *braces, struct err *e)
{
	if (*braces)
		return add_verbatim(w, braces, e);
	if (*w->p == '\n')
		return hcl_bad(w, e, "a text that does not end");
	if (*w->p == '\\') {
		w->p++;
		return add_escape(w, &w->text, e);
	}
	if (!w->json && sv_starts(rest(w), "${")) {
		buf_addc(&w->text, *w->p++);
		*braces = 1;
	}
	buf_addc(&w->text, *w->p++);
	return 0;
}

static int read_text(struct hcl_words *w, struct err *e)
{
	size_t braces = 0;

	w->kind = HCL_TEXT;
	for (w->p++; w->p < w->end;) {
		if (*w->p == '"' && !braces) {
			w->p++;
			return buf_check(&w->text, "a text", e);
		}
		if (add_character(w, &braces, e) < 0)
			return -(int)e->kind;
	}
	return hcl_bad(w, e, "a text that does not end");
}

/* ---- texts of many lines ---- */

static bool is_word(char c) { return conf_is_letter(c) || conf_is_digit(c) || c == '_'; }

/* Blanks, the anchor, and carriage returns that nobody sees. To the library the '-' of an indented text is part of the anchor when
 * it asks whether a line is long enough. */
static bool is_last(struct sv line, struct sv anchor, bool indented)
{
	if (line.n < anchor.n + indented)
		return false;
	while (line.n && strchr(" \t\v\f\r", line.p[0]))
		line = (struct sv){ line.p + 1, line.n - 1 };
	if (line.n < anchor.n || memcmp(line.p, anchor.p, anchor.n) != 0)
		return false;
	for (size_t i = anchor.n; i < line.n; i++)
		if (line.p[i] != '\r')
			return false;
	return true;
}

/* Without the blanks that the last line has before its anchor, where each line has them. */
static void add_indented(struct sv text, struct buf *ret)
{
	const char *last = memrchr(text.p, '\n', text.n);
	struct sv blanks = { last ? last + 1 : text.p, 0 }, left = { text.p, 0 };

	blanks.n = text.n - (size_t)(blanks.p - text.p);
	left.n = text.n - blanks.n;
	for (struct sv look = left; look.n;) {
		struct sv line = sv_line(&look);

		if (line.n >= blanks.n && !memcmp(line.p, blanks.p, blanks.n))
			continue;
		text.n--; /* a byte of the last line's, which is a blank but before a carriage return */
		while (text.n && strchr(" \t", text.p[text.n - 1]))
			text.n--;
		buf_add_sv(ret, text);
		return;
	}
	while (left.n) {
		struct sv line = sv_line(&left);

		buf_add(ret, line.p + blanks.n, line.n - blanks.n);
		buf_addc(ret, '\n');
	}
}

/* What the library counts back from the end by is the length of the anchor alone, so that blanks
 * before it stay. */
static int read_heredoc(struct hcl_words *w, struct err *e)
{
	bool indented = ahead(w, 2) == '-';
	struct sv anchor, left, line, text;

	take(w, indented ? 3 : 2);
	for (anchor = (struct sv){ w->p, 0 }; is_word(ahead(w, anchor.n));)
		anchor.n++;
	if (!anchor.n || ahead(w, anchor.n) != '\n')
		return hcl_bad(w, e, "a text of many lines without its anchor");
	take(w, anchor.n + 1);
	text = left = rest(w);
	do {
		if (!left.n || !memchr(left.p, '\n', left.n))
			return hcl_bad(w, e, "a text of many lines that does not end");
		line = sv_line(&left);
	} while (!is_last(line, anchor, indented));
	text.n = (size_t)(left.p - text.p) - 1 - anchor.n;
	if (indented)
		add_indented(text, &w->text);
	else
		buf_add_sv(&w->text, text);
	take(w, (size_t)(left.p - w->p));
	w->kind = HCL_VALUE;
	w->value = json_text(buf_str(&w->text));
	return buf_check(&w->text, "a text", e);
}

/* ---- numbers ---- */

static size_t digits_at(const struct hcl_words *w, size_t n, int base)
{
	size_t from = n;

	for (int digit; (digit = conf_hex(ahead(w, n))) >= 0 && digit < base;)
		n++;
	return n - from;
}

/* Its length; 0 when it is none. */
static size_t number_at(const struct hcl_words *w, bool *ret_whole)
{
	size_t n = here(w) == '-', digits;

	*ret_whole = true;
	if (ahead(w, n) == '0' && (ahead(w, n + 1) == 'x' || ahead(w, n + 1) == 'X')) {
		digits = digits_at(w, n + 2, 16);
		return digits && !w->json ? n + 2 + digits : 0;
	}
	n += digits_at(w, n, 10);
	if (ahead(w, n) == '.') {
		*ret_whole = false;
		n++;
		n += digits_at(w, n, 10);
	}
	if (ahead(w, n) == 'e' || ahead(w, n) == 'E') {
		*ret_whole = false;
		n += ahead(w, n + 1) == '+' || ahead(w, n + 1) == '-' ? 2 : 1;
		digits = digits_at(w, n, 10);
		return digits ? n + digits : 0;
	}
	return n;
}

/* As Go's ParseInt with base 0: a leading zero is octal. */
static json_t *number_of(const char *s, bool whole)
{
	char *end;
	double d;
	long long n;

	errno = 0;
	if (whole) {
		n = strtoll(s, &end, 0);
		return *end || errno ? NULL : json_integer(n);
	}
	d = strtod(s, &end);
	return *end || !isfinite(d) ? NULL : json_real(d);
}

static int read_number(struct hcl_words *w, struct err *e)
{
	char s[NUMBER_MAX];
	bool whole;
	size_t n = number_at(w, &whole), zero = here(w) == '-';

	if (!n || n >= sizeof s)
		return hcl_bad(w, e, "a number that is none");
	if (w->json && ahead(w, zero) == '0' && conf_is_digit(ahead(w, zero + 1)))
		return hcl_bad(w, e, "a number with a leading zero");
	memcpy(s, w->p, n);
	s[n] = '\0';
	w->kind = HCL_VALUE;
	w->value = number_of(s, whole);
	if (!w->value)
		return errno ? hcl_refuse(w, e, "a number beyond 64 bits")
			     : hcl_bad(w, e, "a number that is none");
	w->p += n;
	return 0;
}

/* ---- words ---- */

static int read_name(struct hcl_words *w, struct err *e)
{
	while (is_word(here(w)) || (!w->json && here(w) && strchr(".-", here(w))))
		buf_addc(&w->text, *w->p++);
	w->kind = HCL_VALUE;
	if (sv_eq(buf_sv(&w->text), "true") || sv_eq(buf_sv(&w->text), "false"))
		w->value = json_boolean(w->text.data[0] == 't');
	else if (!w->json)
		w->kind = HCL_NAME;
	else if (sv_eq(buf_sv(&w->text), "null"))
		w->value = json_null();
	else
		return hcl_bad(w, e, "a word that is none of JSON");
	return buf_check(&w->text, "a name", e);
}

int hcl_next(struct hcl_words *w, struct err *e)
{
	char c;

	buf_reset(&w->text);
	json_decref(w->value);
	w->value = NULL;
	w->kind = HCL_END;
	if (skip_gap(w, e) < 0)
		return -(int)e->kind;
	w->at = w->line;
	if (w->p == w->end)
		return 0;
	c = *w->p;
	if (c == '"')
		return read_text(w, e);
	if (conf_is_letter(c) || c == '_')
		return read_name(w, e);
	if (conf_is_digit(c) || (c == '-' && conf_is_digit(ahead(w, 1))))
		return read_number(w, e);
	if (!w->json && sv_starts(rest(w), "<<"))
		return read_heredoc(w, e);
	if ((unsigned char)c >= 0x80)
		return hcl_refuse(w, e, "a name beyond ASCII");
	if (c == '.')
		return hcl_refuse(w, e, "a number that begins with a dot");
	if (!strchr(w->json ? "{}[],:" : "{}[],=", c))
		return hcl_bad(w, e, "a character that means nothing here");
	w->kind = HCL_MARK;
	w->mark = c;
	w->p++;
	return 0;
}
