/* One pass under way: making single entries of the copy equal to the source. Called from the walk's
 * threads. */
#pragma once

#include "data/copy.h"
#include "data/pace.h"
#include "data/tree.h"

struct linked_entry {
	uint64_t dev, ino;
	struct ix_entry *entry;
};

struct mirror {
	const struct dir *src, *dst;
	struct pass_index *ix;
	enum pass_mode mode;
	const struct pass_opts *o;
	bool trusts_times;  /* the file system's times prove something, and so does the clock */
	atomic_bool clones; /* until the first refusal */
	struct copiers copiers;
	struct pace pace;
	pthread_mutex_t lock; /* of all below */
	struct pass_stats stats;
	int64_t began_ns, began_wall_ns;
	uint64_t unchecked_bytes;
	VEC(struct ix_entry *) large;    /* left for all workers together */
	VEC(struct linked_entry) linked; /* one inode under several names: left for the end */
};

static inline bool mirror_writer_runs(const struct mirror *m) { return m->mode != PASS_FINAL; }
/* Does anybody wait for the disk meanwhile? */
static inline bool mirror_is_aside(const struct mirror *m) { return mirror_writer_runs(m) || m->o->beside_server; }

void mirror_init(struct mirror *m);
void mirror_done(struct mirror *m);

tree_visit mirror_visit;
int mirror_dir_meta(struct mirror *m, struct ix_entry *entry, struct err *e) must_check;
/* Take what stands at the entry off the copy; of what is below it, nothing may be known
 * any more. */
int mirror_remove(struct mirror *m, struct ix_entry *entry, struct err *e) must_check;

/* mirror_file.c: unless the stat of the opened file says it is as it was. `shared`: the copy may
 * have other names. */
int mirror_file(struct mirror *m, int dirfd, const char *name, struct ix_entry *entry, bool shared,
		struct err *e) must_check;
int mirror_file_at(struct mirror *m, struct ix_entry *entry, bool shared, struct err *e) must_check;
/* mirror_group.c: all of m->linked. */
int mirror_linked(struct mirror *m, struct err *e) must_check;

/* mirror_pace.c: the reserve of live passes; and, before each piece of content, cancel, rate limit
 * and that reserve. */
int mirror_check_room(const struct mirror *m, struct err *e) must_check;
int mirror_pace(void *data, uint64_t bytes, struct err *e) must_check;
void mirror_count_entry(struct mirror *m, const struct stat *st);
void mirror_count_copy(struct mirror *m, const struct copy_result *done, bool cloned,
		       uint64_t size);
void mirror_count_compared(struct mirror *m, uint64_t bytes);

/* What those files share. */
enum verdict { SAME, DOUBT, MOVED };
enum verdict mirror_judge(const struct mirror *m, const struct ix_entry *entry,
			  const struct stat *st);
void mirror_keep_stat(const struct mirror *m, struct ix_entry *entry, const struct stat *st,
		      int64_t taken_ns);
void mirror_keep_copy_stat(struct ix_entry *entry, const struct stat *st);
void mirror_stands(struct mirror *m, struct ix_entry *entry, mode_t type);
int mirror_make_way(struct mirror *m, struct ix_entry *entry, struct err *e) must_check;
int mirror_passed_over(const struct mirror *m, struct ix_entry *entry, struct err *e) must_check;
