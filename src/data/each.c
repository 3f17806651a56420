#include "data/each.h"

struct each {
	size_t n;
	const struct cancel *cancel;
	int (*one)(void *data, size_t i, struct err *e);
	void *data;
	atomic_size_t next;
	atomic_bool failed;
};

static int worker(void *arg, struct err *e)
{
	struct each *w = arg;
	size_t i;

	while (!atomic_load(&w->failed) && (i = atomic_fetch_add(&w->next, 1)) < w->n) {
		if (w->cancel && atomic_load(&w->cancel->asked))
			return err_set(e, ERR_CANCELED, "canceled");
		if (w->one(w->data, i, e) < 0) {
			atomic_store(&w->failed, true);
			return -(int)e->kind;
		}
	}
	return 0;
}

int each_item(unsigned workers, const struct cancel *cancel, size_t n,
	      int (*one)(void *data, size_t i, struct err *e), void *data, struct err *e)
{
	struct each w = { .n = n, .cancel = cancel, .one = one, .data = data };

	if (!n)
		return 0;
	if (workers == 1 || n == 1)
		return worker(&w, e);

	struct pool *pool = pool_new(workers, 64, cancel);
	size_t threads = MIN_OF((size_t)pool_workers(pool), n);

	for (size_t i = 0; i < threads; i++)
		pool_add(pool, worker, &w);

	int r = pool_wait(pool, e);

	pool_free(pool);
	return r;
}
