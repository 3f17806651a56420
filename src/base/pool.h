/* A worker pool with a cancel token and counters, for data/. The main thread owns engine, journal and signals;
 * a job never touches them.
 *
 * Jobs are numbered in the order of submission. The error reported is the first by that number, not by time, so
 * that runs are repeatable. After a failure or a cancel, jobs not yet begun are skipped. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct cancel {                         /* set from a signal handler or another thread */
	atomic_bool asked;
};

struct pool;
typedef int pool_job(void *arg, struct err *e);

/* workers: 0 = one a core, at most 16. queue: jobs that may wait before pool_add() blocks. */
struct pool *pool_new(unsigned workers, unsigned queue, const struct cancel *cancel /* may be NULL */);
void         pool_add(struct pool *p, pool_job *job, void *arg);        /* from any thread, jobs included */
/* Wait for all. 0, or the first error by job number; ERR_CANCELED when canceled. The pool can be used again. */
int          pool_wait(struct pool *p, struct err *e) must_check;
void         pool_free(struct pool *p);
unsigned     pool_workers(const struct pool *p);
