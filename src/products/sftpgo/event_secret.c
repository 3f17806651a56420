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

static bool says_secret(const char *name)
{
	static const char *const words[] = { "authorization", "password", "passwd", "secret", "token", "key", "cookie", "credential",
					     "signature" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcasestr(name, words[i]))
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

/* scheme://user:password@host: without what stands before the '@'. */
static json_t *without_login(struct sv text)
{
	const char *host = memmem(text.p, text.n, "://", 3), *slash, *end;
	autobuf struct buf shown = BUF_MAX(16u << 20);

	if (!host)
		return json_stringn(text.p, text.n);
	host += 3;
	slash = memchr(host, '/', (size_t)(text.p + text.n - host));
	end = memrchr(host, '@', (size_t)((slash ? slash : text.p + text.n) - host));
	if (!end)
		return json_stringn(text.p, text.n);
	buf_add(&shown, text.p, (size_t)(host - text.p));
	buf_adds(&shown, HIDDEN);
	buf_add(&shown, end, (size_t)(text.p + text.n - end));
	return json_stringn(buf_str(&shown), shown.len);
}

json_t *event_secret_shown(const json_t *action, const char *field, struct sv text)
{
	if (is_secret_value(action, field))
		return json_string(HIDDEN);
	if (!strcmp(field, "http_config.endpoint"))
		return without_login(text);
	return json_stringn(text.p ? text.p : "", text.n);
}
