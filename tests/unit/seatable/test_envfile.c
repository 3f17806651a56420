#include "products/seatable/envfile.h"

#include "io/json.h"
#include "unit.h"

static json_t *image_of(const char *text)
{
	struct err e = ERR_INIT;
	json_t *o = NULL;

	if (sea_env_image(sv_of(text), &o, &e) < 0)
		fail_msg("%s", e.msg);
	return o;
}

static struct map values_of(const char *text)
{
	struct map values = { 0 };
	struct err e = ERR_INIT;

	if (sea_env_read(sv_of(text), &values, &e) < 0)
		fail_msg("%s", e.msg);
	return values;
}

static void the_line_of_the_image(void **state)
{
	static const struct {
		const char *text, *value;
		size_t also;
		bool words;
	} files[] = {
		{ "A=1\nSEATABLE_IMAGE='x:1'\n", "x:1", 0, false },
		{ "SEATABLE_IMAGE=a\nSEATABLE_IMAGE=b\n", "b", 1, false },
		{ "SEATABLE_IMAGE=a\nSEATABLE_IMAGE=\n", "", 1, false },
		{ "#SEATABLE_IMAGE=evil\nA=1\n", NULL, 0, true },
		{ "M='l1\nSEATABLE_IMAGE=evil\nl3'\n", NULL, 0, true },
		{ "A=1\n", NULL, 0, false },
		{ "\xef\xbb\xbf" "export SEATABLE_IMAGE=\"x:2\" # was SEATABLE_IMAGE=x:1\r\n", "x:2", 0, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		autojson json_t *o = image_of(files[i].text);

		assert_int_equal(json_bool(o, "present", false), files[i].value != NULL);
		assert_string_equal(json_str(o, "value", ""), files[i].value ? files[i].value : "");
		assert_int_equal(json_array_size(json_object_get(o, "others")), files[i].also);
		assert_int_equal(json_bool(o, "words", false), files[i].words);
	}
}

static void what_does_not_win_in_its_order(void **state)
{
	autojson json_t *o = image_of("SEATABLE_IMAGE=a\nA=1\nexport SEATABLE_IMAGE='b' # c\nM='l1\nSEATABLE_IMAGE=evil'\nSEATABLE_IMAGE=d");
	const json_t *others = json_object_get(o, "others");

	assert_int_equal(json_array_size(others), 2);
	assert_string_equal(json_string_value(json_array_get(others, 0)), "a");
	assert_string_equal(json_string_value(json_array_get(others, 1)), "b");
	assert_string_equal(json_str(o, "value", ""), "d");
}

/* The vendor's own sample, whose host name lacks its closing quote. */
static void a_file_that_compose_refuses(void **state)
{
	struct map values = { 0 };
	struct err e = ERR_INIT;

	assert_true(sea_env_read(sv_of("SEATABLE_SERVER_HOSTNAME='cluster.seatable.com\nTIME_ZONE='Europe/Berlin'\n"), &values, &e) < 0);
	assert_int_equal(e.kind, ERR_FORMAT);
	assert_non_null(strstr(e.msg, "line 2"));
}

static void where_bash_reads_otherwise(void **state)
{
	static const struct {
		const char *text;
		bool otherwise;
	} lines[] = {
		{ "A=plain-1.2/x:y\n", false }, { "A='two words $x'\n", false }, { "A=\"two words\"\n", false }, { "A=\n", false },
		{ "A= x\n", true },             { "A=two words\n", true },       { "A=\"$B\"\n", true },         { "A=a$1\n", true },
		{ "A: x\n", true },             { "A=`x`\n", true },             { "A='a\\'b'\n", true },        { "A =x\n", true },
		{ "A-B=x\n", true },            { "export A=x\n", false },       { "A=x # c\n", false },         { "A=it's\n", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct map values = values_of(lines[i].text);
		autojson json_t *keys = sea_env_bash(sv_of(lines[i].text), &values);

		if ((json_array_size(keys) > 0) != lines[i].otherwise)
			fail_msg("%s", lines[i].text);
		map_done(&values, free);
	}
}

static void assert_files(const char *text, const char *want)
{
	struct map values = values_of(text);
	autojson json_t *files = sea_env_files(&values);
	autofree char *is = files ? json_dumps(files, JSON_COMPACT) : xstrdup("");

	assert_string_equal(is, want);
	map_done(&values, free);
}

static void the_files_of_the_project(void **state)
{
	assert_files("COMPOSE_FILE='caddy.yml,seatable-server.yml'\nCOMPOSE_PATH_SEPARATOR=','\n", "[\"caddy.yml\",\"seatable-server.yml\"]");
	assert_files("COMPOSE_FILE=a.yml:b.yml\n", "[\"a.yml\",\"b.yml\"]");
	assert_files("COMPOSE_FILE='a.yml, b.yml'\nCOMPOSE_PATH_SEPARATOR=','\n", "[\"a.yml\",\" b.yml\"]");
	assert_files("COMPOSE_FILE=a.yml,b.yml\nCOMPOSE_PATH_SEPARATOR=\n", "[\"a.yml,b.yml\"]");
	assert_files("COMPOSE_FILE=\n", "[\"\"]");
	assert_files("COMPOSE_FILE='a.yml,,b.yml'\nCOMPOSE_PATH_SEPARATOR=','\n", "[\"a.yml\",\"\",\"b.yml\"]");
	assert_files("A=1\n", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_of_the_image),
		cmocka_unit_test(what_does_not_win_in_its_order),
		cmocka_unit_test(a_file_that_compose_refuses),
		cmocka_unit_test(where_bash_reads_otherwise),
		cmocka_unit_test(the_files_of_the_project),
	};

	return cmocka_run_group_tests_name("envfile", tests, NULL, NULL);
}
