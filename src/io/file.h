/* Files: read with a ceiling, replace durably. */
#pragma once

#include "base/buf.h"
#include "io/dir.h"

/* Append the whole regular file to ret; its ceiling holds (ERR_SPACE). Not a regular file: ERR_REFUSED. */
int file_read(const struct dir *d, const char *rel, struct buf *ret, struct err *e) must_check;
int file_read_path(const char *path, struct buf *ret, struct err *e) must_check;        /* a path of the operator's */
/* A regular file at a path of the operator's, to be read: its descriptor. Anything else: ERR_REFUSED. */
int file_open_path(const char *path, struct stat *ret, struct err *e) must_check;
int file_read_fd(int fd, const char *what, struct buf *ret, struct err *e) must_check;
/* First line of a file of /proc or /sys, without its LF. */
int file_read_line(const char *path, struct buf *ret, struct err *e) must_check;
/* A secret from a file: at most 64 KiB, one trailing newline dropped; readable by others: ERR_REFUSED with a hint. */
struct secret;
int file_read_secret(const char *path, struct secret *ret, struct err *e) must_check;

struct file_attr {
	mode_t mode;
	uid_t  uid;             /* (uid_t)-1: leave */
	gid_t  gid;
};
/* Owner, then mode, of an open file. */
int file_set_attr(int fd, struct file_attr attr, const char *what, struct err *e) must_check;
#define FILE_PRIVATE ((struct file_attr){ .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1 })

/* Durable replace: new name, write, mode and owner, fsync, rename, fsync directory. On failure the old file is whole
 * and the new name is removed. A crash leaves the old or the new file, and at most one ".crossgrade-*.tmp" beside it,
 * which file_drop_temps() removes. */
int file_replace(const struct dir *d, const char *rel, struct sv content, struct file_attr attr, struct err *e)
	must_check;
/* The same, but keep owner, mode, xattrs and ACL of the present file rel, which must exist (open on `old_fd`). */
int file_replace_like(const struct dir *d, const char *rel, int old_fd, struct sv content, struct err *e) must_check;
/* Create durably; ERR_EXISTS when there is one. */
int file_create(const struct dir *d, const char *rel, struct sv content, struct file_attr attr, struct err *e)
	must_check;
/* The two ends of a durable replace, for what is not a plain file: a new temporary name, and its rename to leaf in the
 * directory `parent` with the directory's fsync. flags as dir_rename(); the temporary name is removed on failure. */
#define FILE_TEMP_NAME 40
void file_temp_name(char ret[FILE_TEMP_NAME]);
int  file_install(int parent, const char *temp, const char *leaf, unsigned flags, const char *what, struct err *e)
	must_check;
int file_drop_temps(const struct dir *d, const char *rel, struct err *e) must_check;    /* in directory rel */

int file_write_all(int fd, const void *p, size_t n, const char *what, struct err *e) must_check;
int file_sync(int fd, const char *what, struct err *e) must_check;
int file_sync_data(int fd, const char *what, struct err *e) must_check;  /* fdatasync: not its times */
int file_sync_fs(const struct dir *d, struct err *e) must_check;                        /* syncfs */
/* An empty file: what is written to it keeps its place when it is written anew, also where nothing else has room. Most file systems do so
 * by themselves; btrfs is told to; false where it does not, and of ZFS and bcachefs, which never do, it is not known. A snapshot of its
 * subvolume takes that from a file on btrfs: what it has is the snapshot's, too, and written anew once more it needs room. */
bool file_keeps_place(int fd);

/* SHA-256 as 64 lower-case hex digits + NUL. */
#define DIGEST_TEXT 65
void digest_text(struct sv bytes, char ret[DIGEST_TEXT]);
int  file_digest(int fd, const char *what, char ret[DIGEST_TEXT], struct err *e) must_check; /* from offset 0 */
