/* editor_file(): what is kept, what is refused, and that it may be repeated. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <cmocka.h>

#include "conf/editor.h"

static struct dir home;
static char home_path[64];
static struct err e;

static int setup(void **state)
{
	(void)snprintf(home_path, sizeof home_path, "%s", "/tmp/crossgrade-editor-XXXXXX");
	err_clear(&e);
	if (!mkdtemp(home_path))
		return -1;
	return dir_open(home_path, &home, &e) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	autodir struct dir tmp = DIR_NONE;

	dir_close(&home);
	if (dir_open("/tmp", &tmp, &e) < 0)
		return -1;
	return dir_remove_tree(&tmp, home_path + strlen("/tmp/"), &e) < 0 ? -1 : 0;
}

static void put(const char *content)
{
	struct file_attr attr = { 0640, 65534, 65534 };

	assert_int_equal(file_create(&home, "f", sv_of(content), attr, &e), 0);
}

static void holds(const char *content)
{
	struct buf now = BUF_MAX(1 << 20);
	struct dir_names names = { 0 };

	assert_int_equal(file_read(&home, "f", &now, &e), 0);
	assert_string_equal(buf_str(&now), content);
	buf_done(&now);
	assert_int_equal(dir_list(&home, ".", 100, &names, &e), 0);
	vec_each(&names, it)
		assert_null(strstr(it->name, ".crossgrade-"));
	dir_names_done(&names);
}

static int edit(const struct edit *edits, size_t n)
{
	return editor_file(&dialect_properties, &home, "f", edits, n, false, &e);
}

/* False where the file system of /tmp has no user attributes. */
static bool set_xattr(void)
{
	autoclose int fd = dir_openat(&home, "f", O_RDWR, 0, &e);

	assert_true(fd >= 0);
	if (fsetxattr(fd, "user.keep", "yes", 3, 0) == 0)
		return true;
	assert_int_equal(errno, ENOTSUP);
	print_message("# no user attributes in /tmp: not looked at\n");
	return false;
}

static void test_keeps_owner_mode_xattrs(void **state)
{
	const struct edit edits[] = { { .key = "a", .value = "2", .old = "1" },
		                      { .key = "b", .value = "new" },
		                      { .key = "c", .old = "x" } };
	struct stat st;
	char value[8];
	bool xattrs;

	put("a=1\nc=x\n");
	xattrs = set_xattr();
	assert_int_equal(edit(edits, ARRAY_LEN(edits)), 1);
	holds("a=2\nb=new\n");
	assert_int_equal(dir_stat(&home, "f", &st, &e), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 65534);
	if (xattrs) {
		autoclose int fd = dir_openat(&home, "f", O_RDONLY, 0, &e);

		assert_int_equal(fgetxattr(fd, "user.keep", value, sizeof value), 3);
	}
	assert_int_equal(edit(edits, ARRAY_LEN(edits)), 0);
	holds("a=2\nb=new\n");
}

static void test_expects_the_old_value(void **state)
{
	const struct edit other = { .key = "a", .value = "2", .old = "0" },
			  absent = { .key = "a", .value = "2" },
			  gone = { .key = "z", .value = "2", .old = "0" },
			  any = { .key = "a", .value = "2", .any_old = true };

	put("a=1\n");
	assert_int_equal(edit(&other, 1), -ERR_CHANGED);
	assert_non_null(strstr(e.msg, "'a' is '1', expected '0'"));
	assert_int_equal(edit(&absent, 1), -ERR_CHANGED);
	assert_int_equal(edit(&gone, 1), -ERR_CHANGED);
	assert_int_equal(editor_file(&dialect_properties, &home, "f", &other, 1, true, &e),
			 -ERR_CHANGED);
	assert_null(strstr(e.msg, "'1'"));
	assert_null(strstr(e.msg, "'0'"));
	holds("a=1\n");
	assert_int_equal(edit(&any, 1), 1);
	holds("a=2\n");
}

static void test_one_refused_edit_refuses_all(void **state)
{
	const struct edit edits[] = { { .key = "a", .value = "2", .old = "1" },
				      { .key = "b", .value = "3", .old = "9" } };

	put("a=1\nb=2\n");
	assert_int_equal(edit(edits, 2), -ERR_CHANGED);
	holds("a=1\nb=2\n");
}

static void test_refuses_links(void **state)
{
	const struct edit a = { .key = "a", .value = "2", .any_old = true };

	put("a=1\n");
	assert_int_equal(linkat(home.fd, "f", home.fd, "second", 0), 0);
	assert_int_equal(edit(&a, 1), -ERR_REFUSED);
	assert_non_null(strstr(e.msg, "2 hard links"));
	assert_int_equal(unlinkat(home.fd, "second", 0), 0);
	assert_int_equal(symlinkat("f", home.fd, "soft"), 0);
	assert_int_equal(editor_file(&dialect_properties, &home, "soft", &a, 1, false, &e),
			 -ERR_REFUSED);
	assert_true(e.hint[0]);
	holds("a=1\n");
}

static void test_refuses_the_immutable(void **state)
{
	const struct edit a = { .key = "a", .value = "2", .any_old = true };
	autoclose int fd = -1;
	int flags = 0;

	put("a=1\n");
	fd = dir_openat(&home, "f", O_RDONLY, 0, &e);
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		flags = -1;
	if (flags >= 0) {
		flags |= FS_IMMUTABLE_FL;
		flags = ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0 ? -1 : flags;
	}
	if (flags < 0) {
		print_message("# /tmp has no immutable flag here: %s\n", strerror(errno));
		skip();
	}
	assert_int_equal(edit(&a, 1), -ERR_REFUSED);
	flags &= ~FS_IMMUTABLE_FL;
	assert_int_equal(ioctl(fd, FS_IOC_SETFLAGS, &flags), 0);
	holds("a=1\n");
}

static void test_refuses_what_is_no_file(void **state)
{
	const struct edit a = { .key = "a", .value = "2", .any_old = true };

	assert_int_equal(edit(&a, 1), -ERR_ABSENT);
	assert_int_equal(mkfifoat(home.fd, "f", 0600), 0);
	assert_int_equal(edit(&a, 1), -ERR_REFUSED);
}

static void test_large_files_are_refused(void **state)
{
	const struct edit a = { .key = "a", .value = "2", .any_old = true };
	char *big = malloc((4 << 20) + 2);

	assert_non_null(big);
	memset(big, '\n', (4 << 20) + 1);
	big[(4 << 20) + 1] = '\0';
	put(big);
	assert_int_equal(edit(&a, 1), -ERR_SPACE);
	free(big);
}

#define FILE_TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(test_keeps_owner_mode_xattrs), FILE_TEST(test_expects_the_old_value),
		FILE_TEST(test_one_refused_edit_refuses_all), FILE_TEST(test_refuses_links),
		FILE_TEST(test_refuses_the_immutable), FILE_TEST(test_refuses_what_is_no_file),
		FILE_TEST(test_large_files_are_refused),
	};

	return cmocka_run_group_tests_name("editor", tests, NULL, NULL);
}
