/* compose-go's dotenv: the measured cases, one test each row, and the editor's contract. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "conf/dotenv.h"
#include "conf/editor.h"

#define NONE NULL                       /* not set */
#define BAD  "\x01" "bad"               /* the whole file is refused */

static const struct row {
	const char *no, *text, *key, *value;
} ROWS[] = {
	{ "1", "A=x\n", "A", "x" },
	{ "2", " \tA =\t x  \n", "A", "x" },
	{ "3a", "export A=x\n", "A", "x" },
	{ "3b", "export\tA=x\n", "A", "x" },
	{ "4", "exportA=x\n", "exportA", "x" },
	{ "4b", "exportA=x\n", "A", NONE },
	{ "5a", "A='x'\n", "A", "x" },
	{ "5b", "A=\"x\"\n", "A", "x" },
	{ "6", "A=x # c\n", "A", "x" },
	{ "7", "A=x\t# c\n", "A", "x\t# c" },
	{ "8", "A=x#c\n", "A", "x#c" },
	{ "9", "A=#x\n", "A", "#x" },
	{ "10a", "A='x' # c\n", "A", "x" },
	{ "10b", "A='x'#c\n", "A", "x" },
	{ "11", "A='x # y'\n", "A", "x # y" },
	{ "12", "#A=x\n", "A", NONE },
	{ "13", "A=\n", "A", "" },
	{ "14", "A=''\n", "A", "" },
	{ "15", "A= # c\n", "A", "# c" },
	{ "16a", "A\n", "A", NONE },
	{ "16b", "B\n", "B", "word" },
	{ "17", "A: x\n", "A", "x" },
	{ "18", "A=it's\n", "A", "it's" },
	{ "19", "A=a\\nb\n", "A", "a\\nb" },
	{ "20", "A=\"a\\nb\"\n", "A", "a\nb" },
	{ "21", "A='a\\'b'\n", "A", "a'b" },
	{ "22", "A='a\\\\b'\n", "A", "a\\\\b" },
	{ "23a", "A=${B}\n", "A", "word" },
	{ "23b", "A=\"${B}\"\n", "A", "word" },
	{ "24", "A='${B}'\n", "A", "${B}" },
	{ "25a", "A=${X:-d}\n", "A", "d" },
	{ "25b", "A=${X-d}\n", "A", "d" },
	{ "26", "A=${X:?e}\n", "A", BAD },
	{ "27", "A=p$$q\n", "A", "p$q" },
	{ "28a", "A=pa$1\n", "A", "pa$1" },
	{ "28b", "A=pa$\n", "A", "pa$" },
	{ "29", "A=pa${q\n", "A", BAD },
	{ "30", "A='x\nB='y'\n", "A", BAD },
	{ "31", "A=\"x\n", "A", BAD },
	{ "32", "A='x'junk\n", "A", "x" },
	{ "33", "A='x''y'\n", "A", BAD },
	{ "34", "A%B=x\n", "A", BAD },
	{ "35", "A B=x\n", "A", BAD },
	{ "35b", "A=1\ntwo words\n", "A", BAD },
	{ "35c", "A=1\ntwo words", "A", "1" },
	{ "36", "A=1\nA=2\n", "A", "2" },
	{ "37", "A=1\nA=\n", "A", "" },
	{ "38", "A=1\n#A=2\n", "A", "1" },
	{ "39", "A=x\r\n", "A", "x" },
	{ "40", "\xef\xbb\xbf" "A=x\n", "A", "x" },
	{ "41", "A=x", "A", "x" },
	{ "42a", "M='l1\nSEATABLE_IMAGE=evil\nl3'\n", "SEATABLE_IMAGE", NONE },
	{ "42b", "M='l1\nSEATABLE_IMAGE=evil\nl3'\n", "M", "l1\nSEATABLE_IMAGE=evil\nl3" },
	{ "43", "# \xff\nA=x\n", "A", "x" },
	{ "44", "OUT=1\n", "OUT", "9" },
	/* The grammar's finer points. */
	{ "g1", "A=x\xc2\xa0 \n", "A", "x" },
	{ "g2", "B2=1\nA=${B2:+y}${X:+n}${B2+y}${X+n}\n", "A", "yy" },
	{ "g3", "A=${X:-${Y:-${B}}}!\n", "A", "word!" },
	{ "g4", "A=\"\\0101\\$B\\\\ \\c\\t\"\n", "A", "A$B\\ \\c\t" },
	{ "g5", "A=1\nC=${A}2\nA=3\n", "C", "12" },
	{ "g6", "A='x' B=2\n", "A", "x" },
	{ "g7", "A='l1\r\nl2'\r\n", "A", "l1\r\nl2" },
	{ "g8", "a.b-c[0]=x\n", "a.b-c[0]", "x" },
	{ "g9", "A=$B-${B}\n", "A", "word-word" },
	{ "g10", "A=$UNSET.\n", "A", "." },
	{ "g11", "A=${B?e}${B:-}\n", "A", "wordword" },
	{ "g11b", "E=\nA=${E:-d}${E-n}${E:+n}${E+s}\n", "A", "ds" },
	{ "g12", "export \n", "A", NONE },
	{ "g13", "export ", "A", BAD },
};

static const char *outside(const char *name, void *data)
{
	return !strcmp(name, "B") ? "word" : !strcmp(name, "OUT") ? "9" : NULL;
}

struct wanted {
	const char *key;
	struct buf  value;
	bool        found;
};

static int keep(void *data, const char *key, const char *value, size_t line, struct err *e)
{
	struct wanted *w = data;

	if (strcmp(key, w->key) != 0)
		return 0;
	buf_adds(&w->value, value);
	w->found = true;
	return 0;
}

static void test_row(void **state)
{
	const struct row *row = *state;
	struct wanted w = { .key = row->key, .value = BUF_MAX(1 << 20) };
	struct err e = ERR_INIT;
	int r = dotenv_each(sv_of(row->text), outside, NULL, keep, &w, &e);
	bool bad = row->value && !strcmp(row->value, BAD);

	assert_int_equal(r, bad ? -ERR_FORMAT : 0);
	assert_int_equal(w.found, row->value && !bad);
	if (w.found)
		assert_string_equal(buf_str(&w.value), row->value);
	buf_done(&w.value);
}

/* What becomes of `text` when KEY is set to repo/x:1. */
static void sets(const char *text, const char *expected)
{
	struct buf made = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;
	int r = editor_set(&dialect_env, sv_of(text), "KEY", "repo/x:1", &made, &e);

	assert_string_equal(e.msg, "");
	assert_int_equal(r, 1);
	assert_string_equal(buf_str(&made), expected);
	buf_done(&made);
}

static void test_replaces(void **state)
{
	sets("KEY=old\n", "KEY='repo/x:1'\n");
	sets(" export KEY = old # c\n", " export KEY ='repo/x:1' # c\n");
	sets("KEY=\r\nB=1\r\n", "KEY='repo/x:1'\r\nB=1\r\n");
	sets("KEY: \"a\nb\"#c\n", "KEY:'repo/x:1'#c\n");
	sets("KEY=1\nB=1\nKEY=2", "KEY=1\nB=1\nKEY='repo/x:1'");
	sets("KEY= # c\n", "KEY='repo/x:1'\n");
}

static void test_inserts(void **state)
{
	sets("", "KEY='repo/x:1'\n");
	sets("A=1\n", "A=1\nKEY='repo/x:1'\n");
	sets("A=1", "A=1\nKEY='repo/x:1'\n");
	sets("A", "A\nKEY='repo/x:1'\n");
	sets("# c", "# c\nKEY='repo/x:1'\n");
	sets("A=1\r\nB=2\r\n", "A=1\r\nB=2\r\nKEY='repo/x:1'\r\n");
	sets("# KEY=old\nB=2\n", "# KEY=old\nKEY='repo/x:1'\nB=2\n");
	sets("#KEY=1\n#KEY=2\n", "#KEY=1\n#KEY=2\nKEY='repo/x:1'\n");
	sets("M='\n#KEY=1\n'\n", "M='\n#KEY=1\n'\nKEY='repo/x:1'\n");
}

/* What single quotes hold stands in them, all else in double ones; both are read back. */
static void test_quotes(void **state)
{
	static const struct {
		const char *value, *written;
	} rows[] = {
		{ "", "A=''\n" },
		{ "a b#c", "A='a b#c'\n" },
		{ " lead and trail ", "A=' lead and trail '\n" },
		{ "p$1 ${X} $$ `y` \"q\"", "A='p$1 ${X} $$ `y` \"q\"'\n" },
		{ "gr\xc3\xb6\xc3\x9f" "e\t!", "A='gr\xc3\xb6\xc3\x9f" "e\t!'\n" },
		{ "it's", "A=\"it's\"\n" },
		{ "it's $5 \"now\"", "A=\"it's \\$5 \\\"now\\\"\"\n" },
		{ "C:\\dir\\", "A=\"C:\\\\dir\\\\\"\n" },
		{ "\\'\\\"\\$\\n\\0101", "A=\"\\\\'\\\\\\\"\\\\\\$\\\\n\\\\0101\"\n" },
		{ "two\r\nlines", "A=\"two\\r\\nlines\"\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autobuf struct buf made = BUF_MAX(1 << 20), back = BUF_MAX(1 << 20);
		struct err e = ERR_INIT;

		assert_int_equal(editor_set(&dialect_env, SV("A=1\n"), "A", rows[i].value, &made, &e), 1);
		assert_string_equal(buf_str(&made), rows[i].written);
		assert_int_equal(editor_get(&dialect_env, buf_sv(&made), "A", &back, &e), 1);
		assert_string_equal(buf_str(&back), rows[i].value);
	}
}

static void test_refuses(void **state)
{
	struct buf made = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	assert_int_equal(editor_set(&dialect_env, SV("A=1\n"), "A", "\xff", &made, &e), -ERR_USAGE);
	assert_int_equal(editor_set(&dialect_env, SV("A='1\n"), "A", "2", &made, &e), -ERR_FORMAT);
	assert_string_equal(e.msg, "line 1, column 3: an unterminated quoted value");
	assert_int_equal(editor_set(&dialect_env, SV("A=1\nB=$A\n"), "A", "2", &made, &e),
			 -ERR_REFUSED);
	assert_string_equal(e.msg, "changing 'A' would change 'B' too");
	assert_int_equal(editor_set(&dialect_env, SV("A='1' B=2\n"), "B", NULL, &made, &e),
			 -ERR_REFUSED);
	buf_done(&made);
}

static void test_takes_out_every_assignment(void **state)
{
	struct buf made = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	assert_int_equal(
	    editor_set(&dialect_env, SV("A='1\n2' # c\nB=2\nexport A=3\n"), "A", NULL, &made, &e),
	    1);
	assert_string_equal(buf_str(&made), "B=2\n");
	buf_done(&made);
}

static void test_growth_has_a_budget(void **state)
{
	struct buf text = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;
	struct span at;

	buf_adds(&text, "A=xxxxxxxxxxxxxxxx\n");
	for (int i = 0; i < 64; i++)
		buf_adds(&text, "A=$A$A\n");
	assert_true(dialect_env.span(buf_sv(&text), "A", &at, &e) < 0);
	buf_done(&text);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(ROWS) + 6], more[] = {
		cmocka_unit_test(test_replaces),
		cmocka_unit_test(test_inserts),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_takes_out_every_assignment),
		cmocka_unit_test(test_growth_has_a_budget),
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		tests[i] =
		    (struct CMUnitTest){ ROWS[i].no, test_row, NULL, NULL, (void *)&ROWS[i] };
	memcpy(tests + ARRAY_LEN(ROWS), more, sizeof more);
	return cmocka_run_group_tests_name("env", tests, NULL, NULL);
}
