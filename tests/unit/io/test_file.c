#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/secret.h"
#include "io/cmd.h"

#include "place.h"

static void content_is_read_up_to_the_ceiling(void **state)
{
	struct place *p = *state;
	autobuf struct buf exact = BUF_MAX(5), less = BUF_MAX(4), more = BUF_MAX(100);
	struct err e = ERR_INIT;

	put_file(p, "f", "hello");
	assert_ok(file_read(&p->dir, "f", &exact, &e), &e);
	assert_string_equal(buf_str(&exact), "hello");
	assert_fails(file_read(&p->dir, "f", &less, &e), &e, ERR_SPACE);
	assert_fails(buf_check(&less, "f", &e), &e, ERR_SPACE);
	buf_adds(&more, "> ");
	assert_ok(file_read_path(below(p, "f"), &more, &e), &e);
	assert_string_equal(buf_str(&more), "> hello");
	assert_fails(file_read(&p->dir, "g", &more, &e), &e, ERR_ABSENT);
}

static void only_regular_files_are_read(void **state)
{
	struct place *p = *state;
	autobuf struct buf b = BUF_MAX(100);
	struct err e = ERR_INIT;

	assert_int_equal(mkfifoat(p->dir.fd, "fifo", 0600), 0);
	assert_int_equal(symlinkat("/etc/passwd", p->dir.fd, "link"), 0);
	assert_fails(file_read(&p->dir, "fifo", &b, &e), &e, ERR_REFUSED);
	assert_fails(file_read(&p->dir, "", &b, &e), &e, ERR_REFUSED);
	assert_fails(file_read(&p->dir, "link", &b, &e), &e, ERR_REFUSED);
	assert_fails(file_read_path("/dev/zero", &b, &e), &e, ERR_REFUSED);
}

static void first_lines_are_read(void **state)
{
	struct place *p = *state;
	autobuf struct buf b = BUF_MAX(10), tight = BUF_MAX(2);
	struct err e = ERR_INIT;

	put_file(p, "f", "one\ntwo\n");
	put_file(p, "g", "one");
	assert_ok(file_read_line(below(p, "f"), &b, &e), &e);
	assert_string_equal(buf_str(&b), "one");
	assert_ok(file_read_line(below(p, "g"), &b, &e), &e);
	assert_string_equal(buf_str(&b), "oneone");
	assert_fails(file_read_line(below(p, "f"), &tight, &e), &e, ERR_SPACE);
}

static void secrets_want_private_files(void **state)
{
	struct place *p = *state;
	autosecret struct secret s = { 0 };
	autofree char *much = xcalloc(1, (64 << 10) + 2);
	struct err e = ERR_INIT;

	put_file(p, "f", "pass\n\n");
	assert_ok(file_read_secret(below(p, "f"), &s, &e), &e);
	assert_string_equal(s.bytes, "pass\n");
	assert_int_equal(chmod(below(p, "f"), 0644), 0);
	assert_fails(file_read_secret(below(p, "f"), &s, &e), &e, ERR_REFUSED);
	assert_non_null(strstr(e.hint, "chmod 600"));
	assert_ok(file_replace(&p->dir, "f", (struct sv){ much, (64 << 10) + 1 }, FILE_PRIVATE, &e),
	          &e);
	assert_fails(file_read_secret(below(p, "f"), &s, &e), &e, ERR_SPACE);
}

static size_t entries(const struct place *p)
{
	struct dir_names names = { 0 };
	struct err e = ERR_INIT;
	size_t n;

	assert_ok(dir_list(&p->dir, "", 1000, &names, &e), &e);
	n = names.n;
	dir_names_done(&names);
	return n;
}

static void a_file_is_replaced_with_mode_and_owner(void **state)
{
	struct place *p = *state;
	struct file_attr attr = { 04751, geteuid() ? (uid_t)-1 : 7, (gid_t)-1 };
	struct err e = ERR_INIT;
	struct stat st;

	put_file(p, "f", "old");
	assert_ok(file_replace(&p->dir, "f", SV("new"), attr, &e), &e);
	assert_content(p, "f", "new");
	assert_ok(dir_stat(&p->dir, "f", &st, &e), &e);
	assert_int_equal(st.st_mode & 07777, 04751);
	if (geteuid() == 0)
		assert_int_equal(st.st_uid, 7);
	assert_int_equal(entries(p), 1);
}

static void a_failed_replace_leaves_no_trace(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;

	assert_ok(dir_make_all(&p->dir, "d/x", 0755, &e), &e);
	assert_true(file_replace(&p->dir, "d", SV("new"), FILE_PRIVATE, &e) < 0);
	assert_true(has(p, "d/x"));
	assert_int_equal(entries(p), 1);
}

static void creation_does_not_replace(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;

	assert_ok(file_create(&p->dir, "f", SV("one"), FILE_PRIVATE, &e), &e);
	assert_fails(file_create(&p->dir, "f", SV("two"), FILE_PRIVATE, &e), &e, ERR_EXISTS);
	assert_content(p, "f", "one");
	assert_int_equal(entries(p), 1);
}

static void a_replaced_file_keeps_its_dress(void **state)
{
	struct place *p = *state;
	autoclose int fd = -1;
	struct err e = ERR_INIT;
	struct stat st;
	char value[8] = "";

	put_file(p, "f", "old");
	fd = open(below(p, "f"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(fchmod(fd, 0640), 0);
	if (geteuid() == 0)
		assert_int_equal(fchown(fd, 7, 8), 0);
	if (fsetxattr(fd, "user.note", "hey", 3, 0) < 0) {
		print_message("# skipped: no user.* attributes: %s\n", strerror(errno));
		skip();
	}
	assert_ok(file_replace_like(&p->dir, "f", fd, SV("new"), &e), &e);
	assert_content(p, "f", "new");
	assert_ok(dir_stat(&p->dir, "f", &st, &e), &e);
	assert_int_equal(st.st_mode & 07777, 0640);
	if (geteuid() == 0)
		assert_true(st.st_uid == 7 && st.st_gid == 8);
	assert_int_equal(getxattr(below(p, "f"), "user.note", value, sizeof value), 3);
	assert_string_equal(value, "hey");
	assert_fails(file_replace_like(&p->dir, "f", fd, SV("newer"), &e), &e, ERR_CHANGED);
	assert_content(p, "f", "new");
}

static void leftovers_are_dropped(void **state)
{
	struct place *p = *state;
	char temp[FILE_TEMP_NAME];
	struct err e = ERR_INIT;

	file_temp_name(temp);
	put_file(p, temp, "half");
	put_file(p, ".crossgrade-hold", "not ours to drop");
	put_file(p, "x.tmp", "nor this");
	assert_ok(file_drop_temps(&p->dir, "", &e), &e);
	assert_false(has(p, temp));
	assert_int_equal(entries(p), 2);
	assert_fails(file_drop_temps(&p->dir, "none", &e), &e, ERR_ABSENT);
}

static void digests_are_right(void **state)
{
	struct place *p = *state;
	autoclose int fd = -1;
	char digest[DIGEST_TEXT];
	struct err e = ERR_INIT;

	digest_text(SV(""), digest);
	assert_string_equal(digest,
	                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	put_file(p, "f", "abc");
	fd = open(below(p, "f"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(lseek(fd, 2, SEEK_SET), 2);
	assert_ok(file_digest(fd, "f", digest, &e), &e);
	assert_string_equal(digest,
	                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_ok(file_sync_fs(&p->dir, &e), &e);
}

static bool run_program(const char *const *argv)
{
	struct cmd_result r = { 0 };
	struct err e = ERR_INIT;
	bool done = cmd_run(&(struct cmd){ .argv = argv }, &r, &e) == 0 && r.status == 0;

	cmd_result_done(&r);
	return done;
}

static bool make_btrfs(struct place *p, const char *at)
{
	autofree char *image = xstrdup(below(p, "image"));
	const char *mkfs[] = { "mkfs.btrfs", "-q", "--mixed", image, NULL }, *attach[] = { "mount", "-o", "loop", image, at, NULL };
	autoclose int fd = open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	return fd >= 0 && ftruncate(fd, 128 << 20) == 0 && mkdir(at, 0700) == 0 && run_program(mkfs) && run_program(attach);
}

static void fill(const char *path)
{
	static char piece[1 << 20];
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	for (size_t n = sizeof piece; n >= 4096; n /= 4)
		while (write(fd, piece, n) == (ssize_t)n && fsync(fd) == 0)
			;
}

/* Where every block is written to another place a full disk takes no line more. */
static void what_keeps_its_place_is_written_on_a_full_disk(void **state)
{
	struct place *p = *state;
	autofree char *at = xstrdup(below(p, "mnt")), *kept = xasprintf("%s/kept", at), *filler = xasprintf("%s/filler", at);
	const char *detach[] = { "umount", at, NULL };
	static char room[256 << 10];
	int fd;

	if (!make_btrfs(p, at)) {
		print_message("# skip: no btrfs can be made and mounted\n");
		skip();
	}
	fd = open(kept, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_true(file_keeps_place(fd));
	assert_int_equal(write(fd, room, sizeof room), sizeof room);
	assert_int_equal(fsync(fd), 0);
	fill(filler);
	memset(room, 'x', sizeof room);
	assert_int_equal(pwrite(fd, room, sizeof room, 0), sizeof room);
	assert_int_equal(fdatasync(fd), 0);
	close(fd);
	assert_true(run_program(detach));
}

#ifdef CROSSGRADE_FAULT

/* Each point of a replace fails once: an error, the old or the new file whole, no temporary name.
 */
static int replace_in(const char *path)
{
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;
	int r = dir_open(path, &d, &e);

	if (r == 0)
		r = file_replace(&d, "f", SV("new"), FILE_PRIVATE, &e);
	return r == -ERR_SPACE ? 10 : r == 0 ? 0 : 99;
}

/* As a program of its own: fault points are read once in a process. */
static _Noreturn void replace_under(const struct place *p, int point)
{
	char number[16];

	snprintf(number, sizeof number, "%d", point);
	setenv("CROSSGRADE_FAULT", number, 1);
	setenv("CROSSGRADE_FAULT_ACT", "err:ENOSPC", 1);
	execl("/proc/self/exe", "test_file", p->path, NULL);
	_exit(98);
}

static void a_full_disk_leaves_a_whole_file(void **state)
{
	struct place *p = *state;
	int failures = 0, status = 0;

	put_file(p, "f", "old");
	for (int point = 1;; point++) {
		autobuf struct buf b = BUF_MAX(100);
		struct err e = ERR_INIT;
		pid_t pid = fork();

		if (pid == 0)
			replace_under(p, point);
		waitpid(pid, &status, 0);
		if (WEXITSTATUS(status) == 0)
			break;
		assert_int_equal(WEXITSTATUS(status), 10);
		failures++;
		assert_ok(file_read(&p->dir, "f", &b, &e), &e);
		assert_true(sv_eq(buf_sv(&b), "old") || sv_eq(buf_sv(&b), "new"));
		assert_int_equal(entries(p), 1);
	}
	assert_int_equal(failures, 6);          /* create, write, chmod, sync, rename, sync */
	assert_content(p, "f", "new");
}

#endif

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		in_place(content_is_read_up_to_the_ceiling),
		in_place(only_regular_files_are_read),
		in_place(first_lines_are_read),
		in_place(secrets_want_private_files),
		in_place(a_file_is_replaced_with_mode_and_owner),
		in_place(a_failed_replace_leaves_no_trace),
		in_place(creation_does_not_replace),
		in_place(a_replaced_file_keeps_its_dress),
		in_place(leftovers_are_dropped),
		in_place(digests_are_right),
		in_place(what_keeps_its_place_is_written_on_a_full_disk),
#ifdef CROSSGRADE_FAULT
		in_place(a_full_disk_leaves_a_whole_file),
#endif
	};

#ifdef CROSSGRADE_FAULT
	if (argc == 2)
		return replace_in(argv[1]);
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
