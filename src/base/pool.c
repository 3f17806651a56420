#include "base/pool.h"

#include <pthread.h>

#include "base/mem.h"

#define WORKERS_MAX 16

struct job {
	struct job *next;
	pool_job   *run;
	void       *arg;
	uint64_t    number;
};

struct pool {
	pthread_mutex_t      mutex;
	pthread_cond_t       work, space, idle;
	const struct cancel *cancel;
	struct job          *first, **last;
	unsigned             waiting, queue;
	uint64_t             added, unfinished;
	bool                 failed, closing;
	struct err           error;
	uint64_t             error_number;
	unsigned             n_threads;
	pthread_t            threads[WORKERS_MAX];
};

static _Thread_local const struct pool *working_for;

static bool canceled(const struct pool *p)
{
	return p->cancel && atomic_load(&p->cancel->asked);
}

static struct job *take(struct pool *p)
{
	struct job *job = p->first;

	p->first = job->next;
	if (!p->first)
		p->last = &p->first;
	p->waiting--;
	pthread_cond_signal(&p->space);
	return job;
}

static void keep_error(struct pool *p, uint64_t number, const struct err *e)
{
	if (p->failed && p->error_number <= number)
		return;
	p->failed = true;
	p->error = *e;
	p->error_number = number;
}

/* Jobs begin in the order of their numbers, so every job before a failed one has begun and will
 * report: this is what makes "the first by number" repeatable. */
static void work_on(struct pool *p, struct job *job)
{
	bool skip = p->failed || canceled(p);
	struct err e = ERR_INIT;
	int r = 0;

	pthread_mutex_unlock(&p->mutex);
	if (!skip)
		r = job->run(job->arg, &e);
	pthread_mutex_lock(&p->mutex);
	if (r < 0)
		keep_error(p, job->number, &e);
	free(job);
	if (--p->unfinished == 0)
		pthread_cond_broadcast(&p->idle);
}

static void *worker(void *arg)
{
	struct pool *p = arg;

	working_for = p;
	pthread_mutex_lock(&p->mutex);
	for (;;) {
		while (!p->first && !p->closing)
			pthread_cond_wait(&p->work, &p->mutex);
		if (!p->first)
			break;
		work_on(p, take(p));
	}
	pthread_mutex_unlock(&p->mutex);
	return NULL;
}

static unsigned default_workers(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores > 0 ? (unsigned)MIN_OF(cores, (long)WORKERS_MAX) : 1;
}

struct pool *pool_new(unsigned workers, unsigned queue, const struct cancel *cancel)
{
	struct pool *p = xcalloc(1, sizeof *p);

	workers = workers ? MIN_OF(workers, (unsigned)WORKERS_MAX) : default_workers();
	p->cancel = cancel;
	p->queue = queue ? queue : 1;
	p->last = &p->first;
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->space, NULL);
	pthread_cond_init(&p->idle, NULL);
	for (; p->n_threads < workers; p->n_threads++)
		if (pthread_create(&p->threads[p->n_threads], NULL, worker, p) != 0)
			break;
	if (!p->n_threads)
		abort();
	return p;
}

/* A worker never waits for room: if all did, nobody would make any. */
void pool_add(struct pool *p, pool_job *job, void *arg)
{
	struct job *added = xmalloc(sizeof *added);

	pthread_mutex_lock(&p->mutex);
	while (p->waiting >= p->queue && working_for != p)
		pthread_cond_wait(&p->space, &p->mutex);
	*added = (struct job){ .run = job, .arg = arg, .number = p->added++ };
	*p->last = added;
	p->last = &added->next;
	p->waiting++;
	p->unfinished++;
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->mutex);
}

int pool_wait(struct pool *p, struct err *e)
{
	int r = 0;

	pthread_mutex_lock(&p->mutex);
	while (p->unfinished)
		pthread_cond_wait(&p->idle, &p->mutex);
	if (p->failed) {
		*e = p->error;
		r = -(int)e->kind;
	} else if (canceled(p)) {
		r = err_set(e, ERR_CANCELED, "canceled");
	}
	p->failed = false;
	p->added = 0;
	pthread_mutex_unlock(&p->mutex);
	return r;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->mutex);
	p->closing = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->mutex);
	for (unsigned i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->space);
	pthread_cond_destroy(&p->idle);
	pthread_mutex_destroy(&p->mutex);
	free(p);
}

unsigned pool_workers(const struct pool *p)
{
	return p->n_threads;
}
