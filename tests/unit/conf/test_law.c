/* The editor's law on generated files, 2000 a dialect. SEED=n repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "draw.h"
#include "law.h"

#define FILES 2000

/* What the files of a dialect are made of; NULL ends each list. */
struct recipe {
	const struct dialect *lang;
	const char           *keys[8];
	const char           *lines[32];        /* "%" stands for a key */
	const char           *values[24];
	const char           *ends[4];
};

static const struct recipe RECIPES[] = {
	{ &dialect_properties,
	  { "a", "a.b", "k\xc3\xa9y", "x y", "pw" },
	  { "%=1",
	    "% = two words  ",
	    "%:",
	    "%",
	    "% ",
	    "  %\t3",
	    "#%=off",
	    "! %: off",
	    "# prose",
	    "",
	    "%=a\\",
	    "%\\",
	    "\\",
	    "  ",
	    "%=\\u00e9\\uD83D\\uDE00",
	    "%=\\  x",
	    "%==",
	    "%=a\\\\",
	    "%=\\#",
	    "\t# %=1",
	    "%=\xe9" },
	  { "", " lead", "trail ", "=", ":x", "#c", "back\\slash", "\\", "tab\there", "line\nfeed",
	    "\r", "\xc3\xa9", "\xe2\x82\xac \xf0\x9f\x98\x80", "a=b:c", "\f", "x",
	    "http://h:1/?a=b#c", "\x7f\x01" },
	  { "\n", "\r\n", "\r" } },
	{ &dialect_env,
	  { "A", "AB", "C_1", "SEATABLE_IMAGE" },
	  { "%=1",       "export % = x # c",
	    "%='q'",     "%=\"d\\n\"#c",
	    "#%=off",    "# %=off",
	    "% : y",     "%=",
	    "%= # c",    "%",
	    "%='multi",  "line'",
	    "",          "  ",
	    "# prose",   "%=a b",
	    "%='a' X=1", "\t%=x\t# c",
	    "%=$$x",     "%=${U:-d}",
	    "%=a\\",     "%='it\\'s'",
	    "%=\"l1",    "l2\"" },
	  { "", "repo/x:1", "a", "A.b-c_d@e", "a b#c", "it's", "$x ${y} $$",
	    " lead", "trail\\", "\\'", "\\\"", "\\$x", "\"q\" `y`", "two\nlines", "a\r\nb", "\\0101",
	    "\xc3\xa9\t", "\xff" },
	  { "\n", "\r\n" } },
	{ &dialect_unit,
	  { "Service.ExecStart", "Service.Restart", "Unit.After", "New.Key", "Service.A" },
	  { "[Service]",
	    "[Unit]",
	    " [X-1] ",
	    "ExecStart=/bin/x -a",
	    "ExecStart=",
	    "Restart = no ",
	    "#Restart=yes",
	    "; A=1",
	    "After=a.service \\",
	    "  b.service \\",
	    "  # within",
	    "",
	    "A=",
	    "A=\"quoted %s\"",
	    "nonsense",
	    "=x",
	    "A=x\\\\",
	    "\tA=1",
	    "Restart=\\",
	    "ExecStart= \\",
	    "A=\xff" },
	  { "", "/bin/y --x", "a\\\\", "a\\", " lead", "trail ", "two\nlines", "#x", ";", "\"q",
	    "\xc3\xa9", "=" },
	  { "\n", "\r\n" } },
	{ &dialect_shvar,
	  { "A", "AB", "JVM_OPTS", "_x" },
	  { "%=1", "export %='a b'", "%=\"d\\\"\\$ \\x\"'s'y", "#%=off", "# export %=off", "", "  ",
	    "  %= # c", "%='multi", "line'", "%=\"l1\\", "l2\"", "# prose", "%=a/b:c,d",
	    "export\t%=x   # c" },
	  { "", "plain", "it's", "\"q\" $x `y` \\", "two\nlines", "'", "#", " ", "!", "\xc3\xa9",
	    "\r" },
	  { "\n" } },
	/* make_json() writes it; a key and a value in a line, as in any object */
	{ &dialect_json,
	  { "a", "b", "a.b", "list.0.port", "list.1.a", "c", "x.y" },
	  { "\"a\": 1", "\"b\" : \"t\\u0065xt\"", "\"c\":[1, 2]", "\"port\": 22", "\"x\": null",
	    "\"d\": \"\\\"\"", "\"a\": {}", "\"\": 1.50" },
	  { "1", "\"abc\"", "true", "null", "[]", "[1,\"x\"]", "\"\\n\\\"\"", "\"\xc3\xa9\"", "1.50", "abc",
	    " 1", "{}", "\"t\\u0065\"", "\"\xff\"", "\"text\"" },
	  { "\n", "\r\n" } },
};

static size_t count(const char *const *list, size_t max)
{
	size_t n = 0;

	while (n < max && list[n])
		n++;
	return n;
}

static const char *one_of(const char *const *list, size_t max)
{
	return list[pick(count(list, max))];
}
#define ONE_WORD(list) one_of(list, ARRAY_LEN(list))

/* "%" of a properties key must be written escaped; other dialects' keys need none. */
static void add_key(const struct recipe *r, const char *key, struct buf *ret)
{
	for (; *key; key++) {
		if (r->lang != &dialect_properties)
			buf_addc(ret, *key);
		else if (*key == ' ')
			buf_adds(ret, "\\ ");
		else if ((unsigned char)*key == 0xc3)
			buf_adds(ret, "\\u00e9"), key++;
		else
			buf_addc(ret, *key);
	}
}

static void add_line(const struct recipe *r, const char *end, struct buf *ret)
{
	for (const char *p = ONE_WORD(r->lines); *p; p++) {
		if (*p == '%' && r->lang != &dialect_unit)
			add_key(r, ONE_WORD(r->keys), ret);
		else
			buf_addc(ret, *p);
	}
	buf_adds(ret, pick(12) ? end : ONE_WORD(r->ends));
}

static void make_text(const struct recipe *r, struct buf *ret)
{
	const char *end = ONE_WORD(r->ends);

	for (size_t n = pick(14); n; n--)
		add_line(r, end, ret);
	if (ret->len && !pick(5))
		ret->len--;
}

static void add_indent(const char *end, size_t depth, struct buf *ret)
{
	buf_adds(ret, end);
	for (size_t i = 0; *end && i < depth; i++)
		buf_adds(ret, "  ");
}

/* An object of the recipe's lines, of objects below "a" and "x", and of lists of such below "list". */
static void add_object(const struct recipe *r, const char *end, size_t depth, struct buf *ret)
{
	size_t n = pick(4);

	buf_addc(ret, '{');
	for (size_t i = 0; i < n; i++) {
		add_indent(end, depth + 1, ret);
		if (depth > 2 || pick(2)) {
			buf_adds(ret, ONE_WORD(r->lines));
		} else if (pick(2)) {
			buf_adds(ret, pick(2) ? "\"a\": " : "\"x\": ");
			add_object(r, end, depth + 1, ret);
		} else {
			buf_adds(ret, "\"list\": [");
			for (size_t element = pick(3); element; element--) {
				add_object(r, end, depth + 1, ret);
				buf_adds(ret, element > 1 ? ", " : "");
			}
			buf_addc(ret, ']');
		}
		buf_adds(ret, i + 1 < n || !pick(30) ? "," : "");
	}
	if (n || !pick(3))
		add_indent(end, depth, ret);
	buf_addc(ret, '}');
}

static void make_json(const struct recipe *r, struct buf *ret)
{
	const char *end = pick(3) ? ONE_WORD(r->ends) : "";

	add_object(r, end, 0, ret);
	buf_adds(ret, end);
}

static void test_law(void **state)
{
	const struct recipe *r = *state;
	struct buf text = BUF_MAX(1 << 20);
	size_t changed = 0;

	for (size_t i = 0; i < FILES; i++) {
		const char *key = ONE_WORD(r->keys), *value = pick(8) ? ONE_WORD(r->values) : NULL,
			   *broken;
		bool did;

		buf_reset(&text);
		if (r->lang == &dialect_json)
			make_json(r, &text);
		else
			make_text(r, &text);
		broken = law_broken(r->lang, buf_sv(&text), key, value, &did);
		changed += did;
		if (broken) {
			fail_msg("SEED=%llu file %zu: %s: set '%s' to '%s' in <<%s>>",
				 (unsigned long long)draw_seed, i, broken, key, value ? value : "(none)",
				 buf_str(&text));
		}
	}
	buf_done(&text);
	assert_true(changed > FILES / 8);       /* or the files are all of a kind that is refused */
	print_message("# %s: %zu of %d files changed\n", r->lang->name, changed, FILES);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(RECIPES)];

	draw_begin();
	for (size_t i = 0; i < ARRAY_LEN(RECIPES); i++)
		tests[i] = (struct CMUnitTest){ RECIPES[i].lang->name, test_law, NULL, NULL,
						(void *)&RECIPES[i] };
	return cmocka_run_group_tests_name("law", tests, NULL, NULL);
}
