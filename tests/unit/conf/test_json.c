/* JSON: against Go's encoding/json and Python's json where they are to be had, and cases to read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "conf/editor.h"
#include "draw.h"
#include "oracle.h"

#define FILES 3000
#define BATCH (64u << 20)

static void add_value(struct buf *ret, int depth)
{
	static const char *const scalars[] = {
		"0",
		"-1",
		"22",
		"1.50",
		"-0",
		"1e3",
		"1E-2",
		"\"\"",
		"\"abc\"",
		"\"a\\u0062c\"",
		"\"\\/\\n\\\"\"",
		"\"\\ud83d\\ude00\"",
		"\"\\ud83d x\"",
		"\"\\ude00\\u0000\"",
		"\"\\ude00\\ude01\"",
		"\"\xc3\xa9\xff\xc3\"",
		"\"\x7f\\u001f\"",
		"true",
		"false",
		"null",
		"[]",
		"{}",
		"1e400",
		"123456789012345678901234567890",
	};
	static const char *const names[] = { "a", "b", "a",       "A",        "c.d", "",
					     "c", "d", "\\u0061", "\xc3\xa9", "0" };
	static const char *const blanks[] = { "", "", " ", "\n  ", "\r\n\t" };
	size_t n = pick(4);
	bool list = pick(3) == 0;

	if (depth >= 4 || (depth && pick(2))) {
		buf_adds(ret, pick(40) ? scalars[pick(ARRAY_LEN(scalars) - 2)] : ONE_OF(scalars));
		return;
	}
	if (depth == 0)
		list = false;
	buf_addc(ret, list ? '[' : '{');
	for (size_t i = 0; i < n; i++) {
		buf_addf(ret, "%s%s", i ? "," : "", ONE_OF(blanks));
		if (!list)
			buf_addf(ret, "\"%s\"%s:", ONE_OF(names), ONE_OF(blanks));
		buf_adds(ret, ONE_OF(blanks));
		add_value(ret, depth + 1);
		buf_adds(ret, ONE_OF(blanks));
	}
	buf_adds(ret, list ? "]" : "}");
}

/* One text in four is hurt somewhere. */
static void make_text(struct buf *ret)
{
	static const char *const hurts[] = {
		",", "}",  "]",  "{", "\"",           ":",    "//",  "\\",
		"1", "\t", "\n", "e", "\xef\xbb\xbf", "\x01", "NaN", "x",
		" ",
	};
	autobuf struct buf whole = BUF_MAX(1 << 20);
	size_t at;

	add_value(&whole, 0);
	at = pick(whole.len + 1);
	buf_add(ret, buf_str(&whole), at);
	if (!pick(4)) {
		if (pick(2))
			buf_adds(ret, ONE_OF(hurts));
		else if (at < whole.len)
			at++;
	}
	buf_add(ret, buf_str(&whole) + at, whole.len - at);
}

/* Adds the text as a question with our answer, unless we refuse it. */
static bool add_question(struct sv text, struct buf *questions, struct buf *answers)
{
	if (!oracle_answer(&dialect_json, text, oracle_hex, answers))
		return false;
	oracle_question(text, questions);
	return true;
}

/* A generated file, and the same after an edit. Number of questions. */
static size_t add_file(struct buf *questions, struct buf *answers)
{
	static const char *const values[] = { "1",           "\"x\"",   "null",
					      "[1,\"\\n\"]", "-2.5e+3", "\"\xc3\xa9\"" };
	static const char *const keys[] = { "a", "b", "a.b", "c.d", "0", "b.0", "a.c.new" };
	autobuf struct buf text = BUF_MAX(1 << 20), edited = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;
	size_t n;

	make_text(&text);
	n = add_question(buf_sv(&text), questions, answers);
	if (editor_set(&dialect_json, buf_sv(&text), ONE_OF(keys), pick(4) ? ONE_OF(values) : NULL,
		       &edited, &e) > 0)
		n += add_question(buf_sv(&edited), questions, answers);
	return n;
}

static void ask(char *const argv[])
{
	autobuf struct buf questions = BUF_MAX(BATCH), answers = BUF_MAX(BATCH),
			   theirs = BUF_MAX(BATCH);
	size_t n = 0, errors;

	if (!in_path(argv[0])) {
		print_message("# no %s in PATH\n", argv[0]);
		skip();
	}
	for (size_t i = 0; i < FILES; i++)
		n += add_file(&questions, &answers);
	oracle_ask(argv, buf_sv(&questions), &theirs);
	errors =
	    oracle_compare(draw_seed, buf_sv(&questions), buf_sv(&answers), buf_sv(&theirs), "error");
	print_message("# %zu texts, %zu of them malformed\n", n, errors);
	assert_true(n > FILES / 2 && errors > FILES / 20 && errors < n / 2);
}

static void test_go_reads_the_same(void **state)
{
	char *argv[] = { (char *)"go", (char *)"run", getenv("CONF_ORACLE_GO"), NULL };

	ask(argv);
}

static void test_python_reads_the_same(void **state)
{
	char *argv[] = { (char *)"python3", getenv("CONF_ORACLE_PYTHON"), NULL };

	ask(argv);
}

static void reads(const char *text, const char *key, const char *value)
{
	autobuf struct buf got = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	assert_int_equal(editor_get(&dialect_json, sv_of(text), key, &got, &e), value ? 1 : 0);
	assert_string_equal(buf_str(&got), value ? value : "");
}

static void test_reads(void **state)
{
	reads("{\"a\":{\"b\":22}}", "a.b", "22");
	reads("{\"a\":[{\"b\":true},{\"b\":null}]}", "a.1.b", "null");
	reads("{\"a\":[ \"x\" , [1, \"\\u0079\"] ]}", "a", "[\"x\",[1,\"y\"]]");
	reads("{\"a\":\"\\u00e9\\/\\b\\u001f\"}", "a", "\"\xc3\xa9/\\b\\u001F\"");
	reads("{\"a\":1,\"a\":2}", "a", "2");
	reads("{\"a\":{\"x\":1},\"a\":{\"y\":2}}", "a.x", NULL);
	reads("{\"a.b\":1}", "a.b", "1");
	reads("{\"a\":{}}", "a.b", NULL);
	reads("null", "a", NULL);
}

static void sets(const char *text, const char *key, const char *value, const char *expected)
{
	autobuf struct buf made = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	if (editor_set(&dialect_json, sv_of(text), key, value, &made, &e) != 1)
		fail_msg("%s", e.msg);
	assert_string_equal(buf_str(&made), expected);
}

static void test_sets(void **state)
{
	sets("{ \"a\" : 1 }", "a", "\"x\"", "{ \"a\" : \"x\" }");
	sets("{\"a\":1}", "b", "2", "{\"a\":1,\"b\":2}");
	sets("{\"a\": 1}", "b", "2", "{\"a\": 1, \"b\": 2}");
	sets("{ \"a\": 1, \"c\": 3 }\n", "b", "2", "{ \"a\": 1, \"c\": 3, \"b\": 2 }\n");
	sets("{\r\n\t\"a\": 1\r\n}\r\n", "b", "2", "{\r\n\t\"a\": 1,\r\n\t\"b\": 2\r\n}\r\n");
	sets("{\n    \"a\": {}\n}\n", "a.b", "2", "{\n    \"a\": {\n        \"b\": 2\n    }\n}\n");
	sets("{\"a\": {}}", "a.b", "2", "{\"a\": {\"b\": 2}}");
	sets("{ }", "a", "[]", "{\n  \"a\": []\n}");
	sets("{\n\n  \"a\": 1,\n\n  \"b\": 2\n}", "c", "3",
	     "{\n\n  \"a\": 1,\n\n  \"b\": 2,\n  \"c\": 3\n}");
	sets("{\"a\":1,\"a\":2}", "a", "3", "{\"a\":1,\"a\":3}");
}

static void test_takes_out(void **state)
{
	sets("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n", "a", NULL,
	     "{\n  \"b\": 2,\n  \"c\": 3\n}\n");
	sets("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n", "b", NULL,
	     "{\n  \"a\": 1,\n  \"c\": 3\n}\n");
	sets("{\n  \"a\": 1,\n  \"c\": [\n    3\n  ]\n}\n", "c", NULL, "{\n  \"a\": 1\n}\n");
	sets("{\"a\":[{\"x\":{ \"y\": 1 }}]}", "a.0.x.y", NULL, "{\"a\":[{\"x\":{}}]}");
	sets("{\"a\":1,\"b\":0,\"a\":2}", "a", NULL, "{\"b\":0}");
}

static void fails(const char *text, const char *key, const char *value, enum err_kind kind,
		  const char *msg)
{
	autobuf struct buf made = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	assert_int_equal(editor_set(&dialect_json, sv_of(text), key, value, &made, &e), -(int)kind);
	if (!strstr(e.msg, msg))
		fail_msg("'%s' without '%s'", e.msg, msg);
	assert_int_equal(made.len, 0);
}

static void test_what_the_server_refuses(void **state)
{
	fails("", "a", "1", ERR_FORMAT, "line 1: ");
	fails("\xef\xbb\xbf{}", "a", "1", ERR_FORMAT, "line 1: this is no object");
	fails("[1]", "a", "1", ERR_FORMAT, "line 1: this is no object");
	fails("{\n\"b\": 1,\n}", "a", "1", ERR_FORMAT, "line 3: ");
	fails("{\n// no\n}", "a", "1", ERR_FORMAT, "line 2: ");
	fails("{\"b\": 1e999}", "a", "1", ERR_FORMAT, "a number too large");
	fails("{\"b\": 01}", "a", "1", ERR_FORMAT, "line 1: ");
	fails("{\"b\": \"a\nb\"}", "a", "1", ERR_FORMAT, "a control character");
	fails("{} {}", "a", "1", ERR_FORMAT, "more text");
	fails("{\"b\": \"", "a", "1", ERR_FORMAT, "a string without end");
}

static void test_what_we_refuse(void **state)
{
	autobuf struct buf deep = BUF_MAX(1 << 20);

	fails("{\"a\": 1,\n\"A\": 2}", "b", "1", ERR_REFUSED, "line 2: 'A' is 'a' of line 1");
	fails("{\"a.b\": 1, \"a\": {\"b\": 2}}", "c", "1", ERR_REFUSED, "'a.b' is 'a.b'");
	fails("{\"Port\": 1}", "port", "2", ERR_REFUSED, "is spelled 'Port'");
	fails("{\"Data\": {}}", "data.port", "2", ERR_REFUSED, "is spelled 'Data'");
	fails("{\"\xe2\x84\xaa\": 1}", "k", "2", ERR_REFUSED, "read 'k' back");
	fails("{\"a\": {\"b\": 1}}", "a", "2", ERR_REFUSED, "'a' is an object");
	fails("{\"a\": [{\"b\": 1}]}", "a", NULL, ERR_REFUSED, "'a' is a list of objects");
	fails("{\"a\": [1, {}]}", "a.0", NULL, ERR_REFUSED, "an element of a list");
	fails("{\"a\": [1]}", "a.1", "2", ERR_REFUSED, "no object to hold");
	fails("{}", "a.b", "2", ERR_REFUSED, "no object to hold");
	fails("{\"a\": {\"x\": 1}, \"a\": 5}", "a", NULL, ERR_REFUSED, "'a' is an object");
	fails("{\"a\\u0000\": 1}", "b", "2", ERR_REFUSED, "a name with a NUL");
	for (int i = 0; i < 200; i++)
		buf_adds(&deep, "{\"a\":");
	fails(buf_str(&deep), "b", "1", ERR_REFUSED, "nested deeper");
}

/* A value is JSON, in one form; and what it is is not told, as it may be a secret. */
static void test_values(void **state)
{
	fails("{}", "a", "hush", ERR_USAGE, "the value for 'a' is no JSON");
	fails("{}", "a", "{\"b\":1}", ERR_USAGE, "an object");
	fails("{}", "a", " 1", ERR_USAGE, "blanks or escapes");
	fails("{}", "a", "\"\\u0061\"", ERR_USAGE, "blanks or escapes");
	fails("{}", "a", "\"\xff\"", ERR_USAGE, "blanks or escapes");
	fails("{}", "", "1", ERR_USAGE, "a name");
}

static void test_large(void **state)
{
	autobuf struct buf text = BUF_MAX(8u << 20), made = BUF_MAX(8u << 20);
	struct err e = ERR_INIT;

	buf_adds(&text, "{\"a\":\"");
	while (text.len < (4u << 20))
		buf_adds(&text, "xxxxxxxxxxxxxxxx");
	buf_adds(&text, "\"}");
	assert_int_equal(editor_set(&dialect_json, buf_sv(&text), "b", "1", &made, &e), -ERR_SPACE);
	buf_reset(&text);
	buf_adds(&text, "{\"a\":[0");
	while (text.len < (3u << 20))
		buf_adds(&text, ",0");
	buf_adds(&text, "]}");
	assert_int_equal(editor_set(&dialect_json, buf_sv(&text), "b", "1", &made, &e),
			 -ERR_REFUSED);
}

static bool is_password(const char *key, void *data)
{
	return !strcmp(key, "db.password") || !strcmp(key, "list");
}

/* A secret is in no line of a diff: not where it changes, not beside a change, not as one that does
 * not count. */
static void test_secrets_stay_out_of_diffs(void **state)
{
	static const char before[] =
	    "{\n  \"db\": {\n    \"password\": \"hush0\",\n    \"password\": \"hush1\",\n"
	    "    \"port\": 1\n  },\n  \"list\": [\n    \"hush2\",\n    \"hush3\"\n  ]\n}\n";
	autobuf struct buf after = BUF_MAX(1 << 20), diff = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	assert_int_equal(editor_set(&dialect_json, SV(before), "db.port", "2", &after, &e), 1);
	assert_int_equal(editor_diff(&dialect_json, "f", SV(before), buf_sv(&after), is_password,
				     NULL, &diff, &e),
			 1);
	assert_non_null(strstr(buf_str(&diff), "-    \"port\": 1\n+    \"port\": 2\n"));
	assert_non_null(strstr(buf_str(&diff), "\"password\": ***,\n"));
	assert_null(strstr(buf_str(&diff), "hush"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_takes_out),
		cmocka_unit_test(test_what_the_server_refuses),
		cmocka_unit_test(test_what_we_refuse),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_secrets_stay_out_of_diffs),
		cmocka_unit_test(test_go_reads_the_same),
		cmocka_unit_test(test_python_reads_the_same),
	};

	draw_begin();
	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
