/* Unified diffs: applied to the first text they give the second, and they show no secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "conf/editor.h"
#include "draw.h"

#define PAIRS    3000
#define DIFF_MAX (8u << 20)

/* A line with its line feed, if it has one. */
static struct sv whole_line(struct sv *rest)
{
	struct sv line = { rest->p, 0 }, all = *rest;

	line.n = sv_line(rest).n;
	line.n += line.n < all.n;
	return line;
}

static size_t number(struct sv *s)
{
	size_t n = 0;

	for (; s->n && s->p[0] >= '0' && s->p[0] <= '9'; s->p++, s->n--)
		n = n * 10 + (size_t)(s->p[0] - '0');
	return n;
}

/* A diff's line without its sign; one that says "no newline" behind it takes the line feed away. */
static struct sv body_of(struct sv line, struct sv *diff)
{
	struct sv body = { line.p + 1, line.n - 1 };

	if (sv_starts(*diff, "\\ ")) {
		(void)sv_line(diff);
		body.n--;
	}
	return body;
}

/* As patch(1) would, but every line must fit exactly. */
static void apply(struct sv before, struct sv diff, struct buf *ret)
{
	size_t at = 1;

	while (diff.n) {
		struct sv line = whole_line(&diff), body;

		if (sv_starts(line, "--- ") || sv_starts(line, "+++ "))
			continue;
		if (sv_starts(line, "@@ -")) {
			struct sv range = { line.p + 4, line.n - 4 };
			size_t first = number(&range);

			first += sv_starts(range, ",0 ");
			for (; at < first; at++)
				buf_add_sv(ret, whole_line(&before));
			continue;
		}
		body = body_of(line, &diff);
		if (line.p[0] != '+') {
			struct sv old = whole_line(&before);

			at++;
			assert_int_equal(old.n, body.n);
			assert_memory_equal(old.p, body.p, body.n);
		}
		if (line.p[0] != '-')
			buf_add_sv(ret, body);
	}
	buf_add_sv(ret, before);
}

static void check(struct sv before, struct sv after)
{
	struct buf diff = BUF_MAX(DIFF_MAX), made = BUF_MAX(DIFF_MAX);
	struct err e = ERR_INIT;
	bool same = before.n == after.n && !memcmp(before.p, after.p, after.n);

	assert_int_equal(
	    editor_diff(&dialect_properties, "f", before, after, NULL, NULL, &diff, &e), !same);
	apply(before, buf_sv(&diff), &made);
	if (made.len != after.n || memcmp(buf_str(&made), after.p, after.n) != 0)
		fail_msg("SEED=%llu: <<%.*s>> to <<%.*s>> by <<%s>>", (unsigned long long)draw_seed,
			 SV_ARG(before), SV_ARG(after), buf_str(&diff));
	buf_done(&diff);
	buf_done(&made);
}

static void make_pair(struct buf *before, struct buf *after)
{
	size_t lines = pick(40), rate = 1 + pick(20), alphabet = 1 + pick(30);

	for (size_t i = 0; i < lines; i++) {
		size_t line = pick(alphabet);

		if (pick(rate))
			buf_addf(before, "%zu\n", line);
		if (pick(rate))
			buf_addf(after, "%zu\n", line);
	}
	if (before->len && !pick(4))
		before->len--;
	if (after->len && !pick(4))
		after->len--;
}

static void test_applies(void **state)
{
	struct buf before = BUF_MAX(1 << 20), after = BUF_MAX(1 << 20);

	for (size_t i = 0; i < PAIRS; i++) {
		buf_reset(&before);
		buf_reset(&after);
		make_pair(&before, &after);
		check(buf_sv(&before), buf_sv(&after));
	}
	buf_done(&before);
	buf_done(&after);
}

static void test_applies_beyond_the_ceiling(void **state)
{
	struct buf before = BUF_MAX(1 << 20), after = BUF_MAX(1 << 20);

	for (int i = 0; i < 5000; i++) {
		buf_addf(&before, "%d\n", i);
		buf_addf(&after, "%d\n", i % 2 ? i : -i);
	}
	check(buf_sv(&before), buf_sv(&after));
	buf_done(&before);
	buf_done(&after);
}

static bool is_password(const char *key, void *data)
{
	return strstr(key, "pw");
}

static void shows(const struct dialect *lang, const char *before, const char *after,
		  const char *expected)
{
	struct buf diff = BUF_MAX(DIFF_MAX);
	struct err e = ERR_INIT;

	assert_int_equal(
	    editor_diff(lang, "f", sv_of(before), sv_of(after), is_password, NULL, &diff, &e),
	    expected[0] ? 1 : 0);
	assert_string_equal(buf_str(&diff), expected);
	buf_done(&diff);
}

static void test_shows(void **state)
{
	shows(&dialect_properties, "a=1\n", "a=1\n", "");
	shows(&dialect_properties, "", "a=1\n", "--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+a=1\n");
	shows(&dialect_properties, "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
	      "--- a/f\n+++ b/f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
	shows(&dialect_properties, "a=1", "a=1\n",
	      "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a=1\n\\ No newline at end of file\n+a=1\n");
}

static void test_masks(void **state)
{
	shows(&dialect_properties, "pw=old\\\n  er\n#pw=oldest\na=1\npw=old\n",
	      "pw=old\\\n  er\n#pw=oldest\na=2\npw=new\n",
	      "--- a/f\n+++ b/f\n@@ -1,5 +1,5 @@\n pw=***\n ***\n "
	      "#pw=***\n-a=1\n-pw=***\n+a=2\n+pw=***\n");
	shows(&dialect_env, "pw='two\nlines' # c\na=1", "pw='two\nlines' # c\na=2",
	      "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n pw=***\n *** # c\n-a=1\n\\ No newline at end of "
	      "file\n+a=2\n"
	      "\\ No newline at end of file\n");
	shows(&dialect_unit, "[S]\npw=a \\\n# pw=b\n c\nx=1\n", "[S]\npw=a \\\n# pw=b\n c\nx=2\n",
	      "--- a/f\n+++ b/f\n@@ -2,4 +2,4 @@\n pw=***\n ***\n ***\n-x=1\n+x=2\n");
	shows(&dialect_shvar, "export pw='x'\n", "export pw=\n",
	      "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-export pw=***\n+export pw=***\n");
}

static void test_a_text_that_cannot_be_masked_is_not_shown(void **state)
{
	struct buf diff = BUF_MAX(DIFF_MAX);
	struct err e = ERR_INIT;

	assert_int_equal(
	    editor_diff(&dialect_env, "f", SV("pw='x\n"), SV(""), is_password, NULL, &diff, &e),
	    -ERR_FORMAT);
	assert_int_equal(diff.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_applies),
		cmocka_unit_test(test_applies_beyond_the_ceiling),
		cmocka_unit_test(test_shows),
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_a_text_that_cannot_be_masked_is_not_shown),
	};

	draw_begin();
	return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
