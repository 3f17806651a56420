/* Guarded unpacking of tar (plain, gzip, zstd, xz), zip and jar: no absolute path, no "..", no link
 * that leads out, no device, no setuid, no path twice, no bomb.
 *
 * A symbolic link may climb with leading ".." as far as the top, and has no ".." after a name: only
 * then is it inside whatever other links there are. A hard link must name a file unpacked before
 * it. */
#pragma once

#include "base/pool.h"
#include "io/file.h"

struct unpack_opts {
	uint64_t max_bytes;   /* of everything unpacked, holes too; 0: 4 GiB */
	uint64_t max_entries; /* 0: 200,000 */
	unsigned max_ratio;   /* unpacked / packed, above 64 MiB; 0: 200 */
	bool names_only;      /* unpack_list(): pass the contents over; proves nothing about them */
	bool strip_top;       /* drop the one top directory; more than one top entry: ERR_FORMAT */
	const struct cancel *cancel;
	void (*progress)(void *data, uint64_t bytes_read, uint64_t bytes_total);
	void *progress_data;
};

struct unpack_entry {
	const char *path; /* relative, without "." parts or a slash at the end */
	uint64_t size;
	mode_t mode;        /* as it is unpacked: 0644, 0755 */
	char type;          /* 'f' 'd' 'l', 'h' a hard link */
	const char *target; /* of links */
};
/* List, with the same guards; the visitor may be NULL. Reads the whole archive, so truncation is
 * found: ERR_FORMAT. What a guard forbids: ERR_REFUSED, what is too much: ERR_SPACE. The descriptor
 * can seek. */
int unpack_list(int fd, const char *what, const struct unpack_opts *o,
		int (*seen)(void *data, const struct unpack_entry *a, struct err *e), void *data,
		struct err *e) must_check;
/* One member's bytes into ret (its ceiling holds); a directory or absent: ERR_ABSENT. */
int unpack_member(int fd, const char *what, const char *path, struct buf *ret,
		  struct err *e) must_check;
/* The same into an empty open file of ours; not durable. */
int unpack_member_file(int fd, const char *what, const char *path, int out, struct err *e) must_check;
/* Unpack into an empty directory of ours; files 0644 or 0755, owner as given ((uid_t)-1: leave).
 * Durable on return (syncfs). After a failure the directory holds a part: remove it. */
int unpack_tree(int fd, const char *what, const struct dir *into, uid_t uid, gid_t gid,
		const struct unpack_opts *o, struct err *e) must_check;
