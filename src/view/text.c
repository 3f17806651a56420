#include "view/text.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

struct range {
	uint32_t from, to;
};

/* Combining marks and joiners: no column of their own. */
static const struct range zero_wide[] = { { 0x0300, 0x036f },
					  { 0x200b, 0x200f },
					  { 0xfe00, 0xfe0f } };
/* East Asian wide and emoji, after Unicode's EastAsianWidth.txt, coarsely. */
static const struct range two_wide[] = { { 0x1100, 0x115f },   { 0x2e80, 0xa4cf },
					 { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },
					 { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },
					 { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f },
					 { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd } };

static bool within(const struct range *r, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].from && c <= r[i].to)
			return true;
	return false;
}

/* The character at p of n bytes; its length in bytes, 0 when it is not UTF-8. */
static size_t decode(const unsigned char *p, size_t n, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80       ? 1
		     : p[0] >> 5 == 6  ? 2
		     : p[0] >> 4 == 14 ? 3
		     : p[0] >> 3 == 30 ? 4
				       : 0;
	uint32_t c;

	if (!len || len > n)
		return 0;
	c = len == 1 ? p[0] : p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return len;
}

/* Controls, and the marks that turn the direction of a line around. */
static bool harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

void view_clean(struct buf *ret, struct sv text)
{
	const unsigned char *p = (const unsigned char *)text.p;

	for (size_t i = 0; i < text.n;) {
		uint32_t c = 0;
		size_t len = decode(p + i, text.n - i, &c);

		if (len && !harmful(c)) {
			buf_add(ret, text.p + i, len);
			i += len;
		} else {
			buf_addf(ret, "\\x%02x", p[i]);
			i++;
		}
	}
}

size_t view_width(struct sv text)
{
	const unsigned char *p = (const unsigned char *)text.p;
	size_t columns = 0;

	for (size_t i = 0; i < text.n;) {
		uint32_t c = 0;
		size_t len = decode(p + i, text.n - i, &c);

		i += len ? len : 1;
		if (within(zero_wide, ARRAY_LEN(zero_wide), c))
			continue;
		columns += within(two_wide, ARRAY_LEN(two_wide), c) ? 2 : 1;
	}
	return columns;
}

void view_paint(struct buf *ret, const struct style *s, enum paint p, const char *text)
{
	static const char *const codes[PAINT__MAX] = { "", "1", "2", "31", "33", "32", "36" };

	if (s->color && p != PAINT_PLAIN)
		buf_addf(ret, "\033[%sm", codes[p]);
	view_clean(ret, sv_of(text));
	if (s->color && p != PAINT_PLAIN)
		buf_adds(ret, "\033[0m");
}

void view_wrap(struct buf *ret, const struct style *s, const char *text, size_t at, size_t indent)
{
	struct sv rest = sv_of(text);
	bool first = true;

	while (rest.n) {
		struct sv word = sv_cut(&rest, ' ');
		size_t wide = view_width(word);

		if (!word.n)
			continue;
		if (!first && s->width && at + 1 + wide > s->width) {
			buf_addf(ret, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			buf_addc(ret, ' ');
			at++;
		}
		view_clean(ret, word);
		at += wide;
		first = false;
	}
}

void view_field(struct buf *ret, const struct style *s, const char *label, const char *text)
{
	size_t at = 4 + view_width(sv_of(label)) + 2;

	if (!text || !*text)
		return;
	buf_adds(ret, "    ");
	view_paint(ret, s, PAINT_DIM, label);
	buf_adds(ret, ": ");
	view_wrap(ret, s, text, at, 6);
	buf_addc(ret, '\n');
}

char *view_bytes(uint64_t n, char *out, size_t n_out)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double value = (double)n;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < ARRAY_LEN(units)) {
		value /= 1024;
		unit++;
	}
	snprintf(out, n_out, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return out;
}

char *view_ms(int64_t ms, char *out, size_t n_out)
{
	return clock_span(ms * NS_PER_MS, out, n_out);
}

void view_value(struct buf *ret, const json_t *value, size_t max)
{
	autofree char *text = NULL;
	struct sv shown;

	if (json_is_string(value)) {
		shown = (struct sv){ json_string_value(value), json_string_length(value) };
	} else {
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		shown = sv_of(text);
	}
	if (shown.n <= max) {
		view_clean(ret, shown);
		return;
	}
	shown.n = max;
	view_clean(ret, shown);
	buf_adds(ret, "...");
}

void view_measure(struct buf *ret, const char *key, const json_t *value)
{
	struct sv name = sv_of(key);
	char text[48];

	if (json_is_integer(value) && json_integer_value(value) >= 0 && sv_ends(name, "_ms"))
		buf_adds(ret, view_ms(json_integer_value(value), text, sizeof text));
	else if (json_is_integer(value) && json_integer_value(value) >= 0 && sv_ends(name, "bytes"))
		buf_adds(ret, view_bytes((uint64_t)json_integer_value(value), text, sizeof text));
	else
		view_value(ret, value, 200);
}

void view_heading(struct buf *ret, const struct style *s, const char *text)
{
	buf_addc(ret, '\n');
	view_paint(ret, s, PAINT_BOLD, text);
	buf_addc(ret, '\n');
}
