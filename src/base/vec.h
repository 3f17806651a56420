/* Typed growing arrays.
 *
 *	VEC(struct entry) all = { 0 };
 *	*vec_push(&all) = (struct entry){ ... };
 *	vec_each(&all, it)
 *		use(it->name);
 *	vec_done(&all); */
#pragma once

#include "base/mem.h"

#define VEC(type)           struct { type *v; size_t n, room; }

void *vec_grow_(void *v, size_t n, size_t *room, size_t size);

#define vec_size_(a)        (sizeof *(a)->v) /* an array of pointers is meant: NOLINT(bugprone-sizeof-expression) */

/* Room for one more element, zeroed; evaluates to its address, valid until the next push. */
#define vec_push(a)                                                                                   \
	({                                                                                            \
		(a)->v = vec_grow_((a)->v, (a)->n, &(a)->room, vec_size_(a));                         \
		&(a)->v[(a)->n++];                                                                    \
	})
#define vec_each(a, it)     for (typeof(&*(a)->v) it = (a)->v; it && it < (a)->v + (a)->n; it++)
#define vec_last(a)         (&(a)->v[(a)->n - 1])
#define vec_done(a)         (free((a)->v), (a)->v = NULL, (a)->n = (a)->room = 0)
#define vec_sort(a, cmp)    ((a)->n ? qsort((a)->v, (a)->n, vec_size_(a), (cmp)) : (void)0)
