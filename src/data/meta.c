#include "data/meta.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/xattr.h>

#include "base/fault.h"
#include "base/mem.h"
#include "data/parent.h"

/* A thing with attributes: a descriptor, or, for a symbolic link, a path through /proc/self/fd
 * whose last part is not followed. */
struct bearer {
	int fd; /* -1: by path */
	char path[64 + NAME_MAX + 1];
};

static struct bearer bearer_fd(int fd) { return (struct bearer){ .fd = fd }; }

static int bearer_at(int dirfd, const char *name, struct bearer *ret)
{
	int n = snprintf(ret->path, sizeof ret->path, "/proc/self/fd/%d/%s", dirfd, name);

	ret->fd = -1;
	return n < 0 || (size_t)n >= sizeof ret->path ? -ENAMETOOLONG : 0;
}

static ssize_t list_of(const struct bearer *b, char *list, size_t n)
{
	return b->fd >= 0 ? flistxattr(b->fd, list, n) : llistxattr(b->path, list, n);
}

static ssize_t value_of(const struct bearer *b, const char *name, void *value, size_t n)
{
	return b->fd >= 0 ? fgetxattr(b->fd, name, value, n) : lgetxattr(b->path, name, value, n);
}

static int set_value(const struct bearer *b, const char *name, const void *value, size_t n)
{
	int sys = fault_errno("data.meta.xattr");

	if (sys)
		errno = sys;
	else if ((b->fd >= 0 ? fsetxattr(b->fd, name, value, n, 0)
			     : lsetxattr(b->path, name, value, n, 0)) == 0)
		return 0;
	return -errno;
}

static int drop_value(const struct bearer *b, const char *name)
{
	int sys = fault_errno("data.meta.xattr");

	if (sys)
		errno = sys;
	else if ((b->fd >= 0 ? fremovexattr(b->fd, name) : lremovexattr(b->path, name)) == 0)
		return 0;
	return errno == ENODATA ? 0 : -errno;
}

struct xattrs {
	char *names; /* NUL-ended one after the other */
	size_t len;
};

/* Attributes of other "system." names are views of the file system's own (NFS, SMB), not ours to
 * carry. */
static bool carried(const char *name)
{
	return strncmp(name, "system.", 7) != 0 || strncmp(name, "system.posix_acl_", 17) == 0;
}

static int xattrs_read(const struct bearer *b, const char *what, struct xattrs *ret, struct err *e)
{
	for (int tries = 0; tries < 8; tries++) {
		ssize_t n = list_of(b, NULL, 0);

		if (n == 0 || (n < 0 && (errno == EOPNOTSUPP || errno == EBADF)))
			return 0;
		if (n < 0)
			return err_sys(e, errno, "list attributes of '%s'", what);
		ret->names = xrealloc(ret->names, (size_t)n + 1);
		n = list_of(b, ret->names, (size_t)n);
		if (n >= 0) {
			ret->names[n] = '\0';
			ret->len = (size_t)n;
			return 0;
		}
		if (errno != ERANGE)
			return err_sys(e, errno, "list attributes of '%s'", what);
	}
	return err_set(e, ERR_CHANGED, "attributes of '%s' change while they are read", what);
}

#define xattrs_each(x, name)                                                      \
	for (const char *name = (x)->names; name && name < (x)->names + (x)->len; \
	     name += strlen(name) + 1)

static bool xattrs_has(const struct xattrs *x, const char *name)
{
	xattrs_each(x, it) if (strcmp(it, name) == 0) return true;
	return false;
}

static int copy_value(const struct bearer *from, const struct bearer *to, const char *name,
		      const char *what, struct err *e)
{
	autofree char *value = xmalloc(XATTR_SIZE_MAX);
	autofree char *there = NULL;
	ssize_t n = value_of(from, name, value, XATTR_SIZE_MAX), m;
	int r;

	if (n < 0 && errno == ENODATA)
		return 0;
	if (n < 0)
		return err_sys(e, errno, "read attribute '%s' of '%s'", name, what);
	there = xmalloc((size_t)n + 1);
	m = value_of(to, name, there, (size_t)n + 1);
	if (m == n && memcmp(value, there, (size_t)n) == 0)
		return 0;
	r = set_value(to, name, value, (size_t)n);
	return r < 0 ? err_sys(e, -r, "give the copy of '%s' the attribute '%s'", what, name) : 0;
}

static int copy_xattrs(const struct bearer *from, const struct bearer *to, const char *what,
		       struct err *e)
{
	struct xattrs want = { 0 }, there = { 0 };
	int r = xattrs_read(from, what, &want, e);

	if (r == 0)
		r = xattrs_read(to, what, &there, e);
	xattrs_each(&there, name)
	{
		if (r < 0 || !carried(name) || xattrs_has(&want, name))
			continue;
		int sys = drop_value(to, name);
		if (sys < 0)
			r = err_sys(e, -sys, "take the attribute '%s' off the copy of '%s'", name,
				    what);
	}
	xattrs_each(&want, name) if (r == 0 && carried(name)) r =
	    copy_value(from, to, name, what, e);
	free(want.names);
	free(there.names);
	return r;
}

static int set_owner(int fd, const char *rel, uid_t uid, gid_t gid)
{
	int sys = fault_errno("data.meta.owner");

	if (sys)
		return -sys;
	return fchownat(fd, rel, uid, gid, AT_SYMLINK_NOFOLLOW | (*rel ? 0 : AT_EMPTY_PATH)) < 0
		   ? -errno
		   : 0;
}

static int set_mode(int fd, mode_t mode)
{
	int sys = fault_errno("data.meta.mode");

	if (sys)
		return -sys;
	return fchmod(fd, mode & 07777) < 0 ? -errno : 0;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static int set_times(int fd, const char *rel, const struct stat *want)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, want->st_mtim };
	int sys = fault_errno("data.meta.times");

	if (sys)
		return -sys;
	if (*rel)
		return utimensat(fd, rel, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
	return futimens(fd, times) < 0 ? -errno : 0;
}

/* Owner first: chown takes setuid and file capabilities away. Mode after the attributes: it is also
 * the ACL's mask. */
int meta_copy(int from, int to, const struct stat *want, const char *what, struct err *e)
{
	struct bearer a = bearer_fd(from), b = bearer_fd(to);
	struct stat now;
	int r;

	if (fstat(to, &now) < 0)
		return err_sys(e, errno, "look at the copy of '%s'", what);
	if (now.st_uid != want->st_uid || now.st_gid != want->st_gid) {
		r = set_owner(to, "", want->st_uid, want->st_gid);
		if (r < 0)
			return err_sys(e, -r, "give the copy of '%s' its owner", what);
	}
	if (copy_xattrs(&a, &b, what, e) < 0)
		return -(int)e->kind;
	if (fstat(to, &now) < 0)
		return err_sys(e, errno, "look at the copy of '%s'", what);
	if ((now.st_mode & 07777) != (want->st_mode & 07777)) {
		r = set_mode(to, want->st_mode);
		if (r < 0)
			return err_sys(e, -r, "give the copy of '%s' its mode", what);
	}
	if (same_time(now.st_mtim, want->st_mtim))
		return 0;
	r = set_times(to, "", want);
	return r < 0 ? err_sys(e, -r, "give the copy of '%s' its time", what) : 0;
}

int meta_copy_link(int from_dir, const char *name, const struct stat *want, const struct dir *to,
		   const char *rel, struct err *e)
{
	const char *last;
	struct bearer a, b;
	struct stat now;
	autoclose int parent = parent_open(to, rel, &last, e);
	int r;

	if (parent < 0)
		return parent;
	if (bearer_at(from_dir, name, &a) < 0 || bearer_at(parent, last, &b) < 0)
		return err_set(e, ERR_REFUSED, "the name '%s' is too long", rel);
	if (fstatat(parent, last, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, errno, "look at the copy of '%s'", rel);
	if (now.st_uid != want->st_uid || now.st_gid != want->st_gid) {
		r = set_owner(parent, last, want->st_uid, want->st_gid);
		if (r < 0)
			return err_sys(e, -r, "give the copy of '%s' its owner", rel);
	}
	if (copy_xattrs(&a, &b, rel, e) < 0)
		return -(int)e->kind;
	if (same_time(now.st_mtim, want->st_mtim))
		return 0;
	r = set_times(parent, last, want);
	return r < 0 ? err_sys(e, -r, "give the copy of '%s' its time", rel) : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int digest_value(struct hasher *h, const struct bearer *b, const char *name,
			const char *what, struct err *e)
{
	autofree char *value = xmalloc(XATTR_SIZE_MAX);
	ssize_t n = value_of(b, name, value, XATTR_SIZE_MAX);

	if (n < 0)
		return err_sys(e, errno, "read attribute '%s' of '%s'", name, what);

	uint64_t len = htole64((uint64_t)n);

	hasher_add(h, name, strlen(name) + 1);
	hasher_add(h, &len, sizeof len);
	hasher_add(h, value, (size_t)n);
	return 0;
}

int meta_xattr_digest(int dirfd, const char *name, const char *what, unsigned char ret[SHA_BYTES],
		      struct err *e)
{
	struct xattrs all = { 0 };
	VEC(const char *) names = { 0 };
	struct hasher *h = NULL;
	struct bearer b;
	int r;

	if (!*name)
		b = bearer_fd(dirfd);
	else if (bearer_at(dirfd, name, &b) < 0)
		return err_set(e, ERR_REFUSED, "the name '%s' is too long", what);
	r = xattrs_read(&b, what, &all, e);
	xattrs_each(&all, it) if (carried(it)) * vec_push(&names) = it;
	if (r == 0 && names.n) {
		vec_sort(&names, by_name);
		h = hasher_new();
		hasher_begin(h);
		vec_each (&names, it)
			r = r < 0 ? r : digest_value(h, &b, *it, what, e);
		hasher_end(h, ret);
		hasher_free(h);
		r = r < 0 ? r : 1;
	}
	vec_done(&names);
	free(all.names);
	return r;
}
