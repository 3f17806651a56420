/* Copying a tree in passes while its owner writes, and a last pass when it has stopped.
 *
 * What a copy of a live tree may trust is not obvious: a store through a shared mapping moves mtime only when it is the
 * first to a clean page, so size, mtime and ctime can stay equal while the bytes change (facts/data-path.md section 1).
 * Hence: (1) stat, (2) sync_file_range of the source, (3) copy, hashing on the way, and keep the stat of (1), never a
 * later one, in the index; (4) the final pass, after the writer has exited, skips a file only if size, mtime, ctime and
 * inode equal that stat and the mtime was older than a guard of 2 s when it was taken; else it compares or copies.
 * On file systems other than ext4, xfs and btrfs times prove nothing and the content is always compared.
 *
 *	index = pass_index_new();                          or pass_index_load() after a crash
 *	do pass_run(src, dst, index, PASS_LIVE, ...) while (worth it);
 *	... stop the writer ...
 *	pass_run(src, dst, index, PASS_FINAL, ...);        byte-identical and durable when it returns
 *	... the new server may start ...
 *	pass_read_back(dst, index, ...);                   and proved
 *
 * Of a large file the final pass takes block sums only: its SHA-256 comes from the copy when that is read back, and counts
 * because the copy then had the sums of what was copied. */
#pragma once

#include "base/pool.h"
#include "io/file.h"

enum pass_mode {
	PASS_LIVE,      /* the writer runs: vanished files are passed over, nothing is trusted for good */
	PASS_HELD,      /* the writer runs under a checkpoint of its own, which pins all that a restore needs: the copy is
	                 * whole in one pass, what moves meanwhile is in it as it was read; one syncfs makes it durable */
	PASS_FINAL      /* the writer is gone: the copy becomes identical, one syncfs makes it durable */
};

struct pass_stats {
	uint64_t files, bytes;                  /* entries seen, their apparent bytes */
	uint64_t copied_files, copied_bytes;    /* written in this pass */
	uint64_t compared_files, compared_bytes;
	uint64_t reflinked_files, removed;
	int64_t  took_ns;
};
void pass_stats_add(struct pass_stats *sum, const struct pass_stats *one);

struct pass_opts {
	unsigned             workers;           /* 0: one a core */
	const struct cancel *cancel;
	uint64_t             limit_bytes_per_s; /* 0: none; of what is read back and proved, too, but not of a final pass
	                                         * without beside_server */
	bool                 idle_io;           /* ioprio idle class, the same */
	uint64_t             reserve_bytes;     /* passes beside a writer stop with ERR_SPACE when less stays free */
	bool                 beside_server;     /* of a final pass, too: its source rests, but a server is at work beside it */
	bool (*leave_out)(void *data, const char *rel, const struct stat *st);
	void                *data;
	void (*progress)(void *data, const struct pass_stats *so_far);  /* from one thread at a time, at most 10 a second */
	void                *progress_data;
	const struct pass_stats *before;        /* added to what progress is told: of passes before this one; NULL none */
	bool                 distrust_times;    /* compare content; so does a pass that finds the clock stepped since the last one */
	bool                 only_clones;       /* a file that cannot be cloned: ERR_REFUSED, nothing is copied */
	bool                 sync_later;        /* the caller makes the final pass durable, with more of its own */
};

struct pass_index;      /* path -> stat of step 1, hashes, when taken; one a root */
struct pass_index *pass_index_new(void);
void               pass_index_free(struct pass_index *ix);
/* Durable file of its own in the restore point, after the copy is. */
int pass_index_save(struct pass_index *ix, const struct dir *d, const char *rel, struct err *e) must_check;
/* The same, durable only with the next syncfs, which must make the copy durable too. */
int pass_index_put(struct pass_index *ix, const struct dir *d, const char *rel, struct err *e) must_check;
enum index_use {
	INDEX_OF_PASS,          /* for another pass over the same trees */
	INDEX_OF_COMPLETE       /* of a copy that was made durable with it and that no pass wrote to since */
};
/* A file that does not parse: ERR_FORMAT. */
int pass_index_load(const struct dir *d, const char *rel, enum index_use use, struct pass_index **ret, struct err *e)
	must_check;

/* Make dst (an existing directory) equal to src: content, owner, mode, mtime, xattrs, ACLs, hard links, holes, symbolic
 * links as such, FIFOs and sockets skipped, devices refused. Reflink where the file system can. */
int pass_run(const struct dir *src, const struct dir *dst, struct pass_index *ix, enum pass_mode mode,
             const struct pass_opts *o, struct pass_stats *ret, struct err *e) must_check;

/* Read the copies back past the page cache (fsync, FADV_DONTNEED, read; O_DIRECT where it works) and compare with the
 * hashes and block sums of the index; only entries copied since the last read-back. `ret_cached` counts files for which the
 * cache could not be dropped. A difference: ERR_IO naming the file. */
int pass_read_back(const struct dir *dst, struct pass_index *ix, const struct pass_opts *o, struct pass_stats *ret,
                   uint64_t *ret_cached, struct err *e) must_check;
