#include "products/sftpgo/event_secret.h"

#include <string.h>

#define HIDDEN "***"

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
	const char *end = sv_starts(text, "{{") ? memmem(text.p, text.n, "}}", 2) : NULL;

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

static json_t *endpoint_shown(struct sv text)
{
	autobuf struct buf shown = BUF_MAX(16u << 20);

	take(&text, show_server(&shown, text));
	show_parts(&shown, take(&text, up_to(text, SV("?"))));
	buf_add_sv(&shown, take(&text, text.n ? 1 : 0));
	show_query(&shown, text);
	return json_stringn(buf_str(&shown), shown.len);
}

json_t *event_secret_shown(const json_t *action, const char *field, struct sv text)
{
	if (is_secret_value(action, field))
		return json_string(HIDDEN);
	if (!strcmp(field, "http_config.endpoint"))
		return endpoint_shown(text);
	return json_stringn(text.p ? text.p : "", text.n) ?: json_text(text.p);
}
