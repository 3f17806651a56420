#include "cli/save.h"

#include <string.h>

#include "cli/subject.h"

char *save_side(const char *path)
{
	autofree char *absolute = path_absolute(path);

	return xasprintf("%s.d", absolute);
}

/* The directory of an absolute path, and the name in it. */
static int open_parent(const char *path, struct dir *ret, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	autofree char *parent =
	    slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));

	*ret_name = slash + 1;
	if (!**ret_name)
		return err_set(e, ERR_USAGE, "it names a directory, not a file");
	return dir_open(parent, ret, e);
}

int save_text(const char *path, struct sv text, mode_t mode, struct err *e)
{
	struct file_attr attr = { .mode = mode, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	autofree char *absolute = path_absolute(path);
	autodir struct dir parent = DIR_NONE;
	const char *name;

	if (open_parent(absolute, &parent, &name, e) < 0 ||
	    file_replace(&parent, name, text, attr, e) < 0)
		return err_wrap(e, "write '%s'", path);
	return 0;
}

int save_new(const char *path, struct sv text, mode_t mode, struct err *e)
{
	struct file_attr attr = { .mode = mode, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	autofree char *absolute = path_absolute(path);
	autodir struct dir parent = DIR_NONE;
	const char *name;

	if (open_parent(absolute, &parent, &name, e) < 0 ||
	    file_create(&parent, name, text, attr, e) < 0)
		return err_wrap(e, "write '%s'", path);
	return 0;
}
