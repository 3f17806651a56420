/* QuestDB's little-endian bytes. */
#pragma once

#include "base/buf.h"

static inline int32_t le32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (int32_t)(u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24);
}

static inline int64_t le64(const char *p)
{
	return (int64_t)((uint64_t)(uint32_t)le32(p + 4) << 32 | (uint32_t)le32(p));
}

/* A string as QuestDB writes it: i32 count of UTF-16 units, then these. *at moves behind it; heap.
 * ERR_FORMAT when it does not end inside `bytes`, is empty, has a NUL or more than 4,096 units. */
int bytes_string(struct sv bytes, size_t *at, char **ret, struct err *e) must_check;
