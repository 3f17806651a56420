/* gotenv's own reading, to the letter. The cases are what gotenv 1.6.0 answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "conf/gotenv.h"

static const char *outside(const char *name, void *data)
{
	return !strcmp(name, "OUT") ? "o $X" : !strcmp(name, "EMPTY") ? "" : NULL;
}

static void reads(const char *text, const char *name, const char *value)
{
	autogotenv struct gotenv env = { 0 };
	const struct gotenv_var *var;
	struct err e = ERR_INIT;

	if (gotenv_read(sv_of(text), outside, NULL, &env, &e) < 0)
		fail_msg("<<%s>>: %s", text, e.msg);
	var = map_get(&env.vars, name);
	if (!var)
		fail_msg("<<%s>>: no %s", text, name);
	assert_string_equal(var->value, value);
}

static void test_separators(void **state)
{
	reads("A=1", "A", "1");
	reads("  A  =  1  \n", "A", "1");
	reads("export A=1", "A", "1");
	reads("export =1", "export", "1");
	reads("A: 1", "A", "1");
	reads("a.b_1=x y", "a.b_1", "x y");
	reads("A=1\rB=2\r\nC=3", "C", "3");
	reads("\xef\xbb\xbf" "A=1", "A", "1");
	reads("A=", "A", "");
	reads("A=1\nA=2", "A", "2");
	reads("A=x # c", "A", "x");
	reads("A=x#c", "A", "x");
	reads("A=#c", "A", "");
	reads("A:  \"x#y\"", "A", "\"x");
}

static void test_quotes(void **state)
{
	reads("A='x # y'", "A", "x # y");
	reads("A='x\\n$OUT'", "A", "x\\n$OUT");
	reads("A=\"x\\ny\\\"z\\t\"", "A", "x\ny\"zt");
	reads("A=\"x\" # \"c\"", "A", "x\" # \"c");
	reads("A=\"x\" y", "A", "\"x\" y");
	reads("A='one\ntwo # no comment\nthree'", "A", "one\ntwo # no comment\nthree");
	reads("A=\"one\n  two\" # c", "A", "one\n  two");
	reads("A=it's", "A", "it's");
	reads("A=\"\\\\n\"", "A", "\n");
}

static void test_expansion(void **state)
{
	reads("A=$OUT", "A", "o $X");
	reads("A=\"<${OUT}>\"", "A", "<o $X>");
	reads("B=1\nA=$B-${B}-$NONE.", "A", "1-1-.");
	reads("OUT=mine\nA=$OUT", "A", "o $X");
	reads("EMPTY=mine\nA=[$EMPTY]", "A", "[]");
	reads("A=\\$OUT \"\\${OUT}\"", "A", "$OUT \"${OUT}\"");
	reads("A=\"\\$OUT\"", "A", "$OUT");
	reads("A=$lower ${lower} $ ${}", "A", "$lower ${lower} $ ${}");
	reads("B=1\nA=$B}x", "A", "1x");
}

static void fails(struct sv text, enum err_kind kind, const char *msg)
{
	autogotenv struct gotenv env = { 0 };
	struct err e = ERR_INIT;

	assert_int_equal(gotenv_read(text, NULL, NULL, &env, &e), -(int)kind);
	if (!strstr(e.msg, msg))
		fail_msg("'%s' without '%s'", e.msg, msg);
	assert_int_equal(env.vars.n, 0);
}

static void test_gives_up(void **state)
{
	autobuf struct buf text = BUF_MAX(1 << 20);

	fails(SV("A=1\nnonsense\nB=2"), ERR_FORMAT, "line 2: no assignment");
	fails(SV("A=1\nexport A"), ERR_FORMAT, "line 2: no assignment");
	fails(SV("A:1"), ERR_FORMAT, "line 1: no assignment");
	fails(SV("A-B=1"), ERR_FORMAT, "line 1: no assignment");
	fails(SV("\nA='x\ny"), ERR_FORMAT, "line 2: a quote without end");
	fails(SV("A='x\ny' z"), ERR_FORMAT, "line 1: no assignment");
	fails(SV("A=\0"), ERR_REFUSED, "NUL");
	fails(SV("\xff\xfe" "A"), ERR_REFUSED, "UTF-16");
	while (text.len < (66u << 10))
		buf_adds(&text, "AAAAAAAAAAAAAAAA");
	fails(buf_sv(&text), ERR_FORMAT, "longer than 64 KiB");
	buf_reset(&text);
	buf_adds(&text, "A=xxxxxxxx\n");
	for (int i = 0; i < 20; i++)
		buf_adds(&text, "A=$A$A$A$A\n");
	fails(buf_sv(&text), ERR_REFUSED, "grows too large");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_separators),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_expansion),
		cmocka_unit_test(test_gives_up),
	};

	return cmocka_run_group_tests_name("gotenv", tests, NULL, NULL);
}
