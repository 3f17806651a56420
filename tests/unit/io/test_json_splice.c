#include "io/json_splice.h"

#include <stdio.h>
#include <string.h>

#include "../unit.h"

static json_t *parse(const char *text)
{
	struct err e = ERR_INIT;
	json_t *j = NULL;

	assert_ok(json_parse(sv_of(text), "text", &j, &e), &e);
	return j;
}

static void spliced(const char *text, const char *after, const char *expected)
{
	autojson json_t *was = parse(text), *is = parse(after), *made = NULL;
	autobuf struct buf ret = BUF_MAX(1 << 16);

	json_splice(sv_of(text), was, is, &ret);
	assert_string_equal(buf_str(&ret), expected);
	made = parse(buf_str(&ret));
	assert_true(json_equal(made, is));
}

static void the_same_is_every_byte(void **state)
{
	static const char *const texts[] = {
		"{\"b\" : [1 , 2.50, -3e+2 ] ,\n\t\"a\":\"\\u003c\\/\\\"x\" , \"c\":{ } }\n", "[]", " null ", "\"\"", "0",
		"[[],[[{}]],\"]\",\"\\\\\"]",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		spliced(texts[i], texts[i], texts[i]);
}

static void what_differs_alone_is_written(void **state)
{
	spliced("{\"b\" : \"\\u003c\" , \"a\": [ 1.0 ,\"x\" , {\"k\":\"v\"} ] }",
		"{\"a\": [1.0, \"y\\n\", {\"k\": \"w\"}], \"b\": \"<\"}",
		"{\"b\" : \"\\u003c\" , \"a\": [ 1.0 ,\"y\\n\" , {\"k\":\"w\"} ] }");
	spliced("{\"x\":\"a,]}\\\"\",\"y\":17,\"z\":true}", "{\"x\":\"a,]}\\\"\",\"y\":18,\"z\":null}",
		"{\"x\":\"a,]}\\\"\",\"y\":18,\"z\":null}");
	spliced(" \"a\" ", "\"b\"", " \"b\" ");
	spliced("{\"\\u0061\":1}", "{\"a\":2}", "{\"\\u0061\":2}");
}

static void another_shape_is_written_whole(void **state)
{
	spliced("{\"a\": [1, 2] , \"b\": 3}", "{\"a\": [1], \"b\": 3}", "{\"a\": [1] , \"b\": 3}");
	spliced("{\"a\": {\"b\": 1} }", "{\"a\": {\"c\": 1}}", "{\"a\": {\"c\":1} }");
	spliced("{\"a\": {\"b\": 1} }", "{\"a\": []}", "{\"a\": [] }");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_every_byte),
		cmocka_unit_test(what_differs_alone_is_written),
		cmocka_unit_test(another_shape_is_written_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
