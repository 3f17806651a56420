#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/vfs.h>

#include "base/fault.h"
#include "base/secret.h"
#include "io/at.h"
#include "io/xattr.h"

#define CHUNK      (64u << 10)
#define SECRET_MAX (64u << 10)
#define TEMP_HEAD  ".crossgrade-"
#define TEMP_TAIL  ".tmp"

/* O_NONBLOCK: a FIFO in the place of a file must not stop us. */
#define LOOK_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static ssize_t read_some(int fd, void *to, size_t n)
{
	ssize_t got;

	do
		got = read(fd, to, n);
	while (got < 0 && errno == EINTR);
	return got;
}

int file_read_fd(int fd, const char *what, struct buf *ret, struct err *e)
{
	for (;;) {
		size_t left = ret->max > ret->len ? ret->max - ret->len : 0;
		char beyond = 0, *to = left ? buf_room(ret, MIN_OF(left, (size_t)CHUNK)) : &beyond;
		ssize_t n = read_some(fd, to, left ? MIN_OF(left, (size_t)CHUNK) : 1);

		if (n < 0)
			return err_sys(e, errno, "read '%s'", what);
		if (n == 0)
			return 0;
		if (!left) {
			ret->full = true;
			return err_set(e, ERR_SPACE, "'%s' is larger than the %zu bytes allowed",
			               what, ret->max);
		}
		buf_grew(ret, (size_t)n);
	}
}

static int want_regular(int fd, const char *what, struct stat *ret, struct err *e)
{
	if (fstat(fd, ret) < 0)
		return err_sys(e, errno, "look at '%s'", what);
	if (!S_ISREG(ret->st_mode))
		return err_set(e, ERR_REFUSED, "'%s' is not a regular file", what);
	return 0;
}

int file_read(const struct dir *d, const char *rel, struct buf *ret, struct err *e)
{
	autoclose int fd = dir_openat(d, rel, LOOK_FLAGS, 0, e);
	struct stat st;

	if (fd < 0)
		return fd;
	if (want_regular(fd, rel, &st, e) < 0)
		return -(int)e->kind;
	return file_read_fd(fd, rel, ret, e);
}

int file_open_path(const char *path, struct stat *ret, struct err *e)
{
	autoclose int fd = open(path, LOOK_FLAGS);

	if (fd < 0)
		return err_sys(e, errno, "open '%s'", path);
	if (want_regular(fd, path, ret, e) < 0)
		return -(int)e->kind;
	return take_fd(fd);
}

int file_read_path(const char *path, struct buf *ret, struct err *e)
{
	struct stat st;
	autoclose int fd = file_open_path(path, &st, e);

	return fd < 0 ? fd : file_read_fd(fd, path, ret, e);
}

int file_read_line(const char *path, struct buf *ret, struct err *e)
{
	struct stat st;
	autoclose int fd = file_open_path(path, &st, e);

	if (fd < 0)
		return fd;
	for (;;) {
		char piece[1024], *end;
		ssize_t n = read_some(fd, piece, sizeof piece);

		if (n < 0)
			return err_sys(e, errno, "read '%s'", path);
		end = memchr(piece, '\n', (size_t)n);
		buf_add(ret, piece, end ? (size_t)(end - piece) : (size_t)n);
		if (end || n == 0)
			return buf_check(ret, path, e);
	}
}

int file_read_secret(const char *path, struct secret *ret, struct err *e)
{
	struct stat st;
	autoclose int fd = file_open_path(path, &st, e);
	char room[SECRET_MAX + 2];
	size_t len = 0;
	ssize_t n;
	int r;

	if (fd < 0)
		return fd;
	if (st.st_mode & S_IRWXO) {
		(void)err_set(e, ERR_REFUSED, "'%s' holds a secret and is open to everybody", path);
		return err_hint(e, "chmod 600 %s", path);
	}
	while ((n = read_some(fd, room + len, sizeof room - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		r = err_sys(e, errno, "read '%s'", path);
	else
		r = secret_set(ret, room, len - (len && room[len - 1] == '\n'), e);
	secret_wipe(room, sizeof room);
	return r;
}

void file_temp_name(char ret[FILE_TEMP_NAME])
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof random, 0) != sizeof random)
		abort();
	(void)snprintf(ret, FILE_TEMP_NAME, TEMP_HEAD "%016llx" TEMP_TAIL,
	               (unsigned long long)random);
}

int file_drop_temps(const struct dir *d, const char *rel, struct err *e)
{
	struct dir_names names = { 0 };
	autodir struct dir in = DIR_NONE;
	size_t dropped = 0;
	int r = dir_open_at(d, rel, &in, e);

	if (r == 0)
		r = dir_list(&in, "", 1u << 20, &names, e);
	vec_each(&names, it) {
		struct sv name = sv_of(it->name);

		if (r < 0)
			break;
		if (!sv_starts(name, TEMP_HEAD) || !sv_ends(name, TEMP_TAIL) || it->type == DT_DIR)
			continue;
		r = dir_unlink(&in, it->name, e);
		dropped++;
	}
	dir_names_done(&names);
	return r == 0 && dropped ? dir_sync(&in, "", e) : r;
}

int file_write_all(int fd, const void *p, size_t n, const char *what, struct err *e)
{
	int sys = fault_errno("file.write");

	if (sys)
		return err_sys(e, sys, "write '%s'", what);
	for (const char *at = p; n;) {
		ssize_t done = write(fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_sys(e, errno, "write '%s'", what);
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

int file_sync(int fd, const char *what, struct err *e)
{
	int sys = fault_errno("file.sync");

	if (!sys && fsync(fd) < 0)
		sys = errno;
	return sys ? err_sys(e, sys, "sync '%s'", what) : 0;
}

int file_sync_data(int fd, const char *what, struct err *e)
{
	int sys = fault_errno("file.sync");

	if (!sys && fdatasync(fd) < 0)
		sys = errno;
	return sys ? err_sys(e, sys, "sync '%s'", what) : 0;
}

int file_sync_fs(const struct dir *d, struct err *e)
{
	int sys = fault_errno("file.syncfs");

	if (!sys && syncfs(d->fd) < 0)
		sys = errno;
	return sys ? err_sys(e, sys, "sync the file system of '%s'", d->path) : 0;
}

bool file_keeps_place(int fd)
{
	struct statfs fs;
	int flags = 0;

	if (fstatfs(fd, &fs) < 0 || fs.f_type != BTRFS_SUPER_MAGIC)
		return true;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return false;
	flags = (flags & ~FS_COMPR_FL) | FS_NOCOW_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}

int file_set_attr(int fd, struct file_attr attr, const char *what, struct err *e)
{
	bool own = attr.uid != (uid_t)-1 || attr.gid != (gid_t)-1;
	int sys = own ? fault_errno("file.chown") : 0;

	if (!sys && own && fchown(fd, attr.uid, attr.gid) < 0)
		sys = errno;
	if (sys)
		return err_sys(e, sys, "set the owner of '%s'", what);
	sys = fault_errno("file.chmod");        /* after chown, which drops set-id bits */
	if (!sys && fchmod(fd, attr.mode & 07777) < 0)
		sys = errno;
	return sys ? err_sys(e, sys, "set the mode of '%s'", what) : 0;
}

/* The temporary name gets everything before it is seen under its own name. */
static int fill(int fd, struct sv content, const struct file_attr *attr, int like_fd,
                const char *what, struct err *e)
{
	if (file_write_all(fd, content.p, content.n, what, e) < 0)
		return -(int)e->kind;
	if (file_set_attr(fd, *attr, what, e) < 0)
		return -(int)e->kind;
	if (like_fd >= 0 && xattr_copy(like_fd, fd, what, e) < 0)
		return -(int)e->kind;
	return file_sync(fd, what, e);
}

int file_install(int parent, const char *temp, const char *leaf, unsigned flags, const char *what,
                 struct err *e)
{
	int sys = fault_errno("file.rename");

	if (!sys && renameat2(parent, temp, parent, leaf, flags) < 0)
		sys = errno;
	if (sys) {
		(void)unlinkat(parent, temp, 0);
		return err_sys(e, sys, "put '%s' in place", what);
	}
	return at_sync(parent, what, e);
}

static int write_new(const struct dir *d, const char *rel, struct sv content,
                     const struct file_attr *attr, int like_fd, unsigned flags, struct err *e)
{
	cleanup_with(at_done) struct at at = { 0 };
	struct dir parent = { .path = d->path };
	char temp[FILE_TEMP_NAME];
	autoclose int fd = -1;

	if (at_find(d, rel, &at, e) < 0)
		return -(int)e->kind;
	parent.fd = at.fd;
	file_temp_name(temp);
	fd = dir_openat(&parent, temp, O_WRONLY | O_CREAT | O_EXCL, 0600, e);
	if (fd < 0)
		return fd;
	if (fill(fd, content, attr, like_fd, rel, e) < 0) {
		(void)unlinkat(at.fd, temp, 0);
		return -(int)e->kind;
	}
	return file_install(at.fd, temp, at.leaf, flags, rel, e);
}

int file_replace(const struct dir *d, const char *rel, struct sv content, struct file_attr attr,
                 struct err *e)
{
	return write_new(d, rel, content, &attr, -1, 0, e);
}

int file_create(const struct dir *d, const char *rel, struct sv content, struct file_attr attr,
                struct err *e)
{
	return write_new(d, rel, content, &attr, -1, RENAME_NOREPLACE, e);
}

int file_replace_like(const struct dir *d, const char *rel, int old_fd, struct sv content,
                      struct err *e)
{
	struct stat old, now;
	struct file_attr attr;

	if (want_regular(old_fd, rel, &old, e) < 0 || dir_stat(d, rel, &now, e) < 0)
		return -(int)e->kind;
	if (old.st_dev != now.st_dev || old.st_ino != now.st_ino)
		return err_set(e, ERR_CHANGED, "'%s' was replaced by somebody else", rel);
	attr = (struct file_attr){ old.st_mode & 07777, old.st_uid, old.st_gid };
	return write_new(d, rel, content, &attr, old_fd, 0, e);
}

static void hex_of(const unsigned char *bytes, size_t n, char *ret)
{
	for (size_t i = 0; i < n; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

void digest_text(struct sv bytes, char ret[DIGEST_TEXT])
{
	unsigned char sum[EVP_MAX_MD_SIZE];

	if (EVP_Digest(bytes.p, bytes.n, sum, NULL, EVP_sha256(), NULL) != 1)
		abort();
	hex_of(sum, 32, ret);
}

static int digest_fd(int fd, EVP_MD_CTX *sum, const char *what, struct err *e)
{
	autofree char *piece = xmalloc(4 * CHUNK);
	off_t at = 0;

	for (;;) {
		ssize_t n = pread(fd, piece, 4 * CHUNK, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "read '%s'", what);
		if (n == 0)
			return 0;
		if (EVP_DigestUpdate(sum, piece, (size_t)n) != 1)
			return err_set(e, ERR_BUG, "no SHA-256 of '%s'", what);
		at += n;
	}
}

int file_digest(int fd, const char *what, char ret[DIGEST_TEXT], struct err *e)
{
	EVP_MD_CTX *sum = EVP_MD_CTX_new();
	unsigned char bytes[EVP_MAX_MD_SIZE];
	int r;

	if (!sum || EVP_DigestInit_ex(sum, EVP_sha256(), NULL) != 1)
		abort();
	r = digest_fd(fd, sum, what, e);
	if (r == 0 && EVP_DigestFinal_ex(sum, bytes, NULL) == 1)
		hex_of(bytes, 32, ret);
	EVP_MD_CTX_free(sum);
	return r;
}
