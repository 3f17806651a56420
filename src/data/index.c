#include "data/index.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include <xxhash.h>

#include "base/mem.h"
#include "data/out.h"
#include "io/proc.h"

void block_sums_free(struct block_sums *sums)
{
	if (!sums)
		return;
	hash_mark_free(sums->mark);
	free(sums);
}

struct pass_index *pass_index_new(void)
{
	struct pass_index *ix = xcalloc(1, sizeof *ix);

	pthread_mutex_init(&ix->lock, NULL);
	ix->n_slots = 1024;
	ix->slots = xcalloc(ix->n_slots, sizeof *ix->slots);
	return ix;
}

void pass_index_free(struct pass_index *ix)
{
	if (!ix)
		return;
	for (size_t i = 0; i < ix->n; i++)
		block_sums_free(ix_at(ix, i)->sums);
	for (size_t i = 0; i < ix->n_chunks; i++)
		free(ix->chunks[i]);
	text_done(&ix->names);
	free(ix->chunks);
	free(ix->slots);
	pthread_mutex_destroy(&ix->lock);
	free(ix);
}

/* The slot of rel, or the free one where it belongs. */
static uint32_t *slot_of(const struct pass_index *ix, const char *rel, size_t n)
{
	size_t mask = ix->n_slots - 1;

	for (size_t i = XXH3_64bits(rel, n) & mask;; i = (i + 1) & mask) {
		uint32_t *slot = &ix->slots[i];

		if (!*slot)
			return slot;

		const char *have = ix_at(ix, *slot - 1)->rel;

		if (strncmp(have, rel, n) == 0 && !have[n])
			return slot;
	}
}

static void grow_slots(struct pass_index *ix)
{
	free(ix->slots);
	ix->n_slots *= 2;
	ix->slots = xcalloc(ix->n_slots, sizeof *ix->slots);
	for (size_t i = 0; i < ix->n; i++) {
		const char *rel = ix_at(ix, i)->rel;

		*slot_of(ix, rel, strlen(rel)) = (uint32_t)i + 1;
	}
}

static struct ix_entry *add(struct pass_index *ix, const char *rel, size_t n)
{
	if (ix->n == ix->n_chunks * IX_CHUNK) {
		ix->chunks = vec_grow_(ix->chunks, ix->n_chunks, &ix->room, sizeof *ix->chunks);
		ix->chunks[ix->n_chunks++] = xcalloc(IX_CHUNK, sizeof **ix->chunks);
	}

	struct ix_entry *entry = ix_at(ix, ix->n);

	entry->rel = text_keep(&ix->names, rel, n);
	ix->n++;
	if (ix->n * 3 > ix->n_slots * 2)
		grow_slots(ix);
	else
		*slot_of(ix, rel, n) = (uint32_t)ix->n;
	return entry;
}

static struct ix_entry *find(const struct pass_index *ix, const char *rel, size_t n)
{
	uint32_t slot = *slot_of(ix, rel, n);

	return slot ? ix_at(ix, slot - 1) : NULL;
}

struct ix_entry *ix_find(const struct pass_index *ix, const char *rel, size_t n)
{
	return find(ix, rel, n);
}

struct ix_entry *ix_put(struct pass_index *ix, const char *rel)
{
	size_t n = strlen(rel);

	pthread_mutex_lock(&ix->lock);

	struct ix_entry *entry = find(ix, rel, n);

	if (!entry)
		entry = add(ix, rel, n);
	pthread_mutex_unlock(&ix->lock);
	return entry;
}

void ix_forget(struct ix_entry *entry)
{
	uint32_t seen = entry->flags & IX_SEEN;

	block_sums_free(entry->sums);
	/* All but the name, which others may be looking for. */
	memset(&entry->sums, 0, sizeof *entry - offsetof(struct ix_entry, sums));
	entry->flags = seen;
}

void ix_forget_below(struct pass_index *ix, const char *rel)
{
	size_t n = strlen(rel);

	pthread_mutex_lock(&ix->lock);
	for (size_t i = 0; i < ix->n; i++) {
		struct ix_entry *entry = ix_at(ix, i);

		if (strncmp(entry->rel, rel, n) == 0 && entry->rel[n] == '/')
			ix_forget(entry);
	}
	pthread_mutex_unlock(&ix->lock);
}

void ix_touch_parent(struct pass_index *ix, const char *rel)
{
	const char *slash = strrchr(rel, '/');

	pthread_mutex_lock(&ix->lock);

	struct ix_entry *parent = find(ix, rel, slash ? (size_t)(slash - rel) : 0);

	if (parent)
		parent->flags |= IX_DIRTY;
	pthread_mutex_unlock(&ix->lock);
}

static int by_rel(const void *a, const void *b)
{
	return strcmp((*(struct ix_entry *const *)a)->rel, (*(struct ix_entry *const *)b)->rel);
}

struct ix_entry **ix_sorted(const struct pass_index *ix, uint32_t flags, size_t *ret_n)
{
	VEC(struct ix_entry *) all = { 0 };

	for (size_t i = 0; i < ix->n; i++)
		if ((ix_at(ix, i)->flags & flags) == flags)
			*vec_push(&all) = ix_at(ix, i);
	vec_sort(&all, by_rel);
	*ret_n = all.n;
	return all.v;
}

/* The file: a head, then a record and its name for each entry, then the SHA-256 of all that. For
 * this machine and this version only: another reads ERR_FORMAT and copies again. */
#define IX_MAGIC "crossgrade-index-1"

struct ix_head {
	char magic[24];
	char boot[64];
	uint64_t n;
};

struct ix_record {
	uint64_t size, ino, copy_ino;
	int64_t mtime_ns, ctime_ns, copy_ctime_ns;
	uint32_t mode, flags, name_len;
	unsigned char sha[SHA_BYTES];
	uint32_t zero;
};

static void save_entry(struct out *out, const struct ix_entry *entry)
{
	struct ix_record rec = { .size = entry->size,
				 .ino = entry->ino,
				 .copy_ino = entry->copy_ino,
				 .mtime_ns = entry->mtime_ns,
				 .ctime_ns = entry->ctime_ns,
				 .copy_ctime_ns = entry->copy_ctime_ns,
				 .mode = entry->mode,
				 .flags = entry->flags & IX_KEPT,
				 .name_len = (uint32_t)strlen(entry->rel) };

	memcpy(rec.sha, entry->sha, sizeof rec.sha);
	out_add(out, &rec, sizeof rec);
	out_add(out, entry->rel, rec.name_len);
}

int pass_index_save(const struct pass_index *ix, const struct dir *d, const char *rel,
		    struct err *e)
{
	struct ix_head head = { .magic = IX_MAGIC };
	unsigned char sha[SHA_BYTES];
	struct out out;

	for (size_t i = 0; i < ix->n; i++)
		head.n += !!(ix_at(ix, i)->flags & IX_THERE);
	/* What the index says of the copy must not be more durable than the copy. */
	if (proc_boot_id(head.boot, e) < 0 || file_sync_fs(d, e) < 0 ||
	    out_open(&out, d, rel, e) < 0)
		return err_wrap(e, "keep the index of the copy");
	out_add(&out, &head, sizeof head);
	for (size_t i = 0; i < ix->n; i++)
		if (ix_at(ix, i)->flags & IX_THERE)
			save_entry(&out, ix_at(ix, i));
	out_digest(&out, sha);
	out_add(&out, sha, sizeof sha);

	int r = out_commit(&out, e);

	out_close(&out);
	return r < 0 ? err_wrap(e, "keep the index of the copy") : 0;
}

struct in {
	int fd;
	const char *what;
	char *data;
	size_t from, n;
	struct hasher *sha;
};

#define IN_BYTES (256u << 10)

/* Exactly n bytes. */
static int take(struct in *in, void *ret, size_t n, struct err *e)
{
	for (char *to = ret; n;) {
		if (!in->n) {
			ssize_t r = read(in->fd, in->data, IN_BYTES);

			if (r < 0)
				return err_sys(e, errno, "read '%s'", in->what);
			if (r == 0)
				return err_set(e, ERR_FORMAT, "'%s' is cut off", in->what);
			in->from = 0;
			in->n = (size_t)r;
		}

		size_t m = MIN_OF(n, in->n);

		memcpy(to, in->data + in->from, m);
		in->from += m;
		in->n -= m;
		to += m;
		n -= m;
	}
	return 0;
}

static int take_hashed(struct in *in, void *ret, size_t n, struct err *e)
{
	if (take(in, ret, n, e) < 0)
		return -(int)e->kind;
	hasher_add(in->sha, ret, n);
	return 0;
}

static int load_entry(struct in *in, struct pass_index *ix, bool same_boot, struct err *e)
{
	char rel[PATH_MAX];
	struct ix_record rec;

	if (take_hashed(in, &rec, sizeof rec, e) < 0)
		return -(int)e->kind;
	if (rec.name_len >= sizeof rel)
		return err_set(e, ERR_FORMAT, "a name in '%s' is too long", in->what);
	if (take_hashed(in, rel, rec.name_len, e) < 0)
		return -(int)e->kind;
	rel[rec.name_len] = '\0';
	if (strlen(rel) != rec.name_len || ix_find(ix, rel, rec.name_len))
		return err_set(e, ERR_FORMAT, "a name in '%s' is not one or is there twice",
			       in->what);

	struct ix_entry *entry = ix_put(ix, rel);

	entry->size = rec.size;
	entry->ino = rec.ino;
	entry->mtime_ns = rec.mtime_ns;
	entry->ctime_ns = rec.ctime_ns;
	entry->copy_ino = rec.copy_ino;
	entry->copy_ctime_ns = rec.copy_ctime_ns;
	entry->mode = rec.mode;
	memcpy(entry->sha, rec.sha, sizeof rec.sha);
	/* A crash of the machine may have taken back what was written later, on either side, but
	 * not the times. */
	entry->flags = rec.flags & (same_boot ? IX_KEPT : IX_THERE | IX_LINKED);
	return 0;
}

static int load(struct in *in, struct pass_index *ix, struct err *e)
{
	unsigned char want[SHA_BYTES], have[SHA_BYTES];
	struct ix_head head;
	char boot[64] = "";

	hasher_begin(in->sha);
	if (take_hashed(in, &head, sizeof head, e) < 0 || proc_boot_id(boot, e) < 0)
		return -(int)e->kind;
	if (memcmp(head.magic, IX_MAGIC, sizeof IX_MAGIC) != 0)
		return err_set(e, ERR_FORMAT, "'%s' is not an index of this version", in->what);

	bool same_boot = strncmp(head.boot, boot, sizeof boot) == 0;

	for (uint64_t i = 0; i < head.n; i++)
		if (load_entry(in, ix, same_boot, e) < 0)
			return -(int)e->kind;
	hasher_end(in->sha, have);
	if (take(in, want, sizeof want, e) < 0)
		return -(int)e->kind;
	if (memcmp(want, have, sizeof want) != 0)
		return err_set(e, ERR_FORMAT, "'%s' does not have its digest", in->what);
	return 0;
}

int pass_index_load(const struct dir *d, const char *rel, struct pass_index **ret, struct err *e)
{
	autoclose int fd = dir_openat(d, rel, O_RDONLY, 0, e);
	struct in in = { .fd = fd, .what = rel };
	struct pass_index *ix;
	int r;

	if (fd < 0)
		return fd;
	in.data = xmalloc(IN_BYTES);
	in.sha = hasher_new();
	ix = pass_index_new();
	r = load(&in, ix, e);
	hasher_free(in.sha);
	free(in.data);
	if (r == 0)
		*ret = ix;
	else
		pass_index_free(ix);
	return r;
}
