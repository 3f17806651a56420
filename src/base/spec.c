#include "base/spec.h"

static void add(struct buf *b, enum spec_tag tag, const void *p, size_t n)
{
	uint32_t size = (uint32_t)n;

	buf_addc(b, (char)tag);
	buf_add(b, &size, sizeof size);
	buf_add(b, p, n);
}

void spec_add_text(struct buf *b, enum spec_tag tag, const char *text)
{
	add(b, tag, text, strlen(text));
}

void spec_add_numbers(struct buf *b, enum spec_tag tag, const uint64_t *v, size_t n)
{
	add(b, tag, v, n * sizeof *v);
}

bool spec_next(struct sv *rest, enum spec_tag *ret_tag, struct sv *ret_value)
{
	const size_t head = 1 + sizeof(uint32_t);
	uint32_t size;

	if (rest->n < head)
		return false;
	memcpy(&size, rest->p + 1, sizeof size);
	if (size > rest->n - head)
		return false;
	*ret_tag = (enum spec_tag)rest->p[0];
	*ret_value = (struct sv){ rest->p + head, size };
	*rest = (struct sv){ rest->p + head + size, rest->n - head - size };
	return true;
}

bool spec_numbers(struct sv value, uint64_t *ret, size_t n)
{
	if (value.n != n * sizeof *ret)
		return false;
	if (n)
		memcpy(ret, value.p, value.n);
	return true;
}
