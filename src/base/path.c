#include "base/path.h"

#include <stddef.h>
#include <string.h>

const char *path_behind(const char *path, const char *top)
{
	size_t n = top ? strlen(top) : 0;

	if (!path || !n)
		return NULL;
	while (n && top[n - 1] == '/')
		n--;
	return !strncmp(path, top, n) && (!path[n] || path[n] == '/') ? path + n : NULL;
}

bool path_is_in(const char *path, const char *top)
{
	return path_behind(path, top) != NULL;
}

bool path_is_below(const char *path, const char *top)
{
	const char *rest = path_behind(path, top);

	return rest && *rest;
}
