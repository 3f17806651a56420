#include "law.h"

#define TEXT_MAX (16u << 20)
#define KEYS_MAX 12                     /* other keys looked at one by one */

struct others {
	const struct dialect *lang;
	struct sv             after;
	const char           *except;
	size_t                seen;
	const char           *broken;
};

static int compare_one(void *data, const char *key, const char *value, size_t line, struct err *e)
{
	struct others *o = data;
	autobuf struct buf now = BUF_MAX(TEXT_MAX);
	struct err ours = ERR_INIT;
	int have;

	if (!strcmp(key, o->except) || o->seen++ >= KEYS_MAX)
		return 0;
	have = editor_get(o->lang, o->after, key, &now, &ours);
	if (have == -ERR_REFUSED || have == -ERR_USAGE)
		return 0; /* several assignments that add up, a name that is none: each() alone can
			     tell */
	if (have != 1 || strcmp(buf_str(&now), value) != 0)
		o->broken = "another key's value changed";
	return 0;
}

static bool starts_and_ends_alike(struct sv before, struct sv after, struct span at)
{
	size_t tail = before.n - at.to;

	return after.n >= at.from + tail && !memcmp(before.p, after.p, at.from) &&
	       !memcmp(before.p + at.to, after.p + after.n - tail, tail);
}

static const char *unchanged_broken(const struct dialect *lang, struct sv text, struct sv made,
				    const char *key, const char *value)
{
	autobuf struct buf now = BUF_MAX(TEXT_MAX);
	struct err e = ERR_INIT;
	int have = editor_get(lang, text, key, &now, &e);

	if (made.n != text.n || (text.n && memcmp(made.p, text.p, text.n) != 0))
		return "nothing to do, yet another text";
	if (have != !!value || (value && strcmp(buf_str(&now), value) != 0))
		return "nothing done, yet the value is another";
	return NULL;
}

static const char *changed_broken(const struct dialect *lang, struct sv text, struct sv made,
				  const char *key, const char *value)
{
	autobuf struct buf again = BUF_MAX(TEXT_MAX), now = BUF_MAX(TEXT_MAX);
	struct err e = ERR_INIT;
	struct others o = { .lang = lang, .after = made, .except = key };
	struct span at;

	if (lang->span(text, key, &at, &e) < 0)
		return "an edit of what cannot be found";
	if (value && !starts_and_ends_alike(text, made, at))
		return "bytes outside the span changed";
	if (editor_get(lang, made, key, &now, &e) != !!value ||
	    (value && strcmp(buf_str(&now), value) != 0))
		return "reads back as another value";
	if (editor_set(lang, made, key, value, &again, &e) != 0)
		return "setting the same value again is not an empty change";
	if (lang->each(text, compare_one, &o, &e) < 0)
		return "the text cannot be listed";
	return o.broken;
}

const char *law_broken(const struct dialect *lang, struct sv text, const char *key,
		       const char *value, bool *ret_changed)
{
	autobuf struct buf made = BUF_MAX(TEXT_MAX);
	struct err e = ERR_INIT;
	int r = editor_set(lang, text, key, value, &made, &e);

	if (ret_changed)
		*ret_changed = r == 1;
	if (r == -ERR_BUG)
		return "the editor's own proof failed";
	if (r < 0)
		return made.len   ? "a refused edit left text"
		       : e.msg[0] ? NULL
				  : "an error without a message";
	return r ? changed_broken(lang, text, buf_sv(&made), key, value)
	         : unchanged_broken(lang, text, buf_sv(&made), key, value);
}

static bool secret_if_long(const char *key, void *data)
{
	return strlen(key) > 2;
}

int law_fuzz(const struct dialect *lang, const uint8_t *data, size_t size)
{
	struct sv text = { (const char *)data, size }, key_sv = sv_line(&text),
		  value_sv = sv_line(&text);
	autofree char *key = sv_dup(key_sv), *value = sv_dup(value_sv);
	autobuf struct buf diff = BUF_MAX(TEXT_MAX), made = BUF_MAX(TEXT_MAX);
	struct err e = ERR_INIT;
	const char *set = strcmp(value, "-") != 0 ? value : NULL,
		   *broken = law_broken(lang, text, key, set, NULL);

	if (!broken)
		broken = law_broken(lang, text, key, set ? NULL : "v", NULL);
	if (broken) {
		fprintf(stderr, "%s: the law is broken: %s\n", lang->name, broken);
		abort();
	}
	if (editor_set(lang, text, key, set, &made, &e) >= 0 &&
	    editor_diff(lang, "f", text, buf_sv(&made), secret_if_long, NULL, &diff, &e) < 0)
		abort();
	return 0;
}
