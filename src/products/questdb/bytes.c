#include "products/questdb/bytes.h"

#define NAME_CHARS_MAX 4096

/* One code point of UTF-16 at *at, unpaired surrogates as U+FFFD: a table name is for people to
 * read here. */
static uint32_t utf16_next(const char *text, size_t n, size_t *at)
{
	uint32_t c = (unsigned char)text[2 * *at] | (uint32_t)(unsigned char)text[2 * *at + 1] << 8;

	(*at)++;
	if (c >= 0xd800 && c < 0xdc00 && *at < n) {
		uint32_t low =
		    (unsigned char)text[2 * *at] | (uint32_t)(unsigned char)text[2 * *at + 1] << 8;

		if (low >= 0xdc00 && low < 0xe000) {
			(*at)++;
			return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	return c >= 0xd800 && c < 0xe000 ? 0xfffd : c;
}

static void utf8_add(struct buf *ret, uint32_t c)
{
	if (c < 0x80) {
		buf_addc(ret, (char)c);
	} else if (c < 0x800) {
		buf_addc(ret, (char)(0xc0 | c >> 6));
		buf_addc(ret, (char)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		buf_addc(ret, (char)(0xe0 | c >> 12));
		buf_addc(ret, (char)(0x80 | (c >> 6 & 63)));
		buf_addc(ret, (char)(0x80 | (c & 63)));
	} else {
		buf_addc(ret, (char)(0xf0 | c >> 18));
		buf_addc(ret, (char)(0x80 | (c >> 12 & 63)));
		buf_addc(ret, (char)(0x80 | (c >> 6 & 63)));
		buf_addc(ret, (char)(0x80 | (c & 63)));
	}
}

int bytes_string(struct sv bytes, size_t *at, char **ret, struct err *e)
{
	autobuf struct buf text = BUF_MAX(4 * NAME_CHARS_MAX);
	int32_t n;

	if (*at + 4 > bytes.n)
		return err_set(e, ERR_FORMAT, "it ends inside a name");
	n = le32(bytes.p + *at);
	*at += 4;
	if (n < 1 || n > NAME_CHARS_MAX || *at + 2 * (size_t)n > bytes.n)
		return err_set(e, ERR_FORMAT, "a name has %d characters", n);
	for (size_t i = 0; i < (size_t)n;) {
		uint32_t c = utf16_next(bytes.p + *at, (size_t)n, &i);

		if (!c)
			return err_set(e, ERR_FORMAT, "a name has a NUL");
		utf8_add(&text, c);
	}
	*at += 2 * (size_t)n;
	*ret = buf_take(&text);
	return 0;
}
