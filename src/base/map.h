/* String keys in insertion order, to values the caller owns. Keys are copied. Lookup is hashed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_item {
	char    *key;
	void    *value;
	uint64_t hash;
};

struct map {
	struct map_item *items;
	size_t           n, room;
	uint32_t        *slots;         /* index + 1 into items; 0 = free */
	size_t           n_slots;
};

void   map_done(struct map *m, void (*free_value)(void *));    /* free_value may be NULL */
void  *map_get(const struct map *m, const char *key);          /* NULL when absent */
void  *map_put(struct map *m, const char *key, void *value);   /* returns the value replaced, or NULL */
bool   map_has(const struct map *m, const char *key);

#define map_each(m, it)  for (struct map_item *it = (m)->items; it && it < (m)->items + (m)->n; it++)
