/* How fast content is read or written, and whether at all: the limit and the cancel of one pass, shared by its threads. And the idle
 * class of I/O, which gives way to everybody else's. */
#pragma once

#include <stdatomic.h>

#include "data/pass.h"

struct pace {
	const struct pass_opts *o;
	uint64_t limit_bytes_per_s; /* 0: none */
	int64_t began_ns, told_ns;
	atomic_uint_fast64_t bytes;
};
void pace_init(struct pace *p, const struct pass_opts *o);
/* Before each piece of content. ERR_CANCELED. */
int pace_wait(struct pace *p, uint64_t bytes, struct err *e) must_check;

/* How far it is, now and then, or with `last` in any case. By one thread at a time. */
void pace_tell(struct pace *p, const struct pass_stats *so_far, bool last);

/* Threads made in between are idle ones, too. Not wanted: nothing. Returns what pace_idle_end() puts back. */
int pace_idle_begin(bool wanted);
void pace_idle_end(bool wanted, int before);
