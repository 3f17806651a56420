/* A logical line joined from physical ones, every byte remembering where it stood. Inside this room
 * only. */
#pragma once

#include "base/vec.h"
#include "base/sv.h"

struct joined_byte {
	uint32_t at;
	char     c;
};
struct joined {
	struct joined_byte *v;
	size_t              n, room;
};

static inline void joined_add(struct joined *j, struct sv text, size_t from, size_t to)
{
	for (; from < to; from++)
		*vec_push(j) = (struct joined_byte){ (uint32_t)from, text.p[from] };
}

static inline bool joined_blank(const struct joined *j, size_t i, const char *blanks)
{
	return i < j->n && j->v[i].c && strchr(blanks, j->v[i].c);
}

/* Is the last of the bytes from `from` on a backslash that escapes what follows? */
static inline bool joined_ends_escaped(const struct joined *j, size_t from)
{
	size_t i = j->n;

	while (i > from && j->v[i - 1].c == '\\')
		i--;
	return (j->n - i) % 2;
}
