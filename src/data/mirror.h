/* One pass under way: making single entries of the copy equal to the source. Called from the walk's threads. */
#pragma once

#include "data/copy.h"
#include "data/tree.h"

struct linked_entry {
	uint64_t         dev, ino;
	struct ix_entry *entry;
};

struct mirror {
	const struct dir       *src, *dst;
	struct pass_index      *ix;
	enum pass_mode          mode;
	const struct pass_opts *o;
	bool                    trusts_times;   /* the file system's times prove something, and so does the clock */
	atomic_bool             clones;         /* until the first refusal */
	pthread_mutex_t         lock;           /* of all below */
	struct pass_stats       stats;
	int64_t                 began_ns, told_ns;
	uint64_t                paced_bytes, unchecked_bytes;
	VEC(struct copier *)    idle;
	VEC(struct ix_entry *)  large;          /* left for all workers together */
	VEC(struct linked_entry) linked;        /* one inode under several names: left for the end */
};

void mirror_init(struct mirror *m);
void mirror_done(struct mirror *m);

tree_visit mirror_visit;
/* A regular file on its own, without the walk's descriptor. */
int mirror_large(struct mirror *m, struct ix_entry *entry, struct err *e) must_check;
int mirror_linked(struct mirror *m, struct err *e) must_check;          /* all of m->linked */
int mirror_dir_meta(struct mirror *m, struct ix_entry *entry, struct err *e) must_check;
/* Take what stands at the entry off the copy; of what is below it, nothing may be known any more. */
int mirror_remove(struct mirror *m, struct ix_entry *entry, struct err *e) must_check;

int            mirror_check_room(const struct mirror *m, struct err *e) must_check;    /* the reserve of live passes */
void           mirror_count_compared(struct mirror *m, uint64_t bytes);
struct copier *mirror_copier(struct mirror *m);
void           mirror_copier_back(struct mirror *m, struct copier *c);
