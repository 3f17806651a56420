#include "io/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/sv.h"
#include "io/at.h"

static int make_errno(int fd, const char *name, mode_t mode)
{
	int sys = fault_errno("dir.make");

	if (!sys && mkdirat(fd, name, mode) < 0)
		sys = errno;
	return sys;
}

int dir_make(const struct dir *d, const char *rel, mode_t mode, struct err *e)
{
	cleanup_with(at_done) struct at at = { 0 };
	struct stat st;
	int sys;

	if (at_is_self(rel))
		return 0;
	if (at_find(d, rel, &at, e) < 0)
		return -(int)e->kind;
	sys = make_errno(at.fd, at.leaf, mode);
	if (sys == EEXIST && fstatat(at.fd, at.leaf, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode))
		return 0;
	return sys ? err_sys(e, sys, "make directory '%s/%s'", d->path, rel) : 0;
}

/* Enter name below *fd, making it first where it is missing. Beneath: no link is followed. */
static int step_into(int *fd, const char *name, mode_t mode, bool beneath, const char *whole,
                     struct err *e)
{
	int next, sys = make_errno(*fd, name, mode);

	if (sys && sys != EEXIST)
		return err_sys(e, sys, "make directory '%s'", whole);
	if (!sys && at_sync(*fd, whole, e) < 0)
		return -(int)e->kind;
	next = beneath ? at_open(*fd, name, O_RDONLY | O_DIRECTORY, 0, 0)
	               : openat(*fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (next < 0)
		return err_sys(e, errno, "open directory '%s'", whole);
	close(*fd);
	*fd = next;
	return 0;
}

static int walk(int *fd, const char *path, mode_t mode, bool beneath, const char *whole,
                struct err *e)
{
	struct sv rest = sv_of(path);

	while (rest.n) {
		struct sv part = sv_cut(&rest, '/');
		char name[NAME_MAX + 1];

		if (!part.n || sv_eq(part, "."))
			continue;
		if (part.n > NAME_MAX)
			return err_sys(e, ENAMETOOLONG, "make directory '%s'", whole);
		memcpy(name, part.p, part.n);
		name[part.n] = '\0';
		if (step_into(fd, name, mode, beneath, whole, e) < 0)
			return -(int)e->kind;
	}
	return 0;
}

int dir_make_all(const struct dir *d, const char *rel, mode_t mode, struct err *e)
{
	autofree char *whole = xasprintf("%s/%s", d->path, rel);
	autoclose int fd = fcntl(d->fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return err_sys(e, errno, "make directory '%s'", whole);
	if (rel[0] == '/')
		return err_sys(e, EXDEV, "make directory '%s'", rel);
	return walk(&fd, rel, mode, true, whole, e);
}

int dir_make_path(const char *path, mode_t mode, struct dir *ret, struct err *e)
{
	autoclose int fd = -1;

	if (path[0] != '/')
		return err_set(e, ERR_USAGE, "'%s' is not an absolute path", path);
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "open directory '/'");
	if (walk(&fd, path, mode, false, path, e) < 0)
		return -(int)e->kind;
	return dir_of_fd(take_fd(fd), path, ret, e);
}

int dir_symlink(const struct dir *d, const char *target, const char *rel, struct err *e)
{
	cleanup_with(at_done) struct at at = { 0 };
	int sys;

	if (at_find(d, rel, &at, e) < 0)
		return -(int)e->kind;
	sys = fault_errno("dir.symlink");
	if (!sys && symlinkat(target, at.fd, at.leaf) < 0)
		sys = errno;
	return sys ? err_sys(e, sys, "make link '%s/%s'", d->path, rel) : 0;
}
