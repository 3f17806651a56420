#include "io/json_splice.h"

#include <string.h>

/* The text is JSON, as somebody has parsed it: what comes next need not be doubted. */
struct cursor {
	struct sv rest;
	struct buf *ret;
};

static void pass(struct cursor *c, size_t n)
{
	buf_add(c->ret, c->rest.p, n);
	c->rest = (struct sv){ c->rest.p + n, c->rest.n - n };
}

static void pass_blanks(struct cursor *c)
{
	size_t n = 0;

	while (n < c->rest.n && c->rest.p[n] && strchr(" \t\n\r", c->rest.p[n]))
		n++;
	pass(c, n);
}

/* Bytes of the string that stands at the beginning, quotes included. */
static size_t string_size(struct sv text)
{
	size_t n = 1;

	while (n < text.n && text.p[n] != '"')
		n += text.p[n] == '\\' ? 2 : 1;
	return n + 1;
}

static size_t scalar_size(struct sv text)
{
	size_t n = 0;

	while (n < text.n && text.p[n] && !strchr(" \t\n\r,]}", text.p[n]))
		n++;
	return n;
}

static size_t value_size(struct sv text)
{
	size_t n = 0, depth = 0;

	if (!strchr("{[\"", text.p[0]))
		return scalar_size(text);
	do {
		char c = text.p[n];

		n += c == '"' ? string_size((struct sv){ text.p + n, text.n - n }) : 1;
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
	} while (depth);
	return n;
}

static void write_anew(struct cursor *c, const json_t *is)
{
	char *text = json_dumps(is, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
	size_t n = value_size(c->rest);

	buf_adds(c->ret, text);
	free(text);
	c->rest = (struct sv){ c->rest.p + n, c->rest.n - n };
}

static bool same_names(const json_t *a, const json_t *b)
{
	const char *name;
	json_t *member;

	json_object_foreach((json_t *)a, name, member)
	{
		if (!json_object_get(b, name))
			return false;
	}
	return json_object_size(a) == json_object_size(b);
}

static bool gone_into(const json_t *was, const json_t *is)
{
	if (json_is_object(was))
		return json_is_object(is) && same_names(was, is);
	return json_is_array(was) && json_is_array(is) && json_array_size(was) == json_array_size(is);
}

static void splice_value(struct cursor *c, const json_t *was, const json_t *is);

/* The name that stands at the beginning, as it is parsed; new reference. */
static json_t *name_here(const struct cursor *c)
{
	return json_loadb(c->rest.p, string_size(c->rest), JSON_DECODE_ANY, NULL);
}

static void splice_member(struct cursor *c, const json_t *was, const json_t *is)
{
	autojson json_t *name = name_here(c);
	const char *key = json_string_value(name);

	pass(c, string_size(c->rest));
	pass_blanks(c);
	pass(c, 1);
	splice_value(c, json_object_get(was, key), json_object_get(is, key));
}

static void splice_below(struct cursor *c, const json_t *was, const json_t *is)
{
	size_t n = json_is_object(was) ? json_object_size(was) : json_array_size(was);

	for (size_t i = 0; i < n; i++) {
		pass(c, 1); /* the opening, or the comma */
		pass_blanks(c);
		if (json_is_object(was))
			splice_member(c, was, is);
		else
			splice_value(c, json_array_get(was, i), json_array_get(is, i));
		pass_blanks(c);
	}
	pass(c, 1);
}

static void splice_value(struct cursor *c, const json_t *was, const json_t *is)
{
	pass_blanks(c);
	if (json_equal(was, is))
		pass(c, value_size(c->rest));
	else if (gone_into(was, is))
		splice_below(c, was, is);
	else
		write_anew(c, is);
}

void json_splice(struct sv text, const json_t *before, const json_t *after, struct buf *ret)
{
	struct cursor c = { text, ret };

	splice_value(&c, before, after);
	pass(&c, c.rest.n);
}
