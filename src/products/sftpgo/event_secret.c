#include "products/sftpgo/event_secret.h"

#include <string.h>

#define HIDDEN    "***"
#define TOKEN_MAX 4096 /* bytes of a template or token; what is longer is text */

/* Below an object, by the way that findings name: "a.b[1].c". */
static const json_t *at(const json_t *o, struct sv way)
{
	while (way.n && o) {
		struct sv step = sv_cut(&way, '.'), name = sv_cut(&step, '[');
		autofree char *key = sv_dup(name);
		uint64_t i;

		o = json_object_get(o, key);
		if (step.n && sv_u64(sv_cut(&step, ']'), &i))
			o = json_array_get(o, i);
	}
	return o;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Is it there as a word of its own: "sig" and "X-Sig", not "design"? */
static bool has_word(const char *name, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = name; (at = strcasestr(at, word)); at++) {
		bool begins = at == name || !is_letter(at[-1]);

		if (begins && !is_letter(at[n]))
			return true;
	}
	return false;
}

static bool says_secret(const char *name)
{
	static const char *const parts[] = { "authoriz", "authent", "pass", "pwd", "secret", "token", "key", "cookie", "credential",
					     "signature", "bearer", "session", "webhook" };
	static const char *const words[] = { "auth", "sig", "code", "sid", "otp", "pin" };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (strcasestr(name, parts[i]))
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (has_word(name, words[i]))
			return true;
	}
	return false;
}

/* The value of a pair whose key says so. */
static bool is_secret_value(const json_t *action, const char *field)
{
	struct sv way = sv_of(field);

	if (!sv_ends(way, "].value") || sv_starts(way, "fs_config."))
		return false;
	way.n -= strlen(".value");
	return says_secret(json_str(at(json_object_get(action, "options"), way), "key", ""));
}

/* ---- endpoints ---- */

/* scheme://user:password@host, as far as the host goes: without what stands before the '@'. Returns how far. */
static size_t show_server(struct buf *shown, struct sv text)
{
	const char *slash = memchr(text.p, '/', text.n), *host, *end, *login, *query;

	if (!slash || slash == text.p || slash[-1] != ':' || (size_t)(slash - text.p) + 1 >= text.n || slash[1] != '/')
		return 0;
	host = slash + 2;
	end = memchr(host, '/', (size_t)(text.p + text.n - host)) ?: text.p + text.n;
	login = memrchr(host, '@', (size_t)(end - host));
	buf_add(shown, text.p, (size_t)(host - text.p));
	if (login) {
		buf_adds(shown, HIDDEN);
		host = login;
	}
	query = memchr(host, '?', (size_t)(end - host));
	if (query)
		end = query;
	buf_add(shown, host, (size_t)(end - host));
	return (size_t)(end - text.p);
}

/* Addresses of chats are their passwords: long parts, and shorter ones of letters and digits. Words and versions stay readable. */
static bool looks_secret(struct sv part)
{
	bool letter = false, digit = false;

	for (size_t i = 0; i < part.n; i++) {
		letter |= is_letter(part.p[i]);
		digit |= part.p[i] >= '0' && part.p[i] <= '9';
	}
	return part.n >= 16 || (part.n >= 8 && letter && digit);
}

/* How far a template or token goes that begins here; 0: none does. */
static size_t braces(struct sv text)
{
	const char *end = sv_starts(text, "{{") ? memmem(text.p, MIN_OF(text.n, (size_t)TOKEN_MAX), "}}", 2) : NULL;

	return end ? (size_t)(end - text.p) + 2 : 0;
}

/* How far it is to one of these, or to the end; what stands in braces is not looked at. */
static size_t up_to(struct sv text, struct sv stops)
{
	size_t n = 0;

	while (n < text.n && !memchr(stops.p, text.p[n], stops.n))
		n += braces((struct sv){ text.p + n, text.n - n }) ?: 1;
	return n;
}

static struct sv take(struct sv *rest, size_t n)
{
	struct sv taken = { rest->p, n };

	*rest = (struct sv){ rest->p + n, rest->n - n };
	return taken;
}

/* Tokens and slashes as they are, and what stands between them if it is no secret. */
static void show_parts(struct buf *shown, struct sv text)
{
	while (text.n) {
		size_t token = braces(text), n = 0;

		while (!token && n < text.n && text.p[n] != '/' && !braces((struct sv){ text.p + n, text.n - n }))
			n++;
		if (looks_secret((struct sv){ text.p, n }))
			buf_adds(shown, HIDDEN);
		else
			buf_add(shown, text.p, n);
		take(&text, n);
		buf_add_sv(shown, take(&text, n ? 0 : token ?: 1));
	}
}

/* After the '?': name=value&... */
static void show_query(struct buf *shown, struct sv text)
{
	while (text.n) {
		struct sv pair = take(&text, up_to(text, SV("&#"))), name = take(&pair, up_to(pair, SV("=")));
		autofree char *key = sv_dup(name);

		show_parts(shown, name);
		buf_add_sv(shown, take(&pair, pair.n ? 1 : 0));
		if (pair.n && says_secret(key))
			buf_adds(shown, HIDDEN);
		else
			show_parts(shown, pair);
		buf_add_sv(shown, take(&text, text.n ? 1 : 0));
	}
}

static void show_endpoint(struct buf *shown, struct sv text)
{
	take(&text, show_server(shown, text));
	show_parts(shown, take(&text, up_to(text, SV("?"))));
	buf_add_sv(shown, take(&text, text.n ? 1 : 0));
	show_query(shown, text);
}

/* ---- bodies, templates of accounts, arguments ---- */

static struct sv behind(struct sv text, size_t n)
{
	return (struct sv){ text.p + n, text.n - n };
}

/* Of what stands there its tokens alone. */
static void hide(struct buf *shown, struct sv text)
{
	while (text.n) {
		size_t n = 0, token = 0;

		while (n < text.n && !(token = braces(behind(text, n))))
			n++;
		if (n)
			buf_adds(shown, HIDDEN);
		take(&text, n);
		buf_add_sv(shown, take(&text, token));
	}
}

static bool is_one_of(char c, const char *these) { return c && strchr(these, c); }

static size_t run_of(struct sv text, const char *these)
{
	size_t n = 0;

	while (n < text.n && is_one_of(text.p[n], these))
		n++;
	return n;
}

/* A quote, and what makes it one within another: '"', '\"'. */
static size_t quote_len(struct sv text)
{
	size_t n = run_of(text, "\\");

	return n < text.n && is_one_of(text.p[n], "\"'") ? n + 1 : 0;
}

static size_t name_len(struct sv text)
{
	size_t n = 0;

	while (n < text.n && (is_letter(text.p[n]) || (text.p[n] >= '0' && text.p[n] <= '9') || is_one_of(text.p[n], "_-.")))
		n++;
	return n;
}

/* From a name to its value: "name": value, name=value, name: value. 0: it has none. */
static size_t to_value(struct sv text, char *ret_sign, bool *ret_quoted)
{
	size_t n = quote_len(text);

	*ret_quoted = n > 0;
	n += run_of(behind(text, n), n ? " \t\r\n" : " \t");
	if (n == text.n || !is_one_of(text.p[n], ":="))
		return 0;
	*ret_sign = text.p[n];
	n += run_of(behind(text, n), ":=>");
	return n + run_of(behind(text, n), *ret_quoted ? " \t\r\n" : " \t");
}

/* How far it is to that end, or to the text's. */
static size_t to_end(struct sv text, struct sv end)
{
	size_t n = 0;

	while (n < text.n && !(end.n <= text.n - n && !memcmp(text.p + n, end.p, end.n)))
		n += braces(behind(text, n)) ?: MIN_OF(text.n - n, (size_t)(text.p[n] == '\\' ? 2 : 1));
	return n;
}

/* An object or a list of JSON. */
static size_t nested_len(struct sv text)
{
	size_t n = 0, depth = 0;

	do {
		size_t token = braces(behind(text, n)), opens = token ? 0 : quote_len(behind(text, n));

		depth += !token && is_one_of(text.p[n], "{[");
		depth -= !token && is_one_of(text.p[n], "}]");
		n += token ?: opens ?: 1;
		if (opens) {
			n += to_end(behind(text, n), (struct sv){ text.p + n - opens, opens });
			n += MIN_OF(opens, text.n - n);
		}
	} while (n < text.n && depth);
	return n;
}

/* A value of such a name, without its quotes: how far it goes. */
static size_t value_len(struct sv text, char sign, bool quoted)
{
	if (text.n && is_one_of(*text.p, "{[") && !braces(text))
		return nested_len(text);
	return up_to(text, quoted ? SV(",}]\r\n") : sign == '=' ? SV("& \t\r\n\"'<") : SV("\r\n"));
}

static void show_value(struct buf *shown, struct sv *text, char sign, bool quoted)
{
	size_t opens = quote_len(*text);
	struct sv end = { text->p, opens };

	buf_add_sv(shown, take(text, opens));
	hide(shown, take(text, opens ? to_end(*text, end) : value_len(*text, sign, quoted)));
}

static void show_text(struct buf *shown, struct sv text)
{
	while (text.n) {
		size_t token = braces(text), n = token ? 0 : name_len(text), between;
		autofree char *key = NULL;
		bool quoted;
		char sign;

		buf_add(shown, text.p, n ?: token ?: 1);
		between = n ? to_value(behind(text, n), &sign, &quoted) : 0;
		key = between ? sv_dup((struct sv){ text.p, n }) : NULL;
		take(&text, n ?: token ?: 1);
		buf_add_sv(shown, take(&text, between));
		if (key && says_secret(key))
			show_value(shown, &text, sign, quoted);
	}
}

/* An argument behind "--token". */
static bool follows_option(const json_t *action, struct sv field)
{
	const json_t *all = at(json_object_get(action, "options"), SV("cmd_config.args"));
	const char *option;
	uint64_t i;

	(void)sv_cut(&field, '[');
	if (!sv_u64(sv_cut(&field, ']'), &i) || !i)
		return false;
	option = json_string_value(json_array_get(all, i - 1));
	return option && *option == '-' && !strchr(option, '=') && says_secret(option);
}

/* "--token=": what is behind it is one value to its end. 0: it is no such option. */
static size_t option_len(struct sv text)
{
	const char *sign = sv_starts(text, "-") ? memchr(text.p, '=', text.n) : NULL;
	size_t n = sign ? (size_t)(sign - text.p) : 0;
	autofree char *option = sv_dup((struct sv){ text.p, n });

	return n && name_len(text) == n && says_secret(option) ? n + 1 : 0;
}

static void show_argument(struct buf *shown, struct sv text)
{
	size_t n = option_len(text);

	if (!n) {
		show_text(shown, text);
		return;
	}
	buf_add_sv(shown, take(&text, n));
	hide(shown, text);
}

/* ---- which of them ---- */

static json_t *through(void (*show)(struct buf *shown, struct sv text), struct sv text)
{
	autobuf struct buf shown = BUF_MAX(16u << 20);

	show(&shown, text);
	return json_stringn(buf_str(&shown), shown.len);
}

json_t *event_secret_shown(const json_t *action, const char *field, struct sv text)
{
	struct sv of = sv_of(field);

	if (is_secret_value(action, field))
		return json_string(HIDDEN);
	if (!strcmp(field, "http_config.endpoint"))
		return through(show_endpoint, text);
	if (sv_starts(of, "cmd_config.args["))
		return through(follows_option(action, of) ? hide : show_argument, text);
	if (!sv_starts(of, "fs_config."))
		return through(show_text, text);
	return json_stringn(text.p ? text.p : "", text.n) ?: json_text(text.p);
}
