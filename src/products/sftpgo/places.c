#include "products/sftpgo/places.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
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
	struct sv rest = sv_of(path_behind(path, root));

	if (!rest.p)
		return NULL;
	while (rest.n && *rest.p == '/')
		rest = (struct sv){ rest.p + 1, rest.n - 1 };
	return sv_dup(sv_cut(&rest, '/'));
}
