/* sv, buf, spec and path: text borrowed, text growing, text travelling, text that names files. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/spec.h"
#include "base/sv.h"

#include "../unit.h"

#define assert_sv(s, text) assert_true(sv_eq((s), (text)))

static void slices_are_cut_at_separators(void **state)
{
	struct sv rest = SV("a,,b");

	assert_sv(sv_cut(&rest, ','), "a");
	assert_sv(sv_cut(&rest, ','), "");
	assert_sv(sv_cut(&rest, ','), "b");
	assert_int_equal(rest.n, 0);
	assert_sv(sv_cut(&rest, ','), "");
}

static void lines_lose_their_lf_only(void **state)
{
	struct sv rest = SV("one\r\ntwo");

	assert_sv(sv_line(&rest), "one\r");
	assert_sv(sv_line(&rest), "two");
}

static void words_are_between_blanks(void **state)
{
	struct sv rest = SV("  a\t b\n");

	assert_sv(sv_word(&rest), "a");
	assert_sv(sv_word(&rest), "b");
	assert_sv(sv_word(&rest), "");
}

static void ends_are_compared_and_trimmed(void **state)
{
	assert_true(sv_starts(SV("conf/x"), "conf/"));
	assert_false(sv_starts(SV("c"), "conf/"));
	assert_true(sv_ends(SV("a.tmp"), ".tmp"));
	assert_false(sv_ends(SV("tmp"), ".tmp"));
	assert_sv(sv_trim(SV(" \t a b\r\n")), "a b");
	assert_sv(sv_trim(SV("  ")), "");
}

static void numbers_are_whole_and_in_range(void **state)
{
	uint64_t u = 1;
	int64_t i = 1;

	assert_true(sv_u64(SV("18446744073709551615"), &u));
	assert_true(u == UINT64_MAX);
	assert_false(sv_u64(SV("18446744073709551616"), &u));
	assert_false(sv_u64(SV(""), &u));
	assert_false(sv_u64(SV("1 "), &u));
	assert_false(sv_u64(SV("+1"), &u));
	assert_true(sv_i64(SV("-9223372036854775808"), &i));
	assert_true(i == INT64_MIN);
	assert_false(sv_i64(SV("9223372036854775808"), &i));
	assert_false(sv_i64(SV("-"), &i));
	assert_false(sv_i64(SV("--1"), &i));
}

static void a_buffer_grows_up_to_its_ceiling(void **state)
{
	autobuf struct buf b = BUF_MAX(200);
	struct err e = ERR_INIT;

	assert_string_equal(buf_str(&b), "");
	for (int i = 0; i < 20; i++)
		buf_addf(&b, "%010d", i);
	assert_ok(buf_check(&b, "text", &e), &e);
	assert_int_equal(b.len, 200);
	assert_true(b.room <= 201);
	buf_addc(&b, 'x');
	buf_adds(&b, "");
	assert_int_equal(b.len, 200);
	assert_fails(buf_check(&b, "text", &e), &e, ERR_SPACE);
	buf_reset(&b);
	assert_ok(buf_check(&b, "text", &e), &e);
	assert_string_equal(buf_str(&b), "");
}

static void what_does_not_fit_adds_nothing(void **state)
{
	autobuf struct buf b = BUF_MAX(4), none = BUF_MAX(0);

	buf_adds(&b, "abc");
	buf_adds(&b, "de");
	assert_string_equal(buf_str(&b), "abc");
	buf_addc(&b, 'd');
	assert_string_equal(buf_str(&b), "abcd");
	assert_null(buf_room(&b, SIZE_MAX));
	buf_addc(&none, 'x');
	assert_true(none.full);
}

static void a_buffer_gives_its_memory_away(void **state)
{
	autobuf struct buf b = BUF_MAX(10), empty = BUF_MAX(10);
	autofree char *text = NULL, *nothing = buf_take(&empty);

	buf_add(&b, "a\0b", 3);
	assert_int_equal(buf_sv(&b).n, 3);
	text = buf_take(&b);
	assert_memory_equal(text, "a\0b", 4);
	assert_int_equal(b.len, 0);
	assert_string_equal(nothing, "");
}

static void room_is_written_in_place(void **state)
{
	autobuf struct buf b = BUF_MAX(10);
	char *to = buf_room(&b, 5);

	memcpy(to, "hello", 5);
	buf_grew(&b, 5);
	assert_string_equal(buf_str(&b), "hello");
}

static void a_spec_travels(void **state)
{
	autobuf struct buf b = BUF_MAX(1000);
	struct sv rest, value;
	enum spec_tag tag;
	uint64_t v[3];

	spec_add_text(&b, SPEC_ARG, "cat");
	spec_add_text(&b, SPEC_STRICT, "");
	spec_add_numbers(&b, SPEC_LIMIT, (uint64_t[]){ 7, 8, UINT64_MAX }, 3);
	rest = buf_sv(&b);
	assert_true(spec_next(&rest, &tag, &value) && tag == SPEC_ARG);
	assert_sv(value, "cat");
	assert_true(spec_next(&rest, &tag, &value) && tag == SPEC_STRICT && value.n == 0);
	assert_true(spec_next(&rest, &tag, &value) && tag == SPEC_LIMIT);
	assert_false(spec_numbers(value, v, 2));
	assert_true(spec_numbers(value, v, 3) && v[0] == 7 && v[2] == UINT64_MAX);
	assert_false(spec_next(&rest, &tag, &value));
	assert_int_equal(rest.n, 0);
}

static void a_broken_spec_is_noticed(void **state)
{
	autobuf struct buf b = BUF_MAX(1000);
	struct sv rest, value;
	enum spec_tag tag;

	spec_add_text(&b, SPEC_ARG, "cat");
	for (size_t n = 1; n < b.len; n++) {
		rest = (struct sv){ b.data, n };
		assert_false(spec_next(&rest, &tag, &value));
		assert_int_equal(rest.n, n);
	}
}

static void sized_memory_has_a_cap(void **state)
{
	struct err e = ERR_INIT;
	void *p = NULL;

	assert_fails(try_alloc(101, 100, &p, &e), &e, ERR_SPACE);
	assert_null(p);
	assert_ok(try_alloc(100, 100, &p, &e), &e);
	assert_memory_equal(p, ((char[100]){ 0 }), 100);
	free(p);
	assert_null(xstrdup(NULL));
}

static void a_path_lies_in_another_by_whole_names(void **state)
{
	assert_string_equal(path_behind("/a/b", "/a"), "/b");
	assert_string_equal(path_behind("/a/b", "/a//"), "/b");
	assert_string_equal(path_behind("/a/b", "/"), "/a/b");
	assert_string_equal(path_behind("/a", "/a"), "");
	assert_null(path_behind("/ab", "/a"));
	assert_null(path_behind("/a", "/a/b"));
	assert_null(path_behind("/a", ""));
	assert_null(path_behind(NULL, "/a"));
	assert_null(path_behind("/a", NULL));
	assert_true(path_is_in("/a", "/a") && path_is_in("/a/b", "/a"));
	assert_false(path_is_in("/ab", "/a"));
	assert_true(path_is_below("/a/b", "/a"));
	assert_false(path_is_below("/a", "/a") || path_is_below("/ab", "/a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_are_cut_at_separators),
		cmocka_unit_test(lines_lose_their_lf_only),
		cmocka_unit_test(words_are_between_blanks),
		cmocka_unit_test(ends_are_compared_and_trimmed),
		cmocka_unit_test(numbers_are_whole_and_in_range),
		cmocka_unit_test(a_buffer_grows_up_to_its_ceiling),
		cmocka_unit_test(what_does_not_fit_adds_nothing),
		cmocka_unit_test(a_buffer_gives_its_memory_away),
		cmocka_unit_test(room_is_written_in_place),
		cmocka_unit_test(a_spec_travels),
		cmocka_unit_test(a_broken_spec_is_noticed),
		cmocka_unit_test(sized_memory_has_a_cap),
		cmocka_unit_test(a_path_lies_in_another_by_whole_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
