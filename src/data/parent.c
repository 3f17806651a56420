#include "data/parent.h"

#include <fcntl.h>

int parent_open(const struct dir *d, const char *rel, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(rel, '/');
	autofree char *parent = slash ? xstrndup(rel, (size_t)(slash - rel)) : xstrdup("");

	*ret_name = slash ? slash + 1 : rel;
	return dir_openat(d, parent, O_RDONLY | O_DIRECTORY, 0, e);
}
