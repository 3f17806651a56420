/* The command line: what is taken, what is refused and what is advised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command.h"

static struct args args;
static struct err e;

static int done(void **state)
{
	args_done(&args);
	return 0;
}

#define parse(...)                                                           \
	({                                                                   \
		char *argv_[] = { (char *)"crossgrade", __VA_ARGS__, NULL }; \
		args_parse((int)ARRAY_LEN(argv_) - 1, argv_, &args, &e);     \
	})
#define S(text) (char *)(text)

static void refused(const char *message, const char *hint)
{
	assert_int_equal(e.kind, ERR_USAGE);
	assert_string_equal(e.msg, message);
	assert_string_equal(e.hint, hint);
}

static void test_takes_every_form(void **state)
{
	assert_int_equal(parse(S("--output=json"), S("plan"), S("questdb"), S("-fm.yaml"), S("-qv"),
			       S("--to-edition"), S("enterprise"), S("-o"), S("p.json")),
			 0);
	assert_string_equal(args.cmd->name, "plan");
	assert_string_equal(args.value[OPT_OUTPUT], "json");
	assert_string_equal(args.value[OPT_FILE], "m.yaml");
	assert_string_equal(args.value[OPT_TO_EDITION], "enterprise");
	assert_string_equal(args.value[OPT_OUT], "p.json");
	assert_true(args_has(&args, OPT_QUIET) && args_has(&args, OPT_VERBOSE));
	assert_false(args_has(&args, OPT_YES));
	assert_int_equal(args.operands.n, 1);
	assert_string_equal(args.operands.v[0], "questdb");
}

static void test_verbs_of_two_words(void **state)
{
	assert_int_equal(parse(S("backup"), S("--yes"), S("prune"), S("x")), 0);
	assert_string_equal(args.cmd->name, "backup prune");
	assert_string_equal(args.operands.v[0], "x");
}

static void test_last_value_wins_all_are_kept(void **state)
{
	autofree const char **all = NULL;

	assert_int_equal(parse(S("apply"), S("--accept"), S("a"), S("--accept=b"), S("--gate"),
			       S("none"), S("--gate"), S("verify")),
			 0);
	all = args_all(&args, OPT_ACCEPT);
	assert_string_equal(all[0], "a");
	assert_string_equal(all[1], "b");
	assert_null(all[2]);
	assert_string_equal(args.value[OPT_GATE], "verify");
}

static void test_two_dashes_end_options(void **state)
{
	assert_int_equal(parse(S("explain"), S("--"), S("--yes")), 0);
	assert_string_equal(args.operands.v[0], "--yes");
}

static void test_suggests_the_nearest(void **state)
{
	assert_true(parse(S("aply")) < 0);
	refused("unknown verb 'aply'", "did you mean 'crossgrade apply'?");
	args_done(&args);
	assert_true(parse(S("backup"), S("lits")) < 0);
	refused("unknown verb 'backup lits'", "did you mean 'crossgrade backup list'?");
	args_done(&args);
	assert_true(parse(S("plan"), S("--to-vresion"), S("1")) < 0);
	refused("unknown option '--to-vresion'", "did you mean '--to-version'?");
	args_done(&args);
	assert_true(parse(S("status"), S("--output"), S("jsn")) < 0);
	refused("--output does not know 'jsn'", "did you mean 'json'?");
}

static void test_refuses_what_does_not_belong(void **state)
{
	assert_true(parse(S("status"), S("--hold")) < 0);
	refused("'crossgrade status' does not take --hold",
		"'crossgrade status --help' lists what it takes");
	args_done(&args);
	assert_true(parse(S("--hold"), S("status")) < 0);
	assert_string_equal(e.msg, "'crossgrade status' does not take --hold");
	args_done(&args);
	assert_true(parse(S("status"), S("more")) < 0);
	assert_string_equal(e.msg, "'crossgrade status' does not know what to do with 'more'");
	args_done(&args);
	assert_true(parse(S("check"), S("--deep=yes")) < 0);
	assert_string_equal(e.msg, "--deep takes no value");
	args_done(&args);
	assert_true(parse(S("plan"), S("--root")) < 0);
	assert_string_equal(e.msg, "--root needs a value: --root DIR");
	args_done(&args);
	assert_true(parse(S("backup")) < 0);
	assert_string_equal(e.msg, "'crossgrade backup' needs a second word");
}

static void test_says_what_is_not_built(void **state)
{
	for (const char *const *it = not_built_verbs; *it; it++) {
		assert_true(parse(S(*it)) < 0);
		assert_non_null(strstr(e.msg, "is not built yet"));
		args_done(&args);
	}
	assert_true(parse(S("report"), S("--bundle"), S("x")) < 0);
	assert_string_equal(e.msg, "--bundle is not built yet");
	args_done(&args);
	assert_true(parse(S("report"), S("--output"), S("html")) < 0);
	assert_string_equal(e.msg, "--output html is not built yet");
}

static void test_reads_on_after_an_error(void **state)
{
	assert_true(parse(S("plan"), S("--bogus"), S("--output"), S("json")) < 0);
	assert_string_equal(e.msg, "unknown option '--bogus'");
	assert_string_equal(args.value[OPT_OUTPUT], "json");
}

static void test_help_wins_over_errors(void **state)
{
	assert_int_equal(parse(S("plan"), S("--bogus"), S("-h")), 0);
	assert_int_equal(e.kind, ERR_OK);
}

static void test_bytes(void **state)
{
	static const struct {
		const char *text;
		uint64_t n; /* 0: refused */
	} cases[] = { { "1000", 1000 },
		      { "50M", 50u << 20 },
		      { "1G", 1u << 30 },
		      { "2T", UINT64_C(2) << 40 },
		      { "0", 0 },
		      { "M", 0 },
		      { "-1", 0 },
		      { "1.5G", 0 },
		      { "9e3", 0 },
		      { "1MB", 0 },
		      { "18446744073709551615G", 0 } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t n = 7;

		err_clear(&e);
		assert_int_equal(parse(S("status"), S("--io-limit"), S(cases[i].text)), 0);
		assert_int_equal(args_bytes(&args, OPT_IO_LIMIT, &n, &e),
				 cases[i].n ? 0 : -ERR_USAGE);
		assert_int_equal(n, cases[i].n);
		args_done(&args);
	}
}

/* The tables themselves: nothing twice, nothing without help. */
static void test_tables_are_whole(void **state)
{
	for (int i = 0; i < OPT__MAX; i++) {
		assert_non_null(options[i].name);
		assert_true(strlen(options[i].help) > 10 && strlen(options[i].help) < 70);
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(options[i].name, options[j].name);
			assert_true(!options[i].letter || options[i].letter != options[j].letter);
		}
	}
	for (const struct command *it = commands; it->name; it++) {
		assert_non_null(it->run);
		assert_true(strlen(it->help) > 10 && it->help[0] >= 'A' && it->help[0] <= 'Z');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_takes_every_form, done),
		cmocka_unit_test_teardown(test_verbs_of_two_words, done),
		cmocka_unit_test_teardown(test_last_value_wins_all_are_kept, done),
		cmocka_unit_test_teardown(test_two_dashes_end_options, done),
		cmocka_unit_test_teardown(test_suggests_the_nearest, done),
		cmocka_unit_test_teardown(test_refuses_what_does_not_belong, done),
		cmocka_unit_test_teardown(test_says_what_is_not_built, done),
		cmocka_unit_test_teardown(test_reads_on_after_an_error, done),
		cmocka_unit_test_teardown(test_help_wins_over_errors, done),
		cmocka_unit_test_teardown(test_bytes, done),
		cmocka_unit_test(test_tables_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
