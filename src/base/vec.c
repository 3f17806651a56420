#include "base/vec.h"

#include <stdint.h>
#include <string.h>

void *vec_grow_(void *v, size_t n, size_t *room, size_t size)
{
	if (n == *room) {
		size_t more = n ? n * 2 : 8;

		if (more > SIZE_MAX / size)
			abort();
		v = xrealloc(v, more * size);
		*room = more;
	}
	memset((char *)v + n * size, 0, size);
	return v;
}
