/* INI as SFTPGo 2.6.4 was seen to read it (gopkg.in/ini.v1 1.67): what a value is, what refers to what, what nobody reads. */
#include "conf/ini.h"
#include "reading.h"

static int seen(void *data, const char *key, const char *value, size_t line, struct err *unused)
{
	(void)unused;
	json_object_set_new(data, key, json_sprintf("%s@%zu", value, line));
	return 0;
}

/* Each value with its line; none of a file that the library gives up on. */
static int read_all(struct sv text, json_t **ret, struct map *unused, struct err *e)
{
	autojson json_t *all = json_object();

	(void)unused;
	if (ini_each(text, seen, all, e) < 0) {
		assert_true(e->kind != ERR_FORMAT || !json_object_size(all));
		return -(int)e->kind;
	}
	*ret = take_ptr(all);
	return 0;
}

static void reads(const char *text, const char *json)
{
	reader_reads(read_all, text, json);
}

static void fails(const char *text, enum err_kind kind, const char *why)
{
	reader_fails(read_all, text, kind, why);
}

static void test_names(void **state)
{
	reads("", "{}");
	reads("a=1\n[s]\na=2", "{\"DEFAULT.a\":\"1@1\",\"s.a\":\"2@3\"}");
	reads("\xef\xbb\xbf[s.t]\r\n  a : 1\r\n", "{\"s.t.a\":\"1@2\"}");
	reads("[ s ]\na=1", "{\" s .a\":\"1@2\"}");
	reads("[s] ; [t]\na=1", "{\"s] ; [t.a\":\"1@2\"}");
	reads("[s]\n\"a = b\" = 1\n`c` : 2\n\"\"\"d\"\"\"=3", "{\"s.a = b\":\"1@2\",\"s.c\":\"2@3\",\"s.d\":\"3@4\"}");
	reads("[s]\n-=a\n-=b\n[t]\n-=c", "{\"s.#1\":\"a@2\",\"s.#2\":\"b@3\",\"t.#1\":\"c@5\"}");
	reads("[s]\na=1\nb=2\na=3\n[t]\n[s]\nb=4", "{\"s.a\":\"3@4\",\"s.b\":\"4@7\"}");
	fails("[s\na=1", ERR_FORMAT, "line 1: a section without ']'");
	fails("\n[]", ERR_FORMAT, "line 2: a section without a name");
	fails("[s]\numask\n", ERR_FORMAT, "line 2: no '='");
	fails("=1", ERR_FORMAT, "a name is missing");
	fails("\"\"=1", ERR_FORMAT, "a name is missing");
	fails("\"a=1", ERR_FORMAT, "quotes that do not end");
	fails("\xff=1", ERR_REFUSED, "no UTF-8");
}

static void test_values(void **state)
{
	reads("a=x;y#z", "{\"DEFAULT.a\":\"x@1\"}");
	reads("a=\"x;y\"", "{\"DEFAULT.a\":\"\\\"x@1\"}");
	reads("a=\" x \" ; y", "{\"DEFAULT.a\":\" x @1\"}");
	reads("a='x'y'", "{\"DEFAULT.a\":\"'x'y'@1\"}");
	reads("a=`x;y` z", "{\"DEFAULT.a\":\"x;y@1\"}");
	reads("a=\"\"\"x;y\"\"\" z", "{\"DEFAULT.a\":\"x;y@1\"}");
	reads("a=\"\"\"x\ny\n z\"\"\" w\nb=1", "{\"DEFAULT.a\":\"x\\ny\\n z@1\",\"DEFAULT.b\":\"1@4\"}");
	reads("a=x\\\n  y \\\n z ; w\nb=1", "{\"DEFAULT.a\":\"xy z ; w@1\",\"DEFAULT.b\":\"1@4\"}");
	reads("a=x\\\n\nb=1", "{\"DEFAULT.a\":\"x@1\",\"DEFAULT.b\":\"1@3\"}");
	reads("a=\n; c\n# d\n", "{\"DEFAULT.a\":\"@1\"}");
	fails("a=`x\ny", ERR_FORMAT, "line 2: a value in quotes");
}

static void test_references(void **state)
{
	reads("x=y\n[s]\nz=q\na=%(x)s%(z)s%(w)s ${x}", "{\"DEFAULT.x\":\"y@1\",\"s.z\":\"q@3\",\"s.a\":\"yq%(w)s ${x}@4\"}");
	reads("[s]\nz=q\n[s.t.u]\na=%(z)s", "{\"s.z\":\"q@2\",\"s.t.u.a\":\"q@4\"}");
	reads("[s]\na=%(a)s", "{\"s.a\":\"%(a)s@2\"}");
	reads("a=1\n[s]\na=%(a)s2", "{\"DEFAULT.a\":\"1@1\",\"s.a\":\"12@3\"}");
	reads("[s]\na=x%(b)s\nb=y%(c)s\nc=z", "{\"s.a\":\"xyz@2\",\"s.b\":\"yz@3\",\"s.c\":\"z@4\"}");
	reads("a=%()s %(b) %(b)t", "{\"DEFAULT.a\":\"%()s %(b) %(b)t@1\"}");
	fails("a=%(a)s%(a)s", ERR_REFUSED, "line 1: values that refer to each other grow too large");
}

static void add_times(struct buf *text, size_t times, const char *what)
{
	for (size_t i = 0; i < times; i++)
		buf_adds(text, what);
}

static void test_ceilings(void **state)
{
	struct buf text = BUF_MAX(4u << 20);

	buf_adds(&text, "\n[");
	add_times(&text, 1100, "s");
	buf_adds(&text, "]\n");
	fails(buf_str(&text), ERR_REFUSED, "line 2: the name of a section is too long");
	/* What does not fit any more ends it, however much was still to be replaced. */
	buf_reset(&text);
	buf_adds(&text, "a=");
	add_times(&text, 300000, "%(b)s");
	buf_adds(&text, "\nb=");
	add_times(&text, 2000000, "x");
	fails(buf_str(&text), ERR_REFUSED, "line 1: values that refer to each other grow too large");
	/* Sections above that are asked for nothing are work, too. */
	buf_reset(&text);
	buf_adds(&text, "[");
	add_times(&text, 500, "s.");
	buf_adds(&text, "s]\n");
	for (size_t i = 0; i < 1000; i++)
		buf_addf(&text, "a%zu=%%(x)s\n", i);
	fails(buf_str(&text), ERR_REFUSED, "values that refer to each other grow too large");
	buf_done(&text);
}

/* A value is looked through 99 times. */
static void test_rounds(void **state)
{
	struct buf text = BUF_MAX(64u << 10);
	autojson json_t *all = NULL;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < 100; i++)
		buf_addf(&text, "a%zu=%%(a%zu)s\n", i, i + 1);
	buf_adds(&text, "a100=end\n");
	assert_ok(read_all(buf_sv(&text), &all, NULL, &e), &e);
	assert_string_equal(json_str(all, "DEFAULT.a0", ""), "%(a100)s@1");
	assert_string_equal(json_str(all, "DEFAULT.a1", ""), "end@2");
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_rounds),
	};

	return cmocka_run_group_tests_name("conf/ini", tests, NULL, NULL);
}
