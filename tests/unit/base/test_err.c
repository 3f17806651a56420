#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../unit.h"

static void set_fills_everything(void **state)
{
	struct err e = { .hint = "old" };

	assert_int_equal(err_set(&e, ERR_BUSY, "held by %d", 7), -ERR_BUSY);
	assert_int_equal(e.kind, ERR_BUSY);
	assert_string_equal(e.msg, "held by 7");
	assert_string_equal(e.hint, "");
}

static void set_may_use_its_own_text(void **state)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_IO, "first");
	err_set(&e, ERR_BUG, "%s and second", e.msg);
	assert_string_equal(e.msg, "first and second");
}

static void errno_becomes_a_kind(void **state)
{
	static const struct {
		int           sys;
		enum err_kind kind;
	} cases[] = { { ENOENT, ERR_ABSENT }, { EEXIST, ERR_EXISTS }, { EACCES, ERR_DENIED },
		      { EBUSY, ERR_BUSY }, { ENOSPC, ERR_SPACE }, { EIO, ERR_IO },
		      { EXDEV, ERR_REFUSED }, { ELOOP, ERR_REFUSED }, { ETIMEDOUT, ERR_TIMEOUT } };
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(err_sys(&e, cases[i].sys, "open 'x'"), -(int)cases[i].kind);
		assert_int_equal(e.sys, cases[i].sys);
	}
	err_sys(&e, ENOENT, "open '%s'", "x");
	assert_string_equal(e.msg, "open 'x': No such file or directory");
	err_sys(&e, EXDEV, "open 'x'");
	assert_string_equal(e.msg, "open 'x': leaves the installation");
}

static void wrap_keeps_the_rest(void **state)
{
	struct err e = ERR_INIT;

	err_sys(&e, EIO, "read 'x'");
	err_hint(&e, "inner");
	assert_int_equal(err_hint(&e, "outer"), -ERR_IO);
	assert_int_equal(err_wrap(&e, "find the %s", "edition"), -ERR_IO);
	assert_string_equal(e.msg, "find the edition: read 'x': Input/output error");
	assert_string_equal(e.hint, "inner");
	assert_int_equal(e.sys, EIO);
}

static void long_text_is_cut_and_says_so(void **state)
{
	struct err e = ERR_INIT;
	char much[2000];

	memset(much, 'a', sizeof much - 1);
	much[sizeof much - 1] = '\0';
	err_set(&e, ERR_IO, "%s", much);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
	assert_string_equal(e.msg + strlen(e.msg) - 4, "a...");
	err_set(&e, ERR_IO, "end");
	err_wrap(&e, "%s", much);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
	assert_string_equal(e.msg + strlen(e.msg) - 4, "a...");
}

static void a_cut_leaves_characters_whole(void **state)
{
	struct err e = ERR_INIT;
	char much[1200] = "x";

	for (size_t i = 0; i < 500; i++)
		memcpy(much + 1 + 2 * i, "ö", 2);
	for (size_t lead = 0; lead < 2; lead++) {
		size_t n;

		err_set(&e, ERR_IO, "%s", much + lead);
		n = strlen(e.msg) - 3;
		assert_string_equal(e.msg + n, "...");
		assert_int_equal((unsigned char)e.msg[n - 1] & 0xc0, 0x80);
	}
}

static void every_kind_has_a_name(void **state)
{
	for (int kind = 0; kind < ERR__MAX; kind++)
		assert_non_null(err_kind_name((enum err_kind)kind));
	assert_string_equal(err_kind_name(ERR_CHANGED), "changed");
	assert_string_equal(err_kind_name((enum err_kind)99), "bug");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_everything),
		cmocka_unit_test(set_may_use_its_own_text),
		cmocka_unit_test(errno_becomes_a_kind),
		cmocka_unit_test(wrap_keeps_the_rest),
		cmocka_unit_test(long_text_is_cut_and_says_so),
		cmocka_unit_test(a_cut_leaves_characters_whole),
		cmocka_unit_test(every_kind_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
