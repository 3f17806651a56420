#include "conf/assign.h"

#include "base/map.h"

void assigns_done(struct assigns *all)
{
	vec_each(all, a)
		free(a->key);
	vec_done(all);
}

int conf_admit(struct sv text, struct err *e)
{
	const char *nul;
	size_t line = 1;

	if (text.n > CONF_MAX) {
		return err_set(e, ERR_SPACE, "the file has %zu bytes, more than %zu are not edited",
			       text.n, CONF_MAX);
	}
	nul = text.n ? memchr(text.p, 0, text.n) : NULL;
	if (!nul)
		return 0;
	for (const char *p = text.p; p < nul; p++)
		line += *p == '\n';
	return err_set(e, ERR_REFUSED, "line %zu: a NUL byte: not a text file", line);
}

const char *conf_eol(struct sv text)
{
	size_t crlf = 0, lf = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\n')
			continue;
		if (i && text.p[i - 1] == '\r')
			crlf++;
		else
			lf++;
	}
	return crlf > lf ? "\r\n" : "\n";
}

static bool is_live(const struct assign *a, const char *key)
{
	return !(a->flags & (ASSIGN_OFF | ASSIGN_SECTION)) && !strcmp(a->key, key);
}

const struct assign *assigns_last(const struct assigns *all, const char *key)
{
	for (size_t i = all->n; i-- > 0;)
		if (is_live(&all->v[i], key))
			return &all->v[i];
	return NULL;
}

const struct assign *assigns_at(const struct assigns *all, size_t from)
{
	vec_each(all, a)
		if (!(a->flags & (ASSIGN_OFF | ASSIGN_SECTION)) && a->from == from)
			return a;
	return NULL;
}

const struct assign *assigns_only_off(const struct assigns *all, const char *key)
{
	const struct assign *found = NULL;

	vec_each(all, a) {
		if (!(a->flags & ASSIGN_OFF) || (a->flags & ASSIGN_SHARED) ||
		    strcmp(a->key, key) != 0)
			continue;
		if (found)
			return NULL;
		found = a;
	}
	return found;
}

void assigns_span(const struct assigns *all, struct sv text, const char *key, struct span *ret)
{
	const struct assign *won = assigns_last(all, key), *off = assigns_only_off(all, key);
	struct span at = { .from = off ? off->line_to : text.n };

	if (won) {
		at = (struct span){
			.from = won->from, .to = won->to, .line = won->line, .present = true
		};
		vec_each(all, a)
			at.also += a != won && is_live(a, key);
	} else {
		at.to = at.from;
	}
	*ret = at;
}

int assigns_cut(const struct assigns *all, const char *key, struct span *ret, struct err *e)
{
	const struct assign *won = assigns_last(all, key);

	if (!won) {
		*ret = (struct span){ 0 };
		return 0;
	}
	if (won->flags & ASSIGN_SHARED) {
		return err_set(e, ERR_REFUSED,
			       "line %zu: something else stands on the line of '%s'", won->line,
			       key);
	}
	*ret = (struct span){ won->line_from, won->line_to, won->line, .present = true };
	return 0;
}

static int see(const struct assign *won, struct sv text, const struct dialect *lang, conf_seen seen,
	       void *data, struct err *e)
{
	autobuf struct buf value = BUF_MAX(CONF_VALUE_MAX);
	struct span at = { won->from, won->to, won->line, .present = true };

	if (lang->value(text, &at, &value, e) < 0)
		return -(int)e->kind;
	return seen(data, won->key, buf_str(&value), won->line, e);
}

int assigns_each(const struct assigns *all, struct sv text, const struct dialect *lang,
		 conf_seen seen, void *data, struct err *e)
{
	struct map winners = { 0 };
	int r = 0;

	vec_each(all, a)
		if (!(a->flags & (ASSIGN_OFF | ASSIGN_SECTION)))
			map_put(&winners, a->key, a);
	map_each(&winners, it) {
		r = see(it->value, text, lang, seen, data, e);
		if (r < 0)
			break;
	}
	map_done(&winners, NULL);
	return r < 0 ? r : 0;
}

void conf_start_line(struct sv text, const struct assigns *all, size_t from, struct buf *ret)
{
	size_t ends = from == text.n ? all->tail : 0;

	for (size_t i = 0; i < ends; i++)
		buf_adds(ret, conf_eol(text));
}

static size_t skip(struct sv text, size_t from, size_t to, const char *these)
{
	while (from < to && text.p[from] && strchr(these, text.p[from]))
		from++;
	return from;
}

bool conf_off(struct sv text, size_t from, size_t to, const char *marks, struct sv *ret_key,
	      struct span *ret_value)
{
	size_t key, end;

	key = skip(text, skip(text, from, to, " \t\f"), to, marks);
	key = skip(text, key, to, " \t\f");
	if (sv_starts((struct sv){ text.p + key, to - key }, "export "))
		key = skip(text, key + strlen("export "), to, " \t");
	for (end = key; end < to && !strchr("=: \t\f", text.p[end]); end++)
		;
	from = skip(text, end, to, " \t\f");
	if (end == key || from == to || (text.p[from] != '=' && text.p[from] != ':'))
		return false;
	*ret_key = (struct sv){ text.p + key, end - key };
	*ret_value = (struct span){ .from = from + 1, .to = to };
	return true;
}

/* Length that the first byte of a character announces, 0 when it cannot be one. */
static size_t utf8_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c >= 0xf5)
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

size_t conf_utf8_char(struct sv s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = utf8_length(c);
	unsigned long rune = n == 1 ? c : c & (0xffu >> (n + 1));

	if (n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		unsigned char next = (unsigned char)s.p[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		rune = rune << 6 | (next & 0x3f);
	}
	if ((n == 3 && rune < 0x800) || (n == 4 && (rune < 0x10000 || rune > 0x10ffff)))
		return 0;
	return rune >= 0xd800 && rune < 0xe000 ? 0 : n;
}

bool conf_is_utf8(struct sv s)
{
	while (s.n) {
		size_t n = conf_utf8_char(s);

		if (!n)
			return false;
		s.p += n;
		s.n -= n;
	}
	return true;
}

void conf_add_utf8(struct buf *b, unsigned long rune)
{
	if (rune < 0x80) {
		buf_addc(b, (char)rune);
	} else if (rune < 0x800) {
		buf_addc(b, (char)(0xc0 | rune >> 6));
		buf_addc(b, (char)(0x80 | (rune & 0x3f)));
	} else if (rune < 0x10000) {
		buf_addc(b, (char)(0xe0 | rune >> 12));
		buf_addc(b, (char)(0x80 | (rune >> 6 & 0x3f)));
		buf_addc(b, (char)(0x80 | (rune & 0x3f)));
	} else {
		buf_addc(b, (char)(0xf0 | rune >> 18));
		buf_addc(b, (char)(0x80 | (rune >> 12 & 0x3f)));
		buf_addc(b, (char)(0x80 | (rune >> 6 & 0x3f)));
		buf_addc(b, (char)(0x80 | (rune & 0x3f)));
	}
}

int conf_hex(char c)
{
	if (conf_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
