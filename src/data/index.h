/* Inside of struct pass_index: what each entry of the source was when its copy was made. Compact,
 * because a data directory has hundreds of thousands: names in an arena, entries in chunks that
 * never move. */
#pragma once

#include <pthread.h>

#include "base/clock.h"
#include "data/hash.h"
#include "data/pass.h"
#include "data/text.h"

enum ix_flags {
	IX_THERE = 1 << 0,   /* something of the type in `mode` stands at rel in the copy */
	IX_COPIED = 1 << 1,  /* and it holds what the source held when size..ino were taken */
	IX_TRUSTED = 1 << 2, /* times were old enough then: equal times mean equal bytes */
	IX_HASHED = 1 << 3,  /* sha is of the copy's bytes */
	IX_LINKED = 1 << 4,  /* the copy shares its inode with other entries */
	IX_SEEN = 1 << 5,    /* in this pass */
	IX_DIRTY = 1 << 6,   /* a directory whose metadata must be set again */
	IX_PROVED = 1 << 7,  /* read back since it was copied */
	IX_CLONED = 1 << 8,  /* shares its extents with the source */
};
#define IX_KEPT (IX_THERE | IX_COPIED | IX_TRUSTED | IX_HASHED | IX_LINKED | IX_PROVED | IX_CLONED)

#define BLOCK_BYTES (256u << 10)

/* Sums of the copy's blocks of a file larger than one block: a changed file is compared without
 * reading its copy, and the last pass need not take the SHA-256 of what it copies, because a copy
 * that reads back with these sums is what was copied. */
struct block_sums {
	uint64_t size;
	struct block_sum v[];
};
#define SUMS_UP_TO (UINT64_C(1) << 40) /* larger files are compared with their copy */
#define BLOCKS_OF(size) (((size) + BLOCK_BYTES - 1) / BLOCK_BYTES)
struct block_sums *block_sums_new(uint64_t size);
bool block_sums_eq(const struct block_sums *a, const struct block_sums *b);

struct ix_entry {
	const char *rel;
	struct block_sums *sums;
	uint64_t size, ino; /* of the source, taken before it was copied */
	int64_t mtime_ns, ctime_ns;
	uint64_t copy_ino;
	int64_t copy_ctime_ns; /* after the last change of ours */
	uint32_t mode, flags;
	unsigned char sha[SHA_BYTES];
};

static inline int64_t ns_of(struct timespec t) { return t.tv_sec * NS_PER_S + t.tv_nsec; }

#define IX_CHUNK 1024u

struct pass_index {
	pthread_mutex_t lock;
	struct ix_entry **chunks;
	size_t n, n_chunks, room;
	uint32_t *slots; /* entry number + 1; 0 free */
	size_t n_slots;
	struct text names;
	uint64_t seed;    /* of all block sums */
	bool dst_known;   /* the flags THERE are true of the copy as it stands */
	bool stands;      /* they were when it was saved, in this boot, and no pass began since */
	int file;         /* it was loaded from, or -1 */
	int64_t clock_ns; /* the wall clock less the monotonic one when its last pass began, in this boot; 0: none yet */
};

static inline struct ix_entry *ix_at(const struct pass_index *ix, size_t i)
{
	return &ix->chunks[i / IX_CHUNK][i % IX_CHUNK];
}

/* NULL when it was never there. Not while others put. */
struct ix_entry *ix_find(const struct pass_index *ix, const char *rel, size_t n);
struct ix_entry *ix_put(struct pass_index *ix, const char *rel); /* found or added, with no flags */
void ix_forget(struct ix_entry *entry); /* nothing of it is known any more */
void ix_forget_below(struct pass_index *ix, const char *rel);
void ix_touch_parent(struct pass_index *ix, const char *rel); /* its directory becomes dirty */
/* Take the SHA-256 of the entry's copy, open at fd, unless it does not hold what was copied by what
 * is known of it: ERR_IO. */
struct copier;
struct pace;
int ix_read_copy(const struct pass_index *ix, const struct ix_entry *entry, struct copier *c,
		 int fd, struct pace *pace, unsigned char ret[SHA_BYTES], struct err *e) must_check;
/* A pass begins: the file this was loaded from no longer says what the copy is. */
int ix_spoil(struct pass_index *ix, struct err *e) must_check;
/* Entries with all of `flags`, sorted by name bytes; heap, the caller frees. */
struct ix_entry **ix_sorted(const struct pass_index *ix, uint32_t flags, size_t *ret_n) must_check;
/* Was the wall clock stepped since then? Times of before and after it cannot be held against each other. */
bool ix_clock_stepped(const struct pass_index *ix);
int64_t ix_clock_ns(void);
/* Is this a file system on which a stat can prove anything? */
int pass_times_prove(const struct dir *src, bool *ret, struct err *e) must_check;
