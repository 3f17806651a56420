#include "io/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mount.h>

#include "place.h"
#include "../btrfs.h"

static void roots_are_absolute_directories(void **state)
{
	struct place *p = *state;
	autodir struct dir d = DIR_NONE, again = DIR_NONE;
	struct err e = ERR_INIT;

	put_file(p, "f", "");
	assert_fails(dir_open("tmp", &d, &e), &e, ERR_USAGE);
	assert_fails(dir_open(below(p, "none"), &d, &e), &e, ERR_ABSENT);
	assert_fails(dir_open(below(p, "f"), &d, &e), &e, ERR_ABSENT);
	assert_int_equal(d.fd, -1);
	assert_ok(dir_dup(&p->dir, &again, &e), &e);
	assert_true(again.fd != p->dir.fd);
	assert_fails(dir_of_fd(open(below(p, "f"), O_RDONLY), "f", &d, &e), &e, ERR_ABSENT);
	dir_close(&d);
	dir_close(&d);
}

/* What is to be made has its place already. */
static void one_that_is_not_there_yet_is_the_nearest_above(void **state)
{
	static const char *const rest[] = { "", "/", "/of", "/of/it/" };
	struct place *p = *state;
	struct err e = ERR_INIT;

	put_file(p, "f", "");
	assert_ok(dir_make(&p->dir, "in", 0755, &e), &e);
	assert_ok(dir_symlink(&p->dir, "in", "link", &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(rest); i++) {
		autofree char *named = xasprintf("%s%s", below(p, "link"), rest[i]), *real = dir_real_path(named);
		autofree char *want = xasprintf("%s%s", below(p, "in"), strcmp(rest[i], "/") ? rest[i] : "");
		autodir struct dir d = DIR_NONE;
		struct stat is, in;

		assert_string_equal(real, want);
		assert_ok(dir_open_nearest(named, &d, &e), &e);
		assert_ok(dir_stat(&d, "", &is, &e), &e);
		assert_ok(dir_stat(&p->dir, "in", &in, &e), &e);
		assert_true(is.st_ino == in.st_ino);
	}
	autofree char *top = dir_real_path("/"), *none = dir_real_path("/no such thing/at all");
	autodir struct dir root = DIR_NONE, other = DIR_NONE;

	assert_string_equal(top, "/");
	assert_string_equal(none, "/no such thing/at all");
	assert_null(dir_real_path("tmp"));
	assert_ok(dir_open_nearest("/no such thing/at all", &root, &e), &e);
	assert_string_equal(root.path, "/");
	assert_fails(dir_open_nearest(below(p, "f/x"), &other, &e), &e, ERR_ABSENT);
	assert_fails(dir_open_nearest("tmp", &other, &e), &e, ERR_USAGE);
}

/* Whatever the owner of the tree puts into it, no name leads out. */
static void nothing_leads_out(void **state)
{
	static const char *const names[] = { "/etc/passwd", "../x", "in/../../x", "abs",
		                             "abs/passwd", "up/x", "proc/self/root/etc/passwd" };
	struct place *p = *state;
	struct err e = ERR_INIT;
	struct stat st;

	assert_ok(dir_make(&p->dir, "in", 0755, &e), &e);
	assert_int_equal(symlinkat("/etc", p->dir.fd, "abs"), 0);
	assert_int_equal(symlinkat("..", p->dir.fd, "up"), 0);
	assert_int_equal(symlinkat("/proc", p->dir.fd, "proc"), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_fails(dir_openat(&p->dir, names[i], O_RDONLY, 0, &e), &e, ERR_REFUSED);
	assert_fails(dir_make(&p->dir, "abs/x", 0755, &e), &e, ERR_REFUSED);
	assert_fails(dir_make_all(&p->dir, "up/x/y", 0755, &e), &e, ERR_REFUSED);
	assert_fails(dir_make_all(&p->dir, "/x", 0755, &e), &e, ERR_REFUSED);
	assert_fails(dir_unlink(&p->dir, "abs/passwd", &e), &e, ERR_REFUSED);
	assert_fails(dir_remove_tree(&p->dir, "up/x", &e), &e, ERR_REFUSED);
	assert_fails(dir_rename(&p->dir, "in", &p->dir, "up/in", 0, &e), &e, ERR_REFUSED);
	assert_fails(dir_stat(&p->dir, "abs/passwd", &st, &e), &e, ERR_REFUSED);
	assert_fails(dir_remove_tree(&p->dir, "..", &e), &e, ERR_USAGE);
	assert_fails(dir_unlink(&p->dir, "", &e), &e, ERR_USAGE);
	assert_true(has(p, "in"));
}

static void links_are_seen_not_followed(void **state)
{
	struct place *p = *state;
	autofree char *target = NULL;
	struct err e = ERR_INIT;
	struct stat st;

	assert_ok(dir_symlink(&p->dir, "/nowhere/at all", "l", &e), &e);
	assert_ok(dir_stat(&p->dir, "l", &st, &e), &e);
	assert_true(S_ISLNK(st.st_mode));
	assert_ok(dir_make_all(&p->dir, "in/d", 0755, &e), &e);
	assert_ok(dir_symlink(&p->dir, "in", "inner", &e),
		  &e); /* refused even where it stays inside */
	assert_fails(dir_openat(&p->dir, "inner", O_RDONLY, 0, &e), &e, ERR_REFUSED);
	assert_fails(dir_openat(&p->dir, "inner/d", O_RDONLY, 0, &e), &e, ERR_REFUSED);
	assert_fails(dir_make(&p->dir, "inner/x", 0755, &e), &e, ERR_REFUSED);
	assert_true(has(p, "l"));
	assert_ok(dir_readlink(&p->dir, "l", &target, &e), &e);
	assert_string_equal(target, "/nowhere/at all");
	put_file(p, "f", "");
	assert_fails(dir_readlink(&p->dir, "f", &target, &e), &e, ERR_REFUSED);
	assert_fails(dir_readlink(&p->dir, "g", &target, &e), &e, ERR_ABSENT);
	assert_false(has(p, "f/x"));
}

static void directories_are_made(void **state)
{
	struct place *p = *state;
	autodir struct dir d = DIR_NONE;
	struct err e = ERR_INIT;
	struct stat st;

	assert_ok(dir_make(&p->dir, "a", 0700, &e), &e);
	assert_ok(dir_make(&p->dir, "a", 0755, &e), &e);
	assert_ok(dir_stat(&p->dir, "a", &st, &e), &e);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_fails(dir_make(&p->dir, "b/c", 0700, &e), &e, ERR_ABSENT);
	assert_ok(dir_make_all(&p->dir, "b//./c/", 0700, &e), &e);
	assert_ok(dir_make_all(&p->dir, "b/c", 0700, &e), &e);
	assert_true(has(p, "b/c"));
	put_file(p, "f", "");
	assert_fails(dir_make(&p->dir, "f", 0700, &e), &e, ERR_EXISTS);
	assert_fails(dir_make_all(&p->dir, "f/x", 0700, &e), &e, ERR_ABSENT);
	assert_int_equal(symlinkat("b", p->dir.fd, "l"), 0);
	assert_ok(dir_make_path(below(p, "l/x/y"), 0700, &d, &e), &e);
	assert_true(has(p, "b/x/y"));
}

static void lists_are_sorted_and_have_a_ceiling(void **state)
{
	struct place *p = *state;
	struct dir_names names = { 0 };
	struct err e = ERR_INIT;

	put_file(p, "b", "");
	put_file(p, "B", "");
	assert_ok(dir_make(&p->dir, "a", 0755, &e), &e);
	assert_int_equal(symlinkat("x", p->dir.fd, "c"), 0);
	assert_ok(dir_list(&p->dir, "", 4, &names, &e), &e);
	assert_int_equal(names.n, 4);
	assert_string_equal(names.v[0].name, "B");
	assert_string_equal(names.v[1].name, "a");
	assert_int_equal(names.v[1].type, DT_DIR);
	assert_int_equal(names.v[3].type, DT_LNK);
	dir_names_done(&names);
	assert_fails(dir_list(&p->dir, "", 3, &names, &e), &e, ERR_SPACE);
	assert_fails(dir_list(&p->dir, "b", 3, &names, &e), &e, ERR_ABSENT);
}

static void one_name_is_removed(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;

	put_file(p, "f", "");
	assert_ok(dir_make_all(&p->dir, "a/b", 0755, &e), &e);
	assert_ok(dir_unlink(&p->dir, "f", &e), &e);
	assert_ok(dir_unlink(&p->dir, "f", &e), &e);
	assert_ok(dir_unlink(&p->dir, "no/such", &e), &e);
	assert_fails(dir_unlink(&p->dir, "a", &e), &e, ERR_EXISTS);
	assert_ok(dir_unlink(&p->dir, "a/b", &e), &e);
	assert_false(has(p, "a/b"));
}

static void a_tree_is_removed_links_are_not_followed(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;

	assert_ok(dir_make_all(&p->dir, "keep/d", 0755, &e), &e);
	put_file(p, "keep/d/f", "x");
	assert_ok(dir_make_all(&p->dir, "tree/a/b/c", 0755, &e), &e);
	put_file(p, "tree/a/f", "x");
	assert_int_equal(symlinkat("../keep", openat(p->dir.fd, "tree", O_PATH), "l"), 0);
	assert_ok(dir_remove_tree(&p->dir, "tree", &e), &e);
	assert_ok(dir_remove_tree(&p->dir, "tree", &e), &e);
	assert_false(has(p, "tree"));
	assert_content(p, "keep/d/f", "x");
}

static void a_tree_too_deep_is_refused(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	char deep[700];

	for (size_t i = 0; i < sizeof deep; i++)
		deep[i] = i % 2 ? '/' : 'd';
	deep[sizeof deep - 1] = '\0';
	assert_ok(dir_make_all(&p->dir, deep, 0755, &e), &e);
	assert_fails(dir_remove_tree(&p->dir, "d", &e), &e, ERR_REFUSED);
	deep[200] = '\0';                       /* so that the rest can be removed by two hands */
	assert_ok(dir_rename(&p->dir, deep, &p->dir, "half", 0, &e), &e);
	assert_ok(dir_remove_tree(&p->dir, "d", &e), &e);
	deep[200] = 'd';
	assert_ok(dir_rename(&p->dir, "half/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d", &p->dir,
	                     "rest", 0, &e), &e);
}

static bool can_mount(const char *path)
{
	if (mount("none", path, "tmpfs", 0, "size=64k") == 0)
		return true;
	print_message("# skipped: no mount: %s\n", strerror(errno));
	return false;
}

static void a_mount_in_a_tree_is_not_touched(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	char point[64];
	int fd;

	snprintf(point, sizeof point, "%s", below(p, "tree/z/m"));
	assert_ok(dir_make_all(&p->dir, "tree/z/m", 0755, &e), &e);
	if (!can_mount(point))
		skip();
	fd = open(below(p, "tree/z/m/f"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	assert_int_equal(dir_remove_tree(&p->dir, "tree", &e), -ERR_BUSY);
	assert_int_equal(dir_remove_tree(&p->dir, "tree/z/m", &e), -ERR_BUSY);
	assert_true(has(p, "tree/z/m/f"));
	assert_ok(dir_remove_tree(&p->dir, "tree/z/m/f", &e),
		  &e); /* below it, it is the root's file system */
	assert_int_equal(umount(point), 0);
}

static void mounts_have_ids_and_no_renames(void **state)
{
	struct place *p = *state;
	uint64_t root = 0, inside = 0, bound = 0;
	struct err e = ERR_INIT;
	char point[64];

	snprintf(point, sizeof point, "%s", below(p, "m"));
	assert_ok(dir_make(&p->dir, "m", 0755, &e), &e);
	assert_ok(dir_make(&p->dir, "n", 0755, &e), &e);
	assert_ok(dir_mount_id(&p->dir, "", &root, &e), &e);
	assert_ok(dir_mount_id(&p->dir, "m", &inside, &e), &e);
	assert_true(root == inside);
	assert_false(dir_is_mount_point(point));
	assert_true(dir_is_mount_point("/"));
	if (mount(below(p, "n"), point, NULL, MS_BIND, NULL) < 0) {
		print_message("# skipped: no mount: %s\n", strerror(errno));
		skip();
	}
	assert_ok(dir_mount_id(&p->dir, "m", &bound, &e), &e);
	assert_true(bound != root);
	assert_true(dir_is_mount_point(point));
	assert_int_equal(dir_rename(&p->dir, "m", &p->dir, "x", 0, &e), -ERR_BUSY);
	assert_ok(dir_make(&p->dir, "m/x", 0755, &e), &e);
	assert_int_equal(dir_rename(&p->dir, "m/x", &p->dir, "x", 0, &e), -ERR_REFUSED);
	assert_int_equal(e.sys, EXDEV);
	assert_int_equal(umount(point), 0);
}

/* It is on the mount of its parent, and nothing can be renamed out of it. */
static void a_subvolume_is_as_a_mount(void **state)
{
	struct place *p = *state;
	autofree char *image = xstrdup(below(p, "image")), *at = xstrdup(below(p, "mnt")), *sub = xstrdup(below(p, "mnt/sub"));
	const char *subvolume[] = { "btrfs", "-q", "subvolume", "create", sub, NULL };
	struct err e = ERR_INIT;

	btrfs_mount(image, at);
	assert_true(run_program(subvolume));
	assert_true(dir_is_mount_point(sub));
	put_file(p, "mnt/sub/x", "");
	assert_ok(dir_make(&p->dir, "mnt/beside", 0755, &e), &e);
	assert_int_equal(dir_rename(&p->dir, "mnt/sub/x", &p->dir, "mnt/beside/x", 0, &e), -ERR_REFUSED);
	assert_int_equal(e.sys, EXDEV);
	assert_int_equal(umount(at), 0);
}

static void names_are_moved_and_exchanged(void **state)
{
	struct place *p = *state;
	struct file_id a, b, now;
	struct err e = ERR_INIT;

	assert_ok(dir_make(&p->dir, "d", 0755, &e), &e);
	put_file(p, "a", "a");
	put_file(p, "d/b", "b");
	assert_ok(dir_file_id(&p->dir, "a", &a, &e), &e);
	assert_ok(dir_file_id(&p->dir, "d/b", &b, &e), &e);
	assert_false(file_id_eq(a, b));
	assert_fails(dir_rename(&p->dir, "a", &p->dir, "d/b", RENAME_NOREPLACE, &e), &e,
		     ERR_EXISTS);
	assert_fails(dir_rename(&p->dir, "x", &p->dir, "d/b", 0, &e), &e, ERR_ABSENT);
	assert_ok(dir_rename(&p->dir, "a", &p->dir, "d/b", RENAME_EXCHANGE, &e), &e);
	assert_ok(dir_file_id(&p->dir, "d/b", &now, &e), &e);
	assert_true(file_id_eq(a, now));
	assert_content(p, "a", "b");
	assert_ok(dir_rename(&p->dir, "a", &p->dir, "d/b", 0, &e), &e);
	assert_false(has(p, "a"));
	assert_content(p, "d/b", "b");
}

/* What was written down before a boot: the device has another number, the file is the same; a file made since has taken
 * the inode of one that is gone. */
static void a_file_is_found_after_a_boot(void **state)
{
	struct place *p = *state;
	struct file_id then, now;
	struct err e = ERR_INIT;

	put_file(p, "a", "a");
	assert_ok(dir_file_id(&p->dir, "a", &now, &e), &e);
	assert_true(now.born_ns > 0);
	then = now;
	then.dev++;
	assert_true(file_id_found(then, now));
	then.born_ns--;
	assert_false(file_id_found(then, now));
	assert_false(file_id_found((struct file_id){ 0 }, (struct file_id){ 0 }));
}

static void room_is_told(void **state)
{
	struct place *p = *state;
	autodir struct dir proc = DIR_NONE;
	struct fs_room room;
	struct err e = ERR_INIT;

	assert_ok(dir_room(&p->dir, &room, &e), &e);
	assert_true(room.total_bytes > room.free_bytes && room.free_bytes > 0);
	assert_false(room.read_only);
	assert_ok(dir_open("/proc", &proc, &e), &e);
	assert_ok(dir_room(&proc, &room, &e), &e);
	assert_true(room.magic == 0x9fa0 && room.total_bytes == 0);
}

/* Somebody renames in the tree while it is removed: it goes, and nothing beside it. */
static atomic_bool enough;

static void *rename_about(void *arg)
{
	const struct place *p = arg;

	while (!atomic_load(&enough)) {
		(void)renameat(p->dir.fd, "tree/a", p->dir.fd, "tree/b");
		(void)renameat(p->dir.fd, "tree/b", p->dir.fd, "tree/c/b");
		(void)renameat(p->dir.fd, "tree/c/b", p->dir.fd, "tree/a");
		(void)symlinkat("../keep", p->dir.fd, "tree/l");
	}
	return NULL;
}

static void a_hostile_tree_harms_nobody(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	pthread_t thread;

	assert_ok(dir_make(&p->dir, "keep", 0755, &e), &e);
	put_file(p, "keep/f", "x");
	atomic_store(&enough, false);
	assert_int_equal(pthread_create(&thread, NULL, rename_about, p), 0);
	for (int i = 0; i < 50; i++) {
		int r;

		assert_ok(dir_make_all(&p->dir, "tree/c", 0755, &e), &e);
		if (dir_make_all(&p->dir, "tree/a/x", 0755, &e) < 0)
			err_clear(&e);          /* it was renamed in between */
		r = dir_remove_tree(&p->dir, "tree", &e);
		assert_true(r == 0 || r == -ERR_BUSY);
	}
	atomic_store(&enough, true);
	pthread_join(thread, NULL);
	assert_ok(dir_remove_tree(&p->dir, "tree", &e), &e);
	assert_content(p, "keep/f", "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(roots_are_absolute_directories),
		in_place(one_that_is_not_there_yet_is_the_nearest_above),
		in_place(nothing_leads_out),
		in_place(links_are_seen_not_followed),
		in_place(directories_are_made),
		in_place(lists_are_sorted_and_have_a_ceiling),
		in_place(one_name_is_removed),
		in_place(a_tree_is_removed_links_are_not_followed),
		in_place(a_tree_too_deep_is_refused),
		in_place(a_mount_in_a_tree_is_not_touched),
		in_place(mounts_have_ids_and_no_renames),
		in_place(a_subvolume_is_as_a_mount),
		in_place(names_are_moved_and_exchanged),
		in_place(a_file_is_found_after_a_boot),
		in_place(room_is_told),
		in_place(a_hostile_tree_harms_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
