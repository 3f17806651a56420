/* tests/conf/<dialect>/<case>: `in` after the commands of `edit` is `out` byte for byte, or fails
 * as `error` says. A line of `edit` is "set KEY VALUE" or "cut KEY". UPDATE_GOLDEN=1 writes what
 * comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "conf/editor.h"

#define FILE_MAX (1u << 20)
#define MANY     1000

static struct err e;

static void must(int r)
{
	if (r < 0)
		fail_msg("%s", e.msg);
}

static int run_command(const struct dialect *lang, struct sv line, struct buf *text)
{
	struct sv verb = sv_cut(&line, ' '), key = sv_cut(&line, ' ');
	autofree char *key_text = sv_dup(key), *value = sv_dup(line);
	struct buf made = BUF_MAX(FILE_MAX);
	int r;

	assert_true(sv_eq(verb, "set") || sv_eq(verb, "cut"));
	r = editor_set(lang, buf_sv(text), key_text, sv_eq(verb, "set") ? value : NULL, &made, &e);
	if (r >= 0) {
		buf_reset(text);
		buf_add_sv(text, buf_sv(&made));
	}
	buf_done(&made);
	return r;
}

/* The outcome: the new text, or "kind: message" with *ret_name "error". */
static void edit(const struct dialect *lang, const struct dir *d, struct buf *ret,
		 const char **ret_name)
{
	struct buf commands = BUF_MAX(FILE_MAX);
	struct sv rest;

	must(file_read(d, "in", ret, &e));
	must(file_read(d, "edit", &commands, &e));
	*ret_name = "out";
	for (rest = buf_sv(&commands); rest.n;) {
		if (run_command(lang, sv_line(&rest), ret) >= 0)
			continue;
		buf_reset(ret);
		buf_addf(ret, "%s: %s\n", err_kind_name(e.kind), e.msg);
		*ret_name = "error";
		break;
	}
	buf_done(&commands);
}

static void run_case(const struct dialect *lang, const struct dir *d)
{
	struct buf made = BUF_MAX(FILE_MAX), expected = BUF_MAX(FILE_MAX);
	struct file_attr plain = { 0644, (uid_t)-1, (gid_t)-1 };
	const char *name;

	edit(lang, d, &made, &name);
	if (getenv("UPDATE_GOLDEN"))
		must(file_replace(d, name, buf_sv(&made), plain, &e));
	must(file_read(d, name, &expected, &e));
	if (expected.len != made.len || memcmp(buf_str(&expected), buf_str(&made), made.len) != 0)
		fail_msg("%s/%s: expected <<%s>>, got <<%s>>", d->path, name, buf_str(&expected),
			 buf_str(&made));
	buf_done(&made);
	buf_done(&expected);
}

static void test_dialect(void **state)
{
	const char *name = *state;
	autodir struct dir all = DIR_NONE, of = DIR_NONE;
	struct dir_names cases = { 0 };

	must(dir_open(getenv("CONF_GOLDEN"), &all, &e));
	must(dir_open_at(&all, name, &of, &e));
	must(dir_list(&of, ".", MANY, &cases, &e));
	assert_true(cases.n > 0);
	vec_each(&cases, it) {
		autodir struct dir d = DIR_NONE;

		must(dir_open_at(&of, it->name, &d, &e));
		run_case(dialect_named(name), &d);
	}
	dir_names_done(&cases);
}

int main(void)
{
	static const char *const names[] = { "properties", "env", "unit", "shvar", "json", "yaml" };
	struct CMUnitTest tests[ARRAY_LEN(names)];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		tests[i] =
		    (struct CMUnitTest){ names[i], test_dialect, NULL, NULL, (void *)names[i] };
	return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
