/* Grammar: compose-go dotenv and template, versions 2.0 to 2.13, as measured. */
#include "conf/dotenv.h"

#include "conf/assign.h"

#define DEPTH_MAX 32
#define WORK_MAX  (64u << 20)

static const char *const SPACES[] = {
	"\t", "\v", "\f", "\r", " ", "\xc2\x85", "\xc2\xa0",
	"\n", "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83",
	"\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88",
	"\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
	"\xe2\x81\x9f", "\xe3\x80\x80",
};
#define N_BLANKS 7      /* the first ones are what compose-go calls a space inside a line */

size_t dotenv_blank(struct sv s)
{
	for (size_t i = 0; i < N_BLANKS; i++)
		if (sv_starts(s, SPACES[i]))
			return strlen(SPACES[i]);
	return 0;
}

size_t dotenv_space(struct sv s)
{
	for (size_t i = 0; i < ARRAY_LEN(SPACES); i++)
		if (sv_starts(s, SPACES[i]))
			return strlen(SPACES[i]);
	return 0;
}

struct sv dotenv_trim_end(struct sv s)
{
	for (size_t i = 0; i < ARRAY_LEN(SPACES); i++) {
		if (!s.n || !sv_ends(s, SPACES[i]))
			continue;
		s.n -= strlen(SPACES[i]);
		i = (size_t)-1;
	}
	return s;
}

const char *dotenv_lookup(const struct dotenv_scope *in, const char *name)
{
	const char *value = in->outside ? in->outside(name, in->data) : NULL;

	return value ? value : map_get(&in->values, name);
}

/* Between quotes: an escaped quote loses its backslash, every other backslash stays; so does a CR
 * before a LF. */
static void unquote(struct sv s, struct buf *ret)
{
	char quote = s.p[0];
	bool escaped = false;

	for (size_t i = 1; i + 1 < s.n; i++) {
		char c = s.p[i];

		if (c == '\\' && !escaped) {
			escaped = true;
			continue;
		}
		if (escaped && c != quote)
			buf_addc(ret, '\\');
		escaped = false;
		buf_addc(ret, c);
	}
}

/* \0NNN: the character, or -1 when Go would not take it. */
static int octal_at(struct sv s, size_t *ret_len)
{
	int value = 0;

	*ret_len = 2;
	while (*ret_len < 5 && *ret_len < s.n && s.p[*ret_len] >= '0' && s.p[*ret_len] <= '9')
		++*ret_len;
	if (*ret_len != 5)
		return -1;
	for (size_t i = 2; i < 5; i++) {
		if (s.p[i] > '7')
			return -1;
		value = value << 3 | (s.p[i] - '0');
	}
	return value < 256 ? value : -1;
}

static void add_octal(struct sv *rest, struct buf *ret)
{
	size_t len;
	int rune = octal_at(*rest, &len);

	if (rune < 0) {
		buf_add(ret, rest->p, len);
	} else if (rune < 0x80) {
		buf_addc(ret, (char)rune);
	} else {
		buf_addc(ret, (char)(0xc0 | rune >> 6));
		buf_addc(ret, (char)(0x80 | (rune & 0x3f)));
	}
	rest->p += len;
	rest->n -= len;
}

/* The escapes of a double-quoted value; "\$" becomes "$$", which substitution makes a dollar. */
static void unescape(struct sv s, struct buf *ret)
{
	static const char from[] = "abfnrtv\\\"$";
	static const char *const to[] = { "\a", "\b", "\f", "\n", "\r",
		                          "\t", "\v", "\\", "\"", "$$" };

	while (s.n) {
		const char *known =
		    s.n > 1 && s.p[0] == '\\' && s.p[1] ? strchr(from, s.p[1]) : NULL;

		if (s.n > 1 && s.p[0] == '\\' && s.p[1] == '0') {
			add_octal(&s, ret);
			continue;
		}
		if (known)
			buf_adds(ret, to[known - from]);
		else
			buf_addc(ret, s.p[0]);
		s.p += known ? 2 : 1;
		s.n -= known ? 2 : 1;
	}
}

static size_t name_at(struct sv s)
{
	size_t n = 0;

	while (n < s.n && (s.p[n] == '_' || conf_is_letter(s.p[n]) || (n && conf_is_digit(s.p[n]))))
		n++;
	return n;
}

/* Where the "}" stands that closes the "${" at the start of s: the balanced one of the line, else
 * its last. */
static size_t closing(struct sv s)
{
	size_t last = 0, depth = 0;

	for (size_t i = 0; i < s.n && s.p[i] != '\n'; i++) {
		if (s.p[i] == '}') {
			last = i;
			if (--depth == 0)
				break;
		} else if (s.p[i] == '$' && i + 1 < s.n && s.p[i + 1] == '{') {
			depth++;
			i++;
		}
	}
	return last;
}

struct expand {
	struct dotenv_scope *in;
	size_t               line;
	unsigned             depth;
};

static int expand(struct expand *x, struct sv s, struct buf *ret, struct err *e);

static int bad_template(const struct expand *x, struct err *e)
{
	return err_set(e, ERR_FORMAT,
		       "line %zu: an invalid template: a '${' that compose cannot read", x->line);
}

/* ${NAME op word}: `op` is one of - ? + with or without a colon, which makes empty count as
 * unset. */
static int expand_word(struct expand *x, const char *name, char op, bool colon, struct sv word,
		       struct buf *ret, struct err *e)
{
	autobuf struct buf other = BUF_MAX(CONF_MAX);
	const char *value = dotenv_lookup(x->in, name);
	bool set = value && (!colon || value[0]);

	if (expand(x, word, &other, e) < 0)
		return -(int)e->kind;
	if (op == '?' && !set)
		return err_set(e, ERR_FORMAT, "line %zu: required variable '%s' is missing a value",
			       x->line, name);
	if (op == '+' ? set : !set)
		buf_add_sv(ret, buf_sv(&other));
	else if (op != '+')
		buf_adds(ret, value);
	return 0;
}

/* The "${" at the start of *s. */
static int expand_braced(struct expand *x, struct sv *s, struct buf *ret, struct err *e)
{
	struct sv inside = { s->p + 2, s->n - 2 };
	size_t n = name_at(inside), op, end;
	autofree char *name = sv_dup((struct sv){ inside.p, n });
	bool colon;

	if (!n || n == inside.n)
		return bad_template(x, e);
	if (inside.p[n] == '}') {
		const char *value = dotenv_lookup(x->in, name);

		buf_adds(ret, value ? value : "");
		*s = (struct sv){ inside.p + n + 1, inside.n - n - 1 };
		return 0;
	}
	colon = inside.p[n] == ':';
	op = n + colon;
	end = closing(*s);
	if (op == inside.n || !inside.p[op] || !strchr("-?+", inside.p[op]) || end < op + 3)
		return bad_template(x, e);
	if (expand_word(x, name, inside.p[op], colon,
			(struct sv){ inside.p + op + 1, end - op - 3 }, ret, e) < 0)
		return -(int)e->kind;
	*s = (struct sv){ s->p + end + 1, s->n - end - 1 };
	return 0;
}

static void expand_named(struct expand *x, struct sv *s, struct buf *ret)
{
	size_t n = name_at((struct sv){ s->p + 1, s->n - 1 });
	autofree char *name = sv_dup((struct sv){ s->p + 1, n });
	const char *value = dotenv_lookup(x->in, name);

	if (!n)
		buf_addc(ret, '$');
	else
		buf_adds(ret, value ? value : "");
	*s = (struct sv){ s->p + 1 + n, s->n - 1 - n };
}

static int expand(struct expand *x, struct sv s, struct buf *ret, struct err *e)
{
	int r = 0;

	if (++x->depth > DEPTH_MAX)
		return err_set(e, ERR_REFUSED, "line %zu: variables nested more than %d deep",
			       x->line, DEPTH_MAX);
	while (s.n && r == 0 && !ret->full) {
		size_t had = ret->len;

		if (s.p[0] == '$' && s.n > 1 && s.p[1] == '{') {
			r = expand_braced(x, &s, ret, e);
		} else if (s.p[0] == '$' && s.n > 1 && s.p[1] == '$') {
			buf_addc(ret, '$');
			s = (struct sv){ s.p + 2, s.n - 2 };
		} else if (s.p[0] == '$') {
			expand_named(x, &s, ret);
		} else {
			buf_addc(ret, *s.p);
			s = (struct sv){ s.p + 1, s.n - 1 };
		}
		x->in->work += ret->len - had;
		if (r == 0 && x->in->work > WORK_MAX)
			return err_set(e, ERR_REFUSED, "line %zu: the values grow too large",
				       x->line);
	}
	x->depth--;
	return r;
}

int dotenv_read(struct sv written, struct dotenv_scope *in, size_t line, struct buf *ret,
		struct err *e)
{
	autobuf struct buf plain = BUF_MAX(CONF_MAX), raw = BUF_MAX(CONF_MAX);
	struct expand x = { .in = in, .line = line };
	size_t n;

	while ((n = dotenv_blank(written)))
		written = (struct sv){ written.p + n, written.n - n };
	if (written.n && (written.p[0] == '\'' || written.p[0] == '"'))
		unquote(written, &raw);
	else
		buf_add_sv(&raw, written);
	if (written.n && written.p[0] == '"')
		unescape(buf_sv(&raw), &plain);
	else
		buf_add_sv(&plain, buf_sv(&raw));
	if (written.n && written.p[0] == '\'')
		buf_add_sv(ret, buf_sv(&plain));
	else if (expand(&x, buf_sv(&plain), ret, e) < 0)
		return -(int)e->kind;
	if (ret->len && memchr(ret->data, 0, ret->len))
		return err_set(e, ERR_REFUSED, "line %zu: the value holds a NUL", line);
	return buf_check(ret, "a value with its variables replaced", e);
}
