#include "products/sftpgo/provider_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/sendfile.h>

#include "base/mem.h"
#include "io/dir.h"
#include "products/sftpgo/bolt.h"
#include "products/sftpgo/provider_scratch.h"

/* Bytes that SQLite locks, of the database file ... */
#define PENDING_BYTE 0x40000000
#define RESERVED_BYTE (PENDING_BYTE + 1)
#define SHARED_FIRST (PENDING_BYTE + 2)
#define SHARED_SIZE 510
/* ... and of the index beside a WAL: a checkpoint, and the marks that keep the WAL from being begun
 * anew. */
#define WAL_CHECKPOINT 121
#define WAL_READ_FIRST 124
#define WAL_READ_SIZE 4

#define LOOK_AGAIN_NS (5 * NS_PER_MS)

/* The directory of a path of the operator's and the name in it. */
static int split(const char *path, struct dir *ret_dir, const char **ret_leaf, struct err *e)
{
	autofree char *parent = NULL;
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!slash || path[0] != '/' || !slash[1])
		return err_set(e, ERR_USAGE, "'%s' is not the absolute path of a file",
			       path ? path : "");
	parent = xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
	*ret_leaf = slash + 1;
	return dir_open(parent, ret_dir, e);
}

/* Of a file, with the one beside it; 0 what cannot be seen. */
static uint64_t size_with(const struct dir *d, const char *leaf, const char *suffix)
{
	autofree char *beside = xasprintf("%s%s", leaf, suffix);
	struct stat a = { 0 }, b = { 0 };
	struct err ignored = ERR_INIT;

	(void)(dir_stat(d, leaf, &a, &ignored) < 0 || dir_stat(d, beside, &b, &ignored) < 0);
	return (uint64_t)a.st_size + (uint64_t)b.st_size;
}

static int open_regular(const struct dir *d, const char *leaf, struct stat *st, struct err *e)
{
	autoclose int fd = dir_openat(d, leaf, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, e);

	if (fd < 0)
		return -(int)e->kind;
	if (fstat(fd, st) < 0)
		return err_sys(e, errno, "look at '%s/%s'", d->path, leaf);
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_FORMAT, "'%s/%s' is no regular file", d->path, leaf);
	return take_fd(fd);
}

static int copy_all(int from, int to, const char *what, struct err *e)
{
	off_t at = 0;
	ssize_t n;

	while ((n = sendfile(to, from, &at, 8 << 20)) > 0)
		;
	return n < 0 ? err_sys(e, errno, "copy '%s'", what) : 0;
}

static int copy_to(int from, const char *path, const char *what, struct err *e)
{
	autoclose int to = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (to < 0)
		return err_sys(e, errno, "create '%s'", path);
	return copy_all(from, to, what, e);
}

/* ---- SQLite ---- */

/* Shared, on this open file alone: fcntl's other locks would be lost with any descriptor of ours on
 * the file. */
static bool lock_bytes(int fd, short type, off_t at, off_t n)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = n };

	return fcntl(fd, F_OFD_SETLK, &l) == 0;
}

static bool locked_by_other(int fd, off_t at)
{
	struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };

	return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

/* As a reader of SQLite does: a writer that waits for readers to go is let through. */
static bool lock_as_reader(int fd)
{
	bool have;

	if (!lock_bytes(fd, F_RDLCK, PENDING_BYTE, 1))
		return false;
	have = lock_bytes(fd, F_RDLCK, SHARED_FIRST, SHARED_SIZE);
	(void)lock_bytes(fd, F_UNLCK, PENDING_BYTE, 1);
	return have;
}

static bool lock_wal_index(int fd)
{
	return lock_bytes(fd, F_RDLCK, WAL_CHECKPOINT, 1) &&
	       lock_bytes(fd, F_RDLCK, WAL_READ_FIRST, WAL_READ_SIZE);
}

static int lock_within(int fd, bool (*lock)(int fd), const char *what, struct deadline until,
		       struct err *e)
{
	while (!lock(fd)) {
		if (errno != EAGAIN && errno != EACCES)
			return err_sys(e, errno, "lock '%s'", what);
		if (deadline_passed(until))
			return err_set(e, ERR_BUSY, "'%s' is being written to all the time", what);
		clock_sleep_ns(LOOK_AGAIN_NS);
	}
	return 0;
}

/* A file beside the database, by its suffix: its descriptor, -1 when there is none or it is empty.
 */
static int open_beside(const struct dir *d, const char *leaf, const char *suffix, int *ret,
		       struct err *e)
{
	autofree char *name = xasprintf("%s%s", leaf, suffix);
	struct stat st;
	int fd = open_regular(d, name, &st, e);

	*ret = -1;
	if (fd == -ERR_ABSENT) {
		err_clear(e);
		return 0;
	}
	if (fd < 0)
		return fd;
	if (st.st_size == 0)
		close(fd);
	else
		*ret = fd;
	return 0;
}

/* The WAL, with checkpoints and a new beginning held off while it and the database are copied. */
static int copy_wal(const struct dir *d, const char *leaf, int shm, struct deadline until,
		    const struct private_copy *to, struct err *e)
{
	autofree char *path = xasprintf("%s-wal", to->path);
	autoclose int wal = -1;

	if (shm >= 0 && lock_within(shm, lock_wal_index, leaf, until, e) < 0)
		return -(int)e->kind;
	if (open_beside(d, leaf, "-wal", &wal, e) < 0)
		return -(int)e->kind;
	return wal < 0 ? 0 : copy_to(wal, path, leaf, e);
}

/* A journal whose writer is gone is hot: the file is only right with it. One whose writer lives
 * covers nothing yet, as no writer changes the file while a reader holds it. */
static int copy_journal(const struct dir *d, const char *leaf, int fd,
			const struct private_copy *to, struct err *e)
{
	autofree char *path = xasprintf("%s-journal", to->path);
	autoclose int journal = -1;

	if (locked_by_other(fd, RESERVED_BYTE))
		return 0;
	if (open_beside(d, leaf, "-journal", &journal, e) < 0)
		return -(int)e->kind;
	return journal < 0 ? 0 : copy_to(journal, path, leaf, e);
}

static int copy_sqlite(const struct dir *d, const char *leaf, struct deadline until,
		       const struct private_copy *to, struct err *e)
{
	autoclose int fd = -1, shm = -1;
	struct stat st;

	fd = open_regular(d, leaf, &st, e);
	if (fd < 0)
		return -(int)e->kind;
	if (lock_within(fd, lock_as_reader, leaf, until, e) < 0 ||
	    open_beside(d, leaf, "-shm", &shm, e) < 0)
		return -(int)e->kind;
	if (copy_journal(d, leaf, fd, to, e) < 0 || copy_wal(d, leaf, shm, until, to, e) < 0)
		return -(int)e->kind;
	return copy_to(fd, to->path, leaf, e);
}

int private_copy_sqlite(const char *path, const char *scratch, struct deadline until,
			struct private_copy *ret, struct err *e)
{
	autocopy struct private_copy made = { 0 };
	autodir struct dir d = DIR_NONE;
	const char *leaf;

	if (split(path, &d, &leaf, e) < 0 ||
	    scratch_make(scratch, size_with(&d, leaf, "-wal"), "sqlite.db", &made, e) < 0)
		return -(int)e->kind;
	if (copy_sqlite(&d, leaf, until, &made, e) < 0)
		return -(int)e->kind;
	*ret = made;
	made = (struct private_copy){ 0 };
	return 0;
}

/* ---- bolt ---- */

#define TRIES_MAX 100

/* 1 when the server wrote meanwhile. */
static int copy_between(int fd, const struct private_copy *made, const char *leaf, struct err *e)
{
	uint64_t before, after;

	if (bolt_txid(fd, &before, e) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return e->kind ? -(int)e->kind : err_sys(e, errno, "read '%s'", leaf);
	if (unlink(made->path) < 0 && errno != ENOENT)
		return err_sys(e, errno, "remove '%s'", made->path);
	if (copy_to(fd, made->path, leaf, e) < 0 || bolt_txid(fd, &after, e) < 0)
		return -(int)e->kind;
	return before != after;
}

static int copy_bolt(int fd, const char *path, const char *leaf, struct deadline until,
		     const struct private_copy *made, struct err *e)
{
	bool stopped = flock(fd, LOCK_SH | LOCK_NB) == 0;
	int r;

	if (!stopped && errno != EWOULDBLOCK)
		return err_sys(e, errno, "lock '%s'", path);
	if (stopped)
		return copy_to(fd, made->path, leaf, e);
	for (int i = 0; i < TRIES_MAX && !deadline_passed(until); i++) {
		r = copy_between(fd, made, leaf, e);
		if (r <= 0)
			return r;
	}
	return err_set(e, ERR_BUSY, "'%s' is being written to all the time", path);
}

int private_copy_bolt(const char *path, const char *scratch, struct deadline until,
		      struct private_copy *ret, struct err *e)
{
	autocopy struct private_copy made = { 0 };
	autodir struct dir d = DIR_NONE;
	autoclose int fd = -1;
	struct stat st;
	const char *leaf;

	if (split(path, &d, &leaf, e) < 0)
		return -(int)e->kind;
	fd = open_regular(&d, leaf, &st, e);
	if (fd < 0)
		return -(int)e->kind;
	if (scratch_make(scratch, (uint64_t)st.st_size, "bolt.db", &made, e) < 0 ||
	    copy_bolt(fd, path, leaf, until, &made, e) < 0)
		return -(int)e->kind;
	*ret = made;
	made = (struct private_copy){ 0 };
	return 0;
}
