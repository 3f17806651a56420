#include "products/sftpgo/places.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sv.h"

char *place_real(const char *path)
{
	autofree char *there = xstrdup(path), *real = NULL;
	char *slash;

	while (!(real = realpath(there, NULL)) && (slash = strrchr(there, '/')) && slash != there)
		*slash = '\0';
	if (!real)
		return xstrdup(path);
	return xasprintf("%s%s", strcmp(real, "/") ? real : "", path + strlen(there));
}

char *place_below(const char *root, const char *path)
{
	size_t n = strlen(root);
	struct sv rest;

	if (strncmp(path, root, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	rest = sv_of(path + n);
	while (rest.n && *rest.p == '/')
		rest = (struct sv){ rest.p + 1, rest.n - 1 };
	return sv_dup(sv_cut(&rest, '/'));
}
