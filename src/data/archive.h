/* Guarded unpacking of tar (gzip, zstd, xz), zip and jar: no absolute path, no "..", no link that leads out, no device,
 * no setuid, no bomb. */
#pragma once

#include "base/pool.h"
#include "io/file.h"

struct archive_opts {
	uint64_t max_bytes;             /* of everything unpacked; 0: 4 GiB */
	uint64_t max_entries;           /* 0: 200,000 */
	unsigned max_ratio;             /* unpacked / packed, above 64 MiB; 0: 200 */
	bool     strip_top;             /* drop the one top directory; more than one top entry: ERR_FORMAT */
	const struct cancel *cancel;
	void   (*progress)(void *data, uint64_t bytes_read, uint64_t bytes_total);
	void    *progress_data;
};

struct archive_entry {
	const char *path;
	uint64_t    size;
	mode_t      mode;
	char        type;               /* 'f' 'd' 'l' */
};
/* List, with the same guards; the visitor may be NULL. Reads the whole archive, so truncation is found: ERR_FORMAT. */
int archive_list(int fd, const char *what, const struct archive_opts *o,
                 int (*seen)(void *data, const struct archive_entry *a, struct err *e), void *data, struct err *e)
	must_check;
/* One member's bytes into ret (its ceiling holds); a directory or absent: ERR_ABSENT. */
int archive_member(int fd, const char *what, const char *path, struct buf *ret, struct err *e) must_check;
/* Unpack into an empty directory of ours; files 0644 or 0755, owner as given. Durable on return (syncfs). */
int archive_unpack(int fd, const char *what, const struct dir *into, uid_t uid, gid_t gid,
                   const struct archive_opts *o, struct err *e) must_check;
