#include "io/yaml.h"

#include "place.h"

/* YAML that is the same as this JSON. */
static void same(const char *yaml, const char *json)
{
	autojson json_t *a = NULL, *b = NULL;
	autobuf struct buf text = BUF_MAX(10000);
	struct err e = ERR_INIT;

	assert_ok(yaml_parse(sv_of(yaml), "text", &a, &e), &e);
	assert_ok(json_parse(sv_of(json), "json", &b, &e), &e);
	json_canonical(a, &text);
	if (!json_equal(a, b))
		fail_msg("'%s' is %s", yaml, buf_str(&text));
}

static void refuse(const char *yaml, const char *words)
{
	struct err e = ERR_INIT;
	json_t *j = NULL;

	if (yaml_parse(sv_of(yaml), "text", &j, &e) != -ERR_FORMAT)
		fail_msg("'%s' is taken", yaml);
	if (!strstr(e.msg, words))
		fail_msg("'%s' is not in '%s'", words, e.msg);
}

static void plain_scalars_have_core_types(void **state)
{
	same("[~, null, Null, NULL, ]", "[null, null, null, null]");
	same("a:\nb: ''", "{\"a\": null, \"b\": \"\"}");
	same("[true, True, TRUE, false, False, FALSE]", "[true, true, true, false, false, false]");
	same("[yes, No, on, off, y, nUll, tRue]",
	     "[\"yes\", \"No\", \"on\", \"off\", \"y\", \"nUll\", \"tRue\"]");
	same("[0, -7, +7, 010, 0o17, 0x1F, -0]", "[0, -7, 7, 10, 15, 31, 0]");
	same("[1.5, .5, 5., -1e3, 1E-2]", "[1.5, 0.5, 5.0, -1000.0, 0.01]");
	same("[9.0.3, 1_000, 0b1, 0o8, 0x, 1e, '.', 12:30, 2026-11-21, -0x1]",
	     "[\"9.0.3\", \"1_000\", \"0b1\", \"0o8\", \"0x\", \"1e\", \".\", \"12:30\","
	     " \"2026-11-21\", \"-0x1\"]");
	same("[9223372036854775807, -9223372036854775808]",
	     "[9223372036854775807, -9223372036854775808]");
}

static void quoted_and_block_scalars_are_text(void **state)
{
	same("['1', \"true\", 'null', '~']", "[\"1\", \"true\", \"null\", \"~\"]");
	same("a: |\n  1\nb: >-\n  two\n  words\n", "{\"a\": \"1\\n\", \"b\": \"two words\"}");
	same("\"a\\tb\\u00e4\"", "\"a\\tbä\"");
}

static void structure_is_kept(void **state)
{
	same("# who\nproduct: questdb   # what\ninstall:\n  root: /srv/q\n  ports: [9000, 8812]\n"
	     "list:\n- a: 1\n  b: 2\n- c\n",
	     "{\"product\": \"questdb\", \"install\": {\"root\": \"/srv/q\", \"ports\": [9000, "
	     "8812]},"
	     " \"list\": [{\"a\": 1, \"b\": 2}, \"c\"]}");
	same("8812: a\ntrue: b\n", "{\"8812\": \"a\", \"true\": \"b\"}");
	same("'<<': 1", "{\"<<\": 1}");
	same("", "null");
	same("# nothing\n", "null");
	same("---\na: 1\n...\n", "{\"a\": 1}");
	same("{\"a\": [1, {}], \"b\": []}", "{\"a\": [1, {}], \"b\": []}");
}

static void cleverness_is_refused_where_it_stands(void **state)
{
	refuse("a: 1\nb: &x 1\n", "text, line 2, column 5: anchors");
	refuse("a: *x\n", "line 1, column 5: aliases");
	refuse("*x : 1\n", "aliases");
	refuse("&x a: 1\n", "anchors");
	refuse("a: !!str 1\n", "line 1, column 4: tags");
	refuse("a: !mine {}\n", "tags");
	refuse("<<: {a: 1}\n", "merge keys");
	refuse("a: 1\nb: 2\na: 3\n", "line 3, column 1: a key for the second time");
	refuse("8812: 1\n'8812': 2\n", "second time");
	refuse("? [a]\n: b\n", "not text");
	refuse("? {a: b}\n: b\n", "not text");
	refuse(": b\n", "empty key");
	refuse("a: 1\n---\nb: 2\n", "second document");
}

static void what_is_no_yaml_is_refused(void **state)
{
	refuse("a: [1\n", "line ");
	refuse("a: b: c\n", "line 1");
	refuse("\ta: 1\n", "tab");
	refuse("a: 'x\n", "line ");
	refuse("a: \"\\0\"\n", "NUL");
	refuse("a: \xff\xfe\n", "UTF-8");
	refuse("\xff\xfe" "a", "UTF-8");
	refuse("a: 99999999999999999999\n", "64 bits");
	refuse("a: 0xfffffffffffffffff\n", "64 bits");
	refuse("a: 1e999\n", "double");
	refuse("a: -.inf\n", "infinity");
	refuse("a: .NaN\n", "NaN");
}

static void depth_has_a_ceiling(void **state)
{
	char deep[402];

	memset(deep, '[', 200);
	memset(deep + 200, ']', 200);
	deep[400] = '\0';
	refuse(deep, "");
	memset(deep, '[', 40);
	memset(deep + 40, ']', 40);
	deep[80] = '\0';
	same(deep, deep);
}

static void files_are_read(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	autojson json_t *j = NULL;
	json_t *none = NULL;

	put_file(p, "m.yaml", "a: 1\n");
	assert_ok(yaml_read_path(below(p, "m.yaml"), 100, &j, &e), &e);
	assert_int_equal(json_int(j, "a", 0), 1);
	put_file(p, "m.yaml", "a: [\n");
	assert_fails(yaml_read_path(below(p, "m.yaml"), 100, &none, &e), &e, ERR_FORMAT);
	assert_non_null(strstr(e.msg, "m.yaml"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_scalars_have_core_types),
		cmocka_unit_test(quoted_and_block_scalars_are_text),
		cmocka_unit_test(structure_is_kept),
		cmocka_unit_test(cleverness_is_refused_where_it_stands),
		cmocka_unit_test(what_is_no_yaml_is_refused),
		cmocka_unit_test(depth_has_a_ceiling),
		in_place(files_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
