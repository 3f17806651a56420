#include "io/json.h"

#include "place.h"

static json_t *parse(const char *text)
{
	struct err e = ERR_INIT;
	json_t *j = NULL;

	assert_ok(json_parse(sv_of(text), "text", &j, &e), &e);
	return j;
}

static void refuse(const char *text, const char *words)
{
	struct err e = ERR_INIT;
	json_t *j = NULL;

	assert_fails(json_parse(sv_of(text), "text", &j, &e), &e, ERR_FORMAT);
	if (!strstr(e.msg, words))
		fail_msg("'%s' is not in '%s'", words, e.msg);
}

static void errors_have_a_place(void **state)
{
	refuse("{\"a\": 1,\n \"b\" 2}", "text, line 2, column ");
	refuse("{\"a\": 1, \"a\": 2}", "duplicate");
	refuse("", "line 1");
	refuse("{} x", "end of file");
	refuse("99999999999999999999", "integer");
	refuse("\"\\u0000\"", "\\u0000");
	refuse("\"\xff\"", "0xff");
}

static void wanted_keys_have_a_type(void **state)
{
	autojson json_t *j =
	    parse("{\"s\": \"x\", \"i\": -9223372036854775808, \"o\": {}, \"a\": [],"
		  " \"t\": true}");
	struct err e = ERR_INIT;
	const char *s = NULL;
	json_t *v = NULL;
	int64_t i = 0;

	assert_ok(json_want_str(j, "s", &s, &e), &e);
	assert_string_equal(s, "x");
	assert_ok(json_want_int(j, "i", &i, &e), &e);
	assert_true(i == INT64_MIN);
	assert_ok(json_want_obj(j, "o", &v, &e), &e);
	assert_ok(json_want_arr(j, "a", &v, &e), &e);
	assert_fails(json_want_str(j, "i", &s, &e), &e, ERR_FORMAT);
	assert_fails(json_want_int(j, "none", &i, &e), &e, ERR_FORMAT);
	assert_non_null(strstr(e.msg, "'none'"));
	assert_fails(json_want_obj(j, "a", &v, &e), &e, ERR_FORMAT);
	assert_fails(json_want_str(NULL, "s", &s, &e), &e, ERR_FORMAT);
}

static void other_keys_have_a_default(void **state)
{
	autojson json_t *j = parse("{\"s\": \"x\", \"i\": 7, \"t\": true}");

	assert_string_equal(json_str(j, "s", "-"), "x");
	assert_string_equal(json_str(j, "i", "-"), "-");
	assert_null(json_str(j, "none", NULL));
	assert_int_equal(json_int(j, "i", 1), 7);
	assert_int_equal(json_int(j, "s", 1), 1);
	assert_true(json_bool(j, "t", false));
	assert_true(json_bool(j, "none", true));
	assert_false(json_bool(j, "i", false));
	assert_int_equal(json_int(NULL, "i", 5), 5);
}

static void what_a_list_holds(void **state)
{
	autojson json_t *list = parse("[\"a\", 1, \"ab\", \"\"]");

	assert_true(json_lists(list, "ab") && json_lists(list, ""));
	assert_false(json_lists(list, "b") || json_lists(list, "1") || json_lists(NULL, "a"));
}

static void the_same_value_is_the_same_bytes(void **state)
{
	autojson json_t *a = parse("{\"b\": [1, 2.5], \"a\": {\"z\": null, \"ä\": \"\\u00e4\"}}");
	autojson json_t *b = parse("{ \"a\":{\"ä\":\"ä\",\"z\":null},\"b\":[1,2.5] }");
	autojson json_t *c = parse("{ \"a\":{\"ä\":\"ä\",\"z\":null},\"b\":[1,2.6] }");
	autobuf struct buf text = BUF_MAX(1000);
	char one[65], two[65], three[65];

	json_canonical(a, &text);
	assert_string_equal(buf_str(&text), "{\"a\":{\"z\":null,\"ä\":\"ä\"},\"b\":[1,2.5]}");
	json_digest(a, one);
	json_digest(b, two);
	json_digest(c, three);
	assert_string_equal(one, two);
	assert_string_not_equal(one, three);
}

static void pretty_keeps_the_order(void **state)
{
	autojson json_t *j = parse("{\"b\": 1, \"a\": [true]}");
	autobuf struct buf text = BUF_MAX(1000), tight = BUF_MAX(10);

	json_pretty(j, &text);
	assert_string_equal(buf_str(&text), "{\n  \"b\": 1,\n  \"a\": [\n    true\n  ]\n}\n");
	json_pretty(j, &tight);
	assert_true(tight.full);
}

static void unknown_keys_are_named(void **state)
{
	static const char *const known[] = { "product", "install", "config", NULL };
	autojson json_t *good = parse("{\"config\": 1, \"product\": 2}");
	autojson json_t *bad = parse("{\"product\": 1, \"instal\": 2}");
	autojson json_t *odd = parse("{\"zzzzzz\": 2}");
	struct err e = ERR_INIT;

	assert_ok(json_only_keys(good, "'migration.yaml'", known, &e), &e);
	assert_fails(json_only_keys(bad, "'migration.yaml'", known, &e), &e, ERR_USAGE);
	assert_string_equal(e.msg, "unknown key 'instal' in 'migration.yaml'");
	assert_string_equal(e.hint, "did you mean 'install'?");
	err_clear(&e);
	assert_fails(json_only_keys(odd, "'migration.yaml'", known, &e), &e, ERR_USAGE);
	assert_string_equal(e.hint, "");
}

static void near_words_are_found(void **state)
{
	static const char *const verbs[] = { "plan", "apply", "rollback", "status", NULL };

	assert_string_equal(nearest_word("aply", verbs), "apply");
	assert_string_equal(nearest_word("rolback", verbs), "rollback");
	assert_string_equal(nearest_word("stauts", verbs), "status");
	assert_null(nearest_word("x", verbs));
	assert_null(nearest_word("finalize", verbs));
}

static void files_are_read(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	autojson json_t *j = NULL, *again = NULL;
	json_t *none = NULL;

	put_file(p, "f.json", "{\"a\": 1}\n");
	assert_ok(json_read(&p->dir, "f.json", 100, &j, &e), &e);
	assert_ok(json_read_path(below(p, "f.json"), 100, &again, &e), &e);
	assert_true(json_equal(j, again));
	assert_fails(json_read(&p->dir, "f.json", 5, &none, &e), &e, ERR_SPACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_have_a_place),
		cmocka_unit_test(wanted_keys_have_a_type),
		cmocka_unit_test(other_keys_have_a_default),
		cmocka_unit_test(what_a_list_holds),
		cmocka_unit_test(the_same_value_is_the_same_bytes),
		cmocka_unit_test(pretty_keeps_the_order),
		cmocka_unit_test(unknown_keys_are_named),
		cmocka_unit_test(near_words_are_found),
		in_place(files_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
