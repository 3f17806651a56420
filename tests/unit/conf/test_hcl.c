/* HCL as SFTPGo 2.6.4 was seen to read it (hashicorp/hcl 1.0), and as JSON: what is read, what nobody reads, and what we do not. */
#include "conf/hcl.h"
#include "reading.h"

static void reads(const char *text, const char *json)
{
	reader_reads(hcl_read, text, json);
}

static void fails(const char *text, enum err_kind kind, const char *why)
{
	reader_fails(hcl_read, text, kind, why);
}

static void test_names(void **state)
{
	reads("", "{}");
	reads("a = 1 b = 2, \"c d\" = 3 # e\n/* f\n */ g.h-i_ = 4 // j", "{\"a\":1,\"b\":2,\"c d\":3,\"g.h-i_\":4}");
	reads("a = 1\r\nb = 2\r\n", "{\"a\":1,\"b\":2}");
	reads("a =", "{}");
	reads("a = 1 a = 2", "{\"a\":2}");
	fails("a", ERR_FORMAT, "line 1: '=' or '{' is missing");
	fails("\n= 1", ERR_FORMAT, "line 2: a name is missing");
	fails("a = b", ERR_FORMAT, "a value is missing");
	fails("true = 1", ERR_FORMAT, "a name is missing");
	fails("a = 1,, b = 2", ERR_FORMAT, "a name is missing");
	fails("/* a", ERR_FORMAT, "a comment that does not end");
	fails("a = 1 / 2", ERR_FORMAT, "a '/' alone");
	fails("a = 1 }", ERR_FORMAT, "a '}' too many");
	fails("a = 1 ? 2", ERR_FORMAT, "means nothing here");
	fails("a \"b\" { }", ERR_REFUSED, "a block with labels");
	fails("a = 1 a = \"b\"", ERR_REFUSED, "two kinds");
	fails("\xc3\xa4 = 1", ERR_REFUSED, "beyond ASCII");
	fails("a = \"\xff\"", ERR_FORMAT, "no UTF-8");
}

static void test_blocks(void **state)
{
	reads("a { b = 1 }", "{\"a\":[{\"b\":1}]}");
	reads("a = { b { c = 1 } }", "{\"a\":[{\"b\":[{\"c\":1}]}]}");
	reads("a {} a { b = 2 }", "{\"a\":[{},{\"b\":2}]}");
	reads("a = [{ b = 1, c = { d = 2 } }, {}]", "{\"a\":[{\"b\":1,\"c\":[{\"d\":2}]},{}]}");
	reads("a = [1] a = [2, 3,]", "{\"a\":[1,2,3]}");
	reads("a = [,1,,[2] 3]", "{\"a\":[1,[2],3]}");
	fails("a { b = 1", ERR_FORMAT, "'}' is missing");
	fails("a { b = ", ERR_FORMAT, "a value is missing");
	fails("a = [1 2]", ERR_FORMAT, "',' or ']' is missing");
	fails("a = [1", ERR_FORMAT, "',' or ']' is missing");
	fails("a { b = 1 } a = [1]", ERR_REFUSED, "two kinds");
}

static void test_values(void **state)
{
	reads("a = 022 b = 0x1F c = -3 d = 1.5 e = 2.e1 f = true", "{\"a\":18,\"b\":31,\"c\":-3,\"d\":1.5,\"e\":20.0,\"f\":true}");
	reads("a = \"\\n\\\"\\x41\\u00e4\\101\"", "{\"a\":\"\\n\\\"A\xc3\xa4" "A\"}");
	reads("a = \"x${b \"c\\n\" {d}}y\"", "{\"a\":\"x${b \\\"c\\\\n\\\" {d}}y\"}");
	reads("a = <<E\nb\n  c\n  E\n", "{\"a\":\"b\\n  c\\n  \"}");
	reads("a = <<-E\n  b\n    c\n  E\n", "{\"a\":\"b\\n  c\\n\"}");
	reads("a = <<-E\n b\n  E\n", "{\"a\":\" b\\n\"}");
	fails("a = 08", ERR_FORMAT, "a number that is none");
	fails("a = 0x", ERR_FORMAT, "a number that is none");
	fails("a = 1e", ERR_FORMAT, "a number that is none");
	fails("a = 99999999999999999999", ERR_REFUSED, "beyond 64 bits");
	fails("a = .5", ERR_REFUSED, "begins with a dot");
	fails("a = \"b", ERR_FORMAT, "a text that does not end");
	fails("a = \"b\nc\"", ERR_FORMAT, "line 1: a text that does not end");
	fails("a = \"\\q\"", ERR_FORMAT, "an escape that is none");
	fails("a = \"\\xe4\"", ERR_REFUSED, "no character");
	fails("a = <<E\nb\nE", ERR_FORMAT, "does not end");
	fails("a = <<\nb\n", ERR_FORMAT, "without its anchor");
	/* Of "<<-E" the library counts the '-': "E" alone is too short to end it. */
	fails("a = <<-E\n b\nE\n", ERR_FORMAT, "does not end");
	reads("a = <<-E\n b\nE\nc = 1\nd = <<-E\n e\n E\n", "{\"a\":\" b\\nE\\nc = 1\\nd = <<-E\\n e\\n\"}");
	reads("a = <<-E\n b\nE\r\r\n", "{\"a\":\" b\\n\"}");
}

static void test_json(void **state)
{
	reads("{\"a.b\": 1, \"c\": [{\"d\": null}], \"e\": {\"f\": [true, 1]}} more",
	      "{\"a.b\":1,\"c\":[{\"d\":\"\"}],\"e\":[{\"f\":[1]}]}");
	reads("{\"a\": \"${\"}", "{\"a\":\"${\"}");
	fails("{\"a\": 1,\n\"b\": [\"c\", null]}", ERR_FORMAT, "line 2: a null in a list");
	fails("{\"a\": [{\"b\": [null]}]}", ERR_FORMAT, "a null in a list");
	fails("{\"a\" = 1}", ERR_REFUSED, "means nothing here");
	fails("{\"a\": 1 \"b\": 2}", ERR_REFUSED, "',' or '}' is missing");
	fails("{\"a\": 01}", ERR_REFUSED, "a leading zero");
	fails("{\"a\": 1, \"a\": 2}", ERR_REFUSED, "comes twice");
	fails("{\"a\": [[1]]}", ERR_REFUSED, "a list within a list");
	fails("{\"a\": {\"b\": {}, \"c\": {}}}", ERR_REFUSED, "nothing but objects");
	fails("{\"a\": 1", ERR_REFUSED, "'}' is missing");
}

static void test_lines(void **state)
{
	cleanup_with(hcl_lines_done) struct map lines = { 0 };
	autojson json_t *tree = NULL;
	struct err e = ERR_INIT;

	assert_ok(hcl_read(sv_of("a.b = 1\nc {\n d = 2\n}\nc {\n e = <<X\n\nX\n}\nf = [{\ng = 1}]"), &tree, &lines, &e), &e);
	assert_int_equal(*(size_t *)map_get(&lines, "a.b"), 1);
	assert_int_equal(*(size_t *)map_get(&lines, "c.0.d"), 3);
	assert_int_equal(*(size_t *)map_get(&lines, "c.1.e"), 6);
	assert_int_equal(*(size_t *)map_get(&lines, "f.0.g"), 11);
}

static void test_ceilings(void **state)
{
	struct buf text = BUF_MAX(64u << 10);

	for (size_t i = 0; i < 70; i++)
		buf_adds(&text, "a {");
	fails(buf_str(&text), ERR_SPACE, "more than 64 levels");
	buf_reset(&text);
	for (size_t i = 0; i < 600; i++)
		buf_addc(&text, 'a');
	buf_adds(&text, " = 1");
	fails(buf_str(&text), ERR_SPACE, "");
	buf_reset(&text);
	for (size_t i = 0; i < 300; i++)
		buf_addc(&text, 'a');
	buf_adds(&text, " { ");
	for (size_t i = 0; i < 300; i++)
		buf_addc(&text, 'b');
	buf_adds(&text, " = 1 }");
	fails(buf_str(&text), ERR_SPACE, "line 1: names of more than 512 bytes");
	buf_done(&text);
}

/* Two bytes of the file, and the way to them again and again. */
static void test_many_values(void **state)
{
	struct buf text = BUF_MAX(1u << 20);

	for (size_t i = 0; i < 500; i++)
		buf_addc(&text, 'a');
	buf_adds(&text, " = [");
	for (size_t i = 0; i < 40000; i++)
		buf_adds(&text, "1,");
	buf_addc(&text, ']');
	fails(buf_str(&text), ERR_SPACE, "line 1: too many values");
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_blocks), cmocka_unit_test(test_values),
		cmocka_unit_test(test_json), cmocka_unit_test(test_lines), cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_many_values),
	};

	return cmocka_run_group_tests_name("conf/hcl", tests, NULL, NULL);
}
