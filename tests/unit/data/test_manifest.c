#include "data/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/clock.h"
#include "data/manifest_line.h"
#include "worlds.h"

struct point {
	struct worlds *w;
	struct dir dir;
	char digest[DIGEST_TEXT];
};

static void copy_and_write(struct point *p, void **state)
{
	struct pass_stats s;
	struct err e = ERR_INIT;

	*p = (struct point){ .w = worlds_of(state), .dir = DIR_NONE };
	nasty_make(p->w->src_path);
	assert_ok(pass_run(&p->w->src, &p->w->dst, p->w->ix, PASS_FINAL, NULL, &s, &e), &e);
	assert_ok(dir_open(p->w->path, &p->dir, &e), &e);
	assert_ok(manifest_write(&p->dir, "dst", &p->w->dst, p->w->ix, p->digest, &e), &e);
}

static char *read_text(const struct dir *d, const char *name)
{
	struct buf text = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	assert_ok(file_read(d, name, &text, &e), &e);
	return buf_take(&text);
}

static int prove(const struct point *p, const struct dir *tree, unsigned flags, manifest_diffs *ret)
{
	struct err e = ERR_INIT;
	int r = manifest_prove(&p->dir, "dst", tree, flags & PROVE_CTIME ? p->w->ix : NULL, flags,
			       NULL, ret, &e);

	assert_ok(r, &e);
	return r;
}

static void a_copy_and_its_source_prove_equal(void **state)
{
	struct point p;
	manifest_diffs d = { 0 };

	copy_and_write(&p, state);
	if (prove(&p, &p.w->dst, PROVE_META | PROVE_CONTENT, &d))
		print_error("%s: %s\n", d.v[0].rel, d.v[0].what);
	assert_int_equal(d.n, 0);
	assert_int_equal(prove(&p, &p.w->src, PROVE_META | PROVE_CONTENT, &d), 0);
	assert_int_equal(prove(&p, &p.w->src, PROVE_META | PROVE_CTIME, &d), 0);
	dir_close(&p.dir);
}

static void the_same_tree_is_the_same_bytes(void **state)
{
	struct point p;
	char digest[DIGEST_TEXT];
	struct err e = ERR_INIT;
	struct pass_stats s;
	struct pass_index *other = pass_index_new();
	autofree char *text = NULL, *again = NULL;

	copy_and_write(&p, state);
	text = read_text(&p.dir, "manifest");
	assert_ok(manifest_write(&p.dir, "dst", &p.w->dst, p.w->ix, digest, &e), &e);
	assert_string_equal(digest, p.digest);
	assert_ok(pass_run(&p.w->src, &p.w->dst, other, PASS_FINAL,
			   &(struct pass_opts){ .workers = 1 }, &s, &e),
		  &e);
	assert_ok(manifest_write(&p.dir, "dst", &p.w->dst, other, digest, &e), &e);
	again = read_text(&p.dir, "manifest");
	assert_string_equal(text, again);
	assert_string_equal(digest, p.digest);
	pass_index_free(other);
	dir_close(&p.dir);
}

static int check_sums(const char *dir)
{
	const char *const argv[] = { "sh", "-c", "cd \"$0\" && sha256sum --strict -c SHA256SUMS",
				     dir, NULL };
	posix_spawn_file_actions_t quiet;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
	assert_int_equal(posix_spawnp(&pid, "sh", &quiet, NULL, (char *const *)argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	posix_spawn_file_actions_destroy(&quiet);
	return status;
}

static void coreutils_check_the_sums(void **state)
{
	struct point p;

	copy_and_write(&p, state);
	assert_int_equal(check_sums(p.w->path), 0);
	put_text(p.w->dst_path, "odd/new\nline", "changed");
	assert_int_not_equal(check_sums(p.w->path), 0);
	dir_close(&p.dir);
}

static void several_roots_stand_side_by_side(void **state)
{
	struct point p;
	struct err e = ERR_INIT;
	char digest[DIGEST_TEXT], again[DIGEST_TEXT];
	manifest_diffs d = { 0 };
	struct pass_stats s;
	struct pass_index *other = pass_index_new();
	autodir struct dir more = DIR_NONE;
	autofree char *sums = NULL;
	size_t lines = 0;

	copy_and_write(&p, state);
	assert_ok(file_create(&p.dir, "extra", SV("x"), FILE_PRIVATE, &e), &e);
	assert_ok(dir_make(&p.dir, "a root", 0700, &e), &e);
	assert_ok(dir_open_at(&p.dir, "a root", &more, &e), &e);
	assert_ok(pass_run(&p.w->src, &more, other, PASS_FINAL, NULL, &s, &e), &e);
	assert_ok(manifest_write(&p.dir, "a root", &more, other, digest, &e), &e);
	assert_string_not_equal(digest, p.digest);
	for (int i = 0; i < 2; i++) {
		assert_ok(manifest_write(&p.dir, "dst", &p.w->dst, p.w->ix, again, &e), &e);
		assert_string_equal(digest, again);
	}
	assert_int_equal(prove(&p, &p.w->dst, PROVE_META | PROVE_CONTENT, &d), 0);
	assert_ok(manifest_prove(&p.dir, "a root", &more, NULL, PROVE_CONTENT, NULL, &d, &e), &e);
	assert_int_equal(d.n, 0);
	assert_int_equal(check_sums(p.w->path), 0);
	assert_fails(manifest_prove(&p.dir, "none", &more, NULL, PROVE_META, NULL, &d, &e), &e,
		     ERR_ABSENT);
	sums = read_text(&p.dir, "SHA256SUMS");
	for (const char *c = sums; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines % 2, 0);
	pass_index_free(other);
	dir_close(&p.dir);
}

/* As whoever proves beside a server that serves. */
static void a_proof_keeps_the_limit(void **state)
{
	struct pass_opts o = { .limit_bytes_per_s = 4 << 20, .idle_io = true };
	manifest_diffs d = { 0 };
	struct err e = ERR_INIT;
	struct cancel asked = { .asked = true };
	char text[65536];
	struct point p;
	int64_t began;

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (int i = 0; i < 32; i++) {
		char name[8];

		snprintf(name, sizeof name, "%d", i);
		put_text(worlds_of(state)->src_path, name, text);
	}
	copy_and_write(&p, state);
	began = clock_mono_ns();
	assert_ok(manifest_prove(&p.dir, "dst", &p.w->dst, NULL, PROVE_META | PROVE_CONTENT, &o, &d, &e), &e);
	assert_true(clock_mono_ns() - began > 300 * NS_PER_MS);
	o.cancel = &asked;
	assert_fails(manifest_prove(&p.dir, "dst", &p.w->dst, NULL, PROVE_META | PROVE_CONTENT, &o, &d, &e), &e, ERR_CANCELED);
	dir_close(&p.dir);
}

static void assert_one(const struct point *p, unsigned flags, const char *rel, const char *what)
{
	manifest_diffs d = { 0 };

	assert_int_equal(prove(p, &p->w->dst, flags, &d), 1);
	assert_int_equal(d.n, 1);
	assert_string_equal(d.v[0].rel, rel);
	if (strncmp(d.v[0].what, what, strlen(what)) != 0)
		assert_string_equal(d.v[0].what, what);
	manifest_diffs_done(&d);
}

static void keep_times(const struct point *p, const char *rel, const struct stat *st)
{
	struct timespec t[2] = { st->st_atim, st->st_mtim };

	assert_int_equal(utimensat(p->w->dst.fd, rel, t, AT_SYMLINK_NOFOLLOW), 0);
}

/* One difference of each kind, named; put right again before the next. */
static void each_difference_is_named(void **state)
{
	struct point p;
	struct stat st, root;
	int d;

	copy_and_write(&p, state);
	d = p.w->dst.fd;
	assert_int_equal(fstatat(d, "a/b/c/x", &st, 0), 0);
	assert_int_equal(fchmodat(d, "a/b/c/x", 0644, 0), 0);
	assert_one(&p, PROVE_META, "a/b/c/x", "mode 644, not 600");
	assert_int_equal(fchmodat(d, "a/b/c/x", 0600, 0), 0);
	assert_int_equal(fchownat(d, "a/b/c/x", 7, 8, 0), 0);
	assert_one(&p, PROVE_META, "a/b/c/x", "owner 7:8, not 0:0");
	assert_int_equal(fchownat(d, "a/b/c/x", 0, 0, 0), 0);
	put_text(p.w->dst_path, "a/b/c/x", "twelve bytes");
	keep_times(&p, "a/b/c/x", &st);
	assert_one(&p, PROVE_META | PROVE_CONTENT, "a/b/c/x", "content");
	assert_one(&p, PROVE_CTIME, "a/b/c/x", "content");
	manifest_diffs none = { 0 };
	assert_int_equal(prove(&p, &p.w->dst, PROVE_META, &none), 0);
	put_text(p.w->dst_path, "a/b/c/x", "more than twelve");
	keep_times(&p, "a/b/c/x", &st);
	assert_one(&p, PROVE_META, "a/b/c/x", "size 16, not 12");
	put_text(p.w->dst_path, "a/b/c/x", "twelve bytes");
	assert_one(&p, PROVE_META, "a/b/c/x", "time ");
	keep_times(&p, "a/b/c/x", &st);

	assert_int_equal(fstatat(d, "links", &root, 0), 0);
	assert_int_equal(fstatat(d, "links/dangling", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(unlinkat(d, "links/dangling", 0), 0);
	keep_times(&p, "links", &root);
	assert_one(&p, PROVE_META, "links/dangling", "missing");
	assert_int_equal(symlinkat("NOWHERE", d, "links/dangling"), 0);
	keep_times(&p, "links/dangling", &st);
	keep_times(&p, "links", &root);
	assert_one(&p, PROVE_META, "links/dangling", "link to 'NOWHERE'");
	assert_int_equal(unlinkat(d, "links/dangling", 0), 0);
	assert_int_equal(mkdirat(d, "links/dangling", 0755), 0);
	keep_times(&p, "links", &root);
	assert_one(&p, PROVE_META, "links/dangling", "another type");
	assert_int_equal(unlinkat(d, "links/dangling", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("nowhere", d, "links/dangling"), 0);
	keep_times(&p, "links/dangling", &st);
	put_text(p.w->dst_path, "links/zz", "");
	keep_times(&p, "links", &root);
	assert_one(&p, PROVE_META, "links/zz", "extra");
	assert_int_equal(unlinkat(d, "links/zz", 0), 0);
	keep_times(&p, "links", &root);
	dir_close(&p.dir);
}

static void attributes_count(void **state)
{
	struct point p;
	char path[400];

	copy_and_write(&p, state);
	snprintf(path, sizeof path, "%s/sizes/4095", p.w->dst_path);
	assert_int_equal(removexattr(path, "system.posix_acl_access"), 0);
	assert_one(&p, PROVE_META, "sizes/4095", "extended attributes");
	dir_close(&p.dir);
}

static void hard_links_count(void **state)
{
	struct point p;
	struct stat st, parent;
	autofree char *zeros = NULL;
	int fd;

	copy_and_write(&p, state);
	assert_int_equal(fstatat(p.w->dst.fd, "hard/a", &st, 0), 0);
	assert_int_equal(fstatat(p.w->dst.fd, "hard", &parent, 0), 0);
	assert_int_equal(unlinkat(p.w->dst.fd, "hard/a", 0), 0);
	zeros = calloc(1, (size_t)st.st_size);
	fd = openat(p.w->dst.fd, "hard/a", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	assert_int_equal(write(fd, zeros, (size_t)st.st_size), st.st_size);
	assert_int_equal(fchmod(fd, 0640), 0);
	close(fd);
	keep_times(&p, "hard/a", &st);
	keep_times(&p, "hard", &parent);
	assert_one(&p, PROVE_META, "hard/b", "no longer the same file as 'hard/a'");
	dir_close(&p.dir);
}

/* What was read back and not touched since is not read again; what was touched is. */
static void a_proof_is_reused(void **state)
{
	struct point p;
	struct err e = ERR_INIT;
	struct pass_stats s;
	struct stat st;
	uint64_t cached;
	manifest_diffs d = { 0 };
	int fd;

	copy_and_write(&p, state);
	assert_ok(pass_read_back(&p.w->dst, p.w->ix, NULL, &s, &cached, &e), &e);
	assert_int_equal(prove(&p, &p.w->dst, PROVE_META | PROVE_CTIME, &d), 0);
	fd = openat(p.w->dst.fd, "sizes/5000123", O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(pwrite(fd, "#", 1, 4000000), 1);
	close(fd);
	keep_times(&p, "sizes/5000123", &st);
	assert_one(&p, PROVE_CTIME, "sizes/5000123", "content");
	dir_close(&p.dir);
}

static void a_copy_is_written_back(void **state)
{
	struct point p;
	struct err e = ERR_INIT;
	struct pass_stats s;
	manifest_diffs d = { 0 };
	uint64_t seed = 99;

	copy_and_write(&p, state);
	for (int round = 0; round < 8; round++) {
		for (int i = 0; i < 10; i++)
			nasty_change(p.w->src_path, &seed);
		assert_ok(manifest_write_back(&p.w->dst, &p.w->src, NULL, &s, &e), &e);
		assert_same_tree(p.w->dst_path, p.w->src_path);
		assert_int_equal(prove(&p, &p.w->src, PROVE_META | PROVE_CONTENT, &d), 0);
	}
	dir_close(&p.dir);
}

static void a_touched_copy_gets_no_manifest(void **state)
{
	struct point p;
	struct err e = ERR_INIT;

	copy_and_write(&p, state);
	put_text(p.w->dst_path, "a/b/c/x", "not what was copied");
	assert_fails(manifest_write(&p.dir, "dst", &p.w->dst, p.w->ix, p.digest, &e), &e,
		     ERR_CHANGED);
	dir_close(&p.dir);
}

static void a_line_is_written_one_way_only(void **state)
{
	static const char *const fine[] = {
		"d 755 0 0 0 1700000000000000000 - - - \"\"",
		"l 777 1 2 3 -5 - - - \"a\\x0ab\" \"t\\\\\\\"\"",
		"f 4755 0 4294967295 18446744073709551615 0 "
		"0000000000000000000000000000000000000000000000000000000000000000 7 "
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff \"x\"",
	};
	static const char *const bad[] = {
		"",
		"f",
		"d 755 0 0 0 0 - - -",
		"d 755 0 0 0 0 - - - \"",
		"d 755 0 0 0 0 - - - \"a\" ",
		"d 0755 0 0 0 0 - - - \"a\"",
		"d 755 00 0 0 0 - - - \"a\"",
		"d 755 0 0 0 0 - 1 - \"a\"",
		"d 755 0 0 0 0 - - - \"\\x61\"",
		"d 755 0 0 0 0 - - - \"\\x00\"",
		"d 755 0 0 0 0 - - - \"\\a\"",
		"l 777 0 0 0 0 - - - \"a\"",
		"d 755 0 0 0 0 - - - \"a\" \"b\"",
		"f 644 0 0 0 0 - - - \"a\"",
		"d 855 0 0 0 0 - - - \"a\"",
		"d 755 4294967296 0 0 0 - - - \"a\"",
		"p 755 0 0 0 0 - - - \"a\"",
		"d 755 0 0 0 0 - 0 - \"a\"",
		"d 755 -1 0 0 0 - - - \"a\"",
		"dd 755 0 0 0 0 - - - \"a\"",
	};
	struct manifest_line line;
	autobuf struct buf text = BUF_MAX(MANIFEST_LINE_MAX);
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fine); i++)
		assert_ok(manifest_line_parse(sv_of(fine[i]), &line, &text, &e), &e);
	assert_string_equal(line.path, "x");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(manifest_line_parse(sv_of(bad[i]), &line, &text, &e), &e, ERR_FORMAT);
}

static void a_broken_manifest_proves_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"crossgrade-manifest 2\n",
		"crossgrade-manifest 1\nroot \"dst\"\nx\n",
		("crossgrade-manifest 1\nroot \"dst\"\nd 755 0 0 0 0 - - - \"b\"\n"
		 "d 755 0 0 0 0 - - - \"a\"\n"),
		"crossgrade-manifest 1\nroot \"dst\"\nd 755 0 0 0 0 - - - \"a\"",
	};
	struct worlds *w = worlds_of(state);
	struct err e = ERR_INIT;
	manifest_diffs d = { 0 };
	autodir struct dir point = DIR_NONE;

	assert_ok(dir_open(w->path, &point, &e), &e);
	assert_fails(manifest_prove(&point, "dst", &w->dst, NULL, PROVE_META, NULL, &d, &e), &e,
		     ERR_ABSENT);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		int r;

		assert_ok(file_replace(&point, "manifest", sv_of(texts[i]), FILE_PRIVATE, &e), &e);
		r = manifest_prove(&point, "dst", &w->dst, NULL, PROVE_META, NULL, &d, &e);
		assert_fails(r, &e, *texts[i] ? ERR_FORMAT : ERR_ABSENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_disk(a_copy_and_its_source_prove_equal),
		on_disk(the_same_tree_is_the_same_bytes),
		on_disk(coreutils_check_the_sums),
		on_disk(several_roots_stand_side_by_side),
		on_disk(a_proof_keeps_the_limit),
		on_disk(each_difference_is_named),
		on_disk(attributes_count),
		on_disk(hard_links_count),
		on_disk(a_proof_is_reused),
		on_disk(a_copy_is_written_back),
		on_disk(a_touched_copy_gets_no_manifest),
		on_disk(a_broken_manifest_proves_nothing),
		in_memory(a_copy_and_its_source_prove_equal),
		in_memory(a_copy_is_written_back),
		cloning(a_copy_and_its_source_prove_equal),
		cloning(the_same_tree_is_the_same_bytes),
		cloning(coreutils_check_the_sums),
		cloning(a_copy_is_written_back),
		cmocka_unit_test(a_line_is_written_one_way_only),
	};

	return cmocka_run_group_tests(tests, NULL, worlds_sweep);
}
