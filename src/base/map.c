#include "base/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* FNV-1a, then mixed so that the low bits, which choose the slot, depend on all of it. */
static uint64_t hash_of(const char *key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	return h ^ h >> 33;
}

/* The slot of the key, or the free one where it belongs. Slots are a power of two and never full.
 */
static size_t slot_of(const struct map *m, const char *key, uint64_t hash)
{
	size_t at = hash & (m->n_slots - 1);

	for (;; at = (at + 1) & (m->n_slots - 1)) {
		const struct map_item *it;

		if (!m->slots[at])
			return at;
		it = &m->items[m->slots[at] - 1];
		if (it->hash == hash && strcmp(it->key, key) == 0)
			return at;
	}
}

static void more_slots(struct map *m)
{
	free(m->slots);
	m->n_slots = m->n_slots ? m->n_slots * 2 : 16;
	m->slots = xcalloc(m->n_slots, sizeof *m->slots);
	for (size_t i = 0; i < m->n; i++) {
		size_t at = slot_of(m, m->items[i].key, m->items[i].hash);

		m->slots[at] = (uint32_t)i + 1;
	}
}

void map_done(struct map *m, void (*free_value)(void *))
{
	map_each(m, it) {
		if (free_value)
			free_value(it->value);
		free(it->key);
	}
	free(m->items);
	free(m->slots);
	*m = (struct map){ 0 };
}

static struct map_item *find(const struct map *m, const char *key)
{
	uint32_t at = m->n_slots ? m->slots[slot_of(m, key, hash_of(key))] : 0;

	return at ? &m->items[at - 1] : NULL;
}

void *map_get(const struct map *m, const char *key)
{
	struct map_item *it = find(m, key);

	return it ? it->value : NULL;
}

bool map_has(const struct map *m, const char *key)
{
	return find(m, key) != NULL;
}

void *map_put(struct map *m, const char *key, void *value)
{
	struct map_item *it = find(m, key);

	if (it) {
		void *old = it->value;

		it->value = value;
		return old;
	}
	if (m->n == UINT32_MAX - 1)
		abort();
	if (m->n == m->room) {
		m->room = m->room ? m->room * 2 : 8;
		m->items = xrealloc(m->items, m->room * sizeof *m->items);
	}
	assert(m->items);
	m->items[m->n++] = (struct map_item){ xstrdup(key), value, hash_of(key) };
	if (m->n * 2 > m->n_slots)
		more_slots(m);
	else
		m->slots[slot_of(m, key, m->items[m->n - 1].hash)] = (uint32_t)m->n;
	return NULL;
}
