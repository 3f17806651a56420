#include "data/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include <linux/fs.h>

#include "base/fault.h"
#include "base/mem.h"

#define ALIGN 4096u
#define AHEAD_BYTES (1u << 20)
#define EXTENTS_MAX 100000u /* of one file; what is beyond is taken for full */
#define DIRECT_FROM (4u << 20)         /* smaller new files go through the page cache */

static const char zeros[BLOCK_BYTES];

static struct copier *copier_new(void)
{
	struct copier *c = xcalloc(1, sizeof *c);
	void *buf = NULL;

	if (posix_memalign(&buf, ALIGN, PIECE_BYTES) != 0)
		abort();
	c->buf = buf;
	c->other = xmalloc(BLOCK_BYTES);
	c->sha = hasher_new();
	return c;
}

static void copier_free(struct copier *c)
{
	hasher_free(c->sha);
	free(c->other);
	free(c->buf);
	free(c);
}

struct copier *copiers_take(struct copiers *all)
{
	struct copier *c = NULL;

	pthread_mutex_lock(&all->lock);
	if (all->idle.n)
		c = all->idle.v[--all->idle.n];
	pthread_mutex_unlock(&all->lock);
	return c ? c : copier_new();
}

void copiers_give(struct copiers *all, struct copier *c)
{
	pthread_mutex_lock(&all->lock);
	*vec_push(&all->idle) = c;
	pthread_mutex_unlock(&all->lock);
}

void copiers_done(struct copiers *all)
{
	vec_each (&all->idle, it)
		copier_free(*it);
	vec_done(&all->idle);
}

/* One copy under way. */
struct run {
	struct copier *c;
	const struct copy *job;
	struct copy_result *ret;
	bool direct;
	struct block_sum zero; /* of a full block of zeros */
	bool sha;
};

static int read_full(const struct run *w, char *buf, size_t n, uint64_t at, size_t *ret,
		     struct err *e)
{
	size_t got = 0;

	while (got < n) {
		/* Whole pages, as O_DIRECT wants them; the buffer has room. */
		size_t want = (n - got + ALIGN - 1) / ALIGN * ALIGN;
		ssize_t r = pread(w->job->from, buf + got, want, (off_t)(at + got));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(e, errno, "read '%s'", w->job->what);
		if (r == 0)
			break;
		got += (size_t)r;
	}
	*ret = MIN_OF(got, n);
	return 0;
}

static int leave_direct(struct run *w, struct err *e)
{
	int flags = fcntl(w->job->to, F_GETFL);

	w->direct = false;
	if (flags < 0 || fcntl(w->job->to, F_SETFL, flags & ~O_DIRECT) < 0)
		return err_sys(e, errno, "write the copy of '%s'", w->job->what);
	return 0;
}

static int write_at(struct run *w, const char *p, size_t n, uint64_t at, struct err *e)
{
	int sys = fault_errno("data.copy.write");

	if (sys)
		return err_sys(e, sys, "write the copy of '%s'", w->job->what);
	while (n) {
		/* The last, odd piece of a file cannot go past the page cache. */
		if (w->direct && (n % ALIGN || at % ALIGN) && n < ALIGN && leave_direct(w, e) < 0)
			return -(int)e->kind;

		size_t m = w->direct ? n - n % ALIGN : n;
		ssize_t r = pwrite(w->job->to, p, m, (off_t)at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 && errno == EINVAL && w->direct) {
			if (leave_direct(w, e) < 0)
				return -(int)e->kind;
			continue;
		}
		if (r < 0)
			return err_sys(e, errno, "write the copy of '%s'", w->job->what);
		if (r == 0)
			return err_set(e, ERR_IO, "nothing more can be written to the copy of '%s'",
				       w->job->what);
		/* A short direct write need not end on a block. */
		if (w->direct && (size_t)r % ALIGN && leave_direct(w, e) < 0)
			return -(int)e->kind;
		p += r;
		at += (uint64_t)r;
		n -= (size_t)r;
		w->ret->written += (uint64_t)r;
	}
	return 0;
}

static size_t block_len(uint64_t size, uint64_t at)
{
	return (size_t)MIN_OF((uint64_t)BLOCK_BYTES, size - at);
}

/* 1 when the copy holds just these n bytes at `at`, 0 when not. */
static int holds(struct run *w, const char *p, size_t n, uint64_t at, struct block_sum sum,
		 struct err *e)
{
	const struct copy *job = w->job;

	if (job->to < 0)
		return 1;
	if (at + n > job->to_size)
		return 0;
	w->ret->compared += n;
	if (job->old)
		return block_len(job->old->size, at) == n &&
		       block_sum_eq(job->old->v[at / BLOCK_BYTES], sum);
	if (job->old_sha)
		return 0;
	for (size_t got = 0; got < n;) {
		ssize_t r = pread(job->to, w->c->other + got, n - got, (off_t)(at + got));

		if (r < 0)
			return err_sys(e, errno, "read the copy of '%s'", job->what);
		if (r == 0)
			return 0;
		got += (size_t)r;
	}
	return memcmp(p, w->c->other, n) == 0;
}

/* The n bytes in the buffer belong at `at`, a block's start: write the runs of blocks that differ.
 */
static int put_piece(struct run *w, size_t n, uint64_t at, struct err *e)
{
	const char *buf = w->c->buf;
	size_t from = 0; /* start of the run under way */

	if (w->sha)
		hasher_add(w->c->sha, buf, n);
	for (size_t i = 0; i < n; i += BLOCK_BYTES) {
		size_t len = MIN_OF((size_t)BLOCK_BYTES, n - i);
		struct block_sum sum =
		    w->ret->sums ? block_sum_of(w->job->seed, buf + i, len) : (struct block_sum){ 0 };
		int same = holds(w, buf + i, len, at + i, sum, e);

		if (same < 0)
			return same;
		if (w->ret->sums)
			w->ret->sums->v[(at + i) / BLOCK_BYTES] = sum;
		if (same && i > from && write_at(w, buf + from, i - from, at + from, e) < 0)
			return -(int)e->kind;
		if (same)
			from = i + len;
	}
	return n > from ? write_at(w, buf + from, n - from, at + from, e) : 0;
}

static int punch(struct run *w, uint64_t at, uint64_t n, struct err *e)
{
	int sys = fault_errno("data.copy.punch");

	if (sys)
		return err_sys(e, sys, "make a hole in the copy of '%s'", w->job->what);
	if (fallocate(w->job->to, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at,
		      (off_t)n) == 0)
		return 0;
	if (errno != EOPNOTSUPP)
		return err_sys(e, errno, "make a hole in the copy of '%s'", w->job->what);
	for (uint64_t i = 0; i < n; i += BLOCK_BYTES)
		if (write_at(w, zeros, (size_t)MIN_OF((uint64_t)BLOCK_BYTES, n - i), at + i, e) < 0)
			return -(int)e->kind;
	return 0;
}

static int hash_hole(struct run *w, uint64_t at, uint64_t end, struct err *e)
{
	const struct copy *job = w->job;

	for (uint64_t n; at < end; at += n) {
		n = MIN_OF(end - at, UINT64_C(256) << 20);
		if (job->pace && job->pace(job->pace_data, 0, e) < 0)
			return -(int)e->kind;
		hasher_add_zeros(w->c->sha, n);
	}
	return 0;
}

/* The source has nothing from `at` to `end`, both on a block's start or the end of the file. */
static int put_hole(struct run *w, uint64_t at, uint64_t end, struct err *e)
{
	uint64_t there = MIN_OF(end, w->job->to_size);
	const struct block_sums *old = w->job->old;
	bool same = old != NULL;

	for (uint64_t i = at; w->ret->sums && i < end; i += BLOCK_BYTES) {
		size_t len = block_len(end, i);
		struct block_sum sum =
		    len == BLOCK_BYTES ? w->zero : block_sum_of(w->job->seed, zeros, len);

		w->ret->sums->v[i / BLOCK_BYTES] = sum;
		if (same && i < there)
			same = i + len <= there && block_len(old->size, i) == len &&
			       block_sum_eq(old->v[i / BLOCK_BYTES], sum);
	}
	if (w->sha && hash_hole(w, at, end, e) < 0)
		return -(int)e->kind;
	return !same && at < there ? punch(w, at, there - at, e) : 0;
}

/* Where data begins at or after `at` and where it ends, in whole blocks. */
static void next_data(const struct copy *job, uint64_t at, uint64_t *ret_from, uint64_t *ret_to)
{
	off_t from = job->dense ? (off_t)at : lseek(job->from, (off_t)at, SEEK_DATA);
	off_t to;

	if (from < 0)
		from = errno == ENXIO ? (off_t)job->size : (off_t)at;
	to = job->dense || from >= (off_t)job->size ? (off_t)job->size
						    : lseek(job->from, from, SEEK_HOLE);
	if (to < 0)
		to = (off_t)job->size;
	*ret_from = MAX_OF(at, (uint64_t)from / BLOCK_BYTES * BLOCK_BYTES);
	*ret_to = ((uint64_t)to + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
	*ret_from = MIN_OF(*ret_from, job->size);
	*ret_to = MIN_OF(*ret_to, job->size);
}

uint64_t copy_need(int from, uint64_t size)
{
	struct copy job = { .from = from, .size = size };
	uint64_t need = 0, at = 0, data, end;

	for (unsigned i = 0; at < size && i < EXTENTS_MAX; i++, at = end) {
		next_data(&job, at, &data, &end);
		/* Blocks set aside count as data once they were read, and reading runs ahead: seen on a
		 * running QuestDB, about as much more for each such file. */
		end = MIN_OF(end + AHEAD_BYTES, size);
		need += end - data;
	}
	return need + (size - at);
}

static int put_data(struct run *w, uint64_t *at, uint64_t to, struct err *e)
{
	const struct copy *job = w->job;
	/* A comparison reads no more at once than stays in the processor. */
	uint64_t piece = job->old ? BLOCK_BYTES : PIECE_BYTES;

	while (*at < to) {
		size_t want = (size_t)MIN_OF(to - *at, piece), got = 0;

		if (job->pace && job->pace(job->pace_data, want, e) < 0)
			return -(int)e->kind;
		if (read_full(w, w->c->buf, want, *at, &got, e) < 0 ||
		    put_piece(w, got, *at, e) < 0)
			return -(int)e->kind;
		*at += got;
		if (got < want)
			return 0;
	}
	return 0;
}

static int put_all(struct run *w, uint64_t *ret_end, struct err *e)
{
	uint64_t at = 0, from, to;

	while (at < w->job->size) {
		next_data(w->job, at, &from, &to);
		if (from > at && put_hole(w, at, from, e) < 0)
			return -(int)e->kind;
		at = from;
		if (put_data(w, &at, to, e) < 0)
			return -(int)e->kind;
		if (at < to) /* the source ended earlier */
			break;
	}
	*ret_end = at;
	return 0;
}

static int set_size(struct run *w, uint64_t size, struct err *e)
{
	struct stat st;
	int sys = fault_errno("data.copy.size");

	if (w->direct && leave_direct(w, e) < 0)
		return -(int)e->kind;
	if (sys)
		return err_sys(e, sys, "set the size of the copy of '%s'", w->job->what);
	if (fstat(w->job->to, &st) < 0)
		return err_sys(e, errno, "look at the copy of '%s'", w->job->what);
	if ((uint64_t)st.st_size != size && ftruncate(w->job->to, (off_t)size) < 0)
		return err_sys(e, errno, "set the size of the copy of '%s'", w->job->what);
	return 0;
}

/* A file of one block whose hash is known needs no look at its copy. */
static int small_as_before(struct run *w, uint64_t n)
{
	const struct copy *job = w->job;

	if (!job->old_sha || job->size > BLOCK_BYTES || n != job->to_size)
		return 0;
	hasher_begin(w->c->sha);
	hasher_add(w->c->sha, w->c->buf, n);
	hasher_end(w->c->sha, w->ret->sha);
	w->ret->compared = n;
	return memcmp(w->ret->sha, job->old_sha, SHA_BYTES) == 0;
}

static int copy_small(struct run *w, uint64_t *ret_end, bool *ret_same, struct err *e)
{
	size_t got = 0;

	if (w->job->pace && w->job->pace(w->job->pace_data, w->job->size, e) < 0)
		return -(int)e->kind;
	if (read_full(w, w->c->buf, (size_t)w->job->size, 0, &got, e) < 0)
		return -(int)e->kind;
	*ret_end = got;
	*ret_same = small_as_before(w, got);
	if (*ret_same)
		return 0;
	hasher_begin(w->c->sha);
	return put_piece(w, got, 0, e);
}

static bool has_sums(const struct copy *job)
{
	return job->size > BLOCK_BYTES && job->size <= SUMS_UP_TO;
}

static int copy_large(struct run *w, uint64_t *ret_end, struct err *e)
{
	const struct copy *job = w->job;
	int flags = job->to < 0 ? -1 : fcntl(job->to, F_GETFL);

	if (has_sums(job)) {
		w->ret->sums = block_sums_new(job->size);
		w->zero = block_sum_of(job->seed, zeros, sizeof zeros);
	}
	w->direct = !job->to_size && job->size >= DIRECT_FROM && flags >= 0 &&
		    fcntl(job->to, F_SETFL, flags | O_DIRECT) == 0;
	return put_all(w, ret_end, e);
}

int copy_bytes(struct copier *c, const struct copy *job, struct copy_result *ret, struct err *e)
{
	struct copy_result done = { 0 };
	struct run w = {
		.c = c, .job = job, .ret = &done, .sha = !job->sums_do || !has_sums(job)
	};
	bool same = false;
	int r;

	hasher_begin(c->sha);
	if (job->size <= BLOCK_BYTES && job->dense)
		r = copy_small(&w, &done.size, &same, e);
	else
		r = copy_large(&w, &done.size, e);
	done.hashed = w.sha;
	if (r == 0 && !same && w.sha)
		hasher_end(c->sha, done.sha);
	if (r == 0 && !same && job->to >= 0)
		r = set_size(&w, done.size, e);
	if (r < 0) {
		free(done.sums);
		return r;
	}
	if (done.sums)
		done.sums->size = done.size;
	/* It shrank meanwhile: sums are of files larger than a block, and a pass beside a writer took the SHA-256. */
	if (done.sums && done.size <= BLOCK_BYTES && done.hashed) {
		free(done.sums);
		done.sums = NULL;
	}
	*ret = done;
	return 0;
}

int copy_clone(int from, int to, const char *what, struct err *e)
{
	int sys = fault_errno("data.copy.clone");

	if (sys)
		return err_sys(e, sys, "clone '%s'", what);
	if (ioctl(to, FICLONE, from) == 0)
		return 1;
	if (errno == EOPNOTSUPP || errno == ENOTTY || errno == EXDEV || errno == EINVAL ||
	    errno == ENOSYS || errno == EPERM || errno == ETXTBSY)
		return 0;
	return err_sys(e, errno, "clone '%s'", what);
}

bool copy_clones_in(const struct dir *d)
{
	static const char block[4096] = "tried";
	struct err none = ERR_INIT;
	autoclose int a = dir_openat(d, ".", O_RDWR | O_TMPFILE, 0600, &none);
	autoclose int b = a < 0 ? -1 : dir_openat(d, ".", O_RDWR | O_TMPFILE, 0600, &none);

	return b >= 0 && write(a, block, sizeof block) == (ssize_t)sizeof block &&
	       ioctl(b, FICLONE, a) == 0;
}
