#include "io/new_file.h"

#include <fcntl.h>

#include "place.h"

static size_t entries(const struct place *p)
{
	struct dir_names names = { 0 };
	struct err e = ERR_INIT;
	size_t n;

	assert_ok(dir_list(&p->dir, "", 100, &names, &e), &e);
	n = names.n;
	dir_names_done(&names);
	return n;
}

static void it_has_its_name_when_it_is_whole(void **state)
{
	const struct place *p = *state;
	autonewfile struct new_file f = NEW_FILE_NONE;
	autobuf struct buf large = BUF_MAX(1 << 20), have = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;
	struct stat st;

	while (large.len < 3 * NEW_FILE_CHUNK)
		buf_addf(&large, "%zu ", large.len);
	assert_ok(new_file_open(below(p, "f"), 0600, &f, &e), &e);
	assert_ok(new_file_write(&f, SV("a"), &e), &e);
	assert_ok(new_file_write(&f, buf_sv(&large), &e), &e);
	assert_ok(new_file_write(&f, SV("z"), &e), &e);
	assert_ok(new_file_finish(&f, &e), &e);
	assert_false(has(p, "f"));
	assert_ok(new_file_keep(&f, &e), &e);
	assert_ok(file_read(&p->dir, "f", &have, &e), &e);
	assert_int_equal(have.len, large.len + 2);
	assert_memory_equal(have.data + 1, large.data, large.len);
	assert_ok(dir_stat(&p->dir, "f", &st, &e), &e);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(entries(p), 1);
}

/* Not even a kill leaves something behind, where the file system has files without names. */
static size_t while_written(const struct place *p)
{
	autoclose int fd = open(p->dir.path, O_TMPFILE | O_WRONLY, 0600);

	return fd < 0 ? 1 : 0;
}

static void what_is_not_kept_is_gone(void **state)
{
	const struct place *p = *state;
	struct new_file f = NEW_FILE_NONE;
	struct err e = ERR_INIT;

	assert_ok(new_file_open(below(p, "f"), 0600, &f, &e), &e);
	assert_ok(new_file_write(&f, SV("half"), &e), &e);
	assert_int_equal(entries(p), while_written(p));
	new_file_done(&f);
	new_file_done(&f);
	assert_int_equal(entries(p), 0);
}

static void nothing_is_written_over(void **state)
{
	const struct place *p = *state;
	struct new_file f = NEW_FILE_NONE;
	struct err e = ERR_INIT;

	put_file(p, "f", "mine");
	assert_fails(new_file_open(below(p, "f"), 0600, &f, &e), &e, ERR_EXISTS);
	assert_ok(new_file_open(below(p, "late"), 0600, &f, &e), &e);
	put_file(p, "late", "mine, too");
	assert_fails(new_file_keep(&f, &e), &e, ERR_EXISTS);
	new_file_done(&f);
	assert_content(p, "f", "mine");
	assert_content(p, "late", "mine, too");
	assert_int_equal(entries(p), 2);
	assert_fails(new_file_open(below(p, "none/f"), 0600, &f, &e), &e, ERR_ABSENT);
	assert_fails(new_file_open(below(p, ""), 0600, &f, &e), &e, ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(it_has_its_name_when_it_is_whole),
		in_place(what_is_not_kept_is_gone),
		in_place(nothing_is_written_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
