#include "io/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

#include "base/fault.h"
#include "io/at.h"

#define DEPTH_MAX 256           /* of a tree of our own that is removed */
#define ROUNDS    4             /* a directory that fills up again while it is emptied */

static void own_closedir(DIR **stream)
{
	if (*stream)
		closedir(*stream);
}
#define autostream cleanup_with(own_closedir)

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct dir_entry *)a)->name, ((const struct dir_entry *)b)->name);
}

/* File systems may leave the type to a look of its own. */
static unsigned char type_of(int fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return (unsigned char)IFTODT(st.st_mode);
}

static int collect(DIR *stream, size_t max, struct dir_names *names, struct err *e)
{
	struct dirent *entry;

	while (errno = 0, (entry = readdir(stream))) {
		unsigned char type;

		if (is_dots(entry->d_name))
			continue;
		type = type_of(dirfd(stream), entry);
		if (type == DT_UNKNOWN)         /* gone meanwhile */
			continue;
		if (names->n == max)
			return err_set(e, ERR_SPACE, "more than %zu entries", max);
		*vec_push(names) =
			(struct dir_entry){ xstrdup(entry->d_name), type, entry->d_ino };
	}
	return errno ? err_sys(e, errno, "read") : 0;
}

int dir_list(const struct dir *d, const char *rel, size_t max, struct dir_names *ret,
             struct err *e)
{
	autoclose int fd = dir_openat(d, rel, O_RDONLY | O_DIRECTORY, 0, e);
	struct dir_names names = { 0 };
	autostream DIR *stream = NULL;

	if (fd < 0)
		return fd;
	stream = fdopendir(fd);
	if (!stream)
		return err_sys(e, errno, "list '%s/%s'", d->path, rel);
	fd = -1;
	if (collect(stream, max, &names, e) < 0) {
		dir_names_done(&names);
		return err_wrap(e, "list '%s/%s'", d->path, rel);
	}
	vec_sort(&names, by_name);
	*ret = names;
	return 0;
}

void dir_names_done(struct dir_names *names)
{
	vec_each(names, it)
		free(it->name);
	vec_done(names);
}

static int remove_entry(int parent, const char *name, unsigned depth, struct err *e);

static int empty(int fd, unsigned depth, struct err *e)
{
	autostream DIR *stream = fdopendir(fd);
	struct dirent *entry;

	if (!stream) {
		int sys = errno;

		close(fd);
		return err_sys(e, sys, "read a directory");
	}
	while (errno = 0, (entry = readdir(stream))) {
		if (is_dots(entry->d_name))
			continue;
		if (remove_entry(dirfd(stream), entry->d_name, depth + 1, e) < 0)
			return -(int)e->kind;
	}
	return errno ? err_sys(e, errno, "read a directory") : 0;
}

static int unlink_errno(int parent, const char *name, int flags)
{
	int sys = fault_errno("dir.remove");

	if (!sys && unlinkat(parent, name, flags) < 0)
		sys = errno;
	return sys == ENOENT ? 0 : sys;
}

/* One try at a directory: 0 gone, 1 something came into it or took its name meanwhile. */
static int remove_dir(int parent, const char *name, unsigned depth, struct err *e)
{
	int sys, fd = at_open(parent, name, O_RDONLY | O_DIRECTORY, 0, RESOLVE_NO_XDEV);

	if (fd < 0 && errno == EXDEV)
		return err_set(e, ERR_BUSY, "'%s' is a mount point", name);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
		               ? 1
		               : err_sys(e, errno, "open '%s'", name);
	if (empty(fd, depth, e) < 0)
		return err_wrap(e, "'%s'", name);
	sys = unlink_errno(parent, name, AT_REMOVEDIR);
	if (sys == ENOTEMPTY || sys == EEXIST || sys == ENOTDIR)
		return 1;
	return sys ? err_sys(e, sys, "remove '%s'", name) : 0;
}

/* By descriptors only: whatever is renamed under us, we remove what we opened, or what has the name
 * now. */
static int remove_entry(int parent, const char *name, unsigned depth, struct err *e)
{
	if (depth > DEPTH_MAX)
		return err_set(e, ERR_REFUSED, "nested more than %d deep", DEPTH_MAX);
	for (int round = 0; round < ROUNDS; round++) {
		int r, sys = unlink_errno(parent, name, 0);

		if (sys != EISDIR)
			return sys ? err_sys(e, sys, "remove '%s'", name) : 0;
		r = remove_dir(parent, name, depth, e);
		if (r <= 0)
			return r;
	}
	return err_set(e, ERR_BUSY, "'%s' keeps changing while it is removed", name);
}

int dir_remove_tree(const struct dir *d, const char *rel, struct err *e)
{
	cleanup_with(at_done) struct at at = { 0 };
	int r = at_find(d, rel, &at, e);

	if (r == -ERR_ABSENT)
		return 0;
	if (r < 0)
		return r;
	if (remove_entry(at.fd, at.leaf, 0, e) < 0)
		return err_wrap(e, "remove '%s/%s' with all below it", d->path, rel);
	return 0;
}
