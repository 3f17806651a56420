/* Users' files on this host: all of them, once, and nothing beyond. */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "products/sftpgo/homes.h"

#include "golden_db.h"

struct bench {
	const struct place *p;
	struct provider *db;
	struct ctx c;
};

static void put(const struct place *p, const char *path, const char *text)
{
	autofree char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	autoclose int fd = -1;
	struct err e = ERR_INIT;

	assert_ok(dir_make_all(&p->dir, dir, 0755, &e), &e);
	fd = open(below(p, path), O_WRONLY | O_CREAT | O_EXCL, 0640);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* The homes of the golden users below the place; and only these three exist. */
static struct bench bench_of(const struct place *p)
{
	autofree char *file = xstrdup(golden_db(p, "a.db", "provider-33.sql"));
	autofree char *top = xstrdup(below(p, "srv"));
	autobuf struct buf sql = BUF_MAX(1 << 16);
	struct provider_at at = { .driver = "sqlite", .path = file };
	struct bench b = { .p = p };
	struct err e = ERR_INIT;

	buf_addf(&sql, "UPDATE users SET home_dir = replace(home_dir, '/srv/sftpgo', '%s'); "
		       "UPDATE folders SET path = replace(path, '/srv/sftpgo', '%s')", top, top);
	run_sql_on(file, buf_str(&sql));
	put(p, "srv/data/user-00001/a", "one");
	put(p, "srv/data/user-00001/sub/b \"\n", "two!");
	put(p, "srv/data/user-00002/c", "");
	put(p, "srv/folders/1/d", "12345678");
	put(p, "elsewhere/secret", "not a user's");
	assert_int_equal(symlink(below(p, "elsewhere"), below(p, "srv/data/user-00001/link")), 0);
	assert_ok(provider_open(&at, &b.db, &e), &e);
	return b;
}

static json_t *look(struct bench *b, struct homes_limits limits, const char *side)
{
	json_t *doc = NULL;
	struct err e = ERR_INIT;

	assert_ok(homes_look(&b->c, b->db, limits, side, &doc, &e), &e);
	return doc;
}

static void is(const json_t *doc, const char *key, int64_t n)
{
	if (json_int(doc, key, -1) != n)
		fail_msg("%s: %lld, not %lld", key, (long long)json_int(doc, key, -1), (long long)n);
}

static void test_sums(void **state)
{
	struct bench b = bench_of(*state);
	autojson json_t *doc = look(&b, HOMES_LIMITS, NULL);
	char own[32];

	(void)snprintf(own, sizeof own, "%u:%u", getuid(), getgid());
	is(doc, "homes", 3);
	is(doc, "files", 4);
	is(doc, "directories", 4);
	is(doc, "links", 1);
	is(doc, "others", 0);
	is(doc, "bytes", 15);
	is(json_object_get(doc, "owners"), own, 9);
	assert_true(json_int(doc, "absent", 0) > 5);
	assert_null(json_object_get(doc, "incomplete"));
	assert_null(json_object_get(doc, "list"));
	provider_close(b.db);
}

static void test_list(void **state)
{
	struct bench b = bench_of(*state);
	autofree char *side = xstrdup(below(*state, "side")), *path = NULL;
	autojson json_t *doc = look(&b, HOMES_LIMITS, side);
	autobuf struct buf text = BUF_MAX(1 << 16), want = BUF_MAX(1 << 12);
	struct err e = ERR_INIT;
	char digest[DIGEST_TEXT];

	path = xasprintf("%s/%s", side, json_str(doc, "list", "?"));
	assert_ok(file_read_path(path, &text, &e), &e);
	digest_text(buf_sv(&text), digest);
	assert_memory_equal(json_str(doc, "list", "?"), digest, 64);
	assert_true(sv_starts(buf_sv(&text), "crossgrade-files 1\n"));
	buf_addf(&want, "/user-00001/sub/b \\x22\\x0a\"\n");
	assert_non_null(strstr(buf_str(&text), buf_str(&want)));
	assert_non_null(strstr(buf_str(&text), "f 640 "));
	assert_non_null(strstr(buf_str(&text), " 8 "));
	assert_null(strstr(buf_str(&text), "secret"));
	provider_close(b.db);
}

/* A home in another's is the other's, too; one with a like name is not. */
static void test_nested(void **state)
{
	struct bench b = bench_of(*state);
	autojson json_t *doc = NULL;
	autofree char *sql = xasprintf("UPDATE users SET home_dir = '%s' WHERE username = 'user-00003'; "
				       "UPDATE users SET home_dir = '%s' WHERE username = 'user-00004'",
				       below(b.p, "srv/data"), below(b.p, "srv/data-more"));
	autofree char *file = xstrdup(below(b.p, "a.db"));
	struct provider_at at = { .driver = "sqlite", .path = file };
	struct err e = ERR_INIT;

	provider_close(b.db);
	put(b.p, "srv/data-more/e", "x");
	run_sql_on(file, sql);
	assert_ok(provider_open(&at, &b.db, &e), &e);
	doc = look(&b, HOMES_LIMITS, NULL);
	is(doc, "homes", 3);
	is(doc, "files", 5);
	is(doc, "bytes", 16);
	provider_close(b.db);
}

/* A disk of its own that is mounted in a home, and is one: looked into, once, and what lies behind it in the outer one is not looked
 * at twice. */
static void test_mounted(void **state)
{
	struct bench b = bench_of(*state);
	autofree char *disk = xstrdup(below(b.p, "srv/data/mounted")), *file = xstrdup(below(b.p, "a.db"));
	autofree char *sql = xasprintf("UPDATE users SET home_dir = '%s' WHERE username = 'user-00003'; "
				       "UPDATE users SET home_dir = '%s' WHERE username = 'user-00004'",
				       below(b.p, "srv/data"), disk);
	struct provider_at at = { .driver = "sqlite", .path = file };
	autojson json_t *doc = NULL;
	struct err e = ERR_INIT;

	provider_close(b.db);
	put(b.p, "srv/data/mounted/hidden", "by the mount");
	put(b.p, "srv/data/z/f", "behind it");
	run_sql_on(file, sql);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("lab", disk, "tmpfs", 0, NULL) < 0)
		skip();
	put(b.p, "srv/data/mounted/g", "on it");
	assert_ok(provider_open(&at, &b.db, &e), &e);
	doc = look(&b, HOMES_LIMITS, NULL);
	assert_int_equal(umount(disk), 0);
	assert_null(json_object_get(doc, "incomplete"));
	is(doc, "homes", 3);
	is(doc, "files", 6);
	is(doc, "bytes", 15 + 9 + 5);
	provider_close(b.db);
}

static void test_limits(void **state)
{
	struct bench b = bench_of(*state);
	autojson json_t *few = look(&b, (struct homes_limits){ 3, 60 * NS_PER_S }, NULL),
			*late = look(&b, (struct homes_limits){ 1000, 0 }, NULL);

	assert_non_null(strstr(json_string_value(json_array_get(json_object_get(json_object_get(few, "incomplete"), "names"), 0)),
			       "more than 3 entries"));
	assert_true(json_int(few, "files", 0) + json_int(few, "directories", 0) + json_int(few, "links", 0) == 3);
	assert_non_null(strstr(json_string_value(json_array_get(json_object_get(json_object_get(late, "incomplete"), "names"), 0)),
			       "too long"));
	provider_close(b.db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(test_sums),
		in_place(test_list),
		in_place(test_nested),
		in_place(test_mounted),
		in_place(test_limits),
	};

	return cmocka_run_group_tests_name("homes", tests, NULL, NULL);
}
