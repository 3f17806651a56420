/* What files of a folder hold: read whole where that is little, else the same sample at every look. */
#include "products/seatable/content.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"
#include "unit.h"

#define MANY (3 * SEA_CONTENT_FILES)

static char base[64];
static struct dir folder;

static int setup(void **state)
{
	struct err e = ERR_INIT;

	snprintf(base, sizeof base, "/tmp/crossgrade-content-XXXXXX");
	assert_non_null(mkdtemp(base));
	assert_ok(dir_open(base, &folder, &e), &e);
	return 0;
}

static int teardown(void **state)
{
	autodir struct dir tmp = DIR_NONE;
	struct err e = ERR_INIT;

	dir_close(&folder);
	assert_ok(dir_open("/tmp", &tmp, &e), &e);
	assert_ok(dir_remove_tree(&tmp, base + strlen("/tmp/"), &e), &e);
	return 0;
}

/* At a time of long ago, so that another content can have the same one. */
static void put(const char *name, const char *content)
{
	const struct timespec long_ago[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	autofree char *path = xasprintf("%s/%s", base, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(content, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
}

static void offer(struct sea_pick *p, const char *name, off_t size)
{
	struct tree_entry entry = { .rel = name, .name = name, .st = { .st_size = size } };

	sea_pick_add(p, &entry);
}

static const char *file(const json_t *content, const char *name)
{
	return json_str(json_object_get(content, "files"), name, "");
}

static void a_small_folder_is_read_whole(void **state)
{
	autojson json_t *was = NULL, *is = NULL;
	struct sea_pick p = { 0 };

	put("a", "one");
	put("b", "two");
	put("c", "three");
	put("d", "four");
	offer(&p, "a", 3);
	offer(&p, "b", 3);
	offer(&p, "c", 5);
	offer(&p, "d", 4);
	was = sea_content_of(&p, &folder);
	sea_pick_done(&p);
	assert_true(json_bool(was, "whole", false));
	assert_int_equal(json_object_size(json_object_get(was, "files")), 4);
	put("b", "owt");        /* rotted: the same size and time */
	put("c", "other");
	assert_int_equal(utimensat(folder.fd, "c", NULL, 0), 0); /* written to */
	assert_int_equal(unlinkat(folder.fd, "a", 0), 0);
	assert_int_equal(unlinkat(folder.fd, "d", 0), 0);       /* of another kind now */
	assert_int_equal(mkdirat(folder.fd, "d", 0700), 0);
	is = sea_content_again(was, &folder);
	assert_int_equal(json_object_size(json_object_get(is, "files")), 3);
	assert_true(sea_content_lost("storage-data", "a", file(was, "a"), file(is, "a")));
	assert_false(sea_content_lost("storage-data", "d", file(was, "d"), file(is, "d")));
	assert_true(sea_content_rotted(file(was, "b"), file(is, "b")));
	assert_false(sea_content_rotted(file(was, "c"), file(is, "c")));
	assert_false(sea_content_rotted(file(was, "b"), file(was, "b")));
	assert_false(sea_content_rotted(file(was, "a"), ""));
}

static json_t *sample_of_many(bool backwards)
{
	struct sea_pick p = { 0 };
	json_t *content;

	for (int i = 0; i < MANY; i++) {
		char name[16];

		snprintf(name, sizeof name, "f%d", backwards ? MANY - 1 - i : i);
		if (!backwards)
			put(name, name);
		offer(&p, name, 4);
	}
	content = sea_content_of(&p, &folder);
	assert_int_equal(p.files, MANY);
	sea_pick_done(&p);
	return content;
}

static void of_a_large_one_a_sample(void **state)
{
	autojson json_t *content = sample_of_many(false), *again = sample_of_many(true);

	assert_false(json_bool(content, "whole", true));
	assert_int_equal(json_object_size(json_object_get(content, "files")), SEA_CONTENT_FILES);
	assert_true(json_equal(content, again));
}

static void no_more_bytes_than_allowed(void **state)
{
	autojson json_t *content = NULL;
	struct sea_pick p = { 0 };

	put("large", "one");
	put("small", "two");
	offer(&p, "large", SEA_CONTENT_BYTES + 1);
	offer(&p, "small", 3);
	content = sea_content_of(&p, &folder);
	sea_pick_done(&p);
	assert_false(json_bool(content, "whole", true));
	assert_string_equal(file(content, "large"), "");
	assert_string_not_equal(file(content, "small"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_small_folder_is_read_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(of_a_large_one_a_sample, setup, teardown),
		cmocka_unit_test_setup_teardown(no_more_bytes_than_allowed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
