#include "io/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/clock.h"
#include "base/fault.h"
#include "io/at.h"

#define BENEATH (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

int at_open(int fd, const char *rel, int flags, mode_t mode, unsigned more_resolve)
{
	/* O_NOFOLLOW only where a link itself is wanted: with O_DIRECTORY it would turn ELOOP into
	 * ENOTDIR. */
	int no_follow = flags & O_PATH && !(flags & O_DIRECTORY) ? O_NOFOLLOW : 0;
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC | no_follow),
		.mode = flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? mode : 0,
		.resolve = BENEATH | more_resolve,
	};

	if (!*rel)
		rel = ".";
	/* EAGAIN: something was renamed while the kernel walked, so it could not tell. */
	for (int tries = 0;; tries++) {
		int r = (int)syscall(SYS_openat2, fd, rel, &how, sizeof how);

		if (r >= 0 || (errno != EAGAIN && errno != EINTR) || tries == 100)
			return r;
	}
}

bool at_is_self(const char *rel)
{
	return !*rel || strcmp(rel, ".") == 0;
}

void at_done(struct at *at)
{
	if (at->owned)
		close(at->fd);
}

int at_find(const struct dir *d, const char *rel, struct at *ret, struct err *e)
{
	const char *end = rel + strlen(rel), *slash;
	struct at at = { .fd = d->fd };
	char parent[PATH_MAX];

	while (end > rel && end[-1] == '/')
		end--;
	slash = memrchr(rel, '/', (size_t)(end - rel));
	at.leaf_len = (size_t)(end - (slash ? slash + 1 : rel));
	if (at.leaf_len > NAME_MAX || (slash && slash - rel >= PATH_MAX))
		return err_sys(e, ENAMETOOLONG, "'%s/%s'", d->path, rel);
	memcpy(at.leaf, slash ? slash + 1 : rel, at.leaf_len);
	if (!at.leaf_len || strcmp(at.leaf, ".") == 0 || strcmp(at.leaf, "..") == 0)
		return err_set(e, ERR_USAGE, "'%s' names nothing in %s", rel, d->path);
	if (slash) {
		size_t n = slash > rel ? (size_t)(slash - rel) : 1;

		memcpy(parent, rel, n);
		parent[n] = '\0';
		at.fd = at_open(d->fd, parent, O_RDONLY | O_DIRECTORY, 0, 0);
		at.owned = true;
		if (at.fd < 0)
			return err_sys(e, errno, "open '%s/%s'", d->path, parent);
	}
	*ret = at;
	return 0;
}

static void take(struct dir *ret, int fd, char *path)
{
	*ret = (struct dir){ .fd = fd, .path = path };
}

int dir_open(const char *path, struct dir *ret, struct err *e)
{
	int fd;

	if (path[0] != '/')
		return err_set(e, ERR_USAGE, "'%s' is not an absolute path", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "open directory '%s'", path);
	take(ret, fd, xstrdup(path));
	return 0;
}

int dir_open_nearest(const char *path, struct dir *ret, struct err *e)
{
	autofree char *at = xstrdup(path);
	char *slash;

	while (dir_open(at, ret, e) < 0) {
		slash = strrchr(at, '/');
		if (e->sys != ENOENT || !slash || !at[1])
			return -(int)e->kind;
		err_clear(e);
		slash[slash == at] = '\0';
	}
	return 0;
}

char *dir_real_path(const char *path)
{
	autofree char *head = xstrdup(path), *real = NULL;
	const char *rest;
	char *slash;

	if (*path != '/')
		return NULL;
	while (!(real = realpath(*head ? head : "/", NULL)) && (slash = strrchr(head, '/')))
		*slash = '\0';
	rest = path + strlen(head);
	return xasprintf("%s%s", !*rest || (real && real[1]) ? real : "", rest);
}

static char *path_below(const struct dir *d, const char *rel)
{
	return at_is_self(rel) ? xstrdup(d->path) : xasprintf("%s/%s", d->path, rel);
}

int dir_open_at(const struct dir *d, const char *rel, struct dir *ret, struct err *e)
{
	int fd = at_open(d->fd, rel, O_RDONLY | O_DIRECTORY, 0, 0);

	if (fd < 0)
		return err_sys(e, errno, "open directory '%s/%s'", d->path, rel);
	take(ret, fd, path_below(d, rel));
	return 0;
}

int dir_of_fd(int fd, const char *path, struct dir *ret, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode)) {
		close(fd);
		return err_sys(e, ENOTDIR, "'%s'", path);
	}
	take(ret, fd, xstrdup(path));
	return 0;
}

int dir_dup(const struct dir *d, struct dir *ret, struct err *e)
{
	int fd = fcntl(d->fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return err_sys(e, errno, "duplicate the descriptor of '%s'", d->path);
	take(ret, fd, xstrdup(d->path));
	return 0;
}

void dir_close(struct dir *d)
{
	if (d->fd >= 0)
		close(d->fd);
	free(d->path);
	*d = (struct dir)DIR_NONE;
}

int dir_openat(const struct dir *d, const char *rel, int flags, mode_t mode, struct err *e)
{
	int fd, sys = flags & (O_CREAT | O_TRUNC) ? fault_errno("file.create") : 0;

	if (sys)
		return err_sys(e, sys, "open '%s/%s'", d->path, rel);
	fd = at_open(d->fd, rel, flags, mode, 0);
	if (fd < 0)
		return err_sys(e, errno, "open '%s/%s'", d->path, rel);
	return fd;
}

int dir_stat(const struct dir *d, const char *rel, struct stat *ret, struct err *e)
{
	autoclose int fd = dir_openat(d, rel, O_PATH, 0, e);

	if (fd < 0)
		return fd;
	if (fstat(fd, ret) < 0)
		return err_sys(e, errno, "look at '%s/%s'", d->path, rel);
	return 0;
}

int dir_has(const struct dir *d, const char *rel, struct err *e)
{
	struct stat st;
	int r = dir_stat(d, rel, &st, e);

	if (r == -ERR_ABSENT) {
		err_clear(e);
		return 0;
	}
	return r < 0 ? r : 1;
}

int dir_readlink(const struct dir *d, const char *rel, char **ret, struct err *e)
{
	autoclose int fd = dir_openat(d, rel, O_PATH, 0, e);
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) == 0 && !S_ISLNK(st.st_mode))
		return err_set(e, ERR_REFUSED, "'%s/%s' is not a symbolic link", d->path, rel);
	n = readlinkat(fd, "", target, sizeof target);
	if (n < 0)
		return err_sys(e, errno, "read link '%s/%s'", d->path, rel);
	*ret = xstrndup(target, (size_t)n);
	return 0;
}

int dir_sync(const struct dir *d, const char *rel, struct err *e)
{
	autoclose int fd = dir_openat(d, rel, O_RDONLY | O_DIRECTORY, 0, e);

	return fd < 0 ? fd : at_sync(fd, d->path, e);
}

int at_sync(int fd, const char *path, struct err *e)
{
	int sys = fault_errno("dir.sync");

	if (!sys && fsync(fd) < 0)
		sys = errno;
	return sys ? err_sys(e, sys, "sync directory '%s'", path) : 0;
}

int dir_unlink(const struct dir *d, const char *rel, struct err *e)
{
	cleanup_with(at_done) struct at at = { 0 };
	int sys, r = at_find(d, rel, &at, e);

	if (r == -ERR_ABSENT)
		return 0;
	if (r < 0)
		return r;
	sys = fault_errno("dir.unlink");
	if (!sys && unlinkat(at.fd, at.leaf, 0) < 0)
		sys = errno;
	if (sys == EISDIR)
		sys = unlinkat(at.fd, at.leaf, AT_REMOVEDIR) < 0 ? errno : 0;
	if (sys && sys != ENOENT)
		return err_sys(e, sys, "remove '%s/%s'", d->path, rel);
	return 0;
}

static int rename_errno(const struct at *from, const struct at *to, unsigned flags)
{
	int sys = fault_errno(flags & RENAME_EXCHANGE ? "dir.exchange" : "dir.rename");

	if (!sys && renameat2(from->fd, from->leaf, to->fd, to->leaf, flags) < 0)
		sys = errno;
	return sys;
}

static bool same_fd(int a, int b)
{
	struct stat x, y;

	return a == b || (fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	                  x.st_ino == y.st_ino);
}

int dir_rename(const struct dir *from, const char *a, const struct dir *to, const char *b,
               unsigned flags, struct err *e)
{
	cleanup_with(at_done) struct at at_a = { 0 }, at_b = { 0 };
	int sys;

	if (at_find(from, a, &at_a, e) < 0 || at_find(to, b, &at_b, e) < 0)
		return -(int)e->kind;
	sys = rename_errno(&at_a, &at_b, flags);
	if (sys == EXDEV) {
		(void)err_set(e, ERR_REFUSED, "'%s/%s' and '%s/%s' are not on one file system",
		              from->path, a, to->path, b);
		e->sys = EXDEV;
		return -ERR_REFUSED;
	}
	if (sys)
		return err_sys(e, sys, "rename '%s/%s' to '%s/%s'", from->path, a, to->path, b);
	if (at_sync(at_b.fd, to->path, e) < 0)
		return -(int)e->kind;
	return same_fd(at_a.fd, at_b.fd) ? 0 : at_sync(at_a.fd, from->path, e);
}

int dir_file_id(const struct dir *d, const char *rel, struct file_id *ret, struct err *e)
{
	autoclose int fd = dir_openat(d, rel, O_PATH, 0, e);
	struct statx sx;

	if (fd < 0)
		return fd;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &sx) < 0)
		return err_sys(e, errno, "look at '%s/%s'", d->path, rel);
	*ret = (struct file_id){ .dev = makedev(sx.stx_dev_major, sx.stx_dev_minor), .ino = sx.stx_ino };
	if (sx.stx_mask & STATX_BTIME)
		ret->born_ns = sx.stx_btime.tv_sec * NS_PER_S + sx.stx_btime.tv_nsec;
	return 0;
}

bool file_id_eq(struct file_id a, struct file_id b)
{
	return a.dev == b.dev && a.ino == b.ino;
}

bool file_id_found(struct file_id then, struct file_id now)
{
	bool told = then.born_ns && now.born_ns;        /* a kernel may tell today what it did not then */

	return then.ino && then.ino == now.ino && (!told || then.born_ns == now.born_ns);
}

int dir_room(const struct dir *d, struct fs_room *ret, struct err *e)
{
	struct statfs fs;
	uint64_t unit;

	if (fstatfs(d->fd, &fs) < 0)
		return err_sys(e, errno, "ask for the room at '%s'", d->path);
	unit = (uint64_t)(fs.f_frsize ? fs.f_frsize : fs.f_bsize);
	*ret = (struct fs_room){
		.total_bytes = fs.f_blocks * unit,
		.free_bytes = fs.f_bavail * unit,
		.total_inodes = fs.f_files,
		.free_inodes = fs.f_ffree,
		.magic = (uint64_t)fs.f_type,
		.read_only = fs.f_flags & ST_RDONLY,
		.noexec = fs.f_flags & ST_NOEXEC,
	};
	return 0;
}

int dir_mount_id(const struct dir *d, const char *rel, uint64_t *ret, struct err *e)
{
	autoclose int fd = dir_openat(d, rel, O_PATH, 0, e);
	struct statx sx;

	if (fd < 0)
		return fd;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &sx) < 0)
		return err_sys(e, errno, "ask for the mount of '%s/%s'", d->path, rel);
	if (!(sx.stx_mask & STATX_MNT_ID))
		return err_set(e, ERR_IO, "the kernel does not tell the mount of '%s/%s'", d->path,
		               rel);
	*ret = sx.stx_mnt_id;
	return 0;
}

int dir_share_fs(const struct dir *a, const struct dir *b, bool *ret, struct err *e)
{
	struct file_id mine, theirs;
	uint64_t at, other;

	if (dir_file_id(a, "", &mine, e) < 0 || dir_file_id(b, "", &theirs, e) < 0 ||
	    dir_mount_id(a, "", &at, e) < 0 || dir_mount_id(b, "", &other, e) < 0)
		return -(int)e->kind;
	*ret = mine.dev == theirs.dev && at == other;
	return 0;
}

bool dir_is_mount_point(const char *path)
{
	autofree char *parent = xstrdup(path);
	char *slash = strrchr(parent, '/');
	autodir struct dir d = DIR_NONE, above = DIR_NONE;
	struct err ignored = ERR_INIT;
	bool shared = true;

	if (!slash || !path[1])
		return true;
	*slash = '\0';
	return dir_open(path, &d, &ignored) >= 0 && dir_open(*parent ? parent : "/", &above, &ignored) >= 0 &&
	       dir_share_fs(&d, &above, &shared, &ignored) >= 0 && !shared;
}
