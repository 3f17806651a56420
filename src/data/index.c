#include "data/index.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include <xxhash.h>

#include "base/mem.h"
#include "data/out.h"
#include "io/proc.h"

struct block_sums *block_sums_new(uint64_t size)
{
	struct block_sums *sums = xcalloc(1, sizeof *sums + BLOCKS_OF(size) * sizeof sums->v[0]);

	sums->size = size;
	return sums;
}

bool block_sums_eq(const struct block_sums *a, const struct block_sums *b)
{
	return a->size == b->size &&
	       memcmp(a->v, b->v, BLOCKS_OF(a->size) * sizeof a->v[0]) == 0;
}

struct pass_index *pass_index_new(void)
{
	struct pass_index *ix = xcalloc(1, sizeof *ix);

	pthread_mutex_init(&ix->lock, NULL);
	ix->n_slots = 1024;
	ix->slots = xcalloc(ix->n_slots, sizeof *ix->slots);
	ix->seed = block_seed();
	ix->file = -1;
	return ix;
}

void pass_index_free(struct pass_index *ix)
{
	if (!ix)
		return;
	for (size_t i = 0; i < ix->n; i++)
		free(ix_at(ix, i)->sums);
	for (size_t i = 0; i < ix->n_chunks; i++)
		free(ix->chunks[i]);
	if (ix->file >= 0)
		close(ix->file);
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
		ix->chunks = vec_grow_(ix->chunks, ix->n_chunks, &ix->room,
				       sizeof(struct ix_entry *));
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

	free(entry->sums);
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

