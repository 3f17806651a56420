#include "data/pass.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "data/hash.h"
#include "data/index.h"
#include "data/manifest.h"
#include "data/tree.h"
#include "io/file.h"
#include "worlds.h"

static struct pass_stats run(struct worlds *w, enum pass_mode mode, const struct pass_opts *o)
{
	struct pass_stats stats = { 0 };
	struct err e = ERR_INIT;

	assert_ok(pass_run(&w->src, &w->dst, w->ix, mode, o, &stats, &e), &e);
	return stats;
}

/* What the index says of the copy is so. */
static void assert_hashes(struct worlds *w)
{
	struct pass_stats stats;
	uint64_t cached;
	struct err e = ERR_INIT;

	assert_ok(pass_read_back(&w->dst, w->ix, NULL, &stats, &cached, &e), &e);
}

static int ftruncate_at(int dirfd, const char *name, off_t size)
{
	autoclose int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC);

	return ftruncate(fd, size);
}

static void a_nasty_tree_is_copied_whole(void **state)
{
	struct worlds *w = worlds_of(state);
	struct pass_stats s;

	nasty_make(w->src_path);
	s = run(w, PASS_FINAL, NULL);
	assert_true(s.copied_files > 20);
	assert_same_tree(w->src_path, w->dst_path);
	s = run(w, PASS_FINAL, NULL);
	if (!s.reflinked_files)
		assert_int_equal(s.copied_bytes, 0);
	assert_int_equal(s.removed, 0);
	assert_same_tree(w->src_path, w->dst_path);
}

static void holes_stay_holes(void **state)
{
	struct worlds *w = worlds_of(state);
	struct stat a, b;

	nasty_make(w->src_path);
	run(w, PASS_FINAL, NULL);
	assert_int_equal(fstatat(w->src.fd, "sparse", &a, 0), 0);
	assert_int_equal(fstatat(w->dst.fd, "sparse", &b, 0), 0);
	assert_true(b.st_blocks * 512 < a.st_blocks * 512 + (2 << 20));
}

static void put_set_aside(const char *dir, const char *name, off_t data, off_t size)
{
	autofree char *path = xasprintf("%s/%s", dir, name);
	autofree char *bytes = xcalloc(1, (size_t)data);
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	memset(bytes, 'x', (size_t)data);
	assert_int_equal(posix_fallocate(fd, 0, size), 0);
	assert_int_equal(pwrite(fd, bytes, (size_t)data, 0), data);
	assert_int_equal(fsync(fd), 0);
}

/* What a copy takes up is foretold: nothing of holes and of blocks only set aside, and never too
 * little. */
static void its_room_is_foretold(void **state)
{
	struct worlds *w = worlds_of(state);
	struct tree_size from, to;
	struct err e = ERR_INIT;

	nasty_make(w->src_path);
	put_set_aside(w->src_path, "column.d", 100 << 10, 16 << 20);
	put_set_aside(w->src_path, "full.d", 3 << 20, 3 << 20);
	assert_ok(tree_measure(&w->src, NULL, &from, &e), &e);
	run(w, PASS_FINAL, NULL);
	assert_ok(tree_measure(&w->dst, NULL, &to, &e), &e);
	assert_true(to.allocated <= from.data + (1 << 20));
	assert_true(from.data <= to.allocated + (8 << 20));
	assert_true(from.data + (12 << 20) < from.allocated);
}

/* Any sequence of changes, any sequence of passes: the last one makes it equal. */
static void changes_arrive(void **state)
{
	struct worlds *w = worlds_of(state);
	uint64_t seed = 88172645463325252u;

	nasty_make(w->src_path);
	for (int round = 0; round < 25; round++) {
		for (int i = 0; i < 1 + round; i++)
			nasty_change(w->src_path, &seed);
		run(w, PASS_LIVE, NULL);
		for (int i = 0; i < round % 4; i++)
			nasty_change(w->src_path, &seed);
		run(w, PASS_FINAL, &(struct pass_opts){ .workers = (unsigned)round % 3 });
		assert_same_tree(w->src_path, w->dst_path);
		assert_hashes(w);
	}
}

static void put_bytes(const char *dir, const char *name, off_t at, size_t n, char c)
{
	autofree char *bytes = malloc(n);
	char path[300];
	int fd;

	memset(bytes, c, n);
	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
}

/* A large file is hashed on from its last data when only that grew, and from its start when not. */
static void large_files_change_anywhere(void **state)
{
	static const struct {
		off_t at;
		size_t n;
	} changes[] = {
		{ 3 << 20, 1 },
		{ 3000000, 900000 },
		{ 4 << 20, 262144 },
		{ 0, 1 },
		{ (4 << 20) + 262144, 1 },
		{ 1 << 20, 5 },
		{ 20 << 20, 100 },
		{ (20 << 20) + 100, 300000 },
		{ 12 << 20, 262144 },
		{ 30 << 20, 1 << 20 },
		{ (30 << 20) - 1, 2 },
	};
	static const off_t sizes[] = { 33 << 20, 31 << 20, (30 << 20) + 5, 12 << 20, 40 << 20,
				       3 << 20,  100,      50 << 20 };
	struct worlds *w = worlds_of(state);

	put_bytes(w->src_path, "col", 0, 3 << 20, 'a');
	for (size_t i = 0; i < ARRAY_LEN(changes) + ARRAY_LEN(sizes); i++) {
		if (i < ARRAY_LEN(changes))
			put_bytes(w->src_path, "col", changes[i].at, changes[i].n, (char)('b' + i));
		else
			assert_int_equal(
			    ftruncate_at(w->src.fd, "col", sizes[i - ARRAY_LEN(changes)]), 0);
		run(w, i % 2 ? PASS_LIVE : PASS_FINAL, NULL);
		assert_same_tree(w->src_path, w->dst_path);
		assert_hashes(w);
	}
}

/* A copy that is not known, or not what the index says, is put right, whatever is there. */
static void a_strange_copy_is_put_right(void **state)
{
	struct worlds *w = worlds_of(state);
	uint64_t seed = 4711;

	nasty_make(w->src_path);
	for (int round = 0; round < 10; round++) {
		struct err e = ERR_INIT;
		autodir struct dir point = DIR_NONE;

		run(w, PASS_LIVE, NULL);
		assert_ok(dir_open(w->path, &point, &e), &e);
		assert_ok(pass_index_save(w->ix, &point, "index", &e), &e);
		for (int i = 0; i < 5 * round; i++)
			nasty_change(round % 2 ? w->dst_path : w->src_path, &seed);
		pass_index_free(w->ix);
		w->ix = NULL;
		if (round % 3)
			assert_ok(pass_index_load(&point, "index", INDEX_OF_PASS, &w->ix, &e), &e);
		else
			w->ix = pass_index_new();
		run(w, round % 2 ? PASS_LIVE : PASS_FINAL, NULL);
		run(w, PASS_FINAL, NULL);
		assert_same_tree(w->src_path, w->dst_path);
	}
}

/* The index that a live pass left is good for one pass: of what a killed one did after it, it knows nothing. */
static void a_killed_pass_leaves_no_trust(void **state)
{
	struct worlds *w = worlds_of(state);
	struct err e = ERR_INIT;
	autodir struct dir point = DIR_NONE;
	pid_t pid;
	int status;

	nasty_make(w->src_path);
	run(w, PASS_LIVE, NULL);
	assert_ok(dir_open(w->path, &point, &e), &e);
	assert_ok(pass_index_save(w->ix, &point, "index", &e), &e);
	put_text(w->src_path, "came", "and went");
	pid = fork();
	if (pid == 0) {
		struct pass_index *ix;
		struct pass_stats s;

		if (pass_index_load(&point, "index", INDEX_OF_PASS, &ix, &e) < 0 ||
		    pass_run(&w->src, &w->dst, ix, PASS_LIVE, NULL, &s, &e) < 0)
			_exit(1);
		_exit(0); /* before the index is saved */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(unlinkat(w->src.fd, "came", 0), 0);
	pass_index_free(w->ix);
	w->ix = NULL;
	assert_ok(pass_index_load(&point, "index", INDEX_OF_PASS, &w->ix, &e), &e);
	run(w, PASS_FINAL, NULL);
	assert_same_tree(w->src_path, w->dst_path);
}

/* A process that copies, saves its index, copies again, and is killed somewhere in that. */
static void copy_and_save_for_ever(struct worlds *w)
{
	struct err e = ERR_INIT;
	struct dir point;
	struct pass_stats stats;
	struct pass_index *ix = NULL;

	if (dir_open(w->path, &point, &e) < 0)
		_exit(1);
	if (pass_index_load(&point, "index", INDEX_OF_PASS, &ix, &e) < 0)
		ix = pass_index_new();
	for (uint64_t seed = (uint64_t)clock_mono_ns() | 1;;) {
		for (int i = 0; i < 10; i++)
			nasty_change(w->src_path, &seed);
		if (pass_run(&w->src, &w->dst, ix, PASS_LIVE, NULL, &stats, &e) < 0 ||
		    pass_index_save(ix, &point, "index", &e) < 0)
			_exit(1);
	}
}

static void killed_anywhere_it_goes_on(void **state)
{
	struct worlds *w = worlds_of(state);
	struct err e = ERR_INIT;
	autodir struct dir point = DIR_NONE;

	nasty_make(w->src_path);
	assert_ok(dir_open(w->path, &point, &e), &e);
	for (int trial = 0; trial < 30; trial++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			copy_and_save_for_ever(w);
		clock_sleep_ns((trial * 37 % 100) * NS_PER_MS);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		pass_index_free(w->ix);
		w->ix = NULL;
		if (pass_index_load(&point, "index", INDEX_OF_PASS, &w->ix, &e) < 0) {
			assert_int_equal(e.kind, ERR_ABSENT);
			err_clear(&e);
			w->ix = pass_index_new();
		}
		run(w, PASS_FINAL, NULL);
		assert_same_tree(w->src_path, w->dst_path);
		assert_hashes(w);
	}
}

static void a_loaded_index_saves_the_copying(void **state)
{
	struct worlds *w = worlds_of(state);
	struct err e = ERR_INIT;
	autodir struct dir point = DIR_NONE;
	struct pass_stats s;

	nasty_make(w->src_path);
	run(w, PASS_LIVE, NULL);
	assert_ok(dir_open(w->path, &point, &e), &e);
	assert_ok(pass_index_save(w->ix, &point, "index", &e), &e);
	pass_index_free(w->ix);
	w->ix = NULL;
	assert_ok(pass_index_load(&point, "index", INDEX_OF_PASS, &w->ix, &e), &e);
	s = run(w, PASS_FINAL, NULL);
	assert_int_equal(s.copied_bytes, 0);
}

static void a_damaged_index_is_no_index(void **state)
{
	struct worlds *w = worlds_of(state);
	struct err e = ERR_INIT;
	autodir struct dir point = DIR_NONE;
	struct pass_index *ix = NULL;
	struct stat st;
	int fd;

	put_text(w->src_path, "one", "1");
	run(w, PASS_FINAL, NULL);
	assert_ok(dir_open(w->path, &point, &e), &e);
	assert_ok(pass_index_save(w->ix, &point, "index", &e), &e);
	fd = openat(point.fd, "index", O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		unsigned char was = 0, other;

		assert_int_equal(pread(fd, &was, 1, at), 1);
		other = was ^ 0x41;
		assert_int_equal(pwrite(fd, &other, 1, at), 1);
		assert_fails(pass_index_load(&point, "index", INDEX_OF_PASS, &ix, &e), &e, ERR_FORMAT);
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
	}
	for (off_t n = st.st_size - 1; n >= 0; n -= 7) {
		assert_int_equal(ftruncate(fd, n), 0);
		assert_fails(pass_index_load(&point, "index", INDEX_OF_PASS, &ix, &e), &e, ERR_FORMAT);
	}
	close(fd);
	assert_fails(pass_index_load(&point, "none", INDEX_OF_PASS, &ix, &e), &e, ERR_ABSENT);
}

#define HEAD_BEFORE 104 /* bytes; a clock follows since */

static void a_complete_index_of_the_version_before_is_read(void **state)
{
	struct worlds *w = worlds_of(state);
	struct hasher *sha = hasher_new();
	autobuf struct buf now = BUF_MAX(1u << 20), before = BUF_MAX(1u << 20);
	unsigned char digest[SHA_BYTES];
	autodir struct dir point = DIR_NONE;
	struct pass_index *ix = NULL;
	struct err e = ERR_INIT;
	char *p;
	int fd;

	put_text(w->src_path, "one", "1");
	run(w, PASS_FINAL, NULL);
	assert_ok(dir_open(w->path, &point, &e), &e);
	assert_ok(pass_index_save(w->ix, &point, "index", &e), &e);
	assert_ok(file_read(&point, "index", &now, &e), &e);
	buf_add(&before, now.data, HEAD_BEFORE);
	buf_add(&before, now.data + HEAD_BEFORE + 8, now.len - HEAD_BEFORE - 8 - SHA_BYTES - 1);
	p = strchr(before.data, '3');
	assert_non_null(p);
	*p = '2';
	hasher_begin(sha);
	hasher_add(sha, before.data, before.len);
	hasher_end(sha, digest);
	hasher_free(sha);
	buf_add(&before, digest, sizeof digest);
	buf_add(&before, now.data + now.len - 1, 1);
	fd = openat(point.fd, "before", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, before.data, before.len), before.len);
	close(fd);
	assert_ok(pass_index_load(&point, "before", INDEX_OF_COMPLETE, &ix, &e), &e);
	assert_int_equal(ix->n, w->ix->n);
	pass_index_free(ix);
	assert_fails(pass_index_load(&point, "before", INDEX_OF_PASS, &ix, &e), &e, ERR_FORMAT);
}

/* The last pass reads nothing that did not move, once times are old enough to prove something. */
static void the_last_pass_touches_what_moved(void **state)
{
	struct worlds *w = worlds_of(state);
	struct pass_stats s;

	if (!w->times_prove)
		skip();
	nasty_make(w->src_path);
	clock_sleep_ns(2200 * NS_PER_MS);
	run(w, PASS_LIVE, NULL);
	put_text(w->src_path, "a/b/c/x", "other");
	s = run(w, PASS_FINAL, NULL);
	assert_int_equal(s.copied_files, 1);
	/* One file has its time in the future. */
	assert_in_range(s.compared_files, 1, 2);
	assert_same_tree(w->src_path, w->dst_path);
}

static void times_can_be_distrusted(void **state)
{
	struct worlds *w = worlds_of(state);
	struct timespec t[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
	struct pass_stats s;

	put_text(w->src_path, "f", "old");
	assert_int_equal(utimensat(w->src.fd, "f", t, 0), 0);
	clock_sleep_ns(2200 * NS_PER_MS);
	run(w, PASS_LIVE, NULL);
	s = run(w, PASS_FINAL, &(struct pass_opts){ .distrust_times = true });
	assert_int_equal(s.compared_files, 1);
}

/* By hand, or by who synchronises it: what was written before may have any time. */
static void a_step_of_the_clock_costs_a_comparison(void **state)
{
	struct worlds *w = worlds_of(state);
	struct timespec t[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
	struct err e = ERR_INIT;
	autodir struct dir point = DIR_NONE;

	put_text(w->src_path, "f", "old");
	assert_int_equal(utimensat(w->src.fd, "f", t, 0), 0);
	clock_sleep_ns(2200 * NS_PER_MS);
	run(w, PASS_LIVE, NULL);
	assert_int_equal(run(w, PASS_LIVE, NULL).compared_files, 0);
	w->ix->clock_ns -= 3 * NS_PER_S;
	assert_ok(dir_open(w->path, &point, &e), &e);
	assert_ok(pass_index_save(w->ix, &point, "index", &e), &e);
	pass_index_free(w->ix);
	w->ix = NULL;
	assert_ok(pass_index_load(&point, "index", INDEX_OF_PASS, &w->ix, &e), &e);
	assert_int_equal(run(w, PASS_FINAL, NULL).compared_files, 1);
}

/* ---- stores through a mapping ---- */

struct mapped {
	volatile uint64_t *page;
	int fd;
	size_t n;
};

static struct mapped map_file(const char *dir, const char *name, size_t n)
{
	struct mapped m = { .n = n };
	int d = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	m.fd = openat(d, name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	close(d);
	assert_true(m.fd >= 0);
	assert_int_equal(ftruncate(m.fd, (off_t)n), 0);
	m.page = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, m.fd, 0);
	assert_true(m.page != MAP_FAILED);
	return m;
}

static void unmap_file(struct mapped *m)
{
	munmap((void *)m->page, m->n);
	close(m->fd);
}

static bool equal_times(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size &&
	       memcmp(&a->st_mtim, &b->st_mtim, sizeof a->st_mtim) == 0 &&
	       memcmp(&a->st_ctim, &b->st_ctim, sizeof a->st_ctim) == 0;
}

/* First the trap itself: with a dirty page, a store moves no time. Then, through it: whatever is
 * stored after a live pass, by mapping, is in the copy after the last one. */
static void a_store_that_moves_no_time_arrives(void **state)
{
	struct worlds *w = worlds_of(state);
	struct mapped m = map_file(w->src_path, "_txn", 3 << 20);
	int hidden = 0;

	for (uint64_t trial = 1; trial <= 60; trial++) {
		struct stat before, after;
		size_t word = trial * 997 % (m.n / sizeof m.page[0]);

		m.page[word] = trial; /* dirty now, times moved */
		assert_int_equal(fstat(m.fd, &before), 0);
		m.page[word] = trial << 32; /* the copy of a tool that only stats would miss this */
		assert_int_equal(fstat(m.fd, &after), 0);
		hidden += equal_times(&before, &after);
		run(w, PASS_LIVE, NULL);
		m.page[word] = ~trial;
		m.page[0] = trial;
		run(w, PASS_FINAL, NULL);
		assert_same_tree(w->src_path, w->dst_path);
	}
	unmap_file(&m);
	assert_true(hidden > 30);
}

static atomic_bool storing;

static void *keep_storing(void *arg)
{
	struct mapped *m = arg;

	for (uint64_t i = 1; atomic_load(&storing); i++)
		for (int f = 0; f < 8; f++)
			m[f].page[i * 31 % (m[f].n / sizeof m[f].page[0])] = i;
	return NULL;
}

static void a_writer_in_full_flow(void **state)
{
	struct worlds *w = worlds_of(state);
	struct mapped m[8];

	for (int f = 0; f < 8; f++) {
		char name[16];

		snprintf(name, sizeof name, "col%d", f);
		m[f] = map_file(w->src_path, name, f % 2 ? 2 << 20 : 8192);
	}
	for (int trial = 0; trial < 12; trial++) {
		pthread_t writer;

		atomic_store(&storing, true);
		assert_int_equal(pthread_create(&writer, NULL, keep_storing, m), 0);
		for (int i = 0; i < 3; i++)
			run(w, PASS_LIVE, NULL);
		atomic_store(&storing, false);
		pthread_join(writer, NULL);
		run(w, PASS_FINAL, NULL);
		assert_same_tree(w->src_path, w->dst_path);
	}
	for (int f = 0; f < 8; f++)
		unmap_file(&m[f]);
}

/* The same with times older than the guard, where only the sync before the copy helps: 60 files,
 * each with a page that was dirty for seconds, so that a store into it moves nothing. */
static void a_store_hidden_across_the_guard(void **state)
{
	struct worlds *w = worlds_of(state);
	struct mapped m[60];
	int hidden = 0;

	for (size_t i = 0; i < ARRAY_LEN(m); i++) {
		char name[16];

		snprintf(name, sizeof name, "_txn%zu", i);
		m[i] = map_file(w->src_path, name, i % 3 ? 8192 : 1 << 20);
		m[i].page[i] = 1;
	}
	clock_sleep_ns(2200 * NS_PER_MS);
	for (size_t i = 0; i < ARRAY_LEN(m); i++) {
		struct stat before, after;

		assert_int_equal(fstat(m[i].fd, &before), 0);
		m[i].page[i] = 2;
		assert_int_equal(fstat(m[i].fd, &after), 0);
		hidden += equal_times(&before, &after);
	}
	run(w, PASS_LIVE, NULL);
	for (size_t i = 0; i < ARRAY_LEN(m); i++)
		m[i].page[i] = 3;
	run(w, PASS_FINAL, NULL);
	assert_same_tree(w->src_path, w->dst_path);
	for (size_t i = 0; i < ARRAY_LEN(m); i++)
		unmap_file(&m[i]);
	if (hidden <= 30)
		skip(); /* somebody else's sync cleaned the pages meanwhile: the trap was not set */
}

/* ---- trees that change under the walk ---- */

static void *keep_moving(void *arg)
{
	const char *root = arg;
	char a[300], b[300], c[300], x[320];

	snprintf(a, sizeof a, "%s/a", root);
	snprintf(b, sizeof b, "%s/b", root);
	snprintf(c, sizeof c, "%s/c", root);
	snprintf(x, sizeof x, "%s/c/x", root);
	while (atomic_load(&storing)) {
		(void)rename(a, b);
		(void)!symlink("/etc", a);
		(void)rename(c, "/nonexistent/c");
		(void)unlink(a);
		(void)rename(b, a);
		(void)unlink(x);
		(void)rmdir(c);
		put_text(root, "c", "a file");
		(void)unlink(c);
		(void)mkdir(c, 0755);
		put_text(c, "x", "a file below");
	}
	return NULL;
}

/* "a" may be the link itself, but no directory with what the link leads to. */
static void assert_nothing_from_etc(int dst)
{
	autoclose int a = openat(dst, "a", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (a < 0)
		return;
	assert_int_equal(fstatat(a, "shadow", &st, AT_SYMLINK_NOFOLLOW), -1);
	assert_true(fstatat(a, "passwd", &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_size == 6);
}

static void an_owner_who_moves_things_leads_nowhere(void **state)
{
	struct worlds *w = worlds_of(state);
	char sub[300];
	pthread_t mover;

	snprintf(sub, sizeof sub, "%s/a", w->src_path);
	assert_int_equal(mkdir(sub, 0755), 0);
	for (int i = 0; i < 300; i++) {
		char name[16];

		snprintf(name, sizeof name, "f%d", i);
		put_text(sub, name, "inside");
	}
	put_text(sub, "passwd", "inside");
	atomic_store(&storing, true);
	assert_int_equal(pthread_create(&mover, NULL, keep_moving, w->src_path), 0);
	for (int i = 0; i < 40; i++) {
		run(w, PASS_LIVE, &(struct pass_opts){ .workers = 4 });
		assert_nothing_from_etc(w->dst.fd);
	}
	atomic_store(&storing, false);
	pthread_join(mover, NULL);
	run(w, PASS_FINAL, NULL);
	assert_same_tree(w->src_path, w->dst_path);
}

static void *keep_making(void *arg)
{
	const char *root = arg;
	char text[64];

	for (unsigned i = 0; atomic_load(&storing); i++) {
		autofree char *sub = xasprintf("%s/made%u", root, i % 7);
		autofree char *file = xasprintf("%s/x", sub);

		snprintf(text, sizeof text, "%u", i);
		if (mkdir(sub, 0755) == 0)
			put_text(sub, "x", text);
		(void)unlink(file);
		(void)rmdir(sub);
		put_text(root, "written", text);
	}
	return NULL;
}

static void assert_proved(struct worlds *w, const struct dir *point)
{
	manifest_diffs diffs = { 0 };
	char digest[DIGEST_TEXT];
	struct err e = ERR_INIT;

	assert_ok(manifest_write(point, "data", &w->dst, w->ix, digest, &e), &e);
	assert_int_equal(manifest_prove(point, "data", &w->dst, w->ix, PROVE_META | PROVE_CONTENT,
					NULL, &diffs, &e),
			 0);
	manifest_diffs_done(&diffs);
}

/* Under a checkpoint one pass is the copy: whatever moves, it agrees with its own manifest. */
static void a_copy_beside_a_writer_is_one_thing(void **state)
{
	struct worlds *w = worlds_of(state);
	autofree char *path = xasprintf("%s/point", w->path);
	autodir struct dir point = DIR_NONE;
	struct err e = ERR_INIT;
	pthread_t writer;

	nasty_make(w->src_path);
	assert_ok(dir_make_path(path, 0700, &point, &e), &e);
	atomic_store(&storing, true);
	assert_int_equal(pthread_create(&writer, NULL, keep_making, w->src_path), 0);
	for (int i = 0; i < 20; i++) {
		run(w, PASS_HELD, NULL);
		assert_hashes(w);
		assert_proved(w, &point);
	}
	atomic_store(&storing, false);
	pthread_join(writer, NULL);
	run(w, PASS_HELD, NULL);
	assert_same_tree(w->src_path, w->dst_path);
}

static bool shut_its_directory(void *data, const char *rel, const struct stat *st)
{
	struct worlds *w = data;

	if (strcmp(rel, "d/large") == 0 && fchmodat(w->src.fd, "d", 0, 0) < 0)
		_exit(2);
	return false;
}

/* A directory that cannot be opened is not gone: beside a held writer there is no second pass that would bring what the
 * first one passed over. Not as root, whom nothing shuts out. */
static void what_cannot_be_opened_has_not_gone(void **state)
{
	struct worlds *w = worlds_of(state);
	char large[300];
	int status, fd;
	pid_t pid;

	assert_int_equal(mkdirat(w->src.fd, "d", 0755), 0);
	snprintf(large, sizeof large, "%s/d/large", w->src_path);
	fd = open(large, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(ftruncate(fd, 2 << 20), 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	assert_int_equal(fchown(w->src.fd, 65534, 65534) | fchown(w->dst.fd, 65534, 65534) |
			     fchownat(w->src.fd, "d", 65534, 65534, 0) |
			     fchownat(w->src.fd, "d/large", 65534, 65534, 0),
			 0);
	pid = fork();
	if (pid == 0) {
		struct pass_opts o = { .workers = 1, .leave_out = shut_its_directory, .data = w };
		struct pass_stats s;
		struct err e = ERR_INIT;

		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(2);
		_exit(pass_run(&w->src, &w->dst, w->ix, PASS_HELD, &o, &s, &e) < 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- limits and refusals ---- */

static bool skip_log(void *data, const char *rel, const struct stat *st)
{
	(void)data;
	(void)st;
	return strcmp(rel, "log") == 0;
}

static void what_is_left_out_stays_out(void **state)
{
	struct worlds *w = worlds_of(state);
	struct stat st;

	assert_int_equal(mkdirat(w->src.fd, "log", 0755), 0);
	put_text(w->src_path, "log/x", "x");
	put_text(w->src_path, "y", "y");
	run(w, PASS_FINAL, &(struct pass_opts){ .leave_out = skip_log });
	assert_true(fstatat(w->dst.fd, "log", &st, 0) < 0);
	assert_int_equal(fstatat(w->dst.fd, "y", &st, 0), 0);
}

static void devices_are_refused(void **state)
{
	struct worlds *w = worlds_of(state);
	struct pass_stats s;
	struct err e = ERR_INIT;

	if (mknodat(w->src.fd, "null", S_IFCHR | 0600, makedev(1, 3)) < 0)
		skip();
	assert_fails(pass_run(&w->src, &w->dst, w->ix, PASS_FINAL, NULL, &s, &e), &e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "'null'"));
}

static void a_mount_inside_is_refused(void **state)
{
	struct worlds *w = worlds_of(state);
	struct pass_stats s;
	struct err e = ERR_INIT;
	char sub[300];

	snprintf(sub, sizeof sub, "%s/vol", w->src_path);
	assert_int_equal(mkdir(sub, 0755), 0);
	if (mount(w->path, sub, NULL, MS_BIND, NULL) < 0)
		skip();
	assert_fails(pass_run(&w->src, &w->dst, w->ix, PASS_FINAL, NULL, &s, &e), &e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "'vol'"));
	assert_int_equal(umount(sub), 0);
}

static void a_cancel_ends_the_pass(void **state)
{
	struct worlds *w = worlds_of(state);
	struct cancel c = { .asked = true };
	struct pass_stats s;
	struct err e = ERR_INIT;

	nasty_make(w->src_path);
	assert_fails(pass_run(&w->src, &w->dst, w->ix, PASS_LIVE,
			      &(struct pass_opts){ .cancel = &c }, &s, &e),
		     &e, ERR_CANCELED);
	run(w, PASS_FINAL, NULL);
	assert_same_tree(w->src_path, w->dst_path);
}

static void put_many(struct worlds *w, const char *text)
{
	for (int i = 0; i < 32; i++) {
		char name[8];

		snprintf(name, sizeof name, "%d", i);
		put_text(w->src_path, name, text);
	}
}

static void a_limit_slows_live_passes_only(void **state)
{
	struct worlds *w = worlds_of(state);
	struct pass_opts o = { .limit_bytes_per_s = 4 << 20, .idle_io = true };
	char text[65536];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	put_many(w, text);
	assert_true(run(w, PASS_LIVE, &o).took_ns > 300 * NS_PER_MS);
	/* It would take a minute. */
	memset(text, 'y', sizeof text - 1);
	put_many(w, text);
	o.limit_bytes_per_s = 32 << 10;
	assert_true(run(w, PASS_FINAL, &o).took_ns < 20 * NS_PER_S);
}

static void what_is_read_back_keeps_the_limit(void **state)
{
	struct worlds *w = worlds_of(state);
	struct pass_opts o = { .limit_bytes_per_s = 4 << 20, .idle_io = true };
	struct pass_stats s;
	struct err e = ERR_INIT;
	char text[65536];
	uint64_t cached;

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	put_many(w, text);
	run(w, PASS_FINAL, NULL);
	assert_ok(pass_read_back(&w->dst, w->ix, &o, &s, &cached, &e), &e);
	assert_true(s.took_ns > 300 * NS_PER_MS);
}

static struct cancel interrupted;

static void interrupt(int sig) { atomic_store(&interrupted.asked, true); }

/* A file may be as large as a disk. */
static void reading_back_is_canceled_within_a_file(void **state)
{
	struct worlds *w = worlds_of(state);
	struct pass_opts o = { .cancel = &interrupted, .limit_bytes_per_s = 1 << 20 };
	struct itimerval soon = { .it_value = { .tv_usec = 200000 } };
	const size_t n = 24 << 20;
	autofree char *text = xcalloc(1, n + 1);
	struct pass_stats s;
	struct err e = ERR_INIT;
	uint64_t cached;
	int64_t began;

	memset(text, 'x', n);
	put_text(w->src_path, "large", text);
	run(w, PASS_FINAL, NULL);
	atomic_store(&interrupted.asked, false);
	signal(SIGALRM, interrupt);
	began = clock_mono_ns();
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_fails(pass_read_back(&w->dst, w->ix, &o, &s, &cached, &e), &e, ERR_CANCELED);
	assert_true(clock_mono_ns() - began < 10 * NS_PER_S);
	signal(SIGALRM, SIG_DFL);
}

static void the_reserve_is_kept(void **state)
{
	struct worlds *w = worlds_of(state);
	struct pass_opts o = { .reserve_bytes = UINT64_MAX / 2 };
	struct pass_stats s;
	struct err e = ERR_INIT;

	nasty_make(w->src_path);
	assert_fails(pass_run(&w->src, &w->dst, w->ix, PASS_LIVE, &o, &s, &e), &e, ERR_SPACE);
}

/* ---- no room ---- */

static void a_full_disk_is_survived(void **state)
{
	struct worlds *w = worlds_of(state);
	struct pass_stats s;
	struct err e = ERR_INIT;
	autodir struct dir small = DIR_NONE;
	struct pass_index *ix;

	nasty_make(w->src_path);
	if (mount("none", w->dst_path, "tmpfs", 0, "size=2m") < 0)
		skip();
	assert_ok(dir_open(w->dst_path, &small, &e), &e);
	ix = pass_index_new();
	for (int i = 0; i < 3; i++)
		assert_fails(pass_run(&w->src, &small, ix, PASS_LIVE, NULL, &s, &e), &e, ERR_SPACE);
	assert_int_equal(mount("none", w->dst_path, "tmpfs", MS_REMOUNT, "size=64m"), 0);
	assert_ok(pass_run(&w->src, &small, ix, PASS_FINAL, NULL, &s, &e), &e);
	assert_same_tree(w->src_path, w->dst_path);
	pass_index_free(ix);
	dir_close(&small);
	small = (struct dir)DIR_NONE;
	assert_int_equal(umount(w->dst_path), 0);
}

/* ---- reading back ---- */

static void what_was_copied_reads_back(void **state)
{
	struct worlds *w = worlds_of(state);
	struct pass_stats s;
	struct err e = ERR_INIT;
	uint64_t cached;
	int fd;

	nasty_make(w->src_path);
	run(w, PASS_FINAL, NULL);
	assert_ok(pass_read_back(&w->dst, w->ix, NULL, &s, &cached, &e), &e);
	assert_true(s.files > 20);
	if (w->times_prove)
		assert_int_equal(cached, 0);
	else
		assert_int_equal(cached, s.files);
	assert_ok(pass_read_back(&w->dst, w->ix, NULL, &s, &cached, &e), &e);
	assert_int_equal(s.files, 0);
	put_text(w->src_path, "a/b/c/x", "something");
	if (run(w, PASS_FINAL, NULL).reflinked_files)
		return; /* a clone is hashed when it is read back: there is nothing to compare with
			 */
	fd = openat(w->dst.fd, "a/b/c/x", O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "S", 1, 0), 1);
	close(fd);
	assert_fails(pass_read_back(&w->dst, w->ix, NULL, &s, &cached, &e), &e, ERR_IO);
	assert_non_null(strstr(e.msg, "a/b/c/x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_disk(a_nasty_tree_is_copied_whole),
		on_disk(holes_stay_holes),
		on_ext4(its_room_is_foretold),
		on_ext4(changes_arrive),
		on_ext4(killed_anywhere_it_goes_on),
		in_memory(killed_anywhere_it_goes_on),
		on_ext4(large_files_change_anywhere),
		on_disk(a_strange_copy_is_put_right),
		on_disk(a_killed_pass_leaves_no_trust),
		on_disk(a_loaded_index_saves_the_copying),
		on_disk(a_damaged_index_is_no_index),
		on_disk(a_complete_index_of_the_version_before_is_read),
		on_disk(the_last_pass_touches_what_moved),
		on_disk(times_can_be_distrusted),
		on_ext4(a_step_of_the_clock_costs_a_comparison),
		on_ext4(a_store_that_moves_no_time_arrives),
		on_ext4(a_writer_in_full_flow),
		on_ext4(a_copy_beside_a_writer_is_one_thing),
		on_ext4(a_store_hidden_across_the_guard),
		on_disk(an_owner_who_moves_things_leads_nowhere),
		on_disk(what_cannot_be_opened_has_not_gone),
		on_disk(what_is_left_out_stays_out),
		on_disk(devices_are_refused),
		on_disk(a_mount_inside_is_refused),
		on_disk(a_cancel_ends_the_pass),
		on_disk(a_limit_slows_live_passes_only),
		on_disk(what_is_read_back_keeps_the_limit),
		on_disk(reading_back_is_canceled_within_a_file),
		on_disk(the_reserve_is_kept),
		on_disk(a_full_disk_is_survived),
		on_disk(what_was_copied_reads_back),
		in_memory(a_nasty_tree_is_copied_whole),
		in_memory(changes_arrive),
		in_memory(large_files_change_anywhere),
		in_memory(a_store_that_moves_no_time_arrives),
		in_memory(a_writer_in_full_flow),
		in_memory(a_store_hidden_across_the_guard),
		in_memory(what_was_copied_reads_back),
		cloning(a_nasty_tree_is_copied_whole),
		cloning(changes_arrive),
		cloning(large_files_change_anywhere),
		cloning(a_strange_copy_is_put_right),
		cloning(a_store_that_moves_no_time_arrives),
		cloning(a_writer_in_full_flow),
		cloning(a_store_hidden_across_the_guard),
		cloning(what_was_copied_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, worlds_sweep);
}
