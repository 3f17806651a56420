#include "io/image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>

#include "io/json.h"

#include "place.h"

static void open_blobs(const struct place *p, struct dir *ret)
{
	struct err e = ERR_INIT;

	assert_ok(dir_make(&p->dir, "blobs", 0700, &e), &e);
	assert_ok(dir_open_at(&p->dir, "blobs", ret, &e), &e);
}

static json_t *take(const struct place *p, const char *name, const struct dir *blobs)
{
	struct err e = ERR_INIT;
	json_t *rec = NULL;

	assert_ok(image_take(&p->dir, name, blobs, 1000, &rec, &e), &e);
	return rec;
}

static int same(const struct place *p, const char *name, const json_t *rec)
{
	struct err e = ERR_INIT;
	int r = image_same(&p->dir, name, rec, &e);

	assert_ok(r, &e);
	return r;
}

/* Twice, as after a crash. */
static void put_back(const struct place *p, const char *name, const struct dir *blobs,
                     const json_t *rec)
{
	struct err e = ERR_INIT;

	for (int i = 0; i < 2; i++) {
		assert_ok(image_put(&p->dir, name, blobs, rec, &e), &e);
		assert_true(same(p, name, rec));
	}
}

static void a_file_comes_back_as_it_was(void **state)
{
	struct place *p = *state;
	autodir struct dir blobs = DIR_NONE;
	autojson json_t *rec = NULL, *again = NULL;
	struct timespec old[2] = { { 1000000000, 5 }, { 1000000001, 123456789 } };
	struct err e = ERR_INIT;
	struct stat st;

	open_blobs(p, &blobs);
	put_file(p, "f", "secret=1\n");
	assert_int_equal(chmod(below(p, "f"), 02640), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(below(p, "f"), 7, 8), 0);
	assert_int_equal(chmod(below(p, "f"), 02640), 0);
	assert_int_equal(utimensat(p->dir.fd, "f", old, 0), 0);
	rec = take(p, "f", &blobs);
	assert_true(same(p, "f", rec));
	put_file(p, "f", "secret=2\n");
	assert_false(same(p, "f", rec));
	put_back(p, "f", &blobs, rec);
	assert_content(p, "f", "secret=1\n");
	assert_ok(dir_stat(&p->dir, "f", &st, &e), &e);
	assert_int_equal(st.st_mode & 07777, 02640);
	assert_true(st.st_mtim.tv_sec == 1000000001 && st.st_mtim.tv_nsec == 123456789);
	if (geteuid() == 0)
		assert_true(st.st_uid == 7 && st.st_gid == 8);
	again = take(p, "f", &blobs);
	assert_true(json_int(again, "mtime_ns", 0) == json_int(rec, "mtime_ns", 1));
}

static void a_record_holds_no_content(void **state)
{
	struct place *p = *state;
	autodir struct dir blobs = DIR_NONE;
	autojson json_t *rec = NULL;
	autobuf struct buf text = BUF_MAX(10000);
	struct err e = ERR_INIT;
	struct stat st;

	open_blobs(p, &blobs);
	put_file(p, "f", "hunter2");
	rec = take(p, "f", &blobs);
	json_canonical(rec, &text);
	assert_null(strstr(buf_str(&text), "hunter2"));
	assert_ok(dir_stat(&blobs, json_str(rec, "content", ""), &st, &e), &e);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void attributes_come_back_and_others_go(void **state)
{
	struct place *p = *state;
	autodir struct dir blobs = DIR_NONE;
	autojson json_t *rec = NULL;
	char value[8] = "";

	open_blobs(p, &blobs);
	put_file(p, "f", "x");
	if (setxattr(below(p, "f"), "user.note", "a\0b", 3, 0) < 0) {
		print_message("# skipped: no user.* attributes: %s\n", strerror(errno));
		skip();
	}
	rec = take(p, "f", &blobs);
	assert_int_equal(setxattr(below(p, "f"), "user.note", "other", 5, 0), 0);
	assert_false(same(p, "f", rec));
	assert_int_equal(removexattr(below(p, "f"), "user.note"), 0);
	assert_false(same(p, "f", rec));
	put_back(p, "f", &blobs, rec);
	assert_int_equal(getxattr(below(p, "f"), "user.note", value, sizeof value), 3);
	assert_memory_equal(value, "a\0b", 3);
	assert_int_equal(setxattr(below(p, "f"), "user.more", "x", 1, 0), 0);
	assert_false(same(p, "f", rec));
	put_back(p, "f", &blobs, rec);
	assert_true(getxattr(below(p, "f"), "user.more", value, sizeof value) < 0);
}

/* A default ACL of the directory falls on every new file in it, the one that is put back too. */
static void default_acls_do_not_creep_in(void **state)
{
	static const struct {
		uint32_t version;
		struct {
			uint16_t tag, perm;
			uint32_t id;
		} entry[5];
	} acl = { 2, { { 1, 7, UINT32_MAX }, { 2, 7, 1234 }, { 4, 5, UINT32_MAX },
		       { 0x10, 7, UINT32_MAX }, { 0x20, 5, UINT32_MAX } } };
	struct place *p = *state;
	autodir struct dir blobs = DIR_NONE;
	autojson json_t *rec = NULL;

	open_blobs(p, &blobs);
	put_file(p, "f", "x");
	rec = take(p, "f", &blobs);
	if (setxattr(p->path, "system.posix_acl_default", &acl, sizeof acl, 0) < 0) {
		print_message("# skipped: no ACLs: %s\n", strerror(errno));
		skip();
	}
	put_back(p, "f", &blobs, rec);
	assert_true(getxattr(below(p, "f"), "system.posix_acl_access", NULL, 0) < 0);
}

static void absence_is_an_image_too(void **state)
{
	struct place *p = *state;
	autodir struct dir blobs = DIR_NONE;
	autojson json_t *rec = NULL;
	struct err e = ERR_INIT;

	open_blobs(p, &blobs);
	rec = take(p, "f", &blobs);
	assert_true(json_bool(rec, "absent", false));
	assert_true(same(p, "f", rec));
	put_file(p, "f", "x");
	assert_false(same(p, "f", rec));
	put_back(p, "f", &blobs, rec);
	assert_false(has(p, "f"));
	assert_ok(dir_make(&p->dir, "f", 0755, &e), &e);
	assert_false(same(p, "f", rec));
	assert_fails(image_put(&p->dir, "f", &blobs, rec, &e), &e, ERR_CHANGED);
}

static void links_are_images_of_themselves(void **state)
{
	struct place *p = *state;
	autodir struct dir blobs = DIR_NONE;
	autojson json_t *rec = NULL;
	autofree char *target = NULL;
	struct err e = ERR_INIT;

	open_blobs(p, &blobs);
	assert_ok(dir_symlink(&p->dir, "/nowhere", "l", &e), &e);
	rec = take(p, "l", &blobs);
	assert_ok(dir_unlink(&p->dir, "l", &e), &e);
	put_file(p, "l", "/nowhere");
	assert_false(same(p, "l", rec));
	put_back(p, "l", &blobs, rec);
	assert_ok(dir_readlink(&p->dir, "l", &target, &e), &e);
	assert_string_equal(target, "/nowhere");
	assert_ok(dir_unlink(&p->dir, "l", &e), &e);
	assert_ok(dir_symlink(&p->dir, "/elsewhere", "l", &e), &e);
	assert_false(same(p, "l", rec));
}

static void other_things_are_refused(void **state)
{
	struct place *p = *state;
	autodir struct dir blobs = DIR_NONE;
	struct err e = ERR_INIT;
	json_t *rec = NULL;
	char much[1002];

	open_blobs(p, &blobs);
	memset(much, 'x', sizeof much - 1);
	much[sizeof much - 1] = '\0';
	put_file(p, "f", much);
	assert_fails(image_take(&p->dir, "blobs", &blobs, 1000, &rec, &e), &e, ERR_REFUSED);
	assert_fails(image_take(&p->dir, "f", &blobs, 1000, &rec, &e), &e, ERR_SPACE);
	assert_int_equal(symlinkat("/etc", p->dir.fd, "out"), 0);
	assert_fails(image_take(&p->dir, "out/passwd", &blobs, 1000, &rec, &e), &e, ERR_REFUSED);
	rec = json_pack("{s:b}", "absent", 1);
	assert_fails(image_same(&p->dir, "out/passwd", rec, &e), &e, ERR_REFUSED);
	assert_fails(image_put(&p->dir, "out/passwd", &blobs, rec, &e), &e, ERR_REFUSED);
	json_decref(rec);
}

static void blobs_are_verified(void **state)
{
	struct place *p = *state;
	autodir struct dir blobs = DIR_NONE;
	autobuf struct buf b = BUF_MAX(100);
	char digest[DIGEST_TEXT], path[100];
	struct err e = ERR_INIT;

	open_blobs(p, &blobs);
	assert_ok(blob_put(&blobs, SV("abc"), digest, &e), &e);
	assert_ok(blob_put(&blobs, SV("abc"), digest, &e), &e);
	buf_adds(&b, "> ");
	assert_ok(blob_get(&blobs, digest, &b, &e), &e);
	assert_string_equal(buf_str(&b), "> abc");
	snprintf(path, sizeof path, "blobs/%s", digest);
	put_file(p, path, "abd");
	assert_fails(blob_get(&blobs, digest, &b, &e), &e, ERR_FORMAT);
	assert_ok(blob_put(&blobs, SV("abc"), digest, &e), &e);         /* mended */
	buf_reset(&b);
	assert_ok(blob_get(&blobs, digest, &b, &e), &e);
	assert_fails(blob_get(&blobs, "../f", &b, &e), &e, ERR_FORMAT);
	assert_fails(blob_get(&blobs, NULL, &b, &e), &e, ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(a_file_comes_back_as_it_was),
		in_place(a_record_holds_no_content),
		in_place(attributes_come_back_and_others_go),
		in_place(default_acls_do_not_creep_in),
		in_place(absence_is_an_image_too),
		in_place(links_are_images_of_themselves),
		in_place(other_things_are_refused),
		in_place(blobs_are_verified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
