#include "data/unpack.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>

#include "../io/place.h"
#include "data/unpack_path.h"

/* An archive made in memory. `pack_done` gives its descriptor. */
struct pack {
	struct archive *a;
	int fd;
};

static struct pack pack_new(int (*format)(struct archive *), int (*filter)(struct archive *))
{
	struct pack k = { archive_write_new(), memfd_create("archive", MFD_CLOEXEC) };

	assert_int_equal(format(k.a), ARCHIVE_OK);
	if (filter)
		assert_int_equal(filter(k.a), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(k.a, 1);
	assert_int_equal(archive_write_open_fd(k.a, k.fd), ARCHIVE_OK);
	return k;
}

static struct pack pack_tar(void)
{
	return pack_new(archive_write_set_format_pax_restricted, archive_write_add_filter_gzip);
}

static void pack_add(struct pack *k, const char *path, unsigned type, mode_t mode,
		     const char *content, const char *target)
{
	struct archive_entry *ae = archive_entry_new();

	archive_entry_set_pathname(ae, path);
	archive_entry_set_filetype(ae, type);
	archive_entry_set_perm(ae, mode);
	archive_entry_set_size(ae, content ? (la_int64_t)strlen(content) : 0);
	archive_entry_set_uid(ae, 4242);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(ae, target);
	else if (target)
		archive_entry_set_hardlink(ae, target);
	assert_int_equal(archive_write_header(k->a, ae), ARCHIVE_OK);
	if (content)
		assert_int_equal(archive_write_data(k->a, content, strlen(content)),
				 strlen(content));
	archive_entry_free(ae);
}

static void pack_file(struct pack *k, const char *path, const char *content)
{
	pack_add(k, path, AE_IFREG, 0644, content, NULL);
}

static int pack_done(struct pack *k)
{
	assert_int_equal(archive_write_close(k->a), ARCHIVE_OK);
	archive_write_free(k->a);
	return k->fd;
}

static void pack_product(struct pack *k, const char *top)
{
	char path[4][100];

	for (int i = 0; i < 4; i++)
		snprintf(path[i], sizeof path[i], "%s%s", top,
			 (const char *const[]){ "", "bin/run", "bin/jar", "lib/run" }[i]);
	if (*top)
		pack_add(k, path[0], AE_IFDIR, 0700, NULL, NULL);
	pack_add(k, path[1], AE_IFREG, 06777, "#!/bin/sh\n", NULL);
	pack_file(k, path[2], "jar");
	pack_add(k, path[3], AE_IFLNK, 0777, NULL, "../bin/run");
}

static void assert_product(const struct place *p)
{
	struct err e = ERR_INIT;
	struct stat st;
	char *target = NULL;

	assert_content(p, "bin/run", "#!/bin/sh\n");
	assert_content(p, "bin/jar", "jar");
	assert_ok(dir_stat(&p->dir, "bin/run", &st, &e), &e);
	assert_int_equal(st.st_mode, S_IFREG | 0755);
	assert_int_equal(st.st_uid, 77);
	assert_int_equal(st.st_gid, 78);
	assert_ok(dir_stat(&p->dir, "bin/jar", &st, &e), &e);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	assert_ok(dir_stat(&p->dir, "lib", &st, &e), &e);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
	assert_int_equal(st.st_uid, 77);
	assert_ok(dir_readlink(&p->dir, "lib/run", &target, &e), &e);
	assert_string_equal(target, "../bin/run");
	free(target);
}

static void every_format_is_unpacked(void **state)
{
	static int (*const filters[])(struct archive *) = { NULL, archive_write_add_filter_gzip,
							    archive_write_add_filter_xz,
							    archive_write_add_filter_zstd };
	struct place *p = *state;
	struct unpack_opts o = { .strip_top = true };

	for (size_t i = 0; i <= ARRAY_LEN(filters); i++) {
		bool zip = i == ARRAY_LEN(filters);
		struct pack k =
		    pack_new(zip ? archive_write_set_format_zip : archive_write_set_format_gnutar,
			     zip ? NULL : filters[i]);
		struct err e = ERR_INIT;
		struct dir_names names = { 0 };
		autoclose int fd = -1;

		pack_product(&k, "product-1.0/");
		fd = pack_done(&k);
		assert_ok(unpack_tree(fd, "a", &p->dir, 77, 78, &o, &e), &e);
		assert_product(p);
		assert_fails(unpack_tree(fd, "a", &p->dir, 77, 78, &o, &e), &e, ERR_EXISTS);
		assert_ok(dir_list(&p->dir, "", 10, &names, &e), &e);
		assert_int_equal(names.n, 2);
		for (size_t n = 0; n < names.n; n++)
			assert_ok(dir_remove_tree(&p->dir, names.v[n].name, &e), &e);
		dir_names_done(&names);
	}
}

static void a_member_is_read(void **state)
{
	struct pack k = pack_new(archive_write_set_format_zip, NULL);
	autobuf struct buf have = BUF_MAX(10), small = BUF_MAX(2);
	struct err e = ERR_INIT;
	autoclose int fd = -1;

	(void)state;
	pack_product(&k, "");
	pack_add(&k, "dir/", AE_IFDIR, 0755, NULL, NULL);
	fd = pack_done(&k);
	assert_ok(unpack_member(fd, "a", "bin/jar", &have, &e), &e);
	assert_string_equal(buf_str(&have), "jar");
	assert_fails(unpack_member(fd, "a", "bin/jar", &small, &e), &e, ERR_SPACE);
	assert_fails(unpack_member(fd, "a", "bin/none", &have, &e), &e, ERR_ABSENT);
	assert_fails(unpack_member(fd, "a", "dir", &have, &e), &e, ERR_ABSENT);
}

static void a_member_becomes_a_file(void **state)
{
	struct pack k = pack_new(archive_write_set_format_zip, NULL);
	autoclose int fd = -1, out = memfd_create("member", MFD_CLOEXEC);
	autobuf struct buf have = BUF_MAX(10);
	struct err e = ERR_INIT;

	(void)state;
	pack_product(&k, "");
	fd = pack_done(&k);
	assert_ok(unpack_member_file(fd, "a", "bin/jar", out, &e), &e);
	assert_int_equal(lseek(out, 0, SEEK_SET), 0);
	assert_ok(file_read_fd(out, "member", &have, &e), &e);
	assert_string_equal(buf_str(&have), "jar");
	assert_fails(unpack_member_file(fd, "a", "bin/none", out, &e), &e, ERR_ABSENT);
}

/* One bad entry among good ones: neither listed nor unpacked. */
static void assert_bad(const struct place *p, int fd, const struct unpack_opts *o,
		       enum err_kind kind)
{
	struct err e = ERR_INIT, f = ERR_INIT;
	struct stat st;

	assert_fails(unpack_list(fd, "a", o, NULL, NULL, &e), &e, kind);
	assert_ok(dir_make(&p->dir, "into", 0755, &f), &f);

	autodir struct dir into = DIR_NONE;

	assert_ok(dir_open_at(&p->dir, "into", &into, &f), &f);
	assert_fails(unpack_tree(fd, "a", &into, (uid_t)-1, (gid_t)-1, o, &e), &e, kind);
	assert_int_equal(fstatat(p->dir.fd, "escaped", &st, AT_SYMLINK_NOFOLLOW), -1);
	assert_ok(dir_remove_tree(&p->dir, "into", &f), &f);
	close(fd);
}

static void hostile_entries_are_refused(void **state)
{
	static const struct {
		const char *path, *target;
		unsigned type;
		enum err_kind kind;
	} bad[] = {
		{ "/tmp/escaped", NULL, AE_IFREG, ERR_REFUSED },
		{ "../escaped", NULL, AE_IFREG, ERR_REFUSED },
		{ "a/../../escaped", NULL, AE_IFREG, ERR_REFUSED },
		{ "a/..", NULL, AE_IFREG, ERR_REFUSED },
		{ "null", NULL, AE_IFCHR, ERR_REFUSED },
		{ "disk", NULL, AE_IFBLK, ERR_REFUSED },
		{ "fifo", NULL, AE_IFIFO, ERR_REFUSED },
		{ "out", "/etc/passwd", AE_IFLNK, ERR_REFUSED },
		{ "out", "../escaped", AE_IFLNK, ERR_REFUSED },
		{ "a/b/out", "../../../escaped", AE_IFLNK, ERR_REFUSED },
		{ "a/b/out", "x/../../../escaped", AE_IFLNK, ERR_REFUSED },
		{ "hard", "/etc/passwd", AE_IFREG, ERR_REFUSED },
		{ "hard", "../escaped", AE_IFREG, ERR_REFUSED },
		{ "hard", "not there", AE_IFREG, ERR_REFUSED },
		{ "hard", "in", AE_IFREG, ERR_REFUSED },
		{ "hard", "d", AE_IFREG, ERR_REFUSED },
		{ "in/escaped", NULL, AE_IFREG, ERR_REFUSED },
		{ "good/x", NULL, AE_IFREG, ERR_REFUSED },
		{ "good", NULL, AE_IFREG, ERR_FORMAT },
		{ "./good", NULL, AE_IFDIR, ERR_FORMAT },
		{ "d", NULL, AE_IFREG, ERR_FORMAT },
		{ "in", "d", AE_IFLNK, ERR_FORMAT },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct pack k = pack_tar();

		pack_file(&k, "good", "good");
		pack_add(&k, "d", AE_IFDIR, 0755, NULL, NULL);
		pack_add(&k, "in", AE_IFLNK, 0777, NULL, "d");
		pack_add(&k, bad[i].path, bad[i].type, 0644, NULL, bad[i].target);
		assert_bad(*state, pack_done(&k), NULL, bad[i].kind);
	}
}

static void long_and_empty_names_are_refused(void **state)
{
	char name[NAME_MAX + 2], path[PATH_MAX + 10];
	struct pack k = pack_tar();

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	pack_file(&k, name, "x");
	assert_bad(*state, pack_done(&k), NULL, ERR_REFUSED);
	for (size_t i = 0; i < sizeof path - 1; i++)
		path[i] = i % 100 ? 'p' : '/';
	path[0] = 'p';
	path[sizeof path - 1] = '\0';
	k = pack_tar();
	pack_file(&k, path, "x");
	assert_bad(*state, pack_done(&k), NULL, ERR_REFUSED);
	k = pack_tar();
	pack_file(&k, ".", "x");
	assert_bad(*state, pack_done(&k), NULL, ERR_FORMAT);
}

static void what_unpacks_to_too_much_is_refused(void **state)
{
	static char big[4 << 20];
	struct unpack_opts few = { .max_entries = 3 }, small = { .max_bytes = 1000 };
	struct pack k = pack_tar();

	memset(big, 'x', sizeof big - 1);
	for (int i = 0; i < 4; i++)
		pack_file(&k, (const char *const[]){ "1", "2", "3", "4" }[i], "x");
	assert_bad(*state, pack_done(&k), &few, ERR_SPACE);
	k = pack_tar();
	pack_file(&k, "1", "x");
	pack_file(&k, "2", big);
	assert_bad(*state, pack_done(&k), &small, ERR_SPACE);
	k = pack_tar();
	for (int i = 0; i < 30; i++) {
		char name[8];

		snprintf(name, sizeof name, "%d", i);
		pack_file(&k, name, big);
	}
	assert_bad(*state, pack_done(&k), NULL, ERR_REFUSED);
}

/* A hole costs nothing in the archive; it counts like bytes. */
static void a_sparse_bomb_is_refused(void **state)
{
	struct pack k = pack_new(archive_write_set_format_pax, archive_write_add_filter_gzip);
	struct archive_entry *ae = archive_entry_new();

	archive_entry_set_pathname(ae, "sparse");
	archive_entry_set_filetype(ae, AE_IFREG);
	archive_entry_set_perm(ae, 0644);
	archive_entry_set_size(ae, INT64_C(1) << 40);
	archive_entry_sparse_add_entry(ae, (INT64_C(1) << 40) - 10, 10);
	assert_int_equal(archive_write_header(k.a, ae), ARCHIVE_OK);
	assert_true(archive_write_data(k.a, "0123456789", 10) >= 0);
	archive_entry_free(ae);
	archive_write_close(k.a);
	archive_write_free(k.a);
	assert_bad(*state, k.fd, NULL, ERR_SPACE);
}

static void several_tops_are_not_stripped(void **state)
{
	struct unpack_opts o = { .strip_top = true };
	struct pack k = pack_tar();

	pack_file(&k, "a/x", "x");
	pack_file(&k, "b/x", "x");
	assert_bad(*state, pack_done(&k), &o, ERR_FORMAT);
	k = pack_tar();
	pack_file(&k, "a", "x");
	assert_bad(*state, pack_done(&k), &o, ERR_FORMAT);
}

/* Cut anywhere, an archive is no archive. The tail of a tar that only pads its last block is no
 * content. */
static void a_cut_archive_is_found(void **state)
{
	static int (*const filters[])(struct archive *) = { archive_write_add_filter_gzip,
							    archive_write_add_filter_xz,
							    archive_write_add_filter_zstd };

	(void)state;
	for (size_t i = 0; i <= ARRAY_LEN(filters); i++) {
		bool zip = i == ARRAY_LEN(filters);
		struct pack k =
		    pack_new(zip ? archive_write_set_format_zip : archive_write_set_format_gnutar,
			     zip ? NULL : filters[i]);
		struct err e = ERR_INIT;
		off_t size;
		autoclose int fd = -1;

		pack_product(&k, "p/");
		fd = pack_done(&k);
		assert_ok(unpack_list(fd, "a", NULL, NULL, NULL, &e), &e);
		size = lseek(fd, 0, SEEK_END);
		for (off_t n = size - 1; n >= 0; n -= 3) {
			assert_int_equal(ftruncate(fd, n), 0);
			assert_fails(unpack_list(fd, "a", NULL, NULL, NULL, &e), &e, ERR_FORMAT);
		}
	}
}

static int count_entries(void *data, const struct unpack_entry *a, struct err *e)
{
	size_t *n = data;

	(void)a;
	(void)e;
	++*n;
	return 0;
}

static int stop_it(void *data, const struct unpack_entry *a, struct err *e)
{
	(void)data;
	return err_set(e, ERR_CANCELED, "no more than '%s'", a->path);
}

static void a_list_can_be_stopped(void **state)
{
	struct pack k = pack_tar();
	struct cancel c = { .asked = true };
	struct err e = ERR_INIT;
	size_t n = 0;
	autoclose int fd = -1;

	(void)state;
	pack_product(&k, "p/");
	fd = pack_done(&k);
	assert_ok(unpack_list(fd, "a", NULL, count_entries, &n, &e), &e);
	assert_int_equal(n, 4);
	assert_fails(unpack_list(fd, "a", NULL, stop_it, NULL, &e), &e, ERR_CANCELED);
	assert_fails(unpack_list(fd, "a", &(struct unpack_opts){ .cancel = &c }, NULL, NULL, &e),
		     &e, ERR_CANCELED);
}

static void hard_links_are_kept(void **state)
{
	struct place *p = *state;
	struct pack k = pack_tar();
	struct err e = ERR_INIT;
	struct file_id a, b;
	autoclose int fd = -1;

	pack_file(&k, "t/a", "same");
	pack_add(&k, "t/d/b", AE_IFREG, 0644, NULL, "t/a");
	fd = pack_done(&k);
	assert_ok(unpack_tree(fd, "a", &p->dir, (uid_t)-1, (gid_t)-1,
			      &(struct unpack_opts){ .strip_top = true }, &e),
		  &e);
	assert_ok(dir_file_id(&p->dir, "a", &a, &e), &e);
	assert_ok(dir_file_id(&p->dir, "d/b", &b, &e), &e);
	assert_true(file_id_eq(a, b));
}

static void links_stay_inside(void **state)
{
	(void)state;
	assert_true(unpack_link_stays("a", "b"));
	assert_true(unpack_link_stays("a/b", "../c"));
	assert_true(unpack_link_stays("a/b/c", ".././../x//y"));
	assert_true(unpack_link_stays("a", "."));
	assert_false(unpack_link_stays("a", ""));
	assert_false(unpack_link_stays("a", ".."));
	assert_false(unpack_link_stays("a", "/"));
	assert_false(unpack_link_stays("a/b", "../../c"));
	assert_false(unpack_link_stays("a/b/c", "x/../y"));
	assert_false(unpack_link_stays("a", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(every_format_is_unpacked),
		in_place(a_member_is_read),
		in_place(a_member_becomes_a_file),
		in_place(hostile_entries_are_refused),
		in_place(long_and_empty_names_are_refused),
		in_place(what_unpacks_to_too_much_is_refused),
		in_place(a_sparse_bomb_is_refused),
		in_place(several_tops_are_not_stripped),
		in_place(a_cut_archive_is_found),
		in_place(a_list_can_be_stopped),
		in_place(hard_links_are_kept),
		cmocka_unit_test(links_stay_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
