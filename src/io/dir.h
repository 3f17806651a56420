/* Directories as descriptors. A path is for people, a dirfd is for the kernel.
 *
 * We run as root in trees that belong to others: every name below a struct dir is resolved by openat2() with
 * RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS, so no link, "..", or mount trick of the owner can
 * lead out. Nothing is looked at before it is opened: open, then fstat what was opened. `rel` may have slashes;
 * "" or "." is the directory itself. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/vec.h"

struct dir {
	int   fd;               /* O_DIRECTORY | O_CLOEXEC (O_RDONLY), or -1 */
	char *path;             /* for messages only */
};

#define DIR_NONE { .fd = -1 }
#define autodir cleanup_with(dir_close)

/* Open an absolute path that the operator named, following links in it. ERR_ABSENT, ERR_DENIED, ... */
int  dir_open(const char *path, struct dir *ret, struct err *e) must_check;
/* The same of a directory that need not be there yet: where it is not, the nearest one above. */
int  dir_open_nearest(const char *path, struct dir *ret, struct err *e) must_check;
/* `path`, of which the last parts need not be there yet, without links. Heap; NULL: it is not absolute. */
char *dir_real_path(const char *path) must_check;
/* Open a directory below d; a link anywhere on the way is ERR_REFUSED. */
int  dir_open_at(const struct dir *d, const char *rel, struct dir *ret, struct err *e) must_check;
/* Take over a descriptor; closed when it is no directory (ERR_ABSENT). */
int  dir_of_fd(int fd, const char *path, struct dir *ret, struct err *e) must_check;
int  dir_dup(const struct dir *d, struct dir *ret, struct err *e) must_check;
void dir_close(struct dir *d);

/* Open anything below d. flags as open(2); O_CLOEXEC is added, no link is followed. Returns the descriptor or -kind. */
int  dir_openat(const struct dir *d, const char *rel, int flags, mode_t mode, struct err *e) must_check;
/* fstatat without following; the parents are resolved beneath d. */
int  dir_stat(const struct dir *d, const char *rel, struct stat *ret, struct err *e) must_check;
/* 1 there, 0 absent, -kind when it cannot be known. */
int  dir_has(const struct dir *d, const char *rel, struct err *e) must_check;
/* Target of a symbolic link, heap, at most PATH_MAX. */
int  dir_readlink(const struct dir *d, const char *rel, char **ret, struct err *e) must_check;

/* Make one directory, or all of rel; existing ones are fine. Not durable before dir_sync() of the parent;
 * dir_make_all() syncs each parent it added to. */
int  dir_make(const struct dir *d, const char *rel, mode_t mode, struct err *e) must_check;
int  dir_make_all(const struct dir *d, const char *rel, mode_t mode, struct err *e) must_check;
/* Make and open an absolute path the way mkdir -p does, links in its parents followed. */
int  dir_make_path(const char *path, mode_t mode, struct dir *ret, struct err *e) must_check;

struct dir_entry {
	char         *name;
	unsigned char type;     /* DT_REG, DT_DIR, ...; never DT_UNKNOWN */
	uint64_t      ino;
};
struct dir_names {
	struct dir_entry *v;
	size_t            n, room;
};

/* Entries of rel without "." and "..", sorted by name bytes. More than max entries: ERR_SPACE. */
int  dir_list(const struct dir *d, const char *rel, size_t max, struct dir_names *ret, struct err *e) must_check;
void dir_names_done(struct dir_names *names);

/* Make a symbolic link; the parent is not synced. ERR_EXISTS. */
int  dir_symlink(const struct dir *d, const char *target, const char *rel, struct err *e) must_check;

int  dir_sync(const struct dir *d, const char *rel, struct err *e) must_check;   /* fsync of the directory rel */

/* Remove a file, or an empty directory; absent is 0. The parent is not synced. */
int  dir_unlink(const struct dir *d, const char *rel, struct err *e) must_check;
/* Remove rel and all below it, without following links or crossing into another mount (ERR_BUSY then, nothing of
 * that mount touched); absent is 0. For our own copies and temporary names only: what belongs to the installation
 * goes to the run's trash. */
int  dir_remove_tree(const struct dir *d, const char *rel, struct err *e) must_check;

/* rename within one file system; flags 0, RENAME_NOREPLACE or RENAME_EXCHANGE. Both parents are fsynced after it.
 * ERR_EXISTS, ERR_ABSENT, ERR_BUSY (a mount point), ERR_IO. */
int  dir_rename(const struct dir *from, const char *a, const struct dir *to, const char *b, unsigned flags,
                struct err *e) must_check;

/* Who is where, for what must not be repeated blindly. Device numbers are handed out anew at each boot (seen: a loop
 * device under another number after a power cut), so what is written down is ino and the time of birth. */
struct file_id {
	uint64_t dev, ino;
	int64_t  born_ns;       /* CLOCK_REALTIME; 0 where the file system does not keep it */
};
int  dir_file_id(const struct dir *d, const char *rel, struct file_id *ret, struct err *e) must_check;
bool file_id_eq(struct file_id a, struct file_id b);    /* both seen now */
/* `now` is what was written down as `then`, perhaps before a boot; only among files of one file system. A `then` of
 * zeros stands for nothing and is never found. */
bool file_id_found(struct file_id then, struct file_id now);

/* Room on the file system of d. */
struct fs_room {
	uint64_t total_bytes, free_bytes;       /* free to root's own use, without the reserved blocks */
	uint64_t total_inodes, free_inodes;     /* 0, 0 where the file system does not count them */
	uint64_t magic;                         /* statfs f_type */
	bool     read_only, noexec;
};
int  dir_room(const struct dir *d, struct fs_room *ret, struct err *e) must_check;
/* Mount id (statx) of rel: differs from its parent's at a mount point, bind mounts of the same device included. */
int  dir_mount_id(const struct dir *d, const char *rel, uint64_t *ret, struct err *e) must_check;
/* Can an entry be renamed from one into the other: are they on one mount of one device? A btrfs subvolume has a device of its own. */
int  dir_share_fs(const struct dir *a, const struct dir *b, bool *ret, struct err *e) must_check;
/* Does it share none with its parent? A path that cannot be looked at does. */
bool dir_is_mount_point(const char *path);
