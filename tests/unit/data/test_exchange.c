#include "data/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../io/place.h"

/* The linker sends exchange.c's renames here, so that a test can end it between any two of them. */
int __real_renameat2(int a, const char *from, int b, const char *to, unsigned flags);
int __wrap_renameat2(int a, const char *from, int b, const char *to, unsigned flags);

static int renames_left = -1;

int __wrap_renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
	if (renames_left == 0) {
		errno = EIO;
		return -1;
	}
	renames_left -= renames_left > 0;
	return __real_renameat2(a, from, b, to, flags);
}

/* Thousands of exchanges; what a crash leaves is not the question here. */
int __wrap_fsync(int fd);

int __wrap_fsync(int fd)
{
	(void)fd;
	return 0;
}

struct trio {
	struct dir live, kept, trash;
	json_t *record;
	size_t of_live, of_kept; /* entries of each world */
};

static void open_trio(const struct place *p, struct trio *t)
{
	struct err e = ERR_INIT;

	*t = (struct trio){ .live = DIR_NONE, .kept = DIR_NONE, .trash = DIR_NONE };
	assert_ok(dir_make(&p->dir, "live", 0755, &e), &e);
	assert_ok(dir_make(&p->dir, "kept", 0755, &e), &e);
	assert_ok(dir_make(&p->dir, "trash", 0755, &e), &e);
	assert_ok(dir_open_at(&p->dir, "live", &t->live, &e), &e);
	assert_ok(dir_open_at(&p->dir, "kept", &t->kept, &e), &e);
	assert_ok(dir_open_at(&p->dir, "trash", &t->trash, &e), &e);
}

static void close_trio(const struct place *p, struct trio *t)
{
	static const char *const names[] = { "live", "kept", "trash" };
	struct err e = ERR_INIT;

	json_decref(t->record);
	dir_close(&t->live);
	dir_close(&t->kept);
	dir_close(&t->trash);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_ok(dir_remove_tree(&p->dir, names[i], &e), &e);
}

static void put_in(const struct dir *d, const char *name, const char *text)
{
	struct err e = ERR_INIT;

	assert_ok(file_create(d, name, sv_of(text), FILE_PRIVATE, &e), &e);
}

static bool leave_out(void *data, const char *name)
{
	(void)data;
	return strcmp(name, ".crossgrade") == 0;
}

static size_t fill(const struct dir *world, const char *own, const char *text)
{
	struct err e = ERR_INIT;

	put_in(world, "conf", text);
	assert_ok(dir_make(world, "db", 0755, &e), &e);
	put_in(world, "db/x", text);
	put_in(world, own, text);
	return 3;
}

enum { NONE_EMPTY, LIVE_EMPTY, KEPT_EMPTY, BOTH_EMPTY, SHAPES };

/* Both worlds have "conf" and "db" (a directory), each has one of its own, and odd names are among
 * them; or they are empty. */
static void make_shape(const struct place *p, struct trio *t, int shape)
{
	struct err e = ERR_INIT;

	open_trio(p, t);
	if (!(shape & LIVE_EMPTY))
		t->of_live = fill(&t->live, "only live", "L");
	if (!(shape & KEPT_EMPTY))
		t->of_kept = fill(&t->kept, "only\nkept\\\xff", "K");
	put_in(&t->live, ".crossgrade", "ours");
	assert_ok(exchange_look(&t->live, &t->kept, leave_out, NULL, &t->record, &e), &e);
	put_in(&t->live, "appeared", "L");
	t->of_live++;
}

static void make_worlds(const struct place *p, struct trio *t) { make_shape(p, t, NONE_EMPTY); }

static void assert_world(const struct trio *t, const struct dir *d, const char *who, bool ours)
{
	struct dir_names names = { 0 };
	struct err e = ERR_INIT;
	size_t want = (*who == 'L' ? t->of_live : *who ? t->of_kept : 0) + ours;

	assert_ok(dir_list(d, "", 100, &names, &e), &e);
	assert_int_equal(names.n, want);
	for (size_t i = 0; i < names.n; i++) {
		autobuf struct buf have = BUF_MAX(100);
		const char *name = strcmp(names.v[i].name, "db") == 0 ? "db/x" : names.v[i].name;
		bool of_ours = strcmp(name, ".crossgrade") == 0;

		if (of_ours && d == &t->trash)
			continue;
		assert_ok(file_read(d, name, &have, &e), &e);
		assert_string_equal(buf_str(&have), of_ours ? "ours" : who);
	}
	dir_names_done(&names);
}

static int in(const struct trio *t, struct err *e)
{
	return exchange_in(&t->live, &t->kept, &t->trash, t->record, leave_out, NULL, e);
}

static int back(const struct trio *t, struct err *e)
{
	return exchange_back(&t->live, &t->kept, &t->trash, t->record, leave_out, NULL, e);
}

/* Where no entry of a world tells, a directory of ours stands in the trash. */
static bool marks(const struct trio *t) { return t->of_live < 4 || t->of_kept < 3; }

static void assert_is_in(const struct trio *t)
{
	struct err e = ERR_INIT;

	assert_world(t, &t->live, "K", true);
	assert_world(t, &t->kept, "", false);
	assert_int_equal(dir_has(&t->trash, ".crossgrade", &e), marks(t));
	assert_world(t, &t->trash, "L", marks(t));
}

static void assert_is_back(const struct trio *t)
{
	assert_world(t, &t->live, "L", true);
	assert_world(t, &t->kept, "K", false);
	assert_world(t, &t->trash, "", false);
}

static void in_and_back(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	struct trio t;

	make_worlds(p, &t);
	for (int i = 0; i < 3; i++) {
		assert_ok(in(&t, &e), &e);
		assert_is_in(&t);
		assert_ok(in(&t, &e), &e);
		assert_is_in(&t);
		assert_ok(back(&t, &e), &e);
		assert_is_back(&t);
		assert_ok(back(&t, &e), &e);
		assert_is_back(&t);
	}
	close_trio(p, &t);
}

typedef int direction(const struct trio *t, struct err *e);

/* Carry out `first`, ended before its n-th rename, then `second`, ended before its m-th, then
 * `last` in full. False when none of them was ended. */
static bool interrupted(const struct place *p, int shape, bool from_in, direction *first, int n,
			direction *second, int m, direction *last)
{
	struct err e = ERR_INIT;
	struct trio t;
	bool ended;

	make_shape(p, &t, shape);
	if (from_in) {
		assert_ok(in(&t, &e), &e);
		put_in(&t.live, "made", "K");
		put_in(&t.live, "more", "K");
		t.of_kept += 2;
	}
	renames_left = n;
	ended = first(&t, &e) < 0;
	renames_left = m;
	ended |= second(&t, &e) < 0;
	renames_left = -1;
	assert_ok(last(&t, &e), &e);
	if (last == in)
		assert_is_in(&t);
	else
		assert_is_back(&t);
	close_trio(p, &t);
	return ended;
}

static void ended_anywhere_it_can_go_either_way(void **state)
{
	static direction *const both[] = { in, back };
	struct place *p = *state;

	for (int way = 0; way < 16 * SHAPES; way++) {
		direction *first = both[way & 1], *second = both[way >> 1 & 1],
			  *last = both[way >> 2 & 1];
		int n = 0, m;

		do {
			for (m = 0;
			     interrupted(p, way >> 4, way >> 3 & 1, first, n, second, m, last) &&
			     m < 20;
			     m++)
				;
			n++;
		} while (n < 10);
		assert_true(m < 20);
	}
}

/* What the kept world made at the top while it was live goes with it, and comes with it. */
static void what_appears_goes_with_its_world(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	struct trio t;
	autobuf struct buf have = BUF_MAX(100);

	make_worlds(p, &t);
	assert_ok(in(&t, &e), &e);
	put_in(&t.live, "later", "K");
	put_in(&t.live, "only live", "K");
	assert_ok(dir_unlink(&t.live, "conf", &e), &e);
	put_in(&t.live, "conf", "K2");
	assert_ok(back(&t, &e), &e);
	assert_int_equal(dir_has(&t.live, "later", &e), 0);
	assert_ok(file_read(&t.live, "only live", &have, &e), &e);
	assert_ok(file_read(&t.live, "conf", &have, &e), &e);
	assert_ok(file_read(&t.kept, "later", &have, &e), &e);
	assert_ok(file_read(&t.kept, "only live", &have, &e), &e);
	assert_ok(file_read(&t.kept, "conf", &have, &e), &e);
	assert_string_equal(buf_str(&have), "LLKKK2");
	close_trio(p, &t);
}

/* An empty root, too, and whatever goes away of it: no entry is left that says whose they are. */
static void what_appears_in_an_empty_world_goes_with_it(void **state)
{
	static const char *const recorded[] = { "conf", "db", "only live" };
	struct place *p = *state;
	struct err e = ERR_INIT;

	for (int shape = 0; shape < SHAPES; shape++) {
		struct trio t;

		make_shape(p, &t, shape);
		for (size_t i = 0; !(shape & LIVE_EMPTY) && i < ARRAY_LEN(recorded); i++)
			assert_ok(dir_remove_tree(&t.live, recorded[i], &e), &e);
		t.of_live = 1;
		assert_ok(in(&t, &e), &e);
		put_in(&t.live, "later", "K");
		t.of_kept++;
		assert_ok(in(&t, &e), &e);
		assert_world(&t, &t.live, "K", true);
		assert_world(&t, &t.kept, "", false);
		close_trio(p, &t);
	}
}

static void a_copy_that_is_gone_stops_it(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	struct trio t;

	make_worlds(p, &t);
	put_in(&t.kept, "other", "somebody's");
	assert_ok(dir_rename(&t.kept, "other", &t.kept, "conf", 0, &e), &e);
	assert_fails(in(&t, &e), &e, ERR_CHANGED);
	assert_ok(back(&t, &e), &e);
	assert_world(&t, &t.live, "L", true);
	close_trio(p, &t);
}

static void a_mount_is_refused(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	struct trio t;
	json_t *record = NULL;

	open_trio(p, &t);
	assert_ok(dir_make(&t.live, "vol", 0755, &e), &e);
	if (mount("/tmp", below(p, "live/vol"), NULL, MS_BIND, NULL) < 0)
		skip();
	assert_fails(exchange_look(&t.live, &t.kept, NULL, NULL, &record, &e), &e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "'vol'"));
	assert_int_equal(umount(below(p, "live/vol")), 0);
	close_trio(p, &t);
}

static void a_foreign_record_is_no_record(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"entries\":{}}",
		"{\"entries\":[{\"name\":\"\",\"live\":null,\"kept\":null}]}",
		"{\"entries\":[{\"name\":\"../x\",\"live\":null,\"kept\":null}]}",
		"{\"entries\":[{\"name\":\"..\",\"live\":null,\"kept\":null}]}",
		"{\"entries\":[{\"name\":\"a\\\\x2fb\",\"live\":null,\"kept\":null}]}",
		"{\"entries\":[{\"name\":\"a\\\\x00\",\"live\":null,\"kept\":null}]}",
		"{\"entries\":[{\"name\":\"a\",\"live\":{\"dev\":1},\"kept\":null}]}",
	};
	struct place *p = *state;
	struct trio t;

	open_trio(p, &t);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err e = ERR_INIT;

		json_decref(t.record);
		t.record = json_loads(texts[i], 0, NULL);
		assert_fails(back(&t, &e), &e, ERR_FORMAT);
	}
	close_trio(p, &t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(in_and_back),
		in_place(ended_anywhere_it_can_go_either_way),
		in_place(what_appears_goes_with_its_world),
		in_place(what_appears_in_an_empty_world_goes_with_it),
		in_place(a_copy_that_is_gone_stops_it),
		in_place(a_mount_is_refused),
		in_place(a_foreign_record_is_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
