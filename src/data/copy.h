/* The bytes of one file: cloned where the file system can, else read once, hashed on the way, and
 * written only where the copy differs. Holes stay holes. */
#pragma once

#include "data/index.h"
#include "io/dir.h"

/* What a thread needs for copying; made once, used for many files. */
struct copier {
	char *buf;   /* PIECE_BYTES, page-aligned, for O_DIRECT */
	char *other; /* BLOCK_BYTES of the copy, to compare with */
	struct hasher *sha;
};
#define PIECE_BYTES (2u << 20)

/* Those not in use; as many are made as threads want one at a time. */
struct copiers {
	pthread_mutex_t lock;
	VEC(struct copier *) idle;
};
#define COPIERS_INIT                              \
	{                                         \
		.lock = PTHREAD_MUTEX_INITIALIZER \
	}
struct copier *copiers_take(struct copiers *all);
void copiers_give(struct copiers *all, struct copier *c);
void copiers_done(struct copiers *all);

struct copy {
	const char *what; /* for messages */
	int from, to;     /* to -1: only read, as if the copy held the same */
	uint64_t size;    /* of the source; a source that shrank meanwhile ends earlier */
	bool dense;       /* the source has no holes, so do not ask for them */
	uint64_t to_size; /* of the copy as it is; 0: a new file */
	const struct block_sums *old; /* of the copy as it is, or NULL */
	uint64_t seed;    /* of block sums, old and new */
	bool sums_do;     /* of a file that gets block sums, no SHA-256 is wanted */
	const unsigned char
	    *old_sha; /* of the copy as it is, or NULL: asked for files of one block */
	int (*pace)(void *data, uint64_t bytes, struct err *e); /* before each piece; may be NULL */
	void *pace_data;
};
struct copy_result {
	uint64_t size; /* of the copy now */
	uint64_t written, compared;
	bool hashed;
	unsigned char sha[SHA_BYTES];
	struct block_sums *sums; /* the caller frees; NULL for files of one block */
};
int copy_bytes(struct copier *c, const struct copy *job, struct copy_result *ret,
	       struct err *e) must_check;

/* What the copy of such a file takes up: its data in whole blocks, up to its length. Blocks that were
 * only set aside for it (a running QuestDB of 160 MB has 4 GB) are holes to a copy. */
uint64_t copy_need(int from, uint64_t size);

/* Does its file system clone files? Tried with two of no name. What cannot be tried does not. */
bool copy_clones_in(const struct dir *d) must_check;
/* Make `to` share all extents of `from`: 1, or 0 when these file systems cannot, nothing done then.
 */
int copy_clone(int from, int to, const char *what, struct err *e) must_check;
