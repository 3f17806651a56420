/* TOML, word for word of its specification: what is read, what nobody reads, and what we do not. */
#include "conf/toml.h"
#include "reading.h"

static void reads(const char *text, const char *json)
{
	reader_reads(toml_read, text, json);
}

static void fails(const char *text, enum err_kind kind, const char *why)
{
	reader_fails(toml_read, text, kind, why);
}

static void test_names(void **state)
{
	reads("", "{}");
	reads("# nothing", "{}");
	reads("a=1", "{\"a\":1}");
	reads(" a_B-1 \t=\t1 # c\r\n\n'b c' = 2\n\"d\\t\" = 3", "{\"a_B-1\":1,\"b c\":2,\"d\\t\":3}");
	reads("a . 'b'.c = 1\na.b.d = 2", "{\"a\":{\"b\":{\"c\":1,\"d\":2}}}");
	reads("1.2 = 3", "{\"1\":{\"2\":3}}");
	fails("a", ERR_FORMAT, "line 1: '=' is missing");
	fails("= 1", ERR_FORMAT, "a name is missing");
	fails("a.=1", ERR_FORMAT, "a name is missing");
	fails("\n\na = 1 b = 2", ERR_FORMAT, "line 3: more than one thing");
	fails("'''a''' = 1", ERR_FORMAT, "a name of many lines");
	fails("'' = 1", ERR_REFUSED, "empty or has a dot");
	fails("'a.b' = 1", ERR_REFUSED, "empty or has a dot");
}

static void test_texts(void **state)
{
	reads("a = ''", "{\"a\":\"\"}");
	reads("a = \"\"", "{\"a\":\"\"}");
	reads("a = 'x \\n \"y\" #'", "{\"a\":\"x \\\\n \\\"y\\\" #\"}");
	reads("a = \"\\b\\t\\n\\f\\r\\\"\\\\\"", "{\"a\":\"\\b\\t\\n\\f\\r\\\"\\\\\"}");
	reads("a = \"\\u00e4\\U0001F600\"", "{\"a\":\"\xc3\xa4\xf0\x9f\x98\x80\"}");
	reads("a = \"\"\"\nx\ny\"\"\"", "{\"a\":\"x\\ny\"}");
	reads("a = \"\"\"x \\ \n\n  y\\\n\"\"\"", "{\"a\":\"x y\"}");
	reads("a = \"\"\"x\"y\"\"z\"\"\"\"\"", "{\"a\":\"x\\\"y\\\"\\\"z\\\"\\\"\"}");
	reads("a = '''\n'x' \\'''", "{\"a\":\"'x' \\\\\"}");
	reads("a = \"\"\"\"\"\"", "{\"a\":\"\"}");
	fails("a = 'x", ERR_FORMAT, "does not end");
	fails("a = 'x\ny'", ERR_FORMAT, "does not end");
	fails("a = \"\"\"x\"\"", ERR_FORMAT, "does not end");
	fails("a = \"\"\"x\"\"\"\"\"\"", ERR_FORMAT, "too many quotes");
	fails("a = \"\\x41\"", ERR_FORMAT, "an escape that is none");
	fails("a = \"\\u00g0\"", ERR_FORMAT, "an escape that is none");
	fails("a = \"\\ud800\"", ERR_FORMAT, "no character");
	fails("a = \"\\u0000\"", ERR_REFUSED, "a NUL");
	fails("a = '''x\r\ny'''", ERR_REFUSED, "a carriage return");
	fails("a = '\x01'", ERR_FORMAT, "a control character");
	fails("a = '\xff'", ERR_FORMAT, "no UTF-8");
	fails("a = 1\rb = 2", ERR_FORMAT, "a control character");
}

static void test_numbers(void **state)
{
	reads("a = [0, +1, -17, 1_000, 9223372036854775807]", "{\"a\":[0,1,-17,1000,9223372036854775807]}");
	reads("a = [0xdead_BEEF, 0o755, 0b1_1]", "{\"a\":[3735928559,493,3]}");
	reads("a = [1.5, -0.25, 1e3, 5E-1, 1_0.2_5]", "{\"a\":[1.5,-0.25,1000.0,0.5,10.25]}");
	reads("a = [true, false]", "{\"a\":[true,false]}");
	fails("a = 01", ERR_FORMAT, "a value that is none");
	fails("a = 1_", ERR_FORMAT, "a value that is none");
	fails("a = 1__0", ERR_FORMAT, "a value that is none");
	fails("a = 1_e5", ERR_FORMAT, "a value that is none");
	fails("a = 1.", ERR_FORMAT, "a value that is none");
	fails("a = .5", ERR_FORMAT, "a value that is none");
	fails("a = +0x1", ERR_FORMAT, "a value that is none");
	fails("a = 0x", ERR_FORMAT, "a value that is none");
	fails("a = 0x0x1", ERR_FORMAT, "a value that is none");
	fails("a = 0x-1", ERR_FORMAT, "a value that is none");
	fails("a = 9223372036854775808", ERR_FORMAT, "a value that is none");
	fails("a = 1e999", ERR_FORMAT, "a value that is none");
	fails("a = True", ERR_FORMAT, "a value that is none");
	fails("a = ", ERR_FORMAT, "a value that is none");
	fails("a = x", ERR_FORMAT, "a value that is none");
	fails("a = 1979-05-27T07:32:00Z", ERR_REFUSED, "a date or a time");
	fails("a = 07:32:00", ERR_REFUSED, "a date or a time");
	fails("a = -inf", ERR_REFUSED, "inf or nan");
}

static void test_lists_and_inline_tables(void **state)
{
	reads("a = [ # c\n 1,\n\n [ 'x', {} ], ]\nb = []", "{\"a\":[1,[\"x\",{}]],\"b\":[]}");
	reads("a = { b = 1, c.d = 2, e = { f = [3] } }", "{\"a\":{\"b\":1,\"c\":{\"d\":2},\"e\":{\"f\":[3]}}}");
	fails("a = [1 2]", ERR_FORMAT, "',' or ']' is missing");
	fails("a = [1,,2]", ERR_FORMAT, "a value that is none");
	fails("a = [", ERR_FORMAT, "a value that is none");
	fails("a = {b = 1,}", ERR_FORMAT, "a name is missing");
	fails("a = {\n}", ERR_FORMAT, "a name is missing");
	fails("a = {b = 1, b = 2}", ERR_FORMAT, "'a.b' is defined already");
}

static void test_tables(void **state)
{
	reads("x = 1\n[a]\ny = 2\n[ a . 'b' ] # c\nz = 3\n[c]", "{\"x\":1,\"a\":{\"y\":2,\"b\":{\"z\":3}},\"c\":{}}");
	reads("[a.b]\nx = 1\n[a]\ny = 2", "{\"a\":{\"b\":{\"x\":1},\"y\":2}}");
	reads("[a]\nb.c = 1\n[a.b.d]\nx = 2", "{\"a\":{\"b\":{\"c\":1,\"d\":{\"x\":2}}}}");
	reads("[[a]]\nx = 1\n[[a]]\n[a.b]\ny = 2\n[[a.c]]\n[[a.c]]",
	      "{\"a\":[{\"x\":1},{\"b\":{\"y\":2},\"c\":[{},{}]}]}");
	fails("[a", ERR_FORMAT, "']' is missing");
	fails("[[a]", ERR_FORMAT, "']' is missing");
	fails("[]", ERR_FORMAT, "a name is missing");
	fails("[a] b = 1", ERR_FORMAT, "more than one thing");
}

/* Who may say more of what stands there. */
static void test_what_is_said_twice(void **state)
{
	fails("a = 1\na = 2", ERR_FORMAT, "line 2: 'a' is defined already");
	fails("a = 1\na.b = 2", ERR_FORMAT, "'a' is defined already");
	fails("a = {}\n[a.b]", ERR_FORMAT, "'a' is defined already");
	fails("a = {}\na.b = 1", ERR_FORMAT, "'a' is defined already");
	fails("[a]\n[a]", ERR_FORMAT, "'a' is defined already");
	fails("a.b = 1\n[a]", ERR_FORMAT, "'a' is defined already");
	fails("[a]\nb = 1\n[a.b]", ERR_FORMAT, "'a.b' is defined already");
	fails("[a.b.c]\n[a]\nb.c.d = 1", ERR_FORMAT, "'a.b' is defined already");
	fails("a = []\n[[a]]", ERR_FORMAT, "'a' is defined already");
	fails("[[a]]\n[a]", ERR_FORMAT, "'a' is defined already");
	fails("[a]\n[[a]]", ERR_FORMAT, "'a' is defined already");
	fails("[[a]]\n[b]\n[[a]]\nc = 1\nc = 2", ERR_FORMAT, "'a.1.c' is defined already");
}

static void line_is(const struct map *lines, const char *way, size_t line)
{
	const size_t *is = map_get(lines, way);

	if (!is || *is != line)
		fail_msg("%s: line %zu", way, is ? *is : 0);
}

static void test_lines(void **state)
{
	cleanup_with(toml_lines_done) struct map lines = { 0 };
	autojson json_t *tree = NULL;
	struct err e = ERR_INIT;

	assert_ok(toml_read(sv_of("a = '''\n\n'''\nb = [\n1,\n{ c = 2 } ]\n\n[[d.e]]\n[[d.e]]\nf.g = 1\r\n[h]\ni = 1"), &tree, &lines, &e), &e);
	line_is(&lines, "a", 1);
	line_is(&lines, "b", 4);
	line_is(&lines, "b.1.c", 6);
	line_is(&lines, "d.e.1.f.g", 10);
	line_is(&lines, "h.i", 12);
	assert_int_equal(lines.n, 5);
}

static void test_levels(void **state)
{
	autobuf struct buf deep = BUF_MAX(1 << 20);

	buf_adds(&deep, "a = ");
	for (size_t i = 0; i < 100; i++)
		buf_adds(&deep, "[");
	fails(buf_str(&deep), ERR_SPACE, "more than 64 levels");
	buf_reset(&deep);
	for (size_t i = 0; i < 100; i++)
		buf_adds(&deep, "a.");
	buf_adds(&deep, "a = 1");
	fails(buf_str(&deep), ERR_SPACE, "more than 64 levels");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_lists_and_inline_tables),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_what_is_said_twice),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_levels),
	};

	return cmocka_run_group_tests_name("toml", tests, NULL, NULL);
}
