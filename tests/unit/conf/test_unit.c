/* systemd's unit files: what a value is, and which assignment counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "conf/editor.h"

static struct err e;

static void reads(const char *text, const char *key, const char *value)
{
	struct buf got = BUF_MAX(1 << 20);

	assert_int_equal(editor_get(&dialect_unit, sv_of(text), key, &got, &e), value ? 1 : 0);
	assert_string_equal(buf_str(&got), value ? value : "");
	buf_done(&got);
}

static void refuses(const char *text, const char *key, const char *value, int kind)
{
	struct buf made = BUF_MAX(1 << 20);

	assert_int_equal(editor_set(&dialect_unit, sv_of(text), key, value, &made, &e), -kind);
	buf_done(&made);
}

static void sets(const char *text, const char *key, const char *value, const char *expected)
{
	struct buf made = BUF_MAX(1 << 20);

	assert_int_equal(editor_set(&dialect_unit, sv_of(text), key, value, &made, &e), 1);
	assert_string_equal(buf_str(&made), expected);
	buf_done(&made);
}

static void test_reads(void **state)
{
	reads("[S]\n A = \"x y\" %i \n", "S.A", "\"x y\" %i");
	reads("[S]\nA=x \\\n  y\\\n# c\n  ; d\nz\n", "S.A", "x    y z");
	reads("[S]\nA=x\\\\\nB=1\n", "S.A", "x\\\\");
	reads("[S]\nA=x\\\n\nB=1\n", "S.B", "1");
	reads("[S]\nA=1\n[T]\nA=2\n[S]\nB=3\n", "S.B", "3");
	reads("[S]\nA=1\n[T]\nA=2\n", "T.A", "2");
	reads("A=1\n[S]\n", "S.A", NULL);
	reads("[S]\r\nA=x\\\r\ny\r\n", "S.A", "x y");
	reads("[a.b]\nC=1\n", "a.b.C", "1");
	reads("\xef\xbb\xbf[S]\nA=1\n", "S.A", "1");
	reads("[S]\nA=#1\n", "S.A", "#1");
}

static void test_which_assignment_counts(void **state)
{
	reads("[S]\nA=1\nA=\nA=3\n", "S.A", "3");
	reads("[S]\nA=1\nA=\n", "S.A", "");
	refuses("[S]\nA=1\nA=2\n", "S.A", "3", ERR_REFUSED);
	refuses("[S]\nA=1\n[T]\n[S]\nA=2\n", "S.A", NULL, ERR_REFUSED);
	sets("[S]\nA=1\nA=\n", "S.A", "3", "[S]\nA=1\nA=\nA=3\n");
	sets("[S]\nA=\n", "S.A", "3", "[S]\nA=3\n");
	sets("[S]\nA=1\nA=\nA=3\nB=1\n", "S.A", NULL, "[S]\nB=1\n");
}

static int one_of_two(void *data, const char *key, const char *value, size_t line, struct err *err)
{
	int *seen = data;

	assert_string_equal(key, *seen ? "S.B" : "S.A");
	assert_string_equal(value, *seen ? "x" : "2\n3");
	assert_int_equal(line, *seen ? 5 : 6);
	++*seen;
	return 0;
}

static void test_each_joins_what_adds_up(void **state)
{
	int seen = 0;

	assert_int_equal(
	    dialect_unit.each(SV("[S]\nA=1\nA=\nA=2\nB=x\nA=3\n"), one_of_two, &seen, &e), 0);
	assert_int_equal(seen, 2);
}

static void test_refuses(void **state)
{
	refuses("[S]\nA=1\n", "A", "2", ERR_USAGE);
	refuses("[S]\nA=1\n", "S.A", "two\nlines", ERR_USAGE);
	refuses("[S]\nA=1\n", "S.A", "goes on\\", ERR_USAGE);
	refuses("[S]\nA=1\n", "S.A", " x", ERR_USAGE);
	refuses("[S]\nA=1\n", "S.a=b", "x", ERR_USAGE);
	refuses("", "S\nX=1\n.A", "x", ERR_USAGE);
	refuses("[S\nA=1\n", "S.A", "x", ERR_FORMAT);
	refuses("[S]\nA=1\rB=2\n", "S.A", "x", ERR_REFUSED);
}

static void test_where_a_new_line_goes(void **state)
{
	sets("[S]\nA=1\n\n[T]\nB=1\n", "S.C", "2", "[S]\nA=1\nC=2\n\n[T]\nB=1\n");
	sets("[S]\n#C=1\nA=1\n", "S.C", "2", "[S]\n#C=1\nC=2\nA=1\n");
	sets("[T]\n#C=1\n[S]\n", "S.C", "2", "[T]\n#C=1\n[S]\nC=2\n");
	sets("[S]\nA=x \\\n  \nB=1\n", "S.A", "y", "[S]\nA=y\nB=1\n");
	sets("[S]\nA=x \\", "S.A", "y", "[S]\nA=y");
	sets("", "S.C", "2", "[S]\nC=2\n");
	sets("[T]\nA=1", "S.C", "2", "[T]\nA=1\n\n[S]\nC=2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_which_assignment_counts),
		cmocka_unit_test(test_each_joins_what_adds_up),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_where_a_new_line_goes),
	};

	return cmocka_run_group_tests_name("unit", tests, NULL, NULL);
}
