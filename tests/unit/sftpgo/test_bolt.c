/* A bolt provider of a real server, and what is left of it when its file is torn. */
#include <fcntl.h>
#include <sys/file.h>

#include "products/sftpgo/objects.h"

#include "golden_db.h"

#define FILE_BYTES 131072
#define PAGE 4096

static void golden_bolt(struct buf *ret)
{
	struct err e = ERR_INIT;

	assert_ok(file_read_path(BOLT_FILE, ret, &e), &e);
	assert_int_equal(ret->len, FILE_BYTES);
}

static void put_bytes(const struct place *p, const char *name, const struct buf *bytes)
{
	struct err e = ERR_INIT;

	assert_ok(file_replace(&p->dir, name, buf_sv(bytes), FILE_PRIVATE, &e), &e);
}

static int open_bolt(const char *path, struct provider **ret, struct err *e)
{
	struct provider_at at = { .driver = "bolt", .path = path };

	return provider_open(&at, ret, e);
}

static int count(void *arg, const struct object *o, struct err *e)
{
	((int *)arg)[o->kind]++;
	return 0;
}

static void reads_all_kinds(void **state)
{
	static const int expected[OBJ__MAX] = {
		[OBJ_ADMINS] = 5,         [OBJ_API_KEYS] = 3,    [OBJ_CONFIGS] = 1,
		[OBJ_EVENT_ACTIONS] = 12, [OBJ_EVENT_RULES] = 2, [OBJ_FOLDERS] = 10,
		[OBJ_GROUPS] = 9,         [OBJ_IP_LISTS] = 7,    [OBJ_ROLES] = 3,
		[OBJ_SHARES] = 2,         [OBJ_USERS] = 5,
	};
	autobuf struct buf bytes = BUF_MAX(FILE_BYTES);
	autoprovider struct provider *p = NULL;
	struct err e = ERR_INIT;
	int n[OBJ__MAX] = { 0 };

	golden_bolt(&bytes);
	put_bytes(*state, "b.db", &bytes);
	assert_ok(open_bolt(below(*state, "b.db"), &p, &e), &e);
	assert_int_equal(provider_schema(p), 29);
	assert_ok(objects_each(p, count, n, &e), &e);
	assert_memory_equal(n, expected, sizeof n);
}

/* The form of SQL: relations by what they say themselves, nothing derived. */
static void has_the_same_form(void **state)
{
	autobuf struct buf bytes = BUF_MAX(FILE_BYTES), text = BUF_MAX(1 << 20);
	autoprovider struct provider *p = NULL;
	autoobjects struct objects *all = NULL;
	const struct object *o;
	struct err e = ERR_INIT;

	golden_bolt(&bytes);
	put_bytes(*state, "b.db", &bytes);
	assert_ok(open_bolt(below(*state, "b.db"), &p, &e), &e);
	assert_ok(objects_open(p, OBJ_EVENT_RULES, &all, &e), &e);
	assert_int_equal(objects_next(all, &o, &e), 1);
	assert_string_equal(o->key, "every year");
	json_canonical(json_object_get(o->fields, "actions"), &text);
	assert_string_equal(
	    buf_str(&text),
	    "[{\"name\":\"backup\",\"order\":1},{\"name\":\"retention\",\"order\":2},"
	    "{\"name\":\"mail retention\",\"order\":3}]");
}

static void a_server_that_holds_it_is_no_hindrance(void **state)
{
	autobuf struct buf bytes = BUF_MAX(FILE_BYTES);
	autoprovider struct provider *p = NULL;
	struct err e = ERR_INIT;
	autoclose int fd = -1;

	golden_bolt(&bytes);
	put_bytes(*state, "b.db", &bytes);
	fd = open(below(*state, "b.db"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_ok(open_bolt(below(*state, "b.db"), &p, &e), &e);
}

/* Opened and read whole: 0, or the first error. */
static int read_whole(const struct place *place, const struct buf *bytes, struct err *e)
{
	autoprovider struct provider *p = NULL;
	int n[OBJ__MAX] = { 0 };

	put_bytes(place, "b.db", bytes);
	return open_bolt(below(place, "b.db"), &p, e) < 0 ? -(int)e->kind
							  : objects_each(p, count, n, e);
}

static void torn_files_are_told(void **state)
{
	autobuf struct buf bytes = BUF_MAX(FILE_BYTES);
	struct err e = ERR_INIT;

	golden_bolt(&bytes);
	bytes.data[20] ^= 1; /* in one meta page: the other one counts */
	assert_ok(read_whole(*state, &bytes, &e), &e);
	bytes.data[PAGE + 70] ^= 1;
	assert_fails(read_whole(*state, &bytes, &e), &e, ERR_FORMAT);

	buf_reset(&bytes);
	golden_bolt(&bytes);
	bytes.len = FILE_BYTES / 4;
	assert_fails(read_whole(*state, &bytes, &e), &e, ERR_FORMAT);
	bytes.len = 0;
	assert_fails(read_whole(*state, &bytes, &e), &e, ERR_FORMAT);
}

/* Headers of pages overwritten, one after the other: told or without effect, never followed. */
static void wild_pages_are_survived(void **state)
{
	static const unsigned char wild[] = { 0, 1, 2, 3, 0x7f, 0xff };
	autobuf struct buf bytes = BUF_MAX(FILE_BYTES);
	int told = 0;

	golden_bolt(&bytes);
	for (size_t at = (size_t)2 * PAGE; at < FILE_BYTES; at += PAGE) {
		for (size_t in = 0; in < 40; in += 3) {
			char was = bytes.data[at + in];
			struct err e = ERR_INIT;

			bytes.data[at + in] = (char)wild[(at / PAGE + in) % sizeof wild];
			told += read_whole(*state, &bytes, &e) < 0;
			bytes.data[at + in] = was;
		}
	}
	assert_true(told > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(reads_all_kinds),         in_place(has_the_same_form),
		in_place(a_server_that_holds_it_is_no_hindrance),       in_place(torn_files_are_told),
		in_place(wild_pages_are_survived),
	};

	return cmocka_run_group_tests_name("sftpgo/bolt", tests, NULL, NULL);
}
