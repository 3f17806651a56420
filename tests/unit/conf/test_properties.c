/* Java's properties: against the real Properties.load() where there is a JDK, and a few cases to
 * read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "conf/editor.h"
#include "draw.h"
#include "oracle.h"

#define FILES 4000
#define BATCH (64u << 20)

/* Pieces whose sequence is what the reader's states are about. */
static const char *const PIECES[] = {
	"a",       "b",       "key",     "=",       ":",     " ",       "\t",  "\f",
	"\\",      "\\",      "\n",      "\n",      "\r",    "\r\n",    "#",   "!",
	"\\u0041", "\\u00e9", "\\ud83d", "\\ude00", "\\u12", "\\uzzzz", "\\n", "\\t",
	"\\q",     "\xe9",    "\x01",    "\xff",    "value", "\\=",     "\\ ", "\\#",
	"\\\n",    "\\\r\n",  "\\\r",    "  ",      "\v",
};
/* Few files of random pieces have no malformed \u; most are made of those before and after it
 * only. */
#define MALFORMED 20

static void make_text(struct buf *ret)
{
	bool may_fail = !pick(4);

	for (size_t n = pick(24); n; n--) {
		size_t i = pick(ARRAY_LEN(PIECES));

		if (may_fail || (i != MALFORMED && i != MALFORMED + 1))
			buf_adds(ret, PIECES[i]);
	}
}

static unsigned long rune_next(const unsigned char **p)
{
	unsigned long c = *(*p)++;
	int more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	c &= more ? 0x3fu >> more : 0x7f;
	while (more--)
		c = c << 6 | (*(*p)++ & 0x3f);
	return c;
}

static void add_utf16(const char *s, struct buf *ret)
{
	for (const unsigned char *p = (const unsigned char *)s; *p;) {
		unsigned long c = rune_next(&p);

		if (c < 0x10000)
			buf_addf(ret, "%04lx", c);
		else
			buf_addf(ret, "%04lx%04lx", 0xd800 + ((c - 0x10000) >> 10),
				 0xdc00 + (c & 0x3ff));
	}
}

static void add_question(struct sv text, struct buf *questions, struct buf *answers)
{
	oracle_question(text, questions);
	assert_true(oracle_answer(&dialect_properties, text, add_utf16, answers));
}

/* A generated file, and the same after an edit. Number of texts. */
static size_t add_file(struct buf *questions, struct buf *answers)
{
	static const char *const values[] = { "",           " x ",      "=",
					      ":y",         "#",        "\\",
					      "a\nb\r\f\t", "\xc3\xa9", "\xf0\x9f\x98\x80",
					      "plain",      "\x7f\x02" };
	struct buf text = BUF_MAX(1 << 20), edited = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;
	size_t n = 1;

	make_text(&text);
	add_question(buf_sv(&text), questions, answers);
	if (editor_set(&dialect_properties, buf_sv(&text),
		       pick(2) ? "a" : "b #=", values[pick(ARRAY_LEN(values))], &edited, &e) >= 0) {
		add_question(buf_sv(&edited), questions, answers);
		n++;
	}
	buf_done(&text);
	buf_done(&edited);
	return n;
}

static void test_java_reads_the_same(void **state)
{
	struct buf questions = BUF_MAX(BATCH), answers = BUF_MAX(BATCH), java = BUF_MAX(BATCH);
	char *argv[] = { (char *)"java", (char *)"-Xshare:auto", getenv("CONF_ORACLE"), NULL };
	size_t errors, n = 0;

	if (!in_path("java") || !in_path("javac")) {
		print_message("# no JDK in PATH\n");
		skip();
	}
	for (size_t i = 0; i < FILES; i++)
		n += add_file(&questions, &answers);
	oracle_ask(argv, buf_sv(&questions), &java);
	errors = oracle_compare(draw_seed, buf_sv(&questions), buf_sv(&answers), buf_sv(&java), "error");
	print_message("# %zu texts, %zu of them malformed\n", n, errors);
	assert_true(errors > 20 && errors < n / 2);
	buf_done(&questions);
	buf_done(&answers);
	buf_done(&java);
}

static void reads(const char *text, const char *key, const char *value)
{
	struct buf got = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	assert_int_equal(editor_get(&dialect_properties, sv_of(text), key, &got, &e), 1);
	assert_string_equal(buf_str(&got), value);
	buf_done(&got);
}

static void test_reads(void **state)
{
	reads("k = v \n", "k", "v ");
	reads("k v\n", "k", "v");
	reads("k=1\nk=2\r", "k", "2");
	reads("a\\:b\\ c : x", "a:b c", "x");
	reads("k=a\\\n  # b", "k", "a# b");
	reads("k=\xe9\\u20ac\\ud83d\\ude00", "k", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	reads("\\\n#k=1\nk=2", "k", "2");
}

static void sets(const char *text, const char *value, const char *expected)
{
	struct buf made = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	assert_int_equal(editor_set(&dialect_properties, sv_of(text), "k", value, &made, &e), 1);
	assert_string_equal(buf_str(&made), expected);
	buf_done(&made);
}

static void test_sets(void **state)
{
	sets("k = v\n", " \xc3\xa9 ", "k = \\ \\u00e9 \n");
	sets("k\n", "x", "k=x\n");
	sets("k=a\\\n  b\nz=1\n", "x", "k=x\nz=1\n");
	sets("#k=1\nz=2\n", "x", "#k=1\nk=x\nz=2\n");
	sets("z=2\\", "x", "z=2\\\n\nk=x\n");
	sets("a=1\nk=1\nk 2\n", NULL, "a=1\n");
}

static void test_refuses(void **state)
{
	struct buf made = BUF_MAX(1 << 20);
	struct err e = ERR_INIT;

	assert_int_equal(editor_set(&dialect_properties, SV("a=1\nk=\\u00zz"), "a", "2", &made, &e),
			 -ERR_FORMAT);
	assert_string_equal(e.msg, "line 2: malformed \\uxxxx encoding");
	assert_int_equal(editor_set(&dialect_properties, SV("a=1\n"), "a", "\xff", &made, &e),
			 -ERR_USAGE);
	assert_int_equal(editor_set(&dialect_properties, SV("a=\0"), "a", "x", &made, &e),
			 -ERR_REFUSED);
	assert_int_equal(editor_get(&dialect_properties, SV("a=\\u0000"), "a", &made, &e),
			 -ERR_REFUSED);
	buf_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_java_reads_the_same),
	};

	draw_begin();
	return cmocka_run_group_tests_name("properties", tests, NULL, NULL);
}
